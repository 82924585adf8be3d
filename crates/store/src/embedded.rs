//! The store in one directory of this machine.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{self, Receiver, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
};

use tokio::sync::oneshot;
use trackway_model::{Batch, SpanId, SpanRecord, Timestamp, TraceId};

use crate::{
    Ack, Appending, Config, Counter, Damage, Decoder, Deleted, Error, Frame, Held, PageRequest, Project, Recovery,
    Service, Span, Store, TraceList, TracePage, TraceQuery, TraceSummary,
    clock::Moment,
    counters,
    door::Load,
    engine::{Compactor, Desk, Flusher, Shared, batch_bytes},
    files::file_error,
    lock::Lock,
    opening::{Opened, open},
    runs::embedded::RunFile,
    wal::Encoded,
    writer::{Append, Command, Freezing, Request},
};

/// How many traces of a project are deleted at once: in between, what is appended gets its turn.
const DELETED_AT_ONCE: usize = 200;

/// A store in one directory: a log that makes every batch durable before it is acknowledged, what came last in memory,
/// and all that came before in segments.
///
/// One process owns the directory at a time. Dropping the store writes what is queued and gives the directory free.
pub struct Embedded {
    config: Config,
    shared: Arc<Shared>,
    desk: Desk,
    commands: Sender<Command>,
    /// In the order in which they end.
    threads: Vec<JoinHandle<()>>,
    pub(crate) runs: RunFile,
    /// Last: the directory is free when nothing writes any more.
    lock: Lock,
}

impl Embedded {
    /// Opens the store in `config.path`, and makes it when there is none.
    ///
    /// Damage never keeps it from opening: what cannot be read is skipped, copied aside and reported.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process owns the directory, [`Error::Newer`] when a newer version wrote it,
    /// [`Error::File`] and [`Error::Catalog`] when a file cannot be opened at all.
    pub fn open(config: Config, decoder: Decoder) -> Result<(Self, Recovery), Error> {
        let (sender, commands) = mpsc::channel();
        let Opened { lock, shared, runs, writer, recovery } = open(&config, &decoder, commands)?;
        let flusher = Flusher { shared: Arc::clone(&shared), writer: sender.clone() };
        let compactor = Compactor::new(Arc::clone(&shared), &config);
        // From here on, whatever fails, dropping it ends the threads that run.
        let (heads, shelf) = (Arc::clone(&shared.heads), Arc::clone(&shared.shelf));
        let desk = Desk::new(heads, shelf, Arc::default(), &config);
        let mut store = Self { config, shared, desk, commands: sender, threads: Vec::new(), runs, lock };
        store.spawn("trackway-store", || writer.run())?;
        store.spawn("trackway-flush", || flusher.run())?;
        store.spawn("trackway-compact", || compactor.run())?;
        Ok((store, recovery))
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let spawned = thread::Builder::new().name(name.into()).spawn(work);
        self.threads.push(spawned.map_err(file_error("start a thread for", &self.config.path))?);
        Ok(())
    }

    /// Tells whoever finds the directory locked which address this process serves.
    ///
    /// # Errors
    /// [`Error::File`] when the lock file cannot be written.
    pub fn set_url(&self, url: &str) -> Result<(), Error> {
        self.lock.write(url).map_err(file_error("write the lock in", &self.config.path))
    }

    /// Writes what is queued and gives the directory free; the same as dropping the store.
    pub fn close(self) {}

    /// Writes all that is in memory as segments, and returns when these are published.
    ///
    /// It happens by itself when there is much in memory, or nothing came for a while; this is for tools and tests.
    ///
    /// # Errors
    /// [`Error::Full`] when there is no room for the segments, [`Error::ReadOnly`] after the disk failed.
    pub fn flush(&self) -> Result<(), Error> {
        loop {
            self.shared.work.wait_until_free().map_err(|reason| self.refusal(reason))?;
            match self.ask(|reply| Command::Freeze(Some(reply)))? {
                Freezing::Busy => {}
                Freezing::Nothing => return self.shared.door.check_writable(),
                Freezing::Frozen(number) => {
                    self.shared.work.wait_for_flush(number).map_err(|reason| self.refusal(reason))?;
                    // The writer removes what the log need not keep before it comes to this.
                    return self.ask(Command::Pass);
                }
            }
        }
    }

    /// Merges all segments that can be merged, drops what is to go, and returns when that is done.
    ///
    /// It happens by itself, a part at a time; this is for tools and tests.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] after the disk failed, and when the store closes.
    pub fn compact(&self) -> Result<(), Error> {
        self.shared.work.compact().map_err(|reason| self.refusal(reason))
    }

    /// Takes what was found to be damaged since this was last asked: each segment that could not be read, once.
    pub fn take_damage(&self) -> Vec<Damage> {
        self.desk.take_reports()
    }

    /// Returns how much of its disk is used, by whatever, in thousandths; 0 where the system does not tell.
    pub fn disk_used_permille(&self) -> u64 {
        self.shared.door.disk_used_permille()
    }

    /// What a failed wish of a thread behind the writer is to whoever had it.
    fn refusal(&self, reason: String) -> Error {
        match self.shared.door.check_writable() {
            Ok(()) => Error::Full { bound: reason },
            Err(error) => error,
        }
    }

