//! Writes the two files of a segment.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnPath,
};
use trackway_model::{SpanRecord, Timestamp};

use super::{
    MAX_END, MAX_START, MIN_START, ROWS, VERSION, VERSION_KEY,
    checked::{Summing, seal},
    columns::Batches,
    index_path,
    rows::Rows,
    schema::{self, Chosen},
    trace_index::{Ranges, write_index},
};
use crate::{
    Error,
    files::{create_private, file_error, sync_directory},
};

/// The most rows of a row group.
const GROUP_ROWS: usize = 128 * 1024;
/// The most rows of a page: what is read for one span.
const PAGE_ROWS: usize = 2048;
/// The most bytes of a dictionary, which is read whole for one span.
const DICTIONARY_BYTES: usize = 128 * 1024;

/// Collects spans, and writes them as a segment.
///
/// Spans may come in any order. They are held in memory until the segment is written, so whoever collects looks at
/// [`memory_bytes`](Self::memory_bytes) and begins a new segment in time.
#[derive(Default)]
pub struct SegmentWriter {
    rows: Rows,
}

/// What became of a segment that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
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
}

impl SegmentWriter {
    /// Makes a writer that holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a span; `sequence` says when it came among the others of its store.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when a text of the span has more than 4 GiB.
    pub fn push(&mut self, sequence: u64, span: &SpanRecord) -> Result<(), Error> {
        self.rows.push(sequence, span).map_err(|bound| Error::TooLarge { bound })
    }

    /// Returns how many spans were added.
    pub fn len(&self) -> usize {
        self.rows.rows.len()
    }

    /// Returns true when no span was added.
    pub fn is_empty(&self) -> bool {
        self.rows.rows.is_empty()
    }

    /// Returns about how many bytes of memory the spans take here.
    pub fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes()
    }

    /// Writes the segment to `path`, which ends in `.parquet`, and its index of traces beside it.
    ///
    /// When this returns, both files are durable. Until then the segment does not have its name.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::Segment`] when a file cannot be written; what was there under these names stays.
    pub fn finish(mut self, path: &Path) -> Result<Written, Error> {
        self.rows.sort();
        let (part, index_part) = (part_of(path), part_of(&index_path(path)));
        let written = self.write(&part, &index_part);
        let Ok((bytes, index_bytes)) = written else {
            // Nobody needs what could not be finished; what failed is told by the first error.
            let _ = (fs::remove_file(&part), fs::remove_file(&index_part));
            return written.map(|(bytes, index_bytes)| self.written(bytes, index_bytes));
        };
        // The index first: whoever sees the segment sees its index.
        let index = index_path(path);
        fs::rename(&index_part, &index).map_err(file_error("name", &index))?;
        fs::rename(&part, path).map_err(file_error("name", path))?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_directory(directory).map_err(file_error("sync", directory))?;
        Ok(self.written(bytes, index_bytes))
    }

    fn written(&self, bytes: u64, index_bytes: u64) -> Written {
        let rows = &self.rows.rows;
        let starts = || rows.iter().map(|row| row.start);
        let sequences = || rows.iter().map(|row| row.sequence);
        let traces: HashSet<_> = rows.iter().map(|row| row.trace_id).collect();
        Written {
            spans: rows.len() as u64,
            bytes,
            index_bytes,
            traces: traces.len() as u64,
            starts: starts().min().zip(starts().max()).map(|(min, max)| (Timestamp(min), Timestamp(max))),
            last: rows.iter().map(|row| row.start.max(row.end.unwrap_or_default())).max().map(Timestamp),
            sequences: sequences().min().zip(sequences().max()),
        }
    }

    fn write(&self, part: &Path, index_part: &Path) -> Result<(u64, u64), Error> {
        let file = create(part).map_err(file_error("create", part))?;
        let mut ranges = Ranges::default();
        let sums = self.write_parquet(&file, &mut ranges).map_err(|error| match error {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => Error::File { action: "write", path: part.to_owned(), source: *source },
                Err(other) => Error::Segment { path: part.to_owned(), reason: other.to_string() },
            },
            other => Error::Segment { path: part.to_owned(), reason: other.to_string() },
        })?;
        let (bytes, print) = seal(&file, sums).map_err(file_error("write", part))?;
        file.sync_all().map_err(file_error("sync", part))?;
        let mut index = create(index_part).map_err(file_error("create", index_part))?;
        let written = write_index(&mut index, ranges, print).map_err(file_error("write", index_part))?;
        index.sync_all().map_err(file_error("sync", index_part))?;
        Ok((bytes, written.bytes))
    }

    /// Writes pages and footer, and returns the checksums of the blocks.
    fn write_parquet(&self, file: &File, ranges: &mut Ranges) -> Result<Vec<u32>, ParquetError> {
        let chosen = Chosen::of(&self.rows);
        let schema = Arc::new(chosen.schema());
        let summing = Summing::new(BufWriter::with_capacity(1 << 20, file));
        let mut writer = ArrowWriter::try_new(summing, Arc::clone(&schema), Some(self.properties()))?;
        let mut batches = Batches::new(&self.rows, &chosen, schema);
        while let Some(batch) = batches.next_batch()? {
            writer.write(&batch)?;
        }
        for (row, it) in (0_u64..).zip(&self.rows.rows) {
            ranges.note(row, &self.rows.mark(it));
        }
        let (mut inner, sums) = writer.into_inner()?.into_parts();
        inner.flush()?;
        Ok(sums)
    }

    fn properties(&self) -> WriterProperties {
        let starts = || self.rows.rows.iter().map(|row| row.start);
        let end = self.rows.rows.iter().filter_map(|row| row.end).max();
        let about = [
            (VERSION_KEY, Some(u64::from(VERSION))),
            (ROWS, Some(self.len() as u64)),
            (MIN_START, starts().min()),
            (MAX_START, starts().max()),
            (MAX_END, end),
        ];
        let about = about.into_iter().filter_map(|(key, value)| Some(KeyValue::new(key.into(), value?.to_string())));
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("trackway ", env!("CARGO_PKG_VERSION")).into())
            .set_key_value_metadata(Some(about.collect()))
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_statistics_enabled(EnabledStatistics::Page);
        // Each of these is another in almost every row.
        for name in [schema::TRACE_ID, schema::SPAN_ID, schema::PARENT_ID] {
            properties = properties.set_column_dictionary_enabled(column(name), false);
        }
        for name in [schema::SEQUENCE, schema::START, schema::DURATION] {
            properties = properties
                .set_column_dictionary_enabled(column(name), false)
                .set_column_encoding(column(name), Encoding::DELTA_BINARY_PACKED);
        }
        properties.build()
    }
}

fn column(name: &str) -> ColumnPath {
    ColumnPath::new(vec![name.to_owned()])
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Makes a file anew; what a writer left that did not come to its end is taken away.
fn create(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => create_private(path),
    }
}
