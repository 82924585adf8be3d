//! Reads runs from the logs of a root, also while they are written.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use trackway_model::{AppRecord, RunFact, RunKey, RunRecord, Text};
use trackway_wire::records::{self, Item};

use super::{
    entries,
    index::{Entry, Index},
    log, names,
    scan::{self, Kind, Lines},
    standing::{More, Standing},
};
use crate::{At, LoadError, Saved, Wanted, fault::Fault};

/// Loads a run as it stood at a step; `None` when there is no such run, or no such step in it.
pub(super) fn load(root: &Path, wanted: &Wanted, at: At) -> Result<Option<Saved>, LoadError> {
    let Some(directory) = find(root, wanted)? else { return Ok(None) };
    let path = directory.join(log::NAME);
    let unreadable = |source: Fault| LoadError::Unreadable {
        project: wanted.project.clone(),
        app: wanted.app.clone(),
        from: path.display().to_string(),
        source,
    };
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| unreadable(error.into()))?,
    };
    read(&file, &directory, at).map_err(unreadable)
}

/// Returns the runs of a project.
pub(super) fn list(root: &Path, project: &str) -> Result<Vec<RunKey>, LoadError> {
    runs(root, project, |_| true)
}

/// Returns the runs of a project whose directories are named so.
fn runs(root: &Path, project: &str, is_named: impl Fn(&str) -> bool) -> Result<Vec<RunKey>, LoadError> {
    let directory = names::project(root, project);
    let unreadable = |error: io::Error| LoadError::Unreadable {
        project: project.into(),
        app: Text::default(),
        from: directory.display().to_string(),
        source: error.into(),
    };
    let listed = match fs::read_dir(&directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(unreadable)?,
    };
    let mut runs = Vec::new();
    for entry in listed {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_str().is_some_and(&is_named) {
            continue;
        }
        // What is no log of this project, or has no whole line yet, is no run of it.
        let log = File::open(entry.path().join(log::NAME)).ok();
        runs.extend(log.and_then(|log| key(&log)).filter(|run| *run.project == *project));
    }
    Ok(runs)
}

/// Returns the directory of a run; without a partition, that of the only one with this app id.
fn find(root: &Path, wanted: &Wanted) -> Result<Option<PathBuf>, LoadError> {
    let Wanted { project, partition, app } = wanted;
    let run = RunKey { project: project.clone(), partition: partition.clone(), app: app.clone() };
    let directory = names::run(root, &run);
    if partition.is_some() || directory.is_dir() {
        return Ok(Some(directory));
    }
    let mut partitions: Vec<RunKey> = list_named(root, wanted)?;
    match partitions.len() {
        0 | 1 => Ok(partitions.pop().map(|run| names::run(root, &run))),
        _ => {
            let mut partitions: Vec<_> =
                partitions.into_iter().filter_map(|run| run.partition.map(|name| name.to_string())).collect();
            partitions.sort();
            Err(LoadError::Ambiguous { project: project.clone(), app: app.clone(), partitions })
        }
    }
}

/// Returns the runs with an app id, in all partitions.
fn list_named(root: &Path, wanted: &Wanted) -> Result<Vec<RunKey>, LoadError> {
    let prefix = format!("{}~", names::app(&wanted.app));
    let mut named = runs(root, &wanted.project, |name| name.starts_with(&prefix))?;
    named.retain(|run| run.app == wanted.app);
    Ok(named)
}

/// Returns the run that a log is of; `None` while it has no whole line.
fn key(log: &File) -> Option<RunKey> {
    let mut lines = Lines::from(log.try_clone().ok()?, 0).ok()?;
    let (_, first) = lines.next().ok()??;
    records::decode_run(first).ok()
}

fn read(log: &File, directory: &Path, at: At) -> Result<Option<Saved>, Fault> {
    let Some((run, record)) = head(log)? else { return Ok(None) };
    let index = Index::open(directory);
    let indexed = index.as_ref().and_then(|index| start(log, index, at));
    let from = match indexed {
        Some(entry) => Some(entry),
        None => {
            let rest = entries::rest(log, None)?;
            let is_before = |entry: &&Entry| match at {
                At::Latest => true,
                At::Step(sequence) => entry.step.sequence <= sequence,
            };
            rest.missing.iter().rfind(is_before).copied()
        }
    };
    let mut standing = Standing::new(at);
    let mut lines = Lines::from(log.try_clone()?, from.map_or(0, |entry| entry.whole))?;
    while let Some((at, line)) = lines.next()? {
        if standing.read(at, line)? == More::No {
            break;
        }
    }
    let kept = (at == At::Latest).then(|| lines.at());
    Ok(standing.saved(run, record)?.map(|saved| Saved { kept, ..saved }))
}

/// Returns the entry of an index from which on a log is to be read; `None` when the index does not say.
fn start(log: &File, index: &Index, at: At) -> Option<Entry> {
    let place = match at {
        At::Latest => index.len().checked_sub(1)?,
        At::Step(sequence) => index.find(sequence).ok()??,
    };
    // An entry that fits is a place to read from, whatever the others are: what is looked for stands behind it.
    index.get(place).filter(|entry| entries::fits(log, entry))
}

/// Returns what the first lines of a log tell of the run.
fn head(log: &File) -> Result<Option<(RunKey, AppRecord)>, Fault> {
    let mut lines = Lines::from(log.try_clone()?, 0)?;
    let Some((_, first)) = lines.next()? else { return Ok(None) };
    let run = records::decode_run(first)?;
    let key = Arc::new(run.clone());
    while let Some((_, line)) = lines.next()? {
        if scan::kind(line) == Some(Kind::App)
            && let Ok(Item::Fact(RunRecord { fact: RunFact::App(record), .. })) = records::decode(line, &key)
        {
            return Ok(Some((run, record)));
        }
        if matches!(scan::kind(line), Some(Kind::Begin | Kind::End)) {
            break;
        }
    }
    Ok(Some((run, AppRecord::default())))
}
