//! What a store takes on the disk, and what for.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, Row};
use trackway_model::{SpanRecord, Timestamp, TraceId};

use super::{
    Progress, Tell, database,
    disk::{files_below, length},
    listing::Listing,
};
use crate::{
    Decoder, Error, Owner,
    catalog::{Published, SEGMENTS},
    files::file_error,
    lock::owner,
    sqlite,
    wal::{self, Item, Position, Reader},
};

/// What [`stats`] counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// What the directory consists of.
    pub parts: Vec<Part>,
    /// What each project has, by name.
    pub projects: Vec<ProjectShare>,
    /// How many spans there are; about, for what is stored twice is known when it is read.
    pub spans: u64,
    /// How many traces there are; about, since one that is in segments and in the log counts as two.
    pub traces: u64,
    /// The earliest and the latest start of a span.
    pub starts: Option<(Timestamp, Timestamp)>,
    /// How many runs of state machines there are.
    pub runs: u64,
    /// How many steps these have.
    pub steps: u64,
    /// The disk that all of it is on; absent when the system does not tell.
    pub disk: Option<Disk>,
    /// The process that has the store open.
    pub owner: Option<Owner>,
}

/// Some of the files of a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// What they are, `segments, level 1`.
    pub name: String,
    /// How many there are.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many spans they hold; absent for what holds none.
    pub spans: Option<u64>,
    /// How many traces these are of.
    pub traces: Option<u64>,
}

/// What a project has of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectShare {
    /// The project.
    pub name: String,
    /// How many spans it has.
    pub spans: u64,
    /// How many traces it has, about.
    pub traces: u64,
    /// About how many bytes of the log and of segments it takes: its part of each file by the number of its spans.
    pub bytes: u64,
}

/// A disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// How many bytes it has.
    pub bytes: u64,
    /// How many of them can still be written.
    pub free: u64,
}

/// Counts what a directory holds, beside a process that has the store open or without one. Only the log is read whole.
///
/// # Errors
/// [`Error::File`] when there is no store, [`Error::Catalog`] when a database is damaged: [`check`](super::check()) tells
/// more.
pub fn stats(directory: &Path, decoder: &Decoder, tell: &mut Tell<'_>) -> Result<Stats, Error> {
    let wal = directory.join("wal");
    wal::file_numbers(&wal).map_err(file_error("read", &wal))?;
    let mut counting = Counting { directory, decoder, tell, stats: Stats::default(), shares: BTreeMap::new() };
    counting.stats.owner = owner(directory);
    counting.all()?;
    let Counting { mut stats, shares, .. } = counting;
    stats.projects = shares.into_iter().map(|(name, share)| ProjectShare { name, ..share }).collect();
    stats.disk = rustix::fs::statvfs(directory).ok().map(|disk| Disk {
        bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
    });
    Ok(stats)
}

struct Counting<'a, 't> {
    directory: &'a Path,
    decoder: &'a Decoder,
    tell: &'a mut Tell<'t>,
    stats: Stats,
    shares: BTreeMap<String, ProjectShare>,
}

impl Counting<'_, '_> {
    fn all(&mut self) -> Result<(), Error> {
        let catalog = database::open(&self.directory.join("catalog.db"))?;
        let snapshot = catalog.unchecked_transaction()?;
        let listing = Listing::read(&snapshot)?;
        let has_segments = sqlite::has_table(&snapshot, "segments")?;
        let published = if has_segments { Published::read(&snapshot)? } else { Published::default() };
        let deleted = deletions(&snapshot)?;
        drop(snapshot);
        self.log(&listing, &deleted)?;
        self.segments(&published)?;
        self.runs()?;
        for (name, prefix) in [("runs", "runs.db"), ("catalog", "catalog.db")] {
            self.files(name, entries(self.directory)?.into_iter().filter(|file| begins_with(file, prefix)));
        }
        for (name, folder) in [("written by programs", "projects"), ("put aside as damaged", "corrupt")] {
            self.files(name, files_below(&self.directory.join(folder))?.into_iter());
        }
        Ok(())
    }

    /// Notes files that hold no spans, if there are some.
    fn files(&mut self, name: &str, files: impl Iterator<Item = PathBuf>) {
        let part = files.fold(Part::default(), |part, file| Part {
            files: part.files + 1,
            bytes: part.bytes + length(&file),
            ..part
        });
        if part.files > 0 {
            self.stats.parts.push(Part { name: name.to_owned(), ..part });
        }
    }

    /// Reads what of the log is not in segments yet.
    fn log(&mut self, listing: &Listing, deleted: &HashMap<TraceId, Position>) -> Result<(), Error> {
        let directory = self.directory.join("wal");
        let numbers = wal::file_numbers(&directory).map_err(file_error("read", &directory))?;
        let paths: Vec<_> = numbers.iter().map(|number| (*number, wal::file_path(&directory, *number))).collect();
        let bytes = paths.iter().map(|(_, path)| length(path)).sum();
        (self.tell)(Progress::Total(bytes));
        let mut logged = Logged::default();
        for (number, path) in paths {
            (self.tell)(Progress::At(&path));
            let file = LogFile { number, path, deleted };
            match self.log_file(&file, listing, &mut logged) {
                // What it held is in segments by now.
                Err(error) if super::check::is_gone(&error) => {}
                other => other?,
            }
        }
        let (spans, traces) = (logged.spans, logged.traces.len() as u64);
        for (name, (spans, traces)) in logged.projects {
            let share = self.shares.entry(name).or_default();
            share.spans += spans;
            share.traces += traces.len() as u64;
            share.bytes += part_of(bytes, spans, logged.spans);
        }
        self.stats.spans += spans;
        self.stats.traces += traces;
        let files = numbers.len() as u64;
        self.stats.parts.push(Part { name: "log".into(), files, bytes, spans: Some(spans), traces: Some(traces) });
        Ok(())
    }

