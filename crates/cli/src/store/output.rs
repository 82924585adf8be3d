//! The files of an export.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use trackway_model::{SpanRecord, Text};
use trackway_store::{SegmentSpan, SegmentWriter};
use trackway_wire::otlp::encode_traces;

use super::export::Format;
use crate::running::escaped;

/// How much memory the spans of a Parquet file take until it is written, in bytes.
const MOST_MEMORY: usize = 256 << 20;
/// How many spans a line of JSON has at most, and about how many bytes they take in memory.
const MOST_SPANS: usize = 500;
const MOST_BYTES: usize = 4 << 20;

/// Files that spans are written to.
pub(super) struct Output {
    directory: PathBuf,
    written: Written,
    files: Files,
}

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) spans: u64,
    pub(super) bytes: u64,
    pub(super) files: Vec<PathBuf>,
}

enum Files {
    Parquet(Box<SegmentWriter>),
    /// By project.
    Otlp(BTreeMap<Text, Lines>),
}

/// A file of lines, each a request.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    waiting: Vec<SpanRecord>,
    waiting_bytes: usize,
}

impl Output {
    pub(super) fn new(format: Format, directory: &Path) -> Self {
        let files = match format {
            Format::Parquet => Files::Parquet(Box::default()),
            Format::OtlpJson => Files::Otlp(BTreeMap::new()),
        };
        Self { directory: directory.to_owned(), written: Written::default(), files }
    }

    pub(super) fn write(&mut self, span: SpanRecord) -> Result<()> {
        let sequence = self.written.spans;
        self.written.spans += 1;
        match &mut self.files {
            Files::Parquet(writer) => {
                writer.push(SegmentSpan { sequence, record: span, late_events: Vec::new() });
                if writer.memory_bytes() < MOST_MEMORY {
                    return Ok(());
                }
                let full = std::mem::take(writer);
                self.segment(*full)
            }
            Files::Otlp(projects) => {
                if !projects.contains_key(&span.project) {
                    let lines = Lines::create(&self.directory, &span.project)?;
                    projects.insert(span.project.clone(), lines);
                }
                match projects.get_mut(&span.project) {
                    Some(lines) => lines.write(span),
                    None => Ok(()),
                }
            }
        }
    }

    fn segment(&mut self, writer: SegmentWriter) -> Result<()> {
        let path = self.directory.join(format!("spans-{:04}.parquet", self.written.files.len() + 1));
        let written = writer.finish(&path).with_context(|| format!("cannot write {}", path.display()))?;
        self.written.bytes += written.bytes + written.index_bytes;
        self.written.files.push(path);
        Ok(())
    }

    /// Writes what waits; all is durable when this returns.
    pub(super) fn finish(mut self) -> Result<Written> {
        match std::mem::replace(&mut self.files, Files::Otlp(BTreeMap::new())) {
            Files::Parquet(writer) if writer.is_empty() => {}
            Files::Parquet(writer) => self.segment(*writer)?,
            Files::Otlp(projects) => {
                for mut lines in projects.into_values() {
                    lines.flush()?;
                    let file = lines.file.into_inner().map_err(|error| error.into_error());
                    let synced = file.and_then(|file| file.sync_all().and_then(|()| file.metadata()));
                    let about = synced.with_context(|| format!("cannot write {}", lines.path.display()))?;
                    self.written.bytes += about.len();
                    self.written.files.push(lines.path);
                }
            }
        }
        Ok(self.written)
    }
}

impl Lines {
    fn create(directory: &Path, project: &str) -> Result<Self> {
        let path = directory.join(format!("{}.otlp.jsonl", escaped(project)));
        let file = File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self { path, file: BufWriter::new(file), waiting: Vec::new(), waiting_bytes: 0 })
    }

    fn write(&mut self, span: SpanRecord) -> Result<()> {
        self.waiting_bytes += span.memory_bytes();
        self.waiting.push(span);
        if self.waiting.len() < MOST_SPANS && self.waiting_bytes < MOST_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let line = encode_traces(&self.waiting);
        self.waiting.clear();
        self.waiting_bytes = 0;
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.write_all(b"\n"));
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}