    /// Checks a batch at the door and queues it; what returns is told once it is durable.
    fn enqueue(&self, frame: &Frame, batch: Batch) -> Result<oneshot::Receiver<Result<Ack, Error>>, Error> {
        let Some(encoded) = Encoded::new(frame) else {
            return Err(self.shared.door.refuse_too_large("a request has at most 4 GiB; send it in parts".into()));
        };
        let load = Load { log_bytes: encoded.bytes(), memory_bytes: batch_bytes(&batch) };
        let ticket = self.shared.door.enter(load).inspect_err(|_| {
            if self.shared.door.take_wish_for_room() {
                // A writer that is gone has told so already.
                let _ = self.commands.send(Command::Freeze(None));
            }
        })?;
        let (reply, answer) = oneshot::channel();
        let request = Request { batch, arrival: frame.arrival, ticket, reply };
        self.send(Command::Append(Append { encoded, request }))?;
        Ok(answer)
    }

    /// Deletes traces that have so many spans.
    fn delete(&self, ids: Vec<TraceId>) -> Result<(), Error> {
        self.ask(|reply| Command::Delete(ids, reply))?
    }

    /// Sends the writer something that it answers, and waits for that.
    fn ask<T>(&self, command: impl FnOnce(SyncSender<T>) -> Command) -> Result<T, Error> {
        let (reply, answer): (_, Receiver<T>) = mpsc::sync_channel(1);
        self.send(command(reply))?;
        answer.recv().map_err(|_| writer_is_gone())
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        self.commands.send(command).map_err(|_| writer_is_gone())
    }

    /// Counts what was deleted.
    fn counting(&self, deleted: Deleted) -> Deleted {
        self.shared.counts.deleted_spans.fetch_add(deleted.spans, Relaxed);
        deleted
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            now: (self.config.clock)(),
            lost_after: self.config.lost_after,
            announced_lost_after: self.config.announced.lost_after,
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // A writer that is gone needs not be told.
        let _ = self.commands.send(Command::Close);
        let mut threads = self.threads.drain(..);
        // A thread that panicked has told so on the console, and whoever waited has had an error.
        let _ = threads.next().map(JoinHandle::join);
        self.shared.work.close();
        for thread in threads {
            let _ = thread.join(); // the same
        }
    }
}

impl Store for Embedded {
    fn append(&self, frame: Frame, batch: Batch) -> Appending {
        if batch.is_empty() {
            return Box::pin(ready(Ok(Ack::default())));
        }
        match self.enqueue(&frame, batch) {
            Ok(answer) => Box::pin(async { answer.await.unwrap_or_else(|_| Err(writer_is_gone())) }),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }

    fn announce(&self, arrival: Timestamp, spans: Vec<SpanRecord>) -> Result<Held, Error> {
        self.desk.announce(arrival, spans)
    }

    fn tend(&self) -> Result<Held, Error> {
        self.desk.tend()
    }

    fn projects(&self) -> Result<Vec<Project>, Error> {
        self.desk.projects()
    }

    fn services(&self, project: Option<&str>) -> Result<Vec<Service>, Error> {
        self.desk.services(project)
    }

    fn traces(&self, query: &TraceQuery, page: &PageRequest) -> Result<TraceList, Error> {
        self.desk.traces(query, page)
    }

    fn trace(&self, id: TraceId, page: &PageRequest) -> Result<Option<TracePage>, Error> {
        self.desk.trace(id, page)
    }

    fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, Error> {
        self.desk.summary(id)
    }

    fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<Span>, Error> {
        self.desk.span(trace, span)
    }

    fn find_original(&self, id: &str) -> Result<Vec<(TraceId, SpanId)>, Error> {
        self.desk.find_original(id)
    }

    fn delete_trace(&self, id: TraceId) -> Result<Deleted, Error> {
        let summary = self.desk.summary(id)?;
        self.delete(vec![id])?;
        let spans = summary.as_ref().map_or(0, |summary| summary.span_count);
        Ok(self.counting(Deleted { traces: u64::from(summary.is_some()), spans }))
    }

    fn delete_project(&self, name: &str) -> Result<Deleted, Error> {
        let query = TraceQuery { project: Some(name.to_owned()), ..TraceQuery::default() };
        let mut page = PageRequest { limit: DELETED_AT_ONCE, cursor: None };
        let mut deleted = Deleted::default();
        loop {
            let TraceList { items, next, .. } = self.desk.traces(&query, &page)?;
            deleted.traces += items.len() as u64;
            deleted.spans += items.iter().map(|trace| trace.span_count).sum::<u64>();
            if !items.is_empty() {
                self.delete(items.iter().map(|trace| trace.trace_id).collect())?;
            }
            page.cursor = next;
            if page.cursor.is_none() {
                return Ok(self.counting(deleted));
            }
        }
    }

    fn flush(&self) -> Result<(), Error> {
        Self::flush(self)
    }

    fn compact(&self) -> Result<(), Error> {
        Self::compact(self)
    }

    fn counters(&self) -> Vec<Counter> {
        // A catalog that cannot be read says so to whoever reads records; the other counters show what they can.
        let mut counters = counters::of_parts(&self.shared).unwrap_or_default();
        counters.extend(self.desk.counters());
        let segments = counters::of_segments(&self.shared.counts, &self.shared.shelf);
        counters.extend(segments);
        counters.extend(self.runs.counters());
        counters.extend(counters::of_door(&self.shared.door));
        counters.extend(counters::of_log(&self.shared.counts, &self.config.path, &self.shared.shelf));
        counters
    }
}

fn writer_is_gone() -> Error {
    Error::ReadOnly { reason: "its writer stopped".into() }
}
