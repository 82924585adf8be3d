//! A file of lines that somebody appends to.

use std::{
    fs::{self, File, Metadata},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use trackway_wire::burr::LONGEST_LINE;

/// How much of the beginning of a file tells it from another that took its place.
const HEAD: usize = 128;
/// How long nobody may have written to a file for its last line to be believed never to end.
const ABANDONED: Duration = Duration::from_secs(60);

/// Reads whole lines, each once, from where it was the last time.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    /// How far the file is read, always the beginning of a line.
    offset: u64,
    /// The number of the last line that was read.
    number: u64,
    identity: Option<Identity>,
    head: Vec<u8>,
    /// How long the file was when what stood at its end without a line's end was told.
    told_rest: Option<u64>,
    pace: Pace,
}

/// What to do about a last line that has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Tell it if it is whole, since nobody comes back for it.
    Once,
    /// Wait for its end as long as somebody may be writing it.
    Follow,
    /// It is no line before it has an end.
    Whole,
}

/// An open file with lines that were not read yet.
pub(super) struct Grown {
    file: BufReader<File>,
    length: u64,
    written: Option<SystemTime>,
}

/// What a file has to tell.
pub(super) enum News {
    /// It is not there, or has not grown.
    Nothing,
    /// It has grown.
    Grown(Grown),
    /// It is another one, or was cut: what was read of it is void.
    Replaced,
}

/// How far a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark(u64);

/// Where reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct End {
    /// How many bytes were read.
    pub(super) bytes: u64,
    /// True when there is more to read now.
    pub(super) has_more: bool,
    /// How long to wait for the end of the last line, where it has none, before it is told as it is.
    pub(super) wait: Option<Duration>,
    /// How many bytes stand behind the last line.
    pub(super) rest: u64,
}

impl Lines {
    pub(super) fn new(path: PathBuf, pace: Pace) -> Self {
        Self { path, offset: 0, number: 0, identity: None, head: Vec::new(), told_rest: None, pace }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how far the file is read.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.offset)
    }

    /// Goes back to the beginning of the same file.
    pub(super) fn rewind(&mut self) {
        (self.offset, self.number, self.told_rest) = (0, 0, None);
    }

    /// Returns how many bytes lie between here and a mark.
    pub(super) fn until(&self, mark: Mark) -> u64 {
        mark.0.saturating_sub(self.offset)
    }

    /// Looks whether there is something to read.
    pub(super) fn news(&mut self) -> io::Result<News> {
        let Some((mut file, metadata)) = open(&self.path)? else { return Ok(News::Nothing) };
        let identity = Identity::of(&metadata);
        let is_other = self.identity.is_some_and(|known| known != identity);
        // A line that was told without its end would be told twice.
        let has_end_now = self.told_rest.is_some_and(|length| length != metadata.len());
        if is_other || has_end_now || metadata.len() < self.offset || !self.begins_as_before(&mut file)? {
            return Ok(News::Replaced);
        }
        self.identity = Some(identity);
        if metadata.len() == self.offset || self.told_rest.is_some() {
            return Ok(News::Nothing);
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let file = BufReader::with_capacity(1 << 16, file);
        Ok(News::Grown(Grown { file, length: metadata.len(), written: metadata.modified().ok() }))
    }

    fn begins_as_before(&self, file: &mut File) -> io::Result<bool> {
        let mut head = Vec::with_capacity(self.head.len());
        file.take(self.head.len() as u64).read_to_end(&mut head)?;
        Ok(head == self.head)
    }

    /// Reads about `most` bytes of whole lines, at least one line, and no more once `tell` breaks off.
    ///
    /// The first bytes of a line that is too long stand for it. A last line without an end waits for it, and is told as it is
    /// when nobody has written for a minute.
    pub(super) fn read(
        &mut self,
        grown: Grown,
        most: u64,
        mut tell: impl FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> io::Result<End> {
        let Grown { mut file, length: file_length, written } = grown;
        let mut end = End::default();
        let mut line = Vec::new();
        while end.bytes < most {
            line.clear();
            let limit = LONGEST_LINE as u64 + 2;
            let mut length = (&mut file).take(limit).read_until(b'\n', &mut line)? as u64;
            if length == limit && line.last() != Some(&b'\n') {
                length += skip_line(&mut file)?;
                line.push(b'\n');
            }
            let is_whole = line.pop_if(|last| *last == b'\n').is_some();
            if !is_whole {
                end.rest = line.len() as u64;
                end.wait = self.rest(&line, file_length, written, &mut tell);
                return Ok(end);
            }
            self.keep_head(&line);
            (self.offset, self.number, end.bytes) = (self.offset + length, self.number + 1, end.bytes + length);
            if tell(self.number, line.strip_suffix(b"\r").unwrap_or(&line)).is_break() {
                break;
            }
        }
        end.has_more = !file.fill_buf()?.is_empty();
        Ok(end)
    }

    /// Tells a last line without an end, if it is time; returns how long to wait otherwise.
    fn rest(
        &mut self,
        rest: &[u8],
        file_length: u64,
        written: Option<SystemTime>,
        tell: &mut impl FnMut(u64, &[u8]) -> ControlFlow<()>,
    ) -> Option<Duration> {
        if rest.is_empty() || self.pace == Pace::Whole {
            return None;
        }
        let age = written.and_then(|time| SystemTime::now().duration_since(time).ok());
        let wait = ABANDONED.saturating_sub(age.unwrap_or_default());
        let is_whole = || serde_json::from_slice::<serde::de::IgnoredAny>(rest).is_ok();
        if wait.is_zero() || self.pace == Pace::Once && is_whole() {
            self.told_rest = Some(file_length);
            let _ = tell(self.number + 1, rest); // it is the last in any case
            return None;
        }
        Some(wait)
    }

    fn keep_head(&mut self, line: &[u8]) {
        if self.offset == 0 {
            self.head = line.get(..HEAD).unwrap_or(line).to_vec();
        }
    }
}

/// Reads to the end of a line and forgets it; returns how many bytes that were.
fn skip_line(file: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = file.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        let is_over = end.is_some() || buffer.is_empty();
        file.consume(length);
        skipped += length as u64;
        if is_over {
            return Ok(skipped);
        }
    }
}

/// What tells a file from another under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// Opens a plain file; `None` when there is none. A symbolic link is none, whatever it leads to.
pub(super) fn open(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    let before = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => found,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    // Another file in between is read the next time.
    Ok((Identity::of(&before) == Identity::of(&metadata)).then_some((file, metadata)))
}
