//! Writes the two files of a segment, of spans that come in the order of the file.

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use parquet::{
    arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata},
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
};
use trackway_model::{Event, SpanRecord, Timestamp};

use super::{
    MAX_END, MAX_START, MIN_START, PASSAGES, PLAIN_VERSION, REST_KEYS, ROWS, VERSION, VERSION_KEY, Written,
    checked::{Summing, seal},
    columns::Columns,
    columns_page::Press,
    listed::Mark,
    passages::{Passages, StoredPassages},
    schema::Chosen,
    schema_plan::Plan,
    trace_index::{Ranges, write_index},
    write_files::Parts,
    write_range::Range,
};
use crate::{Error, files::file_error};

/// How long spans lie in one bucket of the file's order, in nanoseconds.
const BUCKET: u64 = 1_000_000_000;

/// How much work is put into making a segment small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For what is soon written again.
    Quick,
    /// For what stays, and is read by whatever reads Parquet.
    Thorough,
    /// For what stays and this program reads: what long texts repeat is stored once.
    Shared,
}

impl Effort {
    /// Returns the level of zstd.
    fn level(self) -> i32 {
        match self {
            Self::Quick => 1,
            Self::Thorough | Self::Shared => 3,
        }
    }

    fn passages(self) -> io::Result<Option<Passages>> {
        (self == Self::Shared).then(|| Passages::new(self.level())).transpose()
    }
}

/// A segment that is being written, in memory of about one row group whatever its size.
///
/// When it is dropped before it is finished, nothing of it stays.
pub(crate) struct SegmentStream {
    parts: Parts,
    file: File,
    writer: Writer,
    columns: Columns,
    ranges: Ranges,
    range: Range,
    /// Whether a row was written in part.
    is_broken: bool,
}

impl SegmentStream {
    /// Begins a segment that will be at `path`, which ends in `.parquet`, with the columns that `plan` asks for.
    ///
    /// Spans that were not counted for the plan can be pushed all the same.
    ///
    /// # Errors
    /// [`Error::File`] when the files cannot be made.
    pub(crate) fn begin(path: &Path, plan: &Plan, effort: Effort) -> Result<Self, Error> {
        let parts = Parts::of(path);
        let file = parts.create(&parts.segment)?;
        let copy = file.try_clone().map_err(file_error("create", &parts.segment))?;
        let press = Press::new(effort.level()).map_err(file_error("compress", path))?;
        let passages = effort.passages().map_err(file_error("compress", path))?;
        let begun = begin(copy, plan, press, passages).map_err(|error| parts.failed(error));
        let (writer, columns) = begun?;
        Ok(Self { parts, file, writer, columns, ranges: Ranges::default(), range: Range::default(), is_broken: false })
    }

    /// Adds the next span in the order of (second of the start, trace, start, span, sequence), with the events of it
    /// that came apart.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the texts of the span have more than 1 GiB; [`Error::File`] and [`Error::Segment`] when
    /// what came before cannot be written. After an error nothing can be added, and the segment cannot be finished.
    pub(crate) fn push(&mut self, sequence: u64, span: &SpanRecord, late: &[Event]) -> Result<(), Error> {
        self.check()?;
        // Until all of it is done, what there is of the row must not be taken for a whole one.
        self.is_broken = true;
        self.columns.push(sequence, span, late).map_err(|bound| Error::TooLarge { bound })?;
        self.ranges.note(self.range.spans, &Mark::of(span, !late.is_empty()));
        self.range.note(sequence, span);
        let is_full = self.columns.end_pages().map_err(|error| self.parts.failed(error))?;
        if is_full {
            self.write_group()?;
        }
        self.is_broken = false;
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        let reason = || "a span before this could not be written".to_owned();
        if self.is_broken { Err(Error::Segment { path: self.parts.segment.clone(), reason: reason() }) } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), Error> {
        write_group(&mut self.writer, &mut self.columns).map_err(|error| self.parts.failed(error))
    }

    /// Writes the passages that are left, and their table; returns what the file says of it.
    fn write_passages(&mut self) -> Result<Option<String>, Error> {
        let about = write_passages(&mut self.writer, &mut self.columns);
        about.map_err(|error| self.parts.failed(error.into()))
    }

