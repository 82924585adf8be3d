//! Collects spans in any order, and writes them as a segment.

use std::path::Path;

use trackway_model::{Event, SpanRecord, Timestamp};

use super::{
    bloom::Bloom,
    read::SegmentSpan,
    schema_plan::Plan,
    write_stream::{Effort, SegmentStream, file_order},
};
use crate::Error;

/// Collects spans, and writes them as a segment.
///
/// Spans may come in any order. They are held in memory until the segment is written, so whoever collects looks at
/// [`memory_bytes`](Self::memory_bytes) and begins a new segment in time.
#[derive(Default)]
pub struct SegmentWriter {
    spans: Vec<SegmentSpan>,
    bytes: usize,
}

/// What became of a segment that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// The version of the format that it has.
    pub version: u32,
    /// How many spans it holds.
    pub spans: u64,
    /// How many bytes its Parquet file has.
    pub bytes: u64,
    /// How many bytes its index of traces has.
    pub index_bytes: u64,
    /// How many traces it holds something of.
    pub traces: u64,
    /// The earliest and the latest start of a span; `None` when there is none.
    pub starts: Option<(Timestamp, Timestamp)>,
    /// The latest start or end of a span; `None` when there is none.
    pub last: Option<Timestamp>,
    /// The lowest and the highest sequence of a span; `None` when there is none.
    pub sequences: Option<(u64, u64)>,
    /// The traces, as a set that can be asked without the files.
    pub(crate) bloom: Bloom,
}

impl SegmentWriter {
    /// Makes a writer that holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a span.
    pub fn push(&mut self, span: SegmentSpan) {
        let late: usize = span.late_events.iter().map(Event::memory_bytes).sum();
        self.bytes += size_of::<SegmentSpan>() - size_of::<SpanRecord>() + span.record.memory_bytes() + late;
        self.spans.push(span);
    }

    /// Returns how many spans were added.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Returns true when no span was added.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Returns about how many bytes of memory the spans take here.
    pub fn memory_bytes(&self) -> usize {
        self.bytes
    }

    /// Writes the segment to `path`, which ends in `.parquet`, and its index of traces beside it.
    ///
    /// When this returns, both files are durable. Until then the segment does not have its name.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Segment`] when a file cannot be written; what was there under these names stays.
    /// [`Error::TooLarge`] when the texts of a span have more than 1 GiB.
    pub fn finish(mut self, path: &Path) -> Result<Written, Error> {
        self.spans.sort_by_cached_key(|span| file_order(span.sequence, &span.record));
        let mut plan = Plan::default();
        self.spans.iter().for_each(|span| plan.count(&span.record));
        let mut stream = SegmentStream::begin(path, &plan, Effort::Thorough)?;
        for SegmentSpan { sequence, record, late_events } in self.spans {
            stream.push(sequence, &record, &late_events)?;
        }
        stream.finish()
    }
}
