//! `trackway store stats`.

use anyhow::{Context, Result};
use jiff::Timestamp as Instant;
use serde::Serialize;
use trackway_model::Timestamp;
use trackway_store::tools::{self, Part, ProjectShare, Stats};

use super::shown::{Shown, size};
use crate::{
    print,
    settings::{Flags, Settings},
};

/// The part of a bound or of the disk from which on it is worth a word.
const NEARLY: f64 = 0.8;
const REFUSED: &str = "; what is beyond it is refused";
const DROPPED: &str = "; the oldest spans beyond it are dropped";

/// The line of JSON that programs read.
#[derive(Serialize)]
struct Summary<'a> {
    directory: String,
    bytes: u64,
    spans: u64,
    traces: u64,
    runs: u64,
    steps: u64,
    oldest: Option<String>,
    newest: Option<String>,
    parts: Vec<Piece<'a>>,
    projects: Vec<Share<'a>>,
    bounds: Vec<Bound>,
    disk_bytes: Option<u64>,
    disk_free: Option<u64>,
    pid: Option<u32>,
    url: Option<String>,
}

#[derive(Serialize)]
struct Piece<'a> {
    name: &'a str,
    files: u64,
    bytes: u64,
    spans: Option<u64>,
    traces: Option<u64>,
}

#[derive(Serialize)]
struct Share<'a> {
    name: &'a str,
    spans: u64,
    traces: u64,
    bytes: u64,
}

/// A setting that bounds something, and how much of it is used.
#[derive(Serialize)]
struct Bound {
    setting: &'static str,
    used: u64,
    most: u64,
    /// What happens there.
    #[serde(skip)]
    then: &'static str,
}

/// Tells what the data directory takes, beside a server or without one.
pub(crate) fn run(flags: Flags) -> Result<()> {
    let settings = flags.resolve()?;
    let directory = &settings.data_dir;
    let mut shown = Shown::new(settings.json);
    let counted = tools::stats(directory, &trackway_server::decoder(&settings.server), &mut |step| shown.tell(step));
    shown.end();
    let stats = counted.with_context(|| format!("cannot count what is in {}", directory.display()))?;
    let bounds = bounds(&stats, &settings);
    if settings.json {
        return print::data(serde_json::to_string(&summary(&stats, bounds, &settings))?);
    }
    show(&stats, &bounds, &settings)
}

/// Returns how much is used of what settings bound.
fn bounds(stats: &Stats, settings: &Settings) -> Vec<Bound> {
    let bytes =
        |begin: &str| stats.parts.iter().filter(|part| part.name.starts_with(begin)).map(|part| part.bytes).sum();
    let mut bounds = vec![
        Bound { setting: "max-log-bytes", used: bytes("log"), most: settings.max_log_bytes, then: REFUSED },
        Bound { setting: "max-run-bytes", used: bytes("runs"), most: settings.max_run_bytes, then: REFUSED },
    ];
    if let Some(most) = settings.retention.all.bytes {
        bounds.push(Bound { setting: "keep-bytes", used: bytes("segments, level"), most, then: DROPPED });
    }
    bounds
}

fn summary<'a>(stats: &'a Stats, bounds: Vec<Bound>, settings: &Settings) -> Summary<'a> {
    let piece = |part: &'a Part| {
        let Part { name, files, bytes, spans, traces } = part;
        Piece { name, files: *files, bytes: *bytes, spans: *spans, traces: *traces }
    };
    let share = |project: &'a ProjectShare| {
        let ProjectShare { name, spans, traces, bytes } = project;
        Share { name, spans: *spans, traces: *traces, bytes: *bytes }
    };
    Summary {
        directory: settings.data_dir.display().to_string(),
        bytes: stats.parts.iter().map(|part| part.bytes).sum(),
        spans: stats.spans,
        traces: stats.traces,
        runs: stats.runs,
        steps: stats.steps,
        oldest: stats.starts.map(|(oldest, _)| date(oldest)),
        newest: stats.starts.map(|(_, newest)| date(newest)),
        parts: stats.parts.iter().map(piece).collect(),
        projects: stats.projects.iter().map(share).collect(),
        bounds,
        disk_bytes: stats.disk.map(|disk| disk.bytes),
        disk_free: stats.disk.map(|disk| disk.free),
        pid: stats.owner.as_ref().map(|owner| owner.pid),
        url: stats.owner.as_ref().map(|owner| owner.url.clone()).filter(|url| !url.is_empty()),
    }
}

fn show(stats: &Stats, bounds: &[Bound], settings: &Settings) -> Result<()> {
    let Stats { spans, traces, runs, steps, .. } = stats;
    print::data(format_args!("{}", settings.data_dir.display()))?;
    let bytes: u64 = stats.parts.iter().map(|part| part.bytes).sum();
    print::data(format_args!("{} for {spans} spans of {traces} traces and {runs} runs of {steps} steps", size(bytes)))?;
    if let Some((oldest, newest)) = stats.starts {
        print::data(format_args!("from {} to {}", date(oldest), date(newest)))?;
    }
    print::data("")?;
    print::data(format_args!("{:<22} {:>6} {:>12} {:>12} {:>10}", "part", "files", "size", "spans", "per span"))?;
    for Part { name, files, bytes, spans, .. } in &stats.parts {
        let number = spans.map(|spans| spans.to_string()).unwrap_or_default();
        let each = spans.filter(|spans| *spans > 0).map(|spans| format!("{} bytes", bytes / spans)).unwrap_or_default();
        print::data(format_args!("{name:<22} {files:>6} {:>12} {number:>12} {each:>10}", size(*bytes)))?;
    }
    if !stats.projects.is_empty() {
        print::data("")?;
        print::data(format_args!("{:<22} {:>6} {:>12} {:>12}", "project", "", "size", "spans"))?;
    }
    for ProjectShare { name, spans, bytes, .. } in &stats.projects {
        print::data(format_args!("{name:<22} {:>6} {:>12} {spans:>12}", "", size(*bytes)))?;
    }
    print::data("")?;
    for Bound { setting, used, most, then } in bounds {
        let nearly = if *used as f64 >= *most as f64 * NEARLY { *then } else { "" };
        print::data(format_args!("{} of {} (--{setting}){nearly}", size(*used), size(*most)))?;
    }
    if let Some(disk) = stats.disk {
        let used = 1.0 - disk.free as f64 / disk.bytes.max(1) as f64;
        let nearly = if used >= NEARLY { "; make room, or delete what is not needed" } else { "" };
        let (free, all) = (size(disk.free), size(disk.bytes));
        print::data(format_args!("{free} of {all} are free on the disk, {:.0} % are used{nearly}", used * 100.0))?;
    }
    if let Some(owner) = &stats.owner {
        print::data(format_args!("process {} has it open", owner.pid))?;
    }
    Ok(())
}

/// Writes a time as people and programs read it.
fn date(time: Timestamp) -> String {
    let instant = Instant::from_nanosecond(i128::from(time.0));
    instant.map_or_else(|_| format!("{} ns", time.0), |instant| format!("{instant:.3}"))
}