    /// Completes the segment and its index of traces. When this returns, both are durable and have their names.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Segment`] when a file cannot be written; what was there under these names stays.
    pub(crate) fn finish(mut self) -> Result<Written, Error> {
        self.check()?;
        if self.columns.rows() > 0 {
            self.write_group()?;
        }
        let passages = self.write_passages()?;
        let version = if passages.is_some() { VERSION } else { PLAIN_VERSION };
        for (key, value) in self.about(version, passages) {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        let Self { parts, file, writer, ranges, range, .. } = self;
        let sums = end(writer).map_err(|error| parts.failed(error))?;
        let (bytes, print) = seal(&file, sums).map_err(file_error("write", &parts.segment))?;
        file.sync_all().map_err(file_error("sync", &parts.segment))?;
        let mut index = parts.create(&parts.index)?;
        let written = write_index(&mut index, ranges, print).map_err(file_error("write", &parts.index))?;
        index.sync_all().map_err(file_error("sync", &parts.index))?;
        parts.name()?;
        Ok(range.written(version, bytes, written))
    }

    /// Returns what the file says of itself.
    fn about(&mut self, version: u32, passages: Option<String>) -> Vec<(&'static str, String)> {
        let numbers = [
            (VERSION_KEY, Some(u64::from(version))),
            (ROWS, Some(self.range.spans)),
            (MIN_START, self.range.starts.map(|(min, _)| min.0)),
            (MAX_START, self.range.starts.map(|(_, max)| max.0)),
            (MAX_END, self.range.last_end.map(|end| end.0)),
        ];
        let keys = self.columns.take_rest_keys().and_then(|keys| {
            let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
            // Nobody misses what only saves work.
            serde_json::to_string(&keys).ok()
        });
        let numbers = numbers.into_iter().filter_map(|(key, value)| Some((key, value?.to_string())));
        let texts = [(REST_KEYS, keys), (PASSAGES, passages)];
        numbers.chain(texts.into_iter().filter_map(|(key, value)| Some((key, value?)))).collect()
    }
}

type Writer = SerializedFileWriter<Summing<BufWriter<File>>>;

fn begin(file: File, plan: &Plan, press: Press, passages: Option<Passages>) -> Result<(Writer, Columns), ParquetError> {
    let chosen = Chosen::of(plan);
    let schema = chosen.schema();
    let mut properties =
        WriterProperties::builder().set_created_by(concat!("trackway ", env!("CARGO_PKG_VERSION")).into()).build();
    add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
    let described = ArrowSchemaConverter::new().convert(&schema)?;
    let summing = Summing::new(BufWriter::with_capacity(1 << 20, file));
    let writer = SerializedFileWriter::new(summing, described.root_schema_ptr(), Arc::new(properties))?;
    let columns = Columns::new(&described, plan, chosen, press, passages)?;
    Ok((writer, columns))
}

fn write_group(writer: &mut Writer, columns: &mut Columns) -> Result<(), ParquetError> {
    if let Some(passages) = columns.passages() {
        let blocks = passages.take_ready(writer.bytes_written() as u64);
        writer.write_all(&blocks)?;
    }
    let mut group = writer.next_row_group()?;
    for (pages, about) in columns.end_group()? {
        group.append_column(&pages, about)?;
    }
    group.close().map(drop)
}

fn write_passages(writer: &mut Writer, columns: &mut Columns) -> io::Result<Option<String>> {
    let Some(passages) = columns.passages() else { return Ok(None) };
    passages.close_all()?;
    let blocks = passages.take_ready(writer.bytes_written() as u64);
    writer.write_all(&blocks)?;
    let (table, table_at) = (passages.table(), writer.bytes_written() as u64);
    writer.write_all(&table)?;
    Ok(passages.has_folded().then(|| StoredPassages::about(table.len(), table_at)))
}

/// Writes the footer, and returns the checksums of the blocks.
fn end(writer: Writer) -> Result<Vec<u32>, ParquetError> {
    let (mut inner, sums) = writer.into_inner()?.into_parts();
    inner.flush()?;
    Ok(sums)
}

/// Returns where a span stands in a segment: [`SegmentStream::push`] wants them in this order.
pub(crate) fn file_order(sequence: u64, span: &SpanRecord) -> impl Ord + use<> {
    (bucket_of(span.start), span.trace_id, span.start, span.span_id, sequence)
}

/// Returns what comes first in the order of a segment: in which bucket a start is.
pub(crate) fn bucket_of(start: Timestamp) -> u64 {
    start.0 / BUCKET
}
