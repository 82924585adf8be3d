//! A copy of a directory that is itself a directory of a store.
//!
//! ```text
//! 1. open the log's files     what is removed from now on can still be read
//! 2. copy the catalog         of one moment; whatever was acknowledged is in its segments or in the log behind it
//! 3. copy segments            those of the catalog that the copy does not have yet
//! 4. copy the log, the runs, the settings, the logs of programs
//! 5. give everything its name: log, runs, and the catalog last; then remove what the copy does not need any more
//! ```
//!
//! At each moment an earlier backup in the same place can be opened: the log only grows until the new catalog has its
//! name, and segments go afterwards. Where a segment or a file of the log goes before it is copied, all is tried again.

mod copy;
mod log;

use std::{
    collections::BTreeSet,
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use self::{
    copy::{Copied, copy_tree, part_of, put, settle},
    log::LogFiles,
};
use super::{
    Progress, Tell,
    access::Access,
    database,
    disk::{files_below, length, remove},
    listing::Listing,
};
use crate::{
    Error,
    catalog::SEGMENTS,
    files::{file_error, make_private_directory, open_private, sync_directory},
    lock::Lock,
    segment::{Segment, index_path},
};

/// How often it is tried anew when files go that were about to be copied.
const ATTEMPTS: u32 = 20;
/// What tells a backup from other directories.
const MARK: &str = "backup.txt";
const ABOUT: &str = "A copy that `trackway store backup` made. The next one into this directory copies what is new.\n\
                     To use it, copy it, or start trackway with --data-dir on it.\n";

/// What [`backup`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backup {
    /// How many files the copy has.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many of them were copied now.
    pub copied_files: u64,
    /// How many bytes these have.
    pub copied_bytes: u64,
    /// How many segments it holds.
    pub segments: u64,
}

/// Copies a store to another directory, with or without a process that has the store open.
///
/// The copy holds whatever was acknowledged before this was called, and is durable when it returns. The directory is made
/// when it is missing; in one that holds an earlier copy of the store only what is new is copied.
///
/// # Errors
/// [`Error::File`] when there is no store, a file cannot be read or written, or `to` holds something that is no backup;
/// [`Error::Locked`] when a process uses `to`; [`Error::Catalog`] and [`Error::Segment`] when what was to be copied is
/// damaged. An earlier backup stays what it was.
pub fn backup(directory: &Path, to: &Path, tell: &mut Tell<'_>) -> Result<Backup, Error> {
    let access = Access::of(directory)?;
    prepare(directory, to)?;
    let _lock = Lock::take(to, "")?;
    let mark = to.join(MARK);
    fs::write(&mark, ABOUT).map_err(file_error("write", &mark))?;
    for _ in 0..ATTEMPTS {
        let copying = Copying { directory, to, access: &access, tell, copied: Copied::default() };
        match copying.run()? {
            Some(done) => return Ok(done),
            // Something went that the catalog still knew; its next state is copied.
            None => continue,
        }
    }
    let busy = io::Error::other("its files were replaced faster than they could be copied");
    Err(file_error("copy", directory)(busy))
}

/// Makes the directory of the copy, and refuses one that is used for something else.
fn prepare(directory: &Path, to: &Path) -> Result<(), Error> {
    make_private_directory(to)?;
    let real = |path: &Path| path.canonicalize().map_err(file_error("use", path));
    let (from, into) = (real(directory)?, real(to)?);
    let refuse = |why: &str| Err(file_error("use", to)(io::Error::new(ErrorKind::InvalidInput, why.to_owned())));
    if into.starts_with(&from) || from.starts_with(&into) {
        return refuse("the copy must lie outside of the store");
    }
    let is_empty = fs::read_dir(to).map_err(file_error("read", to))?.next().is_none();
    if is_empty || to.join(MARK).is_file() { Ok(()) } else { refuse("it holds something that is no backup") }
}

/// One attempt.
struct Copying<'a, 't> {
    directory: &'a Path,
    to: &'a Path,
    access: &'a Access,
    tell: &'a mut Tell<'t>,
    copied: Copied,
}

impl Copying<'_, '_> {
    /// Copies everything; `None` when a file went before it was copied.
    fn run(mut self) -> Result<Option<Backup>, Error> {
        let mut log = LogFiles::open(&self.directory.join("wal"))?;
        let catalog = self.database("catalog.db")?;
        let listing = Listing::read(&database::open(&catalog)?)?;
        if !log.catch_up(listing.flushed.map_or(0, |flushed| flushed.file))? {
            return Ok(None);
        }
        let wanted: Vec<_> = listing
            .segments
            .iter()
            .flat_map(|(path, bytes, index_bytes)| [(index_path(path), *index_bytes), (path.clone(), *bytes)])
            .collect();
        let missing: Vec<_> = wanted.into_iter().filter(|(path, bytes)| !self.has(path, *bytes)).collect();
        let runs = self.directory.join("runs.db");
        let total = missing.iter().map(|(_, bytes)| bytes).sum::<u64>() + log.bytes() + length(&runs);
        (self.tell)(Progress::Total(total));
        for (path, bytes) in &missing {
            if !self.segment(path, *bytes)? {
                return Ok(None);
            }
        }
        let (segments, wal) = (self.to.join(SEGMENTS), self.to.join("wal"));
        for folder in [&segments, &wal] {
            make_private_directory(folder)?;
        }
        sync_directory(&segments).map_err(file_error("sync", &segments))?;
        let logs = log.copy(&wal, listing.marker, self.access, self.tell, &mut self.copied)?;
        let runs = self.database("runs.db")?;
        self.others()?;
        self.verify(&[&runs, &catalog], &listing)?;
        self.give_names(&wal, &logs, &[runs, catalog])?;
        self.remove_others(&wal, &logs, &listing)?;
        self.count(&listing).map(Some)
    }

