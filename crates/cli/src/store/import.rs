//! `trackway store import`.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use trackway_model::{RunKey, SpanRecord, Text, TraceId};
use trackway_store::{Segment, SegmentFilter};
use trackway_wire::{
    burr::Item,
    otlp::{Encoding, decode_traces},
};

use crate::{
    import::{Count, Progress, Sink},
    print, running,
    settings::Flags,
};

/// How many spans of a project are sent at once.
const MOST_SPANS: usize = 1_000;
/// The longest line of OTLP, in bytes: what a request may have.
const LONGEST_LINE: u64 = 64 << 20;
/// What every Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";
/// Who sends the spans; the door of runs has no other for spans that keep everything.
const SENDER: &str = "import";

/// What `trackway store import` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Import {
    /// Parquet that `trackway store export` wrote, or requests of OTLP, each a line of JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The project that everything is listed under [default: the one that was exported; for OTLP, what the resource says]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Only the spans of this trace, 32 hexadecimal digits; of Parquet, nothing else is read
    #[arg(long, value_name = "ID")]
    trace: Option<TraceId>,
}

/// What was imported; the line of JSON that programs read.
#[derive(Default, Serialize)]
struct Summary {
    spans: u64,
    files: u64,
    /// What was left out, with how often.
    refused: BTreeMap<String, u64>,
}

/// Reads files, and stores what they hold. Whatever is there already stays as it is.
pub(crate) fn run(flags: Flags, asked: &Import) -> Result<()> {
    let settings = flags.resolve()?;
    let url = running::owner_of(&settings.data_dir);
    let sink = match &url {
        Some(url) => Sink::through(url),
        None => Sink::into_store(&settings)?,
    };
    let mut importing = Importing { asked, sink, waiting: HashMap::new(), summary: Summary::default() };
    for file in &asked.files {
        let imported = importing.file(file, settings.json);
        imported.with_context(|| format!("cannot import {}; what was imported before stays", file.display()))?;
        importing.summary.files += 1;
    }
    let summary = importing.summary;
    if settings.json {
        return print::data(serde_json::to_string(&summary)?);
    }
    for (reason, times) in &summary.refused {
        print::talk(format_args!("left out {times}: {reason}"));
    }
    if summary.spans == 0 {
        bail!("there was nothing to import");
    }
    print::data(format_args!("{} spans are stored", summary.spans))?;
    match url {
        Some(url) => print::data(format_args!("See them at {url}")),
        None => print::data("Start trackway to see them"),
    }
}

struct Importing<'a> {
    asked: &'a Import,
    sink: Sink,
    /// Spans that are not sent yet, by project.
    waiting: HashMap<Text, Vec<Item>>,
    summary: Summary,
}

impl Importing<'_> {
    fn file(&mut self, path: &Path, is_quiet: bool) -> Result<()> {
        let mut beginning = Vec::new();
        File::open(path)?.take(PARQUET.len() as u64).read_to_end(&mut beginning)?;
        if beginning == PARQUET {
            self.parquet(path, is_quiet)?
        } else {
            self.otlp(path, is_quiet)?
        }
        for (project, items) in std::mem::take(&mut self.waiting) {
            self.send(project, items)?;
        }
        Ok(())
    }

    fn parquet(&mut self, path: &Path, is_quiet: bool) -> Result<()> {
        let segment = Segment::open(path)?;
        if let Some(trace) = self.asked.trace {
            return segment.trace(trace)?.into_iter().try_for_each(|span| self.take(span.record));
        }
        let progress = Progress::begin(segment.len(), is_quiet);
        progress.at(&path.display().to_string());
        for span in segment.spans(&SegmentFilter::default())? {
            self.take(span?.record)?;
            progress.done();
        }
        progress.end();
        Ok(())
    }

    fn otlp(&mut self, path: &Path, is_quiet: bool) -> Result<()> {
        let file = File::open(path)?;
        let progress = Progress::begin(file.metadata()?.len(), is_quiet);
        progress.at(&path.display().to_string());
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let bytes = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
            if bytes == 0 {
                break;
            }
            let is_whole = line.ends_with(b"\n") || bytes < LONGEST_LINE;
            let request = Some(line.trim_ascii()).filter(|_| is_whole);
            let taken = request.map(|request| self.request(request));
            taken.context("it is longer than 64 MiB").flatten().with_context(|| format!("line {number}"))?;
            progress.add(bytes);
        }
        progress.end();
        Ok(())
    }

    /// Stores a request of OTLP.
    fn request(&mut self, request: &[u8]) -> Result<()> {
        if request.is_empty() {
            return Ok(());
        }
        let project = self.asked.project.as_deref().map(Text::from);
        let decoded = decode_traces(Encoding::Json, request, project.as_ref(), &mut |_| true)?;
        let wanted = |span: &SpanRecord| self.asked.trace.is_none_or(|trace| span.trace_id == trace);
        let spans: Vec<_> = decoded.batch.spans.into_iter().filter(|span| wanted(span)).collect();
        if let Some(reason) = decoded.rejected.reasons.into_iter().next() {
            *self.summary.refused.entry(reason).or_default() += decoded.rejected.count;
        }
        spans.into_iter().try_for_each(|span| self.take(span))
    }

    /// Sends a span with others of its project.
    fn take(&mut self, mut span: SpanRecord) -> Result<()> {
        if let Some(project) = &self.asked.project {
            span.project = project.as_str().into();
        }
        let project = span.project.clone();
        let waiting = self.waiting.entry(project.clone()).or_default();
        waiting.push(Item::Span(Box::new(span)));
        if waiting.len() < MOST_SPANS {
            return Ok(());
        }
        let items = std::mem::take(waiting);
        self.send(project, items)
    }

    fn send(&mut self, project: Text, items: Vec<Item>) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let run = Arc::new(RunKey { project, partition: None, app: SENDER.into() });
        let (sent, mut count) = (items.len() as u64, Count::default());
        self.sink.send(&run, items, &mut count)?;
        let refused: u64 = count.flagged().values().sum();
        for (reason, times) in count.flagged() {
            *self.summary.refused.entry(reason.clone()).or_default() += times;
        }
        self.summary.spans += sent - refused;
        Ok(())
    }
}
