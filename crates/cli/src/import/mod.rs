//! `trackway import`.

mod count;
mod progress;
mod sink;
mod source;
mod table;

use std::{
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::tz::TimeZone;
use trackway_server::watch::{Reader, annotations, zone_of};

use crate::{
    print, running,
    settings::{Flags, Settings},
};
pub(crate) use count::Count;
use count::Tally;
pub(crate) use progress::Progress;
pub(crate) use sink::Sink;
use source::{Source, Work};

/// How many applications are read at once: while one waits for the disk, others are read.
const READS: usize = 4;
/// How much of a log is read before it is sent, in bytes.
const MOST_BYTES: u64 = 4 << 20;

/// What `trackway import` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Import {
    /// Where a tracker writes to (~/.burr, ~/.trackway/projects), one project or one application in it, or an SQLite file of
    /// Burr's persister
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The project that everything is listed under [default: the folder's name; for a file, the file's]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
}

/// Reads what a tracker wrote, and stores it through the server that runs, or else into the directory.
pub(crate) fn run(flags: Flags, import: Import) -> Result<()> {
    let settings = flags.resolve()?;
    let Import { paths, project } = import;
    let sources = paths.iter().map(|path| source::find(path, project.as_deref()));
    let sources = sources.collect::<Result<Vec<_>>>()?;
    let url = running::owner_of(&settings.data_dir);
    let sink = match &url {
        Some(url) => Sink::through(url),
        None => Sink::into_store(&settings)?,
    };
    let tally = import_all(sources, &sink, &settings);
    drop(sink);
    tell(&tally, url.as_deref(), settings.json)?;
    match (tally.errors.len(), tally.total.runs) {
        (0, 0) => bail!("there was nothing to import in {}", names(&paths)),
        (0, _) => Ok(()),
        (failed, _) => bail!("{failed} of {} could not be imported; what was imported stays", tally.read),
    }
}

/// Reads and stores everything, some of it at a time.
fn import_all(sources: Vec<Source>, sink: &Sink, settings: &Settings) -> Tally {
    let mut tally = Tally::default();
    let mut works = Vec::new();
    for Source { work, troubles, links } in sources {
        works.extend(work);
        tally.links += links;
        tally.errors.extend(troubles.into_iter().map(|it| format!("{}: {}", it.path.display(), it.what)));
    }
    tally.read = works.len() + tally.errors.len();
    let progress = Progress::begin(works.len() as u64, settings.json);
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(tally));
    let read = || {
        while let Some(work) = works.get(next.fetch_add(1, Relaxed)) {
            progress.at(&work.name());
            let mut count = Count::default();
            let done = import_one(work, sink, settings.server.timezone.clone(), &mut count);
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.add(&count);
            if let Err(error) = done {
                tally.errors.push(format!("{}: {error:#}", work.path().display()));
            }
            progress.done();
        }
    };
    thread::scope(|scope| (0..READS).for_each(|_| drop(scope.spawn(read))));
    progress.end();
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn import_one(work: &Work, sink: &Sink, zone: Option<TimeZone>, count: &mut Count) -> Result<()> {
    match work {
        Work::Application(application) => {
            let mut reader = Reader::once(application.clone(), zone_of(zone));
            loop {
                let chunk = reader.read(MOST_BYTES).context("cannot be read")?;
                if let Some(run) = &chunk.run {
                    count.note(run, &chunk.items);
                    sink.send(run, chunk.items, count)?;
                }
                if !chunk.has_more {
                    count.unfinished += u64::from(chunk.wait.is_some());
                    return Ok(());
                }
            }
        }
        Work::Annotations(annotated) => {
            let zone = zone.unwrap_or_else(TimeZone::system);
            let (annotations, remarks) = annotations(annotated, &zone).context("cannot be read")?;
            remarks.into_iter().for_each(|remark| count.flag(&remark.what));
            count.annotations += annotations.len() as u64;
            sink.annotate(&annotated.project, annotations)
        }
        Work::Table { path, project } => table::import(path, project, sink, count),
    }
}

/// Tells what was imported: a table, or one line of JSON.
fn tell(tally: &Tally, url: Option<&str>, is_json: bool) -> Result<()> {
    if is_json {
        return print::data(serde_json::to_string(&tally.summary(url))?);
    }
    for line in tally.lines() {
        print::data(line)?;
    }
    for error in &tally.errors {
        print::talk(error);
    }
    match url {
        _ if tally.total.runs == 0 => Ok(()),
        Some(url) => print::data(format_args!("See them at {url}")),
        None => print::data("Start trackway to see them"),
    }
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    names.join(" and ")
}
