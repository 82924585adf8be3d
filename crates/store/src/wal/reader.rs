//! Reads one log file frame by frame, over whatever damage there is.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    FRAME_HEADER_BYTES, HEADER_BYTES, MAGIC, VERSION,
    frame::{self, FrameError},
};
use crate::{Error, Frame, files::file_error};

/// How much is read at once while looking for the next frame.
const WINDOW: usize = 64 * 1024;

/// What stands at one place of a log file.
pub(crate) enum Item {
    /// A frame that is whole.
    Frame(Frame),
    /// Bytes that are no frame, though they once were.
    Damaged(&'static str),
    /// What a write under way may leave, up to the file's end.
    Torn,
}

/// Reads a file from its beginning; holds one frame at a time.
pub(crate) struct Reader {
    file: File,
    path: PathBuf,
    length: u64,
    offset: u64,
    marker: [u8; 8],
    /// Why the file's header is not ours, until that is told.
    bad_header: Option<&'static str>,
}

/// A place that a frame's header may stand at.
struct Candidate {
    length: u32,
    crc: u32,
}

impl Reader {
    /// Opens a file; its header may be damaged or missing, but must not be newer than this program.
    ///
    /// Where the header is damaged, `marker` is what its frames probably begin with.
    pub(crate) fn open(path: PathBuf, marker: u64) -> Result<Self, Error> {
        let file = File::open(&path).map_err(file_error("open", &path))?;
        let length = file.metadata().map_err(file_error("read", &path))?.len();
        let mut reader = Self { file, path, length, offset: 0, marker: marker.to_le_bytes(), bad_header: None };
        reader.read_header()?;
        Ok(reader)
    }

    /// Returns the next item with the offset and the number of its bytes; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, u64, Item)>, Error> {
        if self.offset >= self.length {
            return Ok(None);
        }
        let (start, item) = (self.offset, self.item()?);
        Ok(Some((start, self.offset - start, item)))
    }

    /// Goes on at an offset, where an item is known to begin; what stands before it is not looked at.
    pub(crate) fn skip_to(&mut self, offset: u64) {
        self.offset = self.offset.max(offset.min(self.length));
    }

    /// Returns the marker of the file's frames, when its header is whole.
    pub(crate) fn marker(&self) -> Option<u64> {
        (self.length >= HEADER_BYTES && self.bad_header.is_none()).then(|| u64::from_le_bytes(self.marker))
    }

    /// Returns where the next item begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn copy(&self, offset: u64, bytes: u64, to: &mut File) -> io::Result<()> {
        let mut window = vec![0; WINDOW];
        let (mut at, end) = (offset, offset + bytes);
        while at < end {
            let some = window.len().min((end - at) as usize);
            let Some(part) = window.get_mut(..some) else { break };
            self.file.read_exact_at(part, at)?;
            io::Write::write_all(to, part)?;
            at += some as u64;
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), Error> {
        let Some(header) = self.array::<{ HEADER_BYTES as usize }>(0)? else {
            // Nothing was written behind a header that is not whole.
            self.bad_header = Some("the file's header is cut off");
            return Ok(());
        };
        let (content, crc) = header.split_at(HEADER_BYTES as usize - 4);
        let is_intact = crc32c::crc32c(content).to_le_bytes() == *crc && content.starts_with(&MAGIC);
        let (_, numbers) = content.split_at(MAGIC.len());
        let (version, marker) = numbers.split_at(4);
        let version = u32::from_le_bytes(version.try_into().unwrap_or_default());
        if is_intact && version > VERSION {
            return Err(Error::Newer { path: self.path.clone(), found: version, supported: VERSION });
        }
        if is_intact {
            self.marker = marker.try_into().unwrap_or_default();
            self.offset = HEADER_BYTES;
            return Ok(());
        }
        self.bad_header = Some("the file's header is damaged");
        self.recover_marker(marker.try_into().unwrap_or_default())
    }

    /// Finds the marker of a file whose header is damaged: the one that frames are found by.
    fn recover_marker(&mut self, in_header: [u8; 8]) -> Result<(), Error> {
        let expected = self.marker;
        // The first frame begins with it as well.
        let in_frame = self.array::<8>(HEADER_BYTES)?;
        for marker in [Some(expected), in_frame, Some(in_header)].into_iter().flatten() {
            self.marker = marker;
            if self.next_frame(HEADER_BYTES)?.is_some() {
                return Ok(());
            }
        }
        self.marker = expected;
        Ok(())
    }

    fn item(&mut self) -> Result<Item, Error> {
        let start = self.offset;
        if let Some(reason) = self.bad_header.filter(|_| start == 0) {
            let is_unfinished = self.is_header_unfinished()?;
            self.offset = if is_unfinished { self.length } else { HEADER_BYTES.min(self.length) };
            return Ok(if is_unfinished { Item::Torn } else { Item::Damaged(reason) });
        }
        if let Some(payload) = self.whole_payload(start)? {
            self.offset = start + FRAME_HEADER_BYTES + payload.len() as u64;
            return match frame::decode(payload) {
                Ok(frame) => Ok(Item::Frame(frame)),
                Err(FrameError::Newer(version)) => {
                    let (found, supported) = (u32::from(version), VERSION);
                    Err(Error::Newer { path: self.path.clone(), found, supported })
                }
                Err(FrameError::Malformed) => Ok(Item::Damaged("the frame is whole but not one of ours")),
            };
        }
        match self.next_frame(start + 1)? {
            Some(next) => self.offset = next,
            None => {
                self.offset = self.length;
                if self.is_unfinished(start)? {
                    return Ok(Item::Torn);
                }
            }
        }
        Ok(Item::Damaged("the frame's checksum does not match"))
    }

