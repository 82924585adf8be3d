//! What a start reads from the log, over whatever damage there is.

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use trackway_model::{Batch, Timestamp, TraceId};

use crate::{
    Decoder, Error, Frame,
    catalog::Deletions,
    files::{create_private, file_error, make_private_directory},
    wal::{self, Item, Log, Position, Reader, Sealed},
};

/// What a start found.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Requests read from the log.
    pub frames: u64,
    /// Spans that are stored now.
    pub spans: u64,
    /// Bytes at the end of the log that are no whole frame, probably of the write that was under way and so never
    /// acknowledged; they were cut off, and copies are in the directory `corrupt` unless they were zeros.
    pub torn_bytes: u64,
    /// What could not be read; copies are in the directory `corrupt`.
    pub damaged: Vec<Damage>,
    /// How long it took.
    pub elapsed: Duration,
}

/// A part of a file that could not be read and was skipped, or is missing.
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

/// Reads the log of a directory.
pub(crate) struct Replay<'a> {
    pub(crate) directory: PathBuf,
    pub(crate) quarantine: &'a Path,
    pub(crate) decoder: &'a Decoder,
    pub(crate) known: Known,
    pub(crate) recovery: &'a mut Recovery,
    /// Takes each batch with its arrival, and with the place in the log behind it.
    pub(crate) take: &'a mut dyn FnMut(Batch, Timestamp, Position) -> Result<(), Error>,
}

/// What the catalog tells of the log.
pub(crate) struct Known {
    pub(crate) marker: u64,
    pub(crate) deletions: Deletions,
    /// A place before which everything was durable.
    pub(crate) durable: Option<Position>,
    /// What stands before it is in segments.
    pub(crate) published: Position,
}

/// What is known of a log file's end.
#[derive(Clone, Copy)]
struct End {
    is_last: bool,
    /// So much of the file was durable at some time.
    durable: u64,
}

/// What stands at the end of a log file and is no whole frame.
#[derive(Clone, Copy)]
struct Tail {
    number: u64,
    offset: u64,
    bytes: u64,
}

/// What a log file was found to be.
#[derive(Default)]
struct Read {
    /// The marker and the length of a file that is whole, so that writing may go on in it.
    whole: Option<(u64, u64)>,
    bytes: u64,
    is_damaged: bool,
    /// Something of it is damaged, and a copy of that could not be made.
    is_kept: bool,
}

