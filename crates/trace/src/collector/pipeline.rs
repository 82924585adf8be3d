//! From finished spans to batches: one for every tracer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use trackway_model::{SpanRecord, TraceId};
use trackway_wire::encode;

use super::draft::{Draft, Head};
use super::holding::{Holding, Out};
use super::hooks::Call;
use crate::agents::Run;
use crate::bounded::BoundedMap;
use crate::builder::Config;
use crate::export::{Batch, Body, Form, lane::Lane};
use crate::stats;
use crate::tail::Tail;
use crate::tracer::Core;

/// A batch is handed over when it is that large,
const MOST_BYTES: usize = 1 << 20;
/// or has that many spans, unless the program says how many,
const MOST_SPANS: usize = 8192;
/// or is that old, likewise.
const MOST_AGE: Duration = Duration::from_millis(200);
/// Of so many traces that may yet be left out it is known what to tell.
const MOST_UNTOLD: usize = 4096;
/// At most so many bytes of open spans are announced at a time.
const MOST_ANNOUNCED: usize = 4 << 20;

pub(crate) struct Pipeline {
    pub(crate) core: Arc<Core>,
    wants_otlp: bool,
    keeps_records: bool,
    wants_traces: bool,
    out: Vec<u8>,
    batch: Vec<SpanRecord>,
    /// Traces that have begun.
    traces: Vec<Arc<Run>>,
    /// Those that are told of once they are kept, the latest of them.
    untold: BoundedMap<TraceId, Arc<Run>>,
    batch_bytes: usize,
    spans: usize,
    since: Option<Instant>,
    /// Open spans to be told of.
    open: Vec<u8>,
    /// What the hooks are to see, in order, and about how many bytes that is.
    calls: Vec<Call>,
    call_bytes: usize,
    /// Bytes of the open spans in it.
    open_bytes: usize,
    /// What waits for a verdict, where there are rules.
    holding: Option<Holding>,
    most_spans: usize,
    most_age: Duration,
}

/// Returns whether anybody wants to hear of the tracer's open spans, which the exporters say.
pub(crate) fn announces(core: &Arc<Core>) -> bool {
    !core.is_closed() && core.lanes().iter().any(|lane| lane.wants_open())
}

/// Returns true when hooks see the spans first.
fn is_changed(core: &Core) -> bool {
    let Config { redact, processors, tail, .. } = &core.config;
    redact.is_some() || !processors.is_empty() || tail.is_some()
}

impl Pipeline {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        let lanes = core.lanes();
        let keeps_records = lanes.iter().any(|lane| lane.form() == Form::Records);
        let wants_otlp = lanes.iter().any(|lane| lane.form() == Form::Otlp);
        Self {
            core: core.clone(),
            wants_otlp,
            keeps_records,
            wants_traces: lanes.iter().any(Lane::wants_traces),
            out: Vec::new(),
            batch: Vec::new(),
            traces: Vec::new(),
            untold: BoundedMap::new(MOST_UNTOLD),
            batch_bytes: 0,
            spans: 0,
            since: None,
            open: Vec::new(),
            calls: Vec::new(),
            call_bytes: 0,
            open_bytes: 0,
            holding: core.config.tail.as_ref().map(|_| Holding::default()),
            most_spans: core.config.queue.batch_spans.unwrap_or(MOST_SPANS),
            most_age: core.config.queue.batch_age.unwrap_or(MOST_AGE),
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
        if self.makes_records() {
            return self.accept(record);
        }
        if self.wants_otlp {
            encode::record(&mut self.out, &record);
        }
        self.added();
    }

    fn accept(&mut self, record: SpanRecord) {
        if is_changed(&self.core) {
            self.put(Call::Ended(record));
        } else {
            self.keep(record);
        }
    }

    /// Returns true when spans become records on their way.
    pub(crate) fn makes_records(&self) -> bool {
        self.keeps_records || is_changed(&self.core)
    }

    fn put(&mut self, call: Call) {
        self.call_bytes += call.memory_bytes();
        self.calls.push(call);
    }

    /// Has the processors told of a span that began.
    pub(crate) fn began(&mut self, record: &SpanRecord) {
        if !self.core.config.processors.is_empty() {
            self.put(Call::Began(record.clone()));
        }
    }

    /// Takes a trace that has begun.
    pub(crate) fn trace_began(&mut self, run: Arc<Run>) {
        let Config { redact, processors, .. } = &self.core.config;
        let is_redacted = redact.is_some() && self.wants_traces;
        if is_redacted || !processors.is_empty() { self.put(Call::TraceBegan(run)) } else { self.keep_trace(run) }
    }

    /// Has the processors told of a trace that is finished.
    pub(crate) fn trace_ended(&mut self, run: Arc<Run>) {
        if !self.core.config.processors.is_empty() {
            self.put(Call::TraceEnded(run));
        }
    }

    fn keep_trace(&mut self, run: Arc<Run>) {
        if !self.wants_traces {
            return;
        }
        if self.holding.is_none() {
            return self.tell_of_trace(run);
        }
        // It is told of when the first of its spans is kept.
        self.untold.insert(run.record.trace_id, run);
    }

    /// Tells of the trace of a span that is kept, unless that was done.
    fn tell_of_trace_of(&mut self, record: &SpanRecord) {
        if let Some(run) = self.untold.remove(&record.trace_id) {
            self.tell_of_trace(run);
        }
    }