    /// Returns true when what stands at the file's end looks like a write that the system did not complete.
    fn is_unfinished(&self, start: u64) -> Result<bool, Error> {
        let Some(beginning) = self.window(start)? else { return Ok(true) };
        if self.length - start < FRAME_HEADER_BYTES && begins_alike(&beginning, &self.marker) {
            return Ok(true);
        }
        if let Some(candidate) = self.candidate(start)? {
            let begin = start + FRAME_HEADER_BYTES;
            let is_cut_off = begin + u64::from(candidate.length) > self.length;
            return Ok(is_cut_off && !self.is_whole_but_for_length(begin, &candidate)?);
        }
        self.is_zero(start)
    }

    /// Returns true when a file without its header looks like one that was just being made.
    fn is_header_unfinished(&self) -> Result<bool, Error> {
        let Some(beginning) = self.window(0)? else { return Ok(true) };
        Ok((self.length < HEADER_BYTES && begins_alike(&beginning, &MAGIC)) || self.is_zero(0)?)
    }

    /// Returns true when what stands behind a frame's header is all that its checksum is about.
    fn is_whole_but_for_length(&self, begin: u64, candidate: &Candidate) -> Result<bool, Error> {
        let Ok(length) = u32::try_from(self.length - begin) else { return Ok(false) };
        let mut payload = vec![0; length as usize];
        self.file.read_exact_at(&mut payload, begin).map_err(file_error("read", &self.path))?;
        Ok(frame::is_intact(length, candidate.crc, &payload))
    }

    /// Returns true when only zeros are left: a file can have grown without its content, which then reads so.
    pub(crate) fn is_zero(&self, from: u64) -> Result<bool, Error> {
        let mut at = from;
        while let Some(window) = self.window(at)? {
            if window.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += window.len() as u64;
        }
        Ok(true)
    }

    /// Finds the next whole frame that begins at `from` or later.
    fn next_frame(&self, from: u64) -> Result<Option<u64>, Error> {
        let mut at = from;
        while let Some(window) = self.window(at)? {
            for (found, _) in window.windows(8).enumerate().filter(|(_, bytes)| *bytes == self.marker) {
                let place = at + found as u64;
                if self.whole_payload(place)?.is_some() {
                    return Ok(Some(place));
                }
            }
            // The next window begins seven bytes earlier, for the marker may lie across the border.
            at += (window.len() as u64).saturating_sub(7).max(1);
        }
        Ok(None)
    }

    /// Returns the payload of the frame at a place; `None` when it is not whole.
    fn whole_payload(&self, at: u64) -> Result<Option<Vec<u8>>, Error> {
        let Some(Candidate { length, crc }) = self.candidate(at)? else { return Ok(None) };
        let begin = at + FRAME_HEADER_BYTES;
        // Checked before anything is allocated: a damaged length may say anything.
        if begin + u64::from(length) > self.length {
            return Ok(None);
        }
        let mut payload = vec![0; length as usize];
        self.file.read_exact_at(&mut payload, begin).map_err(file_error("read", &self.path))?;
        Ok(frame::is_intact(length, crc, &payload).then_some(payload))
    }

    fn candidate(&self, at: u64) -> Result<Option<Candidate>, Error> {
        let Some(header) = self.array::<{ FRAME_HEADER_BYTES as usize }>(at)? else { return Ok(None) };
        let Some(rest) = header.strip_prefix(&self.marker) else { return Ok(None) };
        let (length, crc) = rest.split_at(4);
        let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap_or_default());
        Ok(Some(Candidate { length: number(length), crc: number(crc) }))
    }

    /// Reads so many bytes; `None` when the file ends before.
    fn array<const N: usize>(&self, at: u64) -> Result<Option<[u8; N]>, Error> {
        if at + N as u64 > self.length {
            return Ok(None);
        }
        let mut bytes = [0; N];
        self.file.read_exact_at(&mut bytes, at).map_err(file_error("read", &self.path))?;
        Ok(Some(bytes))
    }

    /// Reads the next bytes for a search; `None` at the end.
    fn window(&self, at: u64) -> Result<Option<Vec<u8>>, Error> {
        let rest = self.length.saturating_sub(at);
        if rest == 0 {
            return Ok(None);
        }
        let mut window = vec![0; WINDOW.min(rest as usize)];
        self.file.read_exact_at(&mut window, at).map_err(file_error("read", &self.path))?;
        Ok(Some(window))
    }
}

/// Returns true when the shorter of two is the beginning of the other.
fn begins_alike(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).all(|(a, b)| a == b)
}
