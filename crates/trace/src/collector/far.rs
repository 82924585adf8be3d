//! Spans that may begin on one thread and end on another.
//!
//! The rings are read one after the other, so an end can be read before its start and before what was recorded in between:
//! the end waits until all rings were read once more.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use trackway_model::{SpanKind, SpanRecord};

use super::draft::{Draft, Head};
use super::pipeline::Pipeline;
use crate::stats;

/// How many of them may be under way; more are dropped and counted.
const MOST: usize = 100_000;

/// The ids are random already.
#[derive(Default)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

#[derive(Default)]
pub(crate) struct Far {
    pub(crate) begun: Option<Begun>,
    end: Option<u64>,
    pub(crate) draft: Draft,
    /// True once the draft has its form.
    drafted: bool,
    /// In which drain it was first heard of.
    drain: u64,
    /// When it was last announced, in nanoseconds since 1970.
    pub(crate) announced: u64,
}

pub(crate) struct Begun {
    pub(crate) trace: u128,
    pub(crate) parent: u64,
    pub(crate) flags: u8,
    pub(crate) remote: bool,
    pub(crate) state: String,
    pub(crate) name: &'static str,
    pub(crate) kind: SpanKind,
    pub(crate) start: u64,
    pub(crate) tracer: u32,
}

#[derive(Default)]
pub(crate) struct FarSpans {
    pub(crate) spans: HashMap<u64, Far, BuildHasherDefault<Same>>,
    /// Spans whose end was read in this drain, and in the one before.
    ended: Vec<u64>,
    due: Vec<u64>,
    pool: Vec<Draft>,
    /// Those that were heard of before they were read to begin, or may have been: in which drain, the oldest first.
    heard_of: VecDeque<(u64, u64)>,
    pub(crate) drain: u64,
}

impl Begun {
    pub(crate) fn head(&self, span: u64, end: u64) -> Head<'_> {
        Head {
            trace: self.trace,
            span,
            parent: self.parent,
            flags: self.flags,
            remote: self.remote,
            state: &self.state,
            name: self.name,
            kind: self.kind,
            start: self.start,
            end,
        }
    }
}

impl FarSpans {
    fn entry(&mut self, id: u64) -> Option<&mut Far> {
        if self.spans.len() >= MOST && !self.spans.contains_key(&id) {
            return None;
        }
        let (pool, drain, heard_of) = (&mut self.pool, self.drain, &mut self.heard_of);
        Some(self.spans.entry(id).or_insert_with(|| {
            let draft = pool.pop().unwrap_or_default();
            heard_of.push_back((drain, id));
            Far { draft, drain, ..Far::default() }
        }))
    }

    /// Returns what is known of a span, to add to it; `None` when there are too many. `blank` is what its draft
    /// begins as.
    pub(crate) fn draft(&mut self, id: u64, blank: impl FnOnce() -> Option<Box<SpanRecord>>) -> Option<&mut Draft> {
        let far = self.entry(id)?;
        // Of one that is known, that may be its end alone.
        if !std::mem::replace(&mut far.drafted, true) {
            far.draft.reset(blank());
        }
        Some(&mut far.draft)
    }

    pub(crate) fn begin(&mut self, id: u64, begun: Begun, pipelines: &mut [Option<Pipeline>]) {
        let tracer = begun.tracer;
        let Some(pipeline) = super::pipeline_of(pipelines, tracer) else { return };
        let Some(far) = self.entry(id) else {
            return stats::of(tracer).count_refused_by_collector();
        };
        if pipeline.makes_records() {
            let blank = Box::new(pipeline.core.blank(begun.trace, id, begun.flags));
            if !pipeline.core.config.processors.is_empty() {
                let record = begun.as_record(&blank, id);
                pipeline.began(&record);
            }
            if !far.draft.is_record() {
                far.draft.reset(Some(blank));
            }
        }
        far.drafted = true;
        far.begun = Some(begun);
    }

    pub(crate) fn end(&mut self, id: u64, end: u64) {
        // An end over the limit belongs to a start that was over the limit, and counted.
        let Some(far) = self.entry(id) else { return };
        if far.end.replace(end).is_none() {
            self.ended.push(id);
        }
    }

    /// Completes the spans whose end was read one drain ago; returns whether there was anything to be done.
    ///
    /// What was recorded before an end may lie in a ring that had been read before the end was. By now every ring was read
    /// once more.
    pub(crate) fn complete(&mut self, pipelines: &mut [Option<Pipeline>]) -> bool {
        let mut due = std::mem::take(&mut self.due);
        for id in due.drain(..) {
            self.complete_one(id, pipelines);
        }
        self.due = std::mem::replace(&mut self.ended, due);
        !self.due.is_empty()
    }

    fn complete_one(&mut self, id: u64, pipelines: &mut [Option<Pipeline>]) {
        let Some(mut far) = self.spans.remove(&id) else { return };
        if let (Some(begun), Some(end)) = (&far.begun, far.end)
            && let Some(pipeline) = super::pipeline_of(pipelines, begun.tracer)
        {
            pipeline.take(&mut far.draft, &begun.head(id, end.max(begun.start)));
        }
        const KEPT: usize = 1024;
        if self.pool.len() < KEPT {
            // A large one must not be kept as it is.
            far.draft.reset(None);
            self.pool.push(far.draft);
        }
    }

    /// Forgets what was heard of spans whose start should have been read by now: they had ended, or were refused.
    pub(crate) fn forget_unbegun(&mut self) {
        while let Some((drain, id)) = self.heard_of.front().copied().filter(|(drain, _)| *drain + 2 <= self.drain) {
            self.heard_of.pop_front();
            if self.spans.get(&id).is_some_and(|far| far.begun.is_none() && far.drain == drain) {
                self.spans.remove(&id);
            }
        }
        self.drain += 1;
    }

    /// Forgets the spans of a tracer that is no more.
    pub(crate) fn forget(&mut self, tracer: u32) {
        self.spans.retain(|_, far| far.begun.as_ref().is_none_or(|begun| begun.tracer != tracer));
    }
}

impl Begun {
    fn as_record(&self, blank: &SpanRecord, span: u64) -> SpanRecord {
        let mut draft = Draft::default();
        draft.reset(Some(Box::new(blank.clone())));
        draft.finish_record(&self.head(span, 0)).map_or_else(|| blank.clone(), |record| *record)
    }
}
