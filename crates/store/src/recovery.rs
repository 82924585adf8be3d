//! What a start reads from the log, over whatever damage there is.

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use trackway_model::{Batch, TraceId};

use crate::{
    Decoder, Error, Frame,
    catalog::{Catalog, Deletions},
    files::{create_private, file_error, make_directory},
    sweep::remove_dead_files,
    table::{Fingerprints, Patience, Table},
    wal::{self, Item, Log, Position, Reader, Sealed},
};

/// What a start found.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Requests read from the log.
    pub frames: u64,
    /// Spans that are stored now.
    pub spans: u64,
    /// Bytes of a last write that was never finished, nor acknowledged; they were cut off.
    pub torn_bytes: u64,
    /// What could not be read; copies are in the directory `corrupt`.
    pub damaged: Vec<Damage>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A part of a file that could not be read and was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where the damage begins.
    pub offset: u64,
    /// How far it reaches.
    pub bytes: u64,
    /// What is wrong.
    pub reason: String,
}

/// Reads the log of a directory into a table.
pub(crate) struct Replay<'a> {
    pub(crate) directory: PathBuf,
    pub(crate) quarantine: &'a Path,
    pub(crate) catalog: &'a Catalog,
    pub(crate) decoder: &'a Decoder,
    pub(crate) prints: &'a Fingerprints,
    pub(crate) table: &'a mut Table,
    pub(crate) recovery: &'a mut Recovery,
}

/// What a log file was found to be.
#[derive(Default)]
struct Read {
    /// The marker and the length of a file that is whole, so that writing may go on in it.
    whole: Option<(u64, u64)>,
    bytes: u64,
    is_damaged: bool,
}

impl Replay<'_> {
    /// Reads every file and returns the log, ready to be written to.
    pub(crate) fn run(mut self, file_bytes: u64) -> Result<Log, Error> {
        let began = Instant::now();
        let numbers = wal::file_numbers(&self.directory).map_err(file_error("read", &self.directory))?;
        let deletions = self.catalog.deletions()?;
        let marker = self.catalog.marker()?;
        let last_deletion = deletions.values().max().copied();
        let last = numbers.last().copied();

        // Numbers are never used twice, or a deletion would reach what came after it.
        let highest = last.max(last_deletion.map(|position| position.file)).unwrap_or(0);
        let mut log = Log::new(self.directory.clone(), file_bytes, marker, highest + 1);
        for number in numbers {
            let is_last = last == Some(number);
            let read = self.file(number, marker, &deletions, is_last)?;
            // What comes must lie behind every deletion.
            let is_behind = |length| last_deletion.is_none_or(|it| it <= Position { file: number, offset: length });
            match read.whole.filter(|(_, length)| is_last && is_behind(*length)) {
                Some((marker, _)) => {
                    log.resume(number, marker).map_err(file_error("open", &wal::file_path(&self.directory, number)))?;
                }
                None => log.add_sealed(number, Sealed { bytes: read.bytes, is_damaged: read.is_damaged }),
            }
        }
        self.table.drop_waiting(Patience::Count);
        remove_dead_files(&mut log, self.catalog, self.table.live())?;
        self.recovery.spans = self.table.tallies().spans;
        self.recovery.elapsed = began.elapsed();
        Ok(log)
    }

    fn file(&mut self, number: u64, marker: u64, deletions: &Deletions, is_last: bool) -> Result<Read, Error> {
        let mut reader = Reader::open(wal::file_path(&self.directory, number), marker)?;
        let mut read = Read::default();
        let mut end = 0;
        while let Some((offset, bytes, item)) = reader.next()? {
            end = offset + bytes;
            let damage = match item {
                Item::Frame(frame) => {
                    self.recovery.frames += 1;
                    self.frame(&frame, Position { file: number, offset }, deletions).err()
                }
                Item::Torn if is_last => {
                    cut(reader.path(), offset)?;
                    self.recovery.torn_bytes += bytes;
                    read.bytes = offset;
                    return Ok(read);
                }
                Item::Torn => Some("the file ends in the middle of a frame".to_owned()),
                Item::Damaged(reason) => Some(reason.to_owned()),
            };
            if let Some(reason) = damage {
                read.is_damaged = true;
                self.put_aside(&reader, number, offset, bytes, reason);
            }
        }
        read.bytes = end;
        read.whole = reader.marker().filter(|_| !read.is_damaged).map(|marker| (marker, end));
        Ok(read)
    }

    /// Stores what a frame holds, except what was deleted after it.
    fn frame(&mut self, frame: &Frame, position: Position, deletions: &Deletions) -> Result<(), String> {
        let mut batch = self.decode(frame)?;
        let is_deleted = |id: &TraceId| deletions.get(id).is_some_and(|deletion| position < *deletion);
        batch.spans.retain(|span| !is_deleted(&span.trace_id));
        batch.events.retain(|event| !is_deleted(&event.trace_id));
        self.table.apply(self.prints.prepare(batch), frame.arrival, position.file);
        self.table.drop_waiting(Patience::Replay);
        Ok(())
    }

    /// Decodes a frame that was once accepted; whatever its decoder does, the start goes on.
    fn decode(&self, frame: &Frame) -> Result<Batch, String> {
        match catch_unwind(AssertUnwindSafe(|| (self.decoder)(frame))) {
            Ok(Ok(batch)) => Ok(batch),
            Ok(Err(reason)) => Err(format!("the frame cannot be decoded: {reason}")),
            Err(_) => Err("the frame's decoder panicked".to_owned()),
        }
    }

    /// Copies damaged bytes to where they can be looked at, and reports them.
    fn put_aside(&mut self, reader: &Reader, number: u64, offset: u64, bytes: u64, reason: String) {
        let path = self.quarantine.join(format!("{number:04}-{offset}.bin"));
        let copy = || -> io::Result<()> {
            match create_private(&path) {
                Ok(mut file) => reader.copy(offset, bytes, &mut file).and_then(|()| file.sync_all()),
                // An earlier start has copied it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error),
            }
        };
        let copied = make_directory(self.quarantine).map_err(io::Error::other).and_then(|()| copy());
        let reason = match copied {
            Ok(()) => reason,
            Err(error) => format!("{reason}; it could not be copied either: {error}"),
        };
        self.recovery.damaged.push(Damage { file: reader.path().to_owned(), offset, bytes, reason });
    }
}

/// Cuts a file back to its last whole frame.
fn cut(path: &Path, length: u64) -> Result<(), Error> {
    let cut = || {
        let file = File::options().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    };
    cut().map_err(file_error("cut", path))
}
