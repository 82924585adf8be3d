//! `trackway store import`.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
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
    records::{Follower, decode_run},
};

use super::{lines, told};
use crate::{
    import::{Count, Progress, Sink},
    print, running,
    settings::Flags,
};

/// How many spans of a project are sent at once.
const MOST_SPANS: usize = 1_000;
/// How much of a run is sent at once: a state may be long.
const MOST_ITEMS: usize = 100;
/// What every Parquet file begins with, and a file of runs.
const PARQUET: &[u8] = b"PAR1";
const RUNS: &[u8] = br#"{"type":"run""#;
/// Who sends the spans; the door of runs has no other for spans that keep everything.
const SENDER: &str = "import";

/// What `trackway store import` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Import {
    /// What `trackway store export` wrote, or requests of OTLP, each a line of JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The project that everything is listed under [default: the one that was exported; for OTLP, what the resource says]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Only the spans of this trace, 32 hexadecimal digits, and no run; of Parquet, nothing else is read
    #[arg(long, value_name = "ID")]
    trace: Option<TraceId>,
}

/// What was imported; the line of JSON that programs read.
#[derive(Default, Serialize)]
struct Summary {
    spans: u64,
    /// What was told of whole traces.
    traces: u64,
    runs: u64,
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
    if summary.spans + summary.traces + summary.runs == 0 {
        bail!("there was nothing to import");
    }
    let runs = if summary.runs > 0 { format!(", and {} runs", summary.runs) } else { String::new() };
    print::data(format_args!("{} spans are stored{runs}", summary.spans))?;
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
        File::open(path)?.take(RUNS.len() as u64).read_to_end(&mut beginning)?;
        if beginning.starts_with(PARQUET) {
            self.parquet(path, is_quiet)?
        } else if beginning.starts_with(RUNS) {
            self.runs(path, is_quiet)?
        } else if beginning.starts_with(told::BEGINNING) {
            self.told(path, is_quiet)?
        } else {
            lines::each(path, is_quiet, &mut |_, request| self.request(request))?
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

    /// Stores what clients told of whole traces. Each file is of one project, which its name says.
    fn told(&mut self, path: &Path, is_quiet: bool) -> Result<()> {
        let project = match &self.asked.project {
            Some(project) => Text::from(project.as_str()),
            None => {
                told::project_of(path).with_context(|| "its name does not say a project; name one with --project")?
            }
        };
        lines::each(path, is_quiet, &mut |_, request| {
            if self.asked.trace.is_some_and(|trace| !told::is_of(request, trace)) {
                return Ok(());
            }
            self.summary.traces += 1;
            self.sink.tell(&project, request)
        })
    }

    /// Stores runs, each of which begins with the line that names it.
    fn runs(&mut self, path: &Path, is_quiet: bool) -> Result<()> {
        if self.asked.trace.is_some() {
            return Ok(());
        }
        let mut run: Option<(Follower, Vec<Item>, u64)> = None;
        lines::each(path, is_quiet, &mut |_, line| {
            if line.starts_with(RUNS) {
                self.send_run(run.take())?;
                let named = Follower::new(decode_run(line).map_err(anyhow::Error::msg)?);
                let follower = match &self.asked.project {
                    Some(project) => named.listed_under(project.as_str().into()),
                    None => named,
                };
                run = Some((follower, Vec::new(), 0));
                self.summary.runs += 1;
            }
            let Some((follower, items, number)) = &mut run else { return Ok(()) };
            *number += 1;
            items.extend(follower.line(*number, line));
            if items.len() < MOST_ITEMS {
                return Ok(());
            }
            let (run, items) = (Arc::clone(follower.run()), std::mem::take(items));
            self.send_items(&run, items).map(drop)
        })?;
        self.send_run(run)
    }

    fn send_run(&mut self, run: Option<(Follower, Vec<Item>, u64)>) -> Result<()> {
        let Some((follower, items, _)) = run else { return Ok(()) };
        self.send_items(follower.run(), items).map(drop)
    }

    /// Stores a request of OTLP.
    fn request(&mut self, request: &[u8]) -> Result<()> {
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
        let sent = items.len() as u64;
        self.summary.spans += sent - self.send_items(&run, items)?;
        Ok(())
    }

    /// Sends what is told of a run, and returns how much of it was refused.
    fn send_items(&mut self, run: &Arc<RunKey>, items: Vec<Item>) -> Result<u64> {
        let mut count = Count::default();
        self.sink.send(run, items, &mut count)?;
        for (reason, times) in count.flagged() {
            *self.summary.refused.entry(reason.clone()).or_default() += times;
        }
        Ok(count.flagged().values().sum())
    }
}
