//! Takes what is damaged out of a file of the log.

use std::{
    fs::{self, File},
    io::{self, Write},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rusqlite::params;

use super::databases::open_for_changes;
use crate::{
    Decoder, Error,
    files::{create_private, file_error, make_private_directory, sync_directory},
    sqlite,
    tools::{database, disk::remove, listing::Listing},
    wal::{self, HEADER_BYTES, Item, Reader},
};

/// The tables that name places in the log.
const PLACES: [&str; 3] = ["deletions", "durable", "publication"];

/// What a file consists of, behind its header.
#[derive(Default)]
struct Parts {
    whole: Vec<Range<u64>>,
    damaged: Vec<Range<u64>>,
}

/// Writes a file of the log anew without what is damaged, of which a copy is kept.
pub(super) fn mend(directory: &Path, number: u64, decoder: &Decoder) -> Result<(), Error> {
    let path = wal::file_path(&directory.join("wal"), number);
    let catalog = directory.join("catalog.db");
    let listing = Listing::read(&database::open(&catalog)?)?;
    let part = path.with_extension("log.part");
    if !path.exists() {
        // One without requests takes its place, so that nobody looks for it any more.
        write_anew(&part, &wal::header(listing.marker), &mut |_| Ok(()))?;
        return replace(&catalog, number, &[], &part, &path);
    }
    let mut reader = Reader::open(path.clone(), listing.marker)?;
    let Parts { whole, damaged } = parts(&mut reader, decoder)?;
    for range in &damaged {
        copy_aside(&reader, number, range, &directory.join("corrupt"))?;
    }
    let begin = header(&reader, &whole, listing.marker).map_err(file_error("read", &path))?;
    write_anew(&part, &begin, &mut |file| {
        whole.iter().try_for_each(|range| reader.copy(range.start, range.end - range.start, file))
    })?;
    replace(&catalog, number, &damaged, &part, &path)
}

/// Writes a file from its beginning on, durable when this returns.
fn write_anew(part: &Path, begin: &[u8], rest: &mut dyn FnMut(&mut File) -> io::Result<()>) -> Result<(), Error> {
    remove(part)?;
    let mut write = || {
        let mut file = create_private(part)?;
        file.write_all(begin)?;
        rest(&mut file)?;
        file.sync_all()
    };
    write().map_err(file_error("write", part))
}

/// Lets a new file take the place of the old one, and the catalog name places in the new one.
fn replace(catalog: &Path, number: u64, damaged: &[Range<u64>], part: &Path, path: &Path) -> Result<(), Error> {
    let length = fs::metadata(part).map_err(file_error("read", part))?.len();
    // First the catalog: what was deleted might come back when this ends here, and nothing can be lost.
    move_places(catalog, number, damaged, length)?;
    fs::rename(part, path).map_err(file_error("name", path))?;
    let wal = path.parent().unwrap_or(path);
    sync_directory(wal).map_err(file_error("sync", wal))
}

/// Tells where frames are that can be read, and where something else is; the header is neither.
fn parts(reader: &mut Reader, decoder: &Decoder) -> Result<Parts, Error> {
    let mut parts = Parts::default();
    while let Some((offset, bytes, item)) = reader.next()? {
        let is_read = match item {
            Item::Frame(frame) => matches!(catch_unwind(AssertUnwindSafe(|| decoder(&frame))), Ok(Ok(_))),
            Item::Damaged(_) | Item::Torn => false,
        };
        let (ranges, range) = (if is_read { &mut parts.whole } else { &mut parts.damaged }, offset..offset + bytes);
        match ranges.last_mut().filter(|last| last.end == range.start) {
            Some(last) => last.end = range.end,
            None => ranges.push(range),
        }
    }
    Ok(parts)
}

/// Returns the header of the new file: the old one's, or one for the frames that are there.
fn header(reader: &Reader, whole: &[Range<u64>], marker: u64) -> io::Result<Vec<u8>> {
    let marker = match (reader.marker(), whole.first()) {
        (Some(marker), _) => marker,
        (None, Some(first)) => {
            let mut bytes = [0; 8];
            std::os::unix::fs::FileExt::read_exact_at(&File::open(reader.path())?, &mut bytes, first.start)?;
            u64::from_le_bytes(bytes)
        }
        (None, None) => marker,
    };
    Ok(wal::header(marker))
}

fn copy_aside(reader: &Reader, number: u64, range: &Range<u64>, quarantine: &Path) -> Result<(), Error> {
    make_private_directory(quarantine)?;
    let path = quarantine.join(format!("{number:04}-{}.bin", range.start));
    match create_private(&path) {
        Ok(mut file) => {
            let copied = reader.copy(range.start, range.end - range.start, &mut file).and_then(|()| file.sync_all());
            copied.map_err(file_error("write", &path))
        }
        // A start has copied it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(file_error("create", &path)(error)),
    }
}

/// Moves the places in a file that the catalog names to where what stood there will be, none behind `length`.
fn move_places(catalog: &Path, number: u64, damaged: &[Range<u64>], length: u64) -> Result<(), Error> {
    let moved = |offset: u64| {
        let gone = damaged.iter().map(|range| range.end.min(offset).saturating_sub(range.start.max(HEADER_BYTES)));
        (offset - gone.sum::<u64>()).min(length)
    };
    let mut connection = open_for_changes(catalog)?;
    let change = connection.transaction()?;
    for table in PLACES {
        if !sqlite::has_table(&change, table)? {
            continue;
        }
        let sql = format!("SELECT DISTINCT wal_offset FROM {table} WHERE wal_file = ?1 AND wal_offset > 0 ORDER BY 1");
        let offsets: Vec<i64> =
            change.prepare(&sql)?.query_map([number as i64], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let sql = format!("UPDATE {table} SET wal_offset = ?3 WHERE wal_file = ?1 AND wal_offset = ?2");
        // From the first on: each moves to where none that follows has been yet.
        for offset in offsets {
            change.execute(&sql, params![number as i64, offset, moved(offset as u64) as i64])?;
        }
    }
    Ok(change.commit()?)
}
