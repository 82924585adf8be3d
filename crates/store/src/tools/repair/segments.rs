//! Writes segments anew of what can be read of them.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OptionalExtension, params};

use super::databases::{WORKSHOP, open_for_changes, remove_workshop};
use crate::{
    Error,
    catalog::Catalog,
    engine::{OpenBounds, Shelf},
    files::{file_error, make_private_directory, sync_directory},
    segment::{Alone, Effort, Plan, SegmentStream, index_path},
    sqlite,
    tools::database,
};

/// A segment, as the catalog names it.
struct Stored {
    id: u64,
    path: PathBuf,
}

/// Puts a damaged segment aside and keeps what can be read of it, with an index of its own.
pub(super) fn mend(directory: &Path, id: u64) -> Result<(), Error> {
    let catalog = open_for_changes(&directory.join("catalog.db"))?;
    let sql = "SELECT path FROM segments WHERE id = ?1";
    let path = catalog.query_row(sql, [id as i64], |row| row.get::<_, String>(0)).optional()?;
    // Where the catalog was made anew, a start takes up what there is.
    let Some(path) = path else { return Ok(()) };
    let stored = Stored { id, path: directory.join(path) };
    let (workshop, quarantine) = (directory.join(WORKSHOP), directory.join("corrupt"));
    remove_workshop(&workshop)?;
    make_private_directory(&workshop)?;
    let kept = stored.salvage(&workshop)?;
    make_private_directory(&quarantine)?;
    stored.recount(&catalog, kept.is_some())?;
    for file in [index_path(&stored.path), stored.path.clone()] {
        put_aside(&file, &quarantine)?;
    }
    if let Some(new) = kept {
        for (from, to) in [(index_path(&new), index_path(&stored.path)), (new, stored.path.clone())] {
            fs::rename(&from, &to).map_err(file_error("name", &to))?;
        }
    }
    for place in [stored.path.parent(), Some(&*quarantine)].into_iter().flatten() {
        sync_directory(place).map_err(file_error("sync", place))?;
    }
    remove_workshop(&workshop)
}

/// Lets the catalog forget its counts of a segment, which a start then makes again.
pub(super) fn recount(directory: &Path, id: u64) -> Result<(), Error> {
    let catalog = open_for_changes(&directory.join("catalog.db"))?;
    Stored { id, path: PathBuf::new() }.recount(&catalog, true)
}

/// Does what a start does with segments: counts again what has to be, and removes files that nobody knows.
pub(crate) fn settle(directory: &Path) -> Result<(), Error> {
    let (path, quarantine) = (directory.join("catalog.db"), directory.join("corrupt"));
    let lags = lags(&path)?;
    let (catalog, _) = Catalog::open(directory, &quarantine)?;
    Shelf::open(directory, &quarantine, Arc::new(catalog), OpenBounds::default())?;
    // Whoever counts one segment cannot know how much earlier its traces began in others.
    let catalog = open_for_changes(&path)?;
    for (id, lag) in lags {
        catalog.execute("UPDATE segments SET lag = ?2 WHERE id = ?1", params![id, lag])?;
    }
    Ok(())
}

/// Returns the segments that the catalog knows, with what it says of the beginnings of their traces.
fn lags(catalog: &Path) -> Result<Vec<(i64, i64)>, Error> {
    if !catalog.exists() {
        return Ok(Vec::new());
    }
    let catalog = database::open(catalog)?;
    if !sqlite::has_table(&catalog, "segments")? {
        return Ok(Vec::new());
    }
    let mut statement = catalog.prepare("SELECT id, lag FROM segments")?;
    Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

impl Stored {
    /// Writes what can be read to another place; `None` when that is nothing.
    fn salvage(&self, workshop: &Path) -> Result<Option<PathBuf>, Error> {
        let alone = match Alone::open(&self.path) {
            Ok(alone) => alone,
            Err(Error::Segment { .. }) => return Ok(None),
            Err(Error::File { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut plan = Plan::default();
        alone.read(&mut |span| {
            plan.count(&span.record);
            Ok(())
        })?;
        if plan.spans() == 0 {
            return Ok(None);
        }
        let path = workshop.join("segment.parquet");
        let mut stream = SegmentStream::begin(&path, &plan, Effort::Thorough)?;
        alone.read(&mut |span| stream.push(span.sequence, &span.record, &span.late_events))?;
        stream.finish()?;
        Ok(Some(path))
    }

    /// Takes the segment out of the catalog, or makes a start count it again.
    fn recount(&self, catalog: &Connection, is_kept: bool) -> Result<(), Error> {
        let sql = match is_kept {
            true => "UPDATE segments SET tallies = ?2 WHERE id = ?1",
            false => "DELETE FROM segments WHERE id = ?1 AND ?2 IS NOT NULL",
        };
        catalog.execute(sql, params![self.id as i64, &[0_u8; 0][..]])?;
        Ok(())
    }
}

fn put_aside(file: &Path, quarantine: &Path) -> Result<(), Error> {
    let Some(name) = file.file_name() else { return Ok(()) };
    match fs::rename(file, quarantine.join(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file_error("move", file)(error)),
        _ => Ok(()),
    }
}
