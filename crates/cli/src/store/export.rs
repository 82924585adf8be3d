//! `trackway store export`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;
use trackway_model::SpanRecord;
use trackway_store::{Embedded, PageRequest, Sealed, Store, TraceQuery};

use super::{beside, compact, output::Output, runs, told::Told};
use crate::{
    import::Progress,
    print, running, serve,
    settings::{Flags, Settings},
};

/// How many traces, and how many spans of one, are asked for at once.
const PAGE: usize = 1_000;

/// What `trackway store export` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Export {
    /// How spans are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "parquet")]
    format: Format,
    /// The directory to write to, which must be empty or not be there yet
    #[arg(long, value_name = "DIR", default_value = "trackway-export")]
    out: PathBuf,
    /// Only the traces that list under this project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
}

/// How spans are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Parquet with a column for each frequent attribute; all that is known of a span comes back from it
    Parquet,
    /// A line each request as OpenTelemetry's collector reads and writes them, one file for each project
    OtlpJson,
}

/// The line of JSON that programs read.
#[derive(Serialize)]
struct Summary<'a> {
    spans: u64,
    traces: u64,
    /// Absent beside a server, which has them open.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<u64>,
    bytes: u64,
    files: &'a [PathBuf],
}

/// Writes the spans of a store, beside the server that has it open or without one.
pub(crate) fn run(flags: Flags, asked: &Export) -> Result<()> {
    let settings = flags.resolve()?;
    let source = Source::of(&settings)?;
    make_empty(&asked.out)?;
    let mut output = Output::new(asked.format, &asked.out);
    let project = asked.project.as_deref();
    let mut told = Told::new(&asked.out);
    let (traces, run_lines) = match &source {
        Source::Alone(store) => (
            export(&**store, project, settings.json, &mut output, &mut told)?,
            Some(runs::export(&**store, project, &asked.out)?),
        ),
        Source::Beside(sealed) => (beside::export(sealed, project, settings.json, &mut output)?, None),
    };
    let mut written = output.finish()?;
    let (files, bytes) = told.finish()?;
    written.files.extend(files);
    written.bytes += bytes;
    let runs = run_lines.as_ref().map(|it| it.runs);
    if let Some(run_lines) = run_lines {
        written.files.extend(run_lines.file);
        written.bytes += run_lines.bytes;
    }
    if settings.json {
        let (spans, bytes, files) = (written.spans, written.bytes, &written.files);
        return print::data(serde_json::to_string(&Summary { spans, traces, runs, bytes, files })?);
    }
    if written.files.is_empty() {
        bail!("there was nothing to export");
    }
    for file in &written.files {
        print::data(file.display())?;
    }
    let mib = written.bytes as f64 / f64::from(1 << 20);
    let of_runs = runs.filter(|runs| *runs > 0).map_or(String::new(), |runs| format!(", {runs} runs"));
    print::talk(format_args!("{} spans of {traces} traces{of_runs}, {mib:.1} MiB", written.spans));
    Ok(())
}

/// Where the spans are read from.
enum Source {
    /// The store, which nobody else has open.
    Alone(Box<Embedded>),
    /// Its segments, into which a server has just written what it had in memory.
    Beside(Box<Sealed>),
}

impl Source {
    /// Opens the store, or what a server's store has in segments.
    fn of(settings: &Settings) -> Result<Self> {
        let directory = &settings.data_dir;
        match trackway_store::owner(directory) {
            None if directory.join("wal").is_dir() => Ok(Self::Alone(Box::new(serve::open(settings)?.0))),
            None => bail!("{} holds no spans; name another directory with --data-dir", directory.display()),
            Some(owner) if running::health(&owner.url).is_some() => {
                compact::flush(&owner.url)?;
                if !settings.json {
                    print::talk(format_args!("{} goes on; what comes from now on is not in the export", owner.url));
                    print::talk("runs, and what clients told of whole traces, are exported once the server has ended");
                }
                Ok(Self::Beside(Box::new(Sealed::open(directory)?)))
            }
            Some(owner) => bail!(
                "{} is in use by process {}, which serves nothing that could be asked: wait until it is done, or end it \
                 (kill {}), and export again",
                directory.display(),
                owner.pid,
                owner.pid
            ),
        }
    }
}

/// Makes the directory; one in which there is something is left alone.
fn make_empty(out: &Path) -> Result<()> {
    let shown = out.display();
    fs::create_dir_all(out).with_context(|| format!("cannot make {shown}"))?;
    let mut entries = fs::read_dir(out).with_context(|| format!("cannot read {shown}"))?;
    if entries.next().is_some() { bail!("{shown} is not empty; name another directory with --out") } else { Ok(()) }
}

/// Hands every span to the output, trace by trace, and what was told of whole traces; returns how many traces there were.
fn export(
    store: &dyn Store,
    project: Option<&str>,
    is_quiet: bool,
    output: &mut Output,
    told: &mut Told,
) -> Result<u64> {
    let projects = store.projects()?;
    let counted = projects.iter().filter(|it| project.is_none_or(|name| *it.name == *name));
    let progress = Progress::begin(counted.map(|it| it.span_count).sum(), is_quiet);
    let query = TraceQuery { project: project.map(str::to_owned), ..TraceQuery::default() };
    let (mut traces, mut page) = (0, PageRequest { limit: PAGE, cursor: None });
    loop {
        let list = store.traces(&query, &page)?;
        for trace in &list.items {
            progress.at(&trace.root_name);
            if let Some(about) = &trace.about {
                told.write(about)?;
            }
            let mut spans = PageRequest { limit: PAGE, cursor: None };
            while let Some(found) = store.trace(trace.trace_id, &spans)? {
                let records = found.spans.items.into_iter().map(|span| span.record);
                progress.add(write(records, output)?);
                match found.spans.next {
                    Some(next) => spans.cursor = Some(next),
                    None => break,
                }
            }
            traces += 1;
        }
        match list.next {
            Some(next) => page.cursor = Some(next),
            None => break,
        }
    }
    progress.end();
    Ok(traces)
}

fn write(records: impl Iterator<Item = SpanRecord>, output: &mut Output) -> Result<u64> {
    let mut written = 0;
    for record in records {
        output.write(record)?;
        written += 1;
    }
    Ok(written)
}
