//! One exporter with its queue, its thread and its counters.

mod state;
mod worker;

use std::{
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use self::{
    state::{Phase, State},
    worker::Shared,
};
use super::{Batch, Body, Exporter, ExporterStats, Form};
use crate::sys;

/// What one exporter may hold, and how long it may try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of the batches that wait or are being delivered; what goes beyond is dropped and counted.
    pub(crate) bytes: usize,
    /// Spans in them, in the same way.
    pub(crate) spans: usize,
    /// How long one batch is tried again, counted from its first failure; also the longest `Retry-After` obeyed.
    pub(crate) patience: Duration,
    /// The longest pause after a first failure; doubled by each further one.
    pub(crate) first_pause: Duration,
    /// The longest pause after any failure that asked for none.
    pub(crate) longest_pause: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            spans: usize::MAX,
            patience: Duration::from_secs(300),
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// Delivers batches one after another on a thread of its own, which the first of them starts.
///
/// Spans pushed = exported + dropped + waiting, at every moment at which the lock is free.
///
/// In the child of a fork the thread is missing and the lock may be held by nobody: there a lane takes nothing, waits
/// for nothing and counts nothing, and [`Lane::again`] makes one that works.
pub(crate) struct Lane {
    form: Form,
    wants_traces: bool,
    shared: Arc<Shared>,
    /// The process that made the lane.
    process: u32,
}

pub(crate) type Start = fn(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

fn start_thread(body: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    sys::without_signals(|| thread::Builder::new().name("trackway-export".into()).spawn(body))
}

impl Lane {
    /// Makes a lane for `exporter`; starts nothing yet.
    pub(crate) fn new(exporter: Arc<dyn Exporter>, bounds: Bounds) -> Self {
        Self::with_start(exporter, bounds, start_thread)
    }

    pub(crate) fn with_start(exporter: Arc<dyn Exporter>, bounds: Bounds, start: Start) -> Self {
        let form = catch_unwind(AssertUnwindSafe(|| exporter.form())).unwrap_or_else(|panic| {
            worker::forget(panic);
            Form::Otlp
        });
        let wants_traces = catch_unwind(AssertUnwindSafe(|| exporter.wants_traces())).unwrap_or_else(|panic| {
            worker::forget(panic);
            false
        });
        let shared = Arc::new(Shared::new(exporter, bounds, start));
        Self { form, wants_traces, shared, process: process::id() }
    }

    /// Makes an empty lane for the same exporter. Takes no lock, so that the child of a fork may call it.
    pub(crate) fn again(&self) -> Self {
        let shared = Shared::new(self.shared.exporter.clone(), self.shared.bounds, self.shared.start);
        Self { form: self.form, wants_traces: self.wants_traces, shared: Arc::new(shared), process: process::id() }
    }

    /// Returns the form of spans that the exporter wants.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Returns true when the exporter wants to be told of traces.
    pub(crate) fn wants_traces(&self) -> bool {
        self.wants_traces
    }

    /// Returns true when the exporter wants to hear of spans that still run.
    pub(crate) fn wants_open(&self) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.shared.exporter.wants_open())).unwrap_or_else(|panic| {
            worker::forget(panic);
            false
        })
    }

    /// Takes a batch to deliver. Never waits for the exporter; what cannot be taken is counted.
    pub(crate) fn push(&self, batch: Batch) {
        if batch.is_empty() || self.is_of_a_parent_process() {
            return;
        }
        let bytes = memory_bytes(&batch);
        let mut state = self.shared.lock();
        if state.phase != Phase::Running {
            state.stats.dropped.shutdown += batch.spans as u64;
            return;
        }
        // Not `>` of the sum, which could overflow.
        let spans = self.shared.bounds.spans.saturating_sub(state.spans());
        if bytes > self.shared.bounds.bytes.saturating_sub(state.bytes) || batch.spans > spans {
            state.stats.dropped.queue_full += batch.spans as u64;
            return;
        }
        if let Err(error) = self.start(&mut state) {
            state.fail(batch.spans, format!("cannot start a thread for the exporter: {error}"));
            return;
        }
        state.take(batch, bytes);
        drop(state);
        self.shared.work.notify_all();
    }

    /// Takes a request that tells of spans which still run, in the place of one that has not left yet.
    ///
    /// It waits until no batch does, is never tried again, and does not outlive the shutdown.
    pub(crate) fn announce(&self, request: Vec<u8>) {
        if self.is_of_a_parent_process() {
            return;
        }
        let mut state = self.shared.lock();
        if state.phase != Phase::Running || self.start(&mut state).is_err() {
            return;
        }
        state.announcement = Some(request);
        drop(state);
        self.shared.work.notify_all();
    }

    /// Waits until all that was pushed before is exported or counted as dropped; false when `until` comes first.
    ///
    /// A pause between two tries ends at once, unless the receiver asked for it.
    pub(crate) fn flush(&self, until: Instant) -> bool {
        if self.is_of_a_parent_process() {
            return false;
        }
        let mut state = self.shared.lock();
        let target = state.taken;
        state.flushes += 1;
        self.shared.work.notify_all();
        while state.settled < target {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || worker::is_thread_of(&self.shared) {
                return false;
            }
            state = self.shared.wait(&self.shared.done, state, left);
        }
        true
    }

    /// Takes nothing more, tries to deliver what waits until `until`, and counts the rest as dropped.
    ///
    /// Returns true when nothing was left to drop. A call of the exporter that is under way at that time is left
    /// alone with its thread; what comes of it changes no counter. Calling it again is harmless.
    pub(crate) fn shutdown(&self, until: Instant) -> bool {
        if self.is_of_a_parent_process() {
            return false;
        }
        let mut state = self.shared.lock();
        state.stop(until);
        self.shared.work.notify_all();
        while state.is_alive && !worker::is_thread_of(&self.shared) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.wait(&self.shared.done, state, left);
        }
        state.abandon();
        let complete = !state.has_abandoned;
        // Left alone, a thread that is inside the exporter ends after that call.
        let ended = if state.is_alive { None } else { state.thread.take() };
        drop(state);
        self.shared.work.notify_all();
        self.shared.done.notify_all();
        if let Some(thread) = ended {
            let _ = thread.join(); // Its panics are already counted.
        }
        complete
    }

    /// Returns what became of the spans so far.
    pub(crate) fn stats(&self) -> ExporterStats {
        if self.is_of_a_parent_process() {
            return ExporterStats::default();
        }
        let state = self.shared.lock();
        ExporterStats { waiting: state.waiting(), ..state.stats.clone() }
    }

    fn start(&self, state: &mut State) -> io::Result<()> {
        if state.is_alive {
            return Ok(());
        }
        let shared = self.shared.clone();
        state.thread = Some((self.shared.start)(Box::new(move || worker::run(&shared)))?);
        state.is_alive = true;
        Ok(())
    }

    fn is_of_a_parent_process(&self) -> bool {
        process::id() != self.process
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.is_of_a_parent_process() {
            // Leaked: here the handle in it names a thread that does not exist.
            return mem::forget(self.shared.clone());
        }
        self.shutdown(Instant::now());
    }
}

/// Returns about how many bytes the batch takes while it waits.
fn memory_bytes(batch: &Batch) -> usize {
    let body = match &batch.body {
        Body::Otlp(bytes) => bytes.capacity(),
        Body::Records(records) => records.iter().map(|record| record.memory_bytes()).sum(),
    };
    size_of::<Batch>() + body
}

#[cfg(test)]
mod tests;
