//! The end of the log, where frames are added.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use super::{Encoded, HEADER_BYTES, MAGIC, Position, VERSION, file_path};
use crate::{
    Error,
    files::{create_private, file_error, make_private_directory, sync_directory},
};

/// What a group is refused with, and what then holds for the log.
#[derive(Debug)]
pub(crate) enum WriteError {
    /// There was no room; the log is as it was before, and a later group may succeed.
    NoRoom(String),
    /// The disk failed, and what it holds is not certain: nothing more may be written.
    Broken(String),
}

pub(crate) struct Log {
    directory: PathBuf,
    file_bytes: u64,
    /// The marker of the files that are made.
    marker: u64,
    active: Option<Active>,
    /// The files before it.
    sealed: BTreeMap<u64, Sealed>,
    /// The number of the next file.
    next: u64,
}

/// A file that is not written to any more.
pub(crate) struct Sealed {
    pub(crate) bytes: u64,
    /// It is damaged, and there was no room for a copy of that: it is put aside as a whole instead of being removed.
    pub(crate) is_kept: bool,
}

impl Sealed {
    /// Returns true when nothing of the file lies behind a position.
    fn is_before(&self, number: u64, position: Position) -> bool {
        Position { file: number, offset: self.bytes } <= position
    }
}

struct Active {
    file: File,
    number: u64,
    marker: u64,
    /// Everything before it is durable.
    offset: u64,
}

impl Log {
    /// Makes a log whose next file has the number `next`; files are made when something is written.
    pub(crate) fn new(directory: PathBuf, file_bytes: u64, marker: u64, next: u64) -> Self {
        Self { directory, file_bytes, marker, active: None, sealed: BTreeMap::new(), next }
    }

    /// Takes up a file that is there and stays as it is.
    pub(crate) fn add_sealed(&mut self, number: u64, sealed: Sealed) {
        self.sealed.insert(number, sealed);
    }

    /// Goes on where a file ends that was found whole.
    pub(crate) fn resume(&mut self, number: u64, marker: u64) -> io::Result<()> {
        let file = File::options().read(true).write(true).open(file_path(&self.directory, number))?;
        let offset = file.metadata()?.len();
        self.active = Some(Active { file, number, marker, offset });
        self.next = number + 1;
        Ok(())
    }

    /// Returns where the next frame will stand, or a place before that and behind every other.
    pub(crate) fn position(&self) -> Position {
        match &self.active {
            Some(active) => Position { file: active.number, offset: active.offset },
            None => Position { file: self.next, offset: 0 },
        }
    }

    /// Writes frames and returns the number of their file once they are durable.
    pub(crate) fn write(&mut self, frames: &[Encoded]) -> Result<u64, WriteError> {
        let bytes: u64 = frames.iter().map(Encoded::bytes).sum();
        let is_full = |active: &Active| active.offset > HEADER_BYTES && active.offset + bytes > self.file_bytes;
        if self.active.as_ref().is_none_or(is_full) {
            self.rotate()?;
        }
        let Some(active) = &mut self.active else { return Err(WriteError::Broken("no log file is open".into())) };
        active.append(frames, bytes)?;
        Ok(active.number)
    }

    /// Returns how many bytes the files have.
    pub(crate) fn bytes(&self) -> u64 {
        let sealed: u64 = self.sealed.values().map(|file| file.bytes).sum();
        sealed + self.active.as_ref().map_or(0, |active| active.offset)
    }

    /// Returns the number of the first file that is there, or of the one that comes next.
    pub(crate) fn first(&self) -> u64 {
        let active = self.active.as_ref().map_or(self.next, |active| active.number);
        self.sealed.first_key_value().map_or(active, |(number, _)| *number)
    }

    /// Returns true when the last file holds frames, and none of them behind a position.
    pub(crate) fn ends_at(&self, position: Position) -> bool {
        match (&self.active, self.sealed.last_key_value()) {
            (Some(active), _) => active.offset > HEADER_BYTES && self.position() <= position,
            (None, Some((number, file))) => file.is_before(*number, position),
            (None, None) => false,
        }
    }

    /// Goes on in a new file.
    pub(crate) fn rotate(&mut self) -> Result<(), WriteError> {
        let begun = self.begin_file()?;
        self.next += 1;
        if let Some(Active { number, offset, .. }) = self.active.replace(begun) {
            self.sealed.insert(number, Sealed { bytes: offset, is_kept: false });
        }
        Ok(())
    }

