//! From finished spans to batches: one for every tracer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use trackway_model::{SpanRecord, Text};
use trackway_wire::encode;

use super::draft::{Draft, Head};
use super::hooked;
use crate::export::{Batch, Body, Form};
use crate::processor::Processor;
use crate::stats;
use crate::tracer::Core;

/// A batch is handed over when it is that large,
const MOST_BYTES: usize = 1 << 20;
/// or has that many spans,
const MOST_SPANS: usize = 8192;
/// or is that old.
const MOST_AGE: Duration = Duration::from_millis(200);

pub(crate) struct Pipeline {
    pub(crate) core: Arc<Core>,
    /// True when spans become records on their way.
    pub(crate) records: bool,
    wants_otlp: bool,
    keeps_records: bool,
    out: Vec<u8>,
    batch: Vec<SpanRecord>,
    batch_bytes: usize,
    spans: usize,
    since: Option<Instant>,
    /// Open spans to be told of.
    pub(crate) open: Vec<u8>,
}

impl Pipeline {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        let lanes = core.lanes();
        let keeps_records = lanes.iter().any(|lane| lane.form() == Form::Records);
        let wants_otlp = lanes.iter().any(|lane| lane.form() == Form::Otlp);
        let changed = core.config.redact.is_some() || !core.config.processors.is_empty();
        Self {
            core: core.clone(),
            records: keeps_records || changed,
            wants_otlp,
            keeps_records,
            out: Vec::new(),
            batch: Vec::new(),
            batch_bytes: 0,
            spans: 0,
            since: None,
            open: Vec::new(),
        }
    }

    /// Takes a span from a ring.
    #[inline]
    pub(crate) fn take(&mut self, draft: &mut Draft, head: &Head<'_>) {
        let counters = stats::of(self.core.number);
        counters.collected.store(counters.collected.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        if self.core.is_closed() {
            counters.shut_down.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if draft.is_record() {
            if let Some(record) = draft.finish_record(head) {
                self.accept(*record);
            }
            return;
        }
        if self.wants_otlp {
            draft.finish(head, &mut self.out);
        }
        self.added();
    }

    /// Takes an owned span, which has been counted already.
    pub(crate) fn take_record(&mut self, record: SpanRecord) {
        if self.core.is_closed() {
            stats::of(self.core.number).shut_down.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if self.records {
            return self.accept(record);
        }
        if self.wants_otlp {
            encode::record(&mut self.out, &record);
        }
        self.added();
    }

    fn accept(&mut self, mut record: SpanRecord) {
        self.call(|processor| processor.on_end(&record));
        if !self.redacted(&mut record) {
            // Half redacted is not redacted: what a program wrote into it goes, its place in the trace stays.
            record.name = Text::literal("redaction failed");
            record.status.message = Text::default();
            record.attributes = Default::default();
            record.events.clear();
            record.links.clear();
        }
        if self.wants_otlp {
            encode::record(&mut self.out, &record);
        }
        if self.keeps_records {
            self.batch_bytes += record.memory_bytes();
            self.batch.push(record);
        }
        self.added();
    }

    /// Takes out of a record what must not leave the process; returns false when the hook panicked over it.
    fn redacted(&self, record: &mut SpanRecord) -> bool {
        let Some(redact) = &self.core.config.redact else { return true };
        let is_done = hooked(|| redact(record)).is_some();
        if !is_done {
            stats::of(self.core.number).hooks_panicked.fetch_add(1, Ordering::Relaxed);
        }
        is_done
    }

    /// Calls a hook of every processor.
    pub(crate) fn call(&self, hook: impl Fn(&dyn Processor)) {
        for processor in &self.core.config.processors {
            if hooked(|| hook(processor.as_ref())).is_none() {
                stats::of(self.core.number).hooks_panicked.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[inline]
    fn added(&mut self) {
        self.spans += 1;
        if self.spans >= MOST_SPANS || self.out.len() >= MOST_BYTES || self.batch_bytes >= MOST_BYTES {
            self.hand_over();
        } else if self.since.is_none() {
            self.since = Some(Instant::now());
        }
    }

    /// Hands over what is old enough; returns how long the rest may still wait.
    pub(crate) fn hand_over_old(&mut self) -> Option<Duration> {
        let age = self.since?.elapsed();
        if age < MOST_AGE {
            return Some(MOST_AGE - age);
        }
        self.hand_over();
        None
    }

    /// Hands everything over to the exporters.
    pub(crate) fn hand_over(&mut self) {
        self.since = None;
        let spans = std::mem::take(&mut self.spans);
        if spans == 0 {
            return;
        }
        let lanes = self.core.lanes();
        let mut batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        for (place, lane) in lanes.iter().enumerate() {
            let later = lanes.get(place + 1..).unwrap_or_default();
            let body = match lane.form() {
                Form::Otlp => Body::Otlp(encode::request(self.core.resource(), &self.core.library, &[&self.out])),
                Form::Records => {
                    let last = !later.iter().any(|lane| lane.form() == Form::Records);
                    Body::Records(if last { std::mem::take(&mut batch) } else { batch.clone() })
                }
            };
            lane.push(Batch { spans, body });
        }
        self.out.clear();
        stats::of(self.core.number).handed_over.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Puts a span that is still open among those to be told of.
    pub(crate) fn tell_of(&mut self, draft: &Draft, head: &Head<'_>) {
        if self.core.config.redact.is_none() {
            return draft.announce(head, &mut self.open);
        }
        // What is no record cannot be redacted, and so is not told of.
        if let Some(record) = draft.so_far(head) {
            self.tell_of_record(&record);
        }
    }

    /// As [`tell_of`](Self::tell_of), for an owned span.
    pub(crate) fn tell_of_record(&mut self, record: &SpanRecord) {
        if self.core.config.redact.is_none() {
            return encode::record(&mut self.open, record);
        }
        let mut record = record.clone();
        if self.redacted(&mut record) {
            encode::record(&mut self.open, &record);
        }
    }

    /// Returns whether anybody wants to hear of open spans.
    pub(crate) fn announces(&self) -> bool {
        !self.core.is_closed() && self.core.lanes().iter().any(|lane| lane.wants_open())
    }

    /// Tells of the open spans that were put into `open`.
    pub(crate) fn announce(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let spans = std::mem::take(&mut self.open);
        let request = encode::request(self.core.resource(), &self.core.library, &[&spans]);
        for lane in self.core.lanes().iter().filter(|lane| lane.wants_open()) {
            lane.announce(request.clone());
        }
    }
}
