//! What is known of the spans of a segment that is being written.

use trackway_model::{SpanRecord, Timestamp};

use super::{Written, trace_index::WrittenIndex};

/// What lies between what.
#[derive(Default)]
pub(super) struct Range {
    pub(super) spans: u64,
    pub(super) starts: Option<(Timestamp, Timestamp)>,
    pub(super) last_end: Option<Timestamp>,
    sequences: Option<(u64, u64)>,
}

impl Range {
    pub(super) fn note(&mut self, sequence: u64, span: &SpanRecord) {
        self.spans += 1;
        self.starts = Some(wider(self.starts, span.start));
        self.last_end = self.last_end.max(span.end);
        self.sequences = Some(wider(self.sequences, sequence));
    }

    /// Returns what is told when the files are there.
    pub(super) fn written(self, version: u32, bytes: u64, index: WrittenIndex) -> Written {
        Written {
            version,
            spans: self.spans,
            bytes,
            index_bytes: index.bytes,
            traces: index.traces,
            starts: self.starts,
            last: self.starts.map(|(_, start)| start).max(self.last_end),
            sequences: self.sequences,
            bloom: index.bloom,
        }
    }
}

fn wider<T: Ord + Copy>(range: Option<(T, T)>, with: T) -> (T, T) {
    range.map_or((with, with), |(min, max)| (min.min(with), max.max(with)))
}