    /// Removes the sealed files that lie wholly before a position; returns how many they were.
    pub(crate) fn remove_before(&mut self, position: Position, quarantine: &Path) -> Result<usize, Error> {
        let is_before = |(number, file): &(&u64, &Sealed)| file.is_before(**number, position);
        let written: Vec<_> = self.sealed.iter().filter(is_before).map(|(number, it)| (*number, it.is_kept)).collect();
        if written.is_empty() {
            return Ok(0);
        }
        for &(number, is_kept) in &written {
            let path = file_path(&self.directory, number);
            if is_kept {
                make_private_directory(quarantine)?;
                let kept = file_path(quarantine, number);
                fs::rename(&path, &kept).map_err(file_error("put aside", &path))?;
            } else {
                fs::remove_file(&path).map_err(file_error("remove", &path))?;
            }
            self.sealed.remove(&number);
        }
        sync_directory(&self.directory).map_err(file_error("sync", &self.directory))?;
        Ok(written.len())
    }

    fn begin_file(&self) -> Result<Active, WriteError> {
        let path = file_path(&self.directory, self.next);
        let file = create_private(&path).map_err(|error| refusal("make a log file", &error))?;
        let begin = || {
            file.write_all_at(&header(self.marker), 0)?;
            // The name must not be durable before the content, nor the content without the name.
            file.sync_all()?;
            sync_directory(&self.directory)
        };
        if let Err(error) = begin() {
            return Err(match fs::remove_file(&path) {
                Ok(()) => refusal("begin a log file", &error),
                Err(left) => {
                    WriteError::Broken(format!("a log file could not be begun ({error}) nor removed ({left})"))
                }
            });
        }
        Ok(Active { file, number: self.next, marker: self.marker, offset: HEADER_BYTES })
    }
}

impl Active {
    fn append(&mut self, frames: &[Encoded], bytes: u64) -> Result<(), WriteError> {
        let mut group = Vec::with_capacity(bytes as usize);
        frames.iter().for_each(|frame| frame.write(self.marker, &mut group));
        if let Err(error) = self.file.write_all_at(&group, self.offset) {
            return match self.file.set_len(self.offset) {
                Ok(()) => Err(refusal("write to the log", &error)),
                Err(cut) => {
                    Err(WriteError::Broken(format!("a write failed ({error}) and could not be undone ({cut})")))
                }
            };
        }
        if let Err(error) = self.file.sync_data() {
            // The system may have thrown away what it could not write, and a second sync would not tell: PostgreSQL
            // learnt it in 2018. Cutting keeps what was refused from coming back, where that still works.
            let cut = self.file.set_len(self.offset).map_or(" and could not be undone", |()| "");
            return Err(WriteError::Broken(format!("a sync of the log failed ({error}){cut}")));
        }
        self.offset += bytes;
        Ok(())
    }
}

pub(crate) fn header(marker: u64) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend(VERSION.to_le_bytes());
    header.extend(marker.to_le_bytes());
    header.extend(crc32c::crc32c(&header).to_le_bytes());
    header
}

/// Tells a lack of room, which can pass, from a disk that fails.
fn refusal(action: &str, error: &io::Error) -> WriteError {
    let reason = format!("cannot {action}: {error}");
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => WriteError::NoRoom(reason),
        _ => WriteError::Broken(reason),
    }
}

// The devices that fail as asked are Linux's.
#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::Frame;

    /// Writes to a device in the place of a log file.
    fn write_to(device: &str) -> WriteError {
        let directory = tempfile::TempDir::new().unwrap();
        symlink(device, file_path(directory.path(), 1)).unwrap();
        let mut log = Log::new(directory.path().to_owned(), 1 << 20, 1, 1);
        log.resume(1, 1).unwrap();
        let frame = Frame {
            content_type: "test".into(),
            project: None,
            zone: None,
            source: "test".into(),
            arrival: trackway_model::Timestamp(1),
            body: "body".into(),
        };
        log.write(&[Encoded::new(&frame).unwrap()]).unwrap_err()
    }

    #[test]
    fn a_write_that_cannot_be_undone_breaks_the_log() {
        assert!(matches!(write_to("/dev/full"), WriteError::Broken(reason) if reason.contains("could not be undone")));
    }

    #[test]
    fn a_sync_that_fails_breaks_the_log() {
        assert!(
            matches!(write_to("/dev/null"), WriteError::Broken(reason) if reason.contains("a sync of the log failed"))
        );
    }
}