    /// Copies the state of a database at one moment beside where it is to be.
    fn database(&mut self, name: &str) -> Result<PathBuf, Error> {
        let (from, part) = (self.directory.join(name), part_of(&self.to.join(name)));
        (self.tell)(Progress::At(&from));
        let bytes = length(&from);
        remove(&part)?;
        // SQLite fills a file that is there and empty, and leaves its mode as it is.
        drop(open_private(&part).map_err(file_error("create", &part))?);
        database::open(&from)?.execute("VACUUM INTO ?1", [part.to_string_lossy()])?;
        let file = fs::File::open(&part).and_then(|file| file.sync_all().map(|()| file));
        let copied = file.and_then(|file| file.metadata()).map_err(file_error("sync", &part))?;
        self.copied.add(copied.len());
        (self.tell)(Progress::Done(bytes));
        Ok(part)
    }

    /// Returns true when the copy has a file of a segment already.
    fn has(&self, path: &Path, bytes: u64) -> bool {
        let (from, to) = (self.directory.join(path), self.to.join(path));
        length(&to) == bytes && copy::is_same_end(&from, &to)
    }

    /// Copies a file of a segment; false when it is not there any more.
    fn segment(&mut self, path: &Path, bytes: u64) -> Result<bool, Error> {
        let (from, to) = (self.directory.join(path), self.to.join(path));
        (self.tell)(Progress::At(&from));
        if let Some(folder) = to.parent() {
            make_private_directory(folder)?;
        }
        match put(&from, &to) {
            Ok(copied) if copied == bytes => self.copied.add(copied),
            Ok(copied) => {
                let reason = format!("it has {copied} bytes, and the catalog says {bytes}; run `trackway store check`");
                return Err(Error::Segment { path: from, reason });
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !self.access.is_alone() => return Ok(false),
            Err(error) => return Err(file_error("copy", &from)(error)),
        }
        (self.tell)(Progress::Done(bytes));
        Ok(true)
    }

    /// Copies what is not the store's own: settings, and the logs that programs write.
    fn others(&mut self) -> Result<(), Error> {
        let (config, kept) = (self.directory.join("config.toml"), self.to.join("config.toml"));
        match put(&config, &kept) {
            Ok(bytes) => self.copied.add(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => remove(&kept)?,
            Err(error) => return Err(file_error("copy", &config)(error)),
        }
        copy_tree(&self.directory.join("projects"), &self.to.join("projects"), &mut self.copied)
    }

    /// Lets what was copied take the place of what was there; the catalog, which names the rest, is the last.
    fn give_names(&self, wal: &Path, logs: &BTreeSet<u64>, databases: &[PathBuf]) -> Result<(), Error> {
        for number in logs {
            settle(&crate::wal::file_path(wal, *number))?;
        }
        sync_directory(wal).map_err(file_error("sync", wal))?;
        for part in databases {
            let path = part.with_extension("");
            // What a process left that had the copy open would be taken for a part of the new file.
            for suffix in ["-wal", "-shm"] {
                let mut companion = path.clone().into_os_string();
                companion.push(suffix);
                remove(Path::new(&companion))?;
            }
            settle(&path)?;
        }
        sync_directory(self.to).map_err(file_error("sync", self.to))
    }

    /// Removes files of earlier backups that the new one does not need.
    fn remove_others(&self, wal: &Path, logs: &BTreeSet<u64>, listing: &Listing) -> Result<(), Error> {
        let numbers = crate::wal::file_numbers(wal).map_err(file_error("read", wal))?;
        for number in numbers.into_iter().filter(|number| !logs.contains(number)) {
            remove(&crate::wal::file_path(wal, number))?;
        }
        let named = listing.segments.iter().flat_map(|(path, ..)| [self.to.join(path), self.to.join(index_path(path))]);
        let named: BTreeSet<PathBuf> = named.collect();
        for file in files_below(&self.to.join(SEGMENTS))?.iter().filter(|file| !named.contains(*file)) {
            remove(file)?;
        }
        Ok(())
    }

    /// Looks at the new files before an earlier copy gives way to them.
    fn verify(&self, databases: &[&Path], listing: &Listing) -> Result<(), Error> {
        databases.iter().try_for_each(|part| database::is_whole(part))?;
        listing.segments.iter().try_for_each(|(path, ..)| Segment::open(&self.to.join(path)).map(|_| ()))
    }

    fn count(&self, listing: &Listing) -> Result<Backup, Error> {
        let files = files_below(self.to)?;
        let Copied { files: copied_files, bytes: copied_bytes } = self.copied;
        Ok(Backup {
            files: files.len() as u64,
            bytes: files.iter().map(|file| length(file)).sum(),
            copied_files,
            copied_bytes,
            segments: listing.segments.len() as u64,
        })
    }
}