    fn log_file(&mut self, file: &LogFile<'_>, listing: &Listing, logged: &mut Logged) -> Result<(), Error> {
        let mut reader = Reader::open(file.path.clone(), listing.marker)?;
        while let Some((offset, bytes, item)) = reader.next()? {
            (self.tell)(Progress::Done(bytes));
            let position = Position { file: file.number, offset };
            let Item::Frame(frame) = item else { continue };
            if listing.flushed.is_some_and(|flushed| position < flushed) {
                continue;
            }
            let Ok(Ok(batch)) = catch_unwind(AssertUnwindSafe(|| (self.decoder)(&frame))) else { continue };
            let is_there = |id: &TraceId| file.deleted.get(id).is_none_or(|deletion| *deletion <= position);
            for span in batch.spans.iter().filter(|span| is_there(&span.trace_id)) {
                logged.note(span);
                self.widen(span.start, span.start);
            }
        }
        Ok(())
    }

    fn segments(&mut self, published: &Published) -> Result<(), Error> {
        let mut levels: BTreeMap<u32, Part> = BTreeMap::new();
        for entry in &published.segments {
            let about = &entry.about;
            let bytes = about.bytes + about.index_bytes;
            let part = levels.entry(about.level).or_default();
            part.files += 2;
            part.bytes += bytes;
            part.spans = Some(part.spans.unwrap_or_default() + about.spans);
            part.traces = Some(part.traces.unwrap_or_default() + about.tallies.traces());
            for (name, tally) in about.tallies.by_project() {
                let share = self.shares.entry(name.to_string()).or_default();
                share.spans += tally.spans;
                share.traces += tally.traces;
                share.bytes += part_of(bytes, tally.spans, about.spans);
            }
            self.stats.spans += about.tallies.spans();
            self.stats.traces += about.tallies.traces();
            self.widen(about.starts.0, about.starts.1);
        }
        for (level, part) in levels {
            self.stats.parts.push(Part { name: format!("segments, level {level}"), ..part });
        }
        let known = published.segments.len() as u64 * 2;
        let found = files_below(&self.directory.join(SEGMENTS))?;
        if found.len() as u64 > known {
            let bytes: u64 = found.iter().map(|file| length(file)).sum();
            let published: u64 = published.segments.iter().map(|it| it.about.bytes + it.about.index_bytes).sum();
            let (name, files) = ("segments, not in use".to_owned(), found.len() as u64 - known);
            let bytes = bytes.saturating_sub(published);
            self.stats.parts.push(Part { name, files, bytes, spans: None, traces: None });
        }
        Ok(())
    }

    fn runs(&mut self) -> Result<(), Error> {
        let path = self.directory.join("runs.db");
        if path.exists() {
            let sql = "SELECT coalesce(sum(runs), 0), coalesce(sum(steps), 0) FROM totals";
            let numbers = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            let (runs, steps) = database::open(&path)?.query_row(sql, [], numbers)?;
            (self.stats.runs, self.stats.steps) = (runs as u64, steps as u64);
        }
        Ok(())
    }

    fn widen(&mut self, first: Timestamp, last: Timestamp) {
        let (least, most) = self.stats.starts.unwrap_or((first, last));
        self.stats.starts = Some((least.min(first), most.max(last)));
    }
}

struct LogFile<'a> {
    number: u64,
    path: PathBuf,
    deleted: &'a HashMap<TraceId, Position>,
}

/// What the log holds.
#[derive(Default)]
struct Logged {
    spans: u64,
    traces: HashSet<TraceId>,
    projects: BTreeMap<String, (u64, HashSet<TraceId>)>,
}

impl Logged {
    fn note(&mut self, span: &SpanRecord) {
        self.spans += 1;
        self.traces.insert(span.trace_id);
        if !self.projects.contains_key(&*span.project) {
            self.projects.insert(span.project.to_string(), Default::default());
        }
        if let Some((spans, traces)) = self.projects.get_mut(&*span.project) {
            *spans += 1;
            traces.insert(span.trace_id);
        }
    }
}

fn deletions(catalog: &Connection) -> Result<HashMap<TraceId, Position>, Error> {
    let mut statement = catalog.prepare("SELECT trace, wal_file, wal_offset FROM deletions")?;
    let mut rows = statement.query([])?;
    let mut deleted = HashMap::new();
    while let Some(row) = rows.next()? {
        let position = Position { file: row.get::<_, i64>(1)? as u64, offset: row.get::<_, i64>(2)? as u64 };
        deleted.extend(TraceId::new(row.get(0)?).map(|id| (id, position)));
    }
    Ok(deleted)
}

/// Returns the part of some bytes that so many of all spans have.
fn part_of(bytes: u64, spans: u64, all: u64) -> u64 {
    (u128::from(bytes) * u128::from(spans) / u128::from(all.max(1))) as u64
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(directory).map_err(file_error("read", directory))?;
    entries.map(|entry| Ok(entry.map_err(file_error("read", directory))?.path())).collect()
}

fn begins_with(file: &Path, prefix: &str) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}