impl Replay<'_> {
    /// Reads every file and returns the log, ready to be written to.
    pub(crate) fn run(mut self, file_bytes: u64) -> Result<Log, Error> {
        let began = Instant::now();
        let numbers = wal::file_numbers(&self.directory).map_err(file_error("read", &self.directory))?;
        let published = self.known.published;
        let last_deletion = self.known.deletions.values().max().copied();
        let last = numbers.last().copied();
        let durable = self.known.durable.filter(|place| place.offset > 0);

        // Numbers are never used twice, or a deletion would reach what came after it.
        let noted = [last_deletion, durable, Some(published)].into_iter().flatten().map(|place| place.file).max();
        let highest = last.max(noted).unwrap_or(0);
        let mut log = Log::new(self.directory.clone(), file_bytes, self.known.marker, highest + 1);
        if let Some(lost) = durable.filter(|place| *place > published && !numbers.contains(&place.file)) {
            self.report(lost.file, 0, lost.offset, "the file is missing".into());
        } else if published.offset > 0
            && !numbers.contains(&published.file)
            && durable.is_none_or(|place| place.file <= published.file)
        {
            // One that segments hold to its end goes only once a later one is noted.
            self.report(
                published.file,
                published.offset,
                0,
                "the file is missing, and what of it no segment has".into(),
            );
        }
        for number in numbers {
            if number < published.file {
                let bytes = self.length(number)?;
                log.add_sealed(number, Sealed { bytes, is_kept: false });
                continue;
            }
            let is_last = last == Some(number);
            let noted = [durable, Some(published)].into_iter().flatten().filter(|place| place.file == number);
            let durable = noted.map(|place| place.offset).max().unwrap_or(0);
            let read = self.file(number, End { is_last, durable })?;
            // What comes must lie behind every deletion, and behind what is in segments.
            let is_behind = |length| {
                let end = Position { file: number, offset: length };
                published <= end && last_deletion.is_none_or(|it| it <= end)
            };
            match read.whole.filter(|(_, length)| is_last && is_behind(*length)) {
                Some((marker, _)) => {
                    self.sync(number)?;
                    log.resume(number, marker).map_err(file_error("open", &wal::file_path(&self.directory, number)))?;
                }
                None => log.add_sealed(number, Sealed { bytes: read.bytes, is_kept: read.is_kept }),
            }
        }
        self.recovery.elapsed = began.elapsed();
        Ok(log)
    }

    fn file(&mut self, number: u64, known: End) -> Result<Read, Error> {
        let mut reader = Reader::open(wal::file_path(&self.directory, number), self.known.marker)?;
        if number == self.known.published.file {
            reader.skip_to(self.known.published.offset);
        }
        let mut read = Read::default();
        let mut end = reader.offset();
        while let Some((offset, bytes, item)) = reader.next()? {
            end = offset + bytes;
            let damage = match item {
                Item::Frame(frame) => {
                    self.recovery.frames += 1;
                    self.frame(&frame, Position { file: number, offset }, end)?.err()
                }
                Item::Torn if known.is_last => {
                    let tail = Tail { number, offset, bytes };
                    let is_cut = self.cut_tail(&reader, tail, known.durable)?;
                    read.bytes = if is_cut { offset } else { offset + bytes };
                    read.is_damaged |= !is_cut;
                    read.is_kept |= !is_cut;
                    return Ok(read);
                }
                Item::Torn => Some("the file ends in the middle of a frame".to_owned()),
                Item::Damaged(reason) => Some(reason.to_owned()),
            };
            if let Some(reason) = damage {
                read.is_damaged = true;
                let copied = self.copy_aside(&reader, number, offset, bytes);
                read.is_kept |= copied.is_err();
                self.report(number, offset, bytes, with_copying(reason, copied));
            }
        }
        if end < known.durable {
            self.report(number, end, known.durable - end, "the file ends here, though more of it was stored".into());
        } else if end == 0 && !known.is_last {
            self.report(number, 0, 0, "the file is empty, though later ones were begun".into());
        }
        read.bytes = end;
        read.whole = reader.marker().filter(|_| !read.is_damaged).map(|marker| (marker, end));
        Ok(read)
    }

    /// Hands on what a frame holds, except what was deleted after it; tells why when it cannot be decoded.
    fn frame(&mut self, frame: &Frame, position: Position, end: u64) -> Result<Result<(), String>, Error> {
        let mut batch = match self.decode(frame) {
            Ok(batch) => batch,
            Err(reason) => return Ok(Err(reason)),
        };
        let deletions = &self.known.deletions;
        let is_deleted = |id: &TraceId| deletions.get(id).is_some_and(|deletion| position < *deletion);
        batch.spans.retain(|span| !is_deleted(&span.trace_id));
        batch.events.retain(|event| !is_deleted(&event.trace_id));
        batch.traces.retain(|record| !is_deleted(&record.trace_id));
        (self.take)(batch, frame.arrival, Position { offset: end, ..position })?;
        Ok(Ok(()))
    }

    /// Decodes a frame that was once accepted; whatever its decoder does, the start goes on.
    fn decode(&self, frame: &Frame) -> Result<Batch, String> {
        match catch_unwind(AssertUnwindSafe(|| (self.decoder)(frame))) {
            Ok(Ok(batch)) => Ok(batch),
            Ok(Err(reason)) => Err(format!("the frame cannot be decoded: {reason}")),
            Err(_) => Err("the frame's decoder panicked".to_owned()),
        }
    }

    /// Cuts off what is no whole frame at the log's end; returns false when that has to stay, since no copy could be made.
    fn cut_tail(&mut self, reader: &Reader, tail: Tail, durable: u64) -> Result<bool, Error> {
        let Tail { number, offset, bytes } = tail;
        let is_zero = reader.is_zero(offset)?;
        let copied = if is_zero { Ok(()) } else { self.copy_aside(reader, number, offset, bytes) };
        let is_copied = copied.is_ok();
        if offset < durable {
            let what = if is_zero { "only zeros are left" } else { "the file's end is no whole frame" };
            let reason = format!("{what}, though {durable} bytes of the file were stored");
            self.report(number, offset, bytes.max(durable - offset), with_copying(reason, copied));
        } else if is_copied {
            self.recovery.torn_bytes += bytes;
        } else {
            let reason = "the file's end is no whole frame, probably of the write that was under way".to_owned();
            self.report(number, offset, bytes, with_copying(reason, copied));
        }
        if is_copied {
            cut(reader.path(), offset)?;
        }
        Ok(is_copied)
    }

    fn length(&self, number: u64) -> Result<u64, Error> {
        let path = wal::file_path(&self.directory, number);
        Ok(path.metadata().map_err(file_error("read", &path))?.len())
    }

    /// Copies bytes to where they can be looked at.
    fn copy_aside(&self, reader: &Reader, number: u64, offset: u64, bytes: u64) -> io::Result<()> {
        let path = self.quarantine.join(format!("{number:04}-{offset}.bin"));
        make_private_directory(self.quarantine).map_err(io::Error::other)?;
        match create_private(&path) {
            Ok(mut file) => reader.copy(offset, bytes, &mut file).and_then(|()| file.sync_all()),
            // An earlier start has copied it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn report(&mut self, number: u64, offset: u64, bytes: u64, reason: String) {
        let file = wal::file_path(&self.directory, number);
        self.recovery.damaged.push(Damage { file, offset, bytes, reason });
    }

    /// Makes durable what was read: who wrote it may have ended before its sync.
    fn sync(&self, number: u64) -> Result<(), Error> {
        let path = wal::file_path(&self.directory, number);
        File::open(&path).and_then(|file| file.sync_all()).map_err(file_error("sync", &path))
    }
}

fn with_copying(reason: String, copied: io::Result<()>) -> String {
    match copied {
        Ok(()) => reason,
        Err(error) => format!("{reason}; it could not be copied either: {error}"),
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