    fn tell_of_trace(&mut self, run: Arc<Run>) {
        self.batch_bytes += run.record.memory_bytes();
        self.traces.push(run);
        self.since.get_or_insert_with(Instant::now);
    }

    /// Returns about how many bytes wait for the hooks.
    pub(crate) fn call_bytes(&self) -> usize {
        self.call_bytes
    }

    /// Takes what waits for the hooks.
    pub(crate) fn take_calls(&mut self) -> Vec<Call> {
        (self.call_bytes, self.open_bytes) = (0, 0);
        std::mem::take(&mut self.calls)
    }

    /// Takes what the hooks left. They may have to be called again.
    pub(crate) fn take_back(&mut self, left: Vec<Call>, now: u64) {
        for call in left {
            match call {
                Call::Began(_) | Call::Ended(_) | Call::TraceEnded(_) => {}
                Call::TraceBegan(run) => self.keep_trace(run),
                Call::Leaving(record) => self.keep(record),
                Call::Seen(record, speaks) => self.hold(|holding, tail| holding.take(record, speaks, tail, now)),
                Call::Open(record) => encode::record(&mut self.open, &record),
            }
        }
        self.release();
    }

    /// Says that a trace is to be kept, or left out.
    pub(crate) fn judge(&mut self, trace: u128, keep: bool, now: u64) {
        self.hold(|holding, _| holding.judge(trace, keep, now));
    }

    /// Judges the traces whose time has come, or all that have ended.
    pub(crate) fn settle(&mut self, now: u64, waits: bool) {
        let is_closing = self.core.is_closing();
        self.hold(|holding, tail| {
            holding.settle(tail, now, waits);
            if is_closing && !waits {
                holding.keep_all();
            }
        });
        self.release();
    }

    fn hold(&mut self, change: impl FnOnce(&mut Holding, &Tail)) {
        if let (Some(holding), Some(tail)) = (&mut self.holding, &self.core.config.tail) {
            change(holding, tail);
        }
    }

    /// Lets go of what waits no more.
    fn release(&mut self) {
        let Some(holding) = &mut self.holding else { return };
        let Out { kept, left_out, no_room } = std::mem::take(&mut holding.out);
        let counters = stats::of(self.core.number);
        counters.tail.fetch_add(left_out, Ordering::Relaxed);
        counters.memory.fetch_add(no_room, Ordering::Relaxed);
        for record in kept {
            self.tell_of_trace_of(&record);
            match self.core.config.redact {
                Some(_) => self.put(Call::Leaving(record)),
                None => self.keep(record),
            }
        }
    }

    /// Returns whether an open span may be told of: it may yet be left out, with its trace.
    fn is_told_of(&self, trace: u128) -> bool {
        self.holding.as_ref().is_none_or(|holding| holding.is_kept(trace))
    }

    fn keep(&mut self, record: SpanRecord) {
        if self.wants_otlp {
            encode::record(&mut self.out, &record);
        }
        if self.keeps_records {
            self.batch_bytes += record.memory_bytes();
            self.batch.push(record);
        }
        self.added();
    }

    #[inline]
    fn added(&mut self) {
        self.spans += 1;
        if self.spans >= self.most_spans || self.out.len() >= MOST_BYTES || self.batch_bytes >= MOST_BYTES {
            self.hand_over();
        } else if self.since.is_none() {
            self.since = Some(Instant::now());
        }
    }

    /// Hands over what is old enough; returns how long the rest may still wait.
    pub(crate) fn hand_over_old(&mut self) -> Option<Duration> {
        let age = self.since?.elapsed();
        if age < self.most_age {
            return Some(self.most_age - age);
        }
        self.hand_over();
        None
    }

    /// Hands everything over to the exporters.
    pub(crate) fn hand_over(&mut self) {
        self.since = None;
        let spans = std::mem::take(&mut self.spans);
        if spans == 0 && self.traces.is_empty() {
            return;
        }
        let lanes = self.core.lanes();
        let mut batch = std::mem::take(&mut self.batch);
        let traces = std::mem::take(&mut self.traces);
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
            let traces = if lane.wants_traces() { traces.clone() } else { Vec::new() };
            lane.push(Batch { spans, body, traces });
        }
        self.out.clear();
        stats::of(self.core.number).handed_over.fetch_add(spans as u64, Ordering::Relaxed);
    }

    /// Returns true while more open spans may be told of at a time.
    pub(crate) fn has_room_for_open(&self) -> bool {
        self.open.len() + self.open_bytes < MOST_ANNOUNCED
    }

    /// Puts a span that is still open among those to be told of.
    pub(crate) fn tell_of(&mut self, draft: &Draft, head: &Head<'_>) {
        if !self.is_told_of(head.trace) {
            return;
        }
        if self.core.config.redact.is_none() {
            return draft.announce(head, &mut self.open);
        }
        // What is no record cannot be redacted, and so is not told of.
        if let Some(record) = draft.so_far(head) {
            self.redact_open(record);
        }
    }

    /// As [`tell_of`](Self::tell_of), for an owned span.
    pub(crate) fn tell_of_record(&mut self, record: &SpanRecord) {
        if !self.is_told_of(u128::from_be_bytes(record.trace_id.bytes())) {
            return;
        }
        if self.core.config.redact.is_none() {
            encode::record(&mut self.open, record);
        } else {
            self.redact_open(record.clone());
        }
    }

    fn redact_open(&mut self, record: SpanRecord) {
        self.open_bytes += record.memory_bytes();
        self.put(Call::Open(record));
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
