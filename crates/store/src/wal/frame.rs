//! One accepted request as bytes.

use bytes::Bytes;
use trackway_model::{Text, Timestamp};

use super::FRAME_HEADER_BYTES;
use crate::Frame;

/// The newest version of a payload that this program reads.
const VERSION: u8 = 1;

/// A frame ready to be written behind its file's marker.
pub(crate) struct Encoded {
    length: u32,
    crc: u32,
    /// What precedes the body.
    head: Vec<u8>,
    body: Bytes,
}

/// Why a payload is not a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// A newer version wrote it.
    Newer(u8),
    /// It ends too early, or holds text that is none.
    Malformed,
}

impl Encoded {
    /// Encodes a frame; `None` when it is longer than a length can say.
    pub(crate) fn new(frame: &Frame) -> Option<Self> {
        let mut head = vec![VERSION];
        put_text(&mut head, Some(&frame.content_type))?;
        put_text(&mut head, frame.project.as_ref())?;
        put_text(&mut head, frame.zone.as_ref())?;
        put_text(&mut head, Some(&frame.source))?;
        head.extend(frame.arrival.0.to_le_bytes());
        let length = u32::try_from(head.len() + frame.body.len()).ok()?;
        let crc = crc32c::crc32c(&length.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c_append(crc, &head), &frame.body);
        Some(Self { length, crc, head, body: frame.body.clone() })
    }

    /// How many bytes the frame takes in a file.
    pub(crate) fn bytes(&self) -> u64 {
        FRAME_HEADER_BYTES + u64::from(self.length)
    }

    pub(crate) fn write(&self, marker: u64, out: &mut Vec<u8>) {
        out.extend(marker.to_le_bytes());
        out.extend(self.length.to_le_bytes());
        out.extend(self.crc.to_le_bytes());
        out.extend(&self.head);
        out.extend(&self.body);
    }
}

/// Returns true when a payload is what its frame's header says.
pub(crate) fn is_intact(length: u32, crc: u32, payload: &[u8]) -> bool {
    crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), payload) == crc
}

/// Reads a payload.
pub(crate) fn decode(payload: Vec<u8>) -> Result<Frame, FrameError> {
    let payload = Bytes::from(payload);
    let mut rest = &*payload;
    let version = *take::<1>(&mut rest)?.first().ok_or(FrameError::Malformed)?;
    if version > VERSION {
        return Err(FrameError::Newer(version));
    }
    let content_type = take_text(&mut rest)?.ok_or(FrameError::Malformed)?;
    let project = take_text(&mut rest)?;
    let zone = take_text(&mut rest)?;
    let source = take_text(&mut rest)?.ok_or(FrameError::Malformed)?;
    let arrival = Timestamp(u64::from_le_bytes(*take::<8>(&mut rest)?));
    let body = payload.slice_ref(rest);
    Ok(Frame { content_type, project, zone, source, arrival, body })
}

/// An absent text has the length that no text can have.
const ABSENT: u32 = u32::MAX;

fn put_text(out: &mut Vec<u8>, text: Option<&Text>) -> Option<()> {
    let Some(text) = text else {
        out.extend(ABSENT.to_le_bytes());
        return Some(());
    };
    let length = u32::try_from(text.len()).ok().filter(|length| *length != ABSENT)?;
    out.extend(length.to_le_bytes());
    out.extend(text.as_bytes());
    Some(())
}

fn take_text(rest: &mut &[u8]) -> Result<Option<Text>, FrameError> {
    let length = u32::from_le_bytes(*take::<4>(rest)?);
    if length == ABSENT {
        return Ok(None);
    }
    let (text, behind) = rest.split_at_checked(length as usize).ok_or(FrameError::Malformed)?;
    *rest = behind;
    std::str::from_utf8(text).map(|text| Some(text.into())).map_err(|_| FrameError::Malformed)
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], FrameError> {
    let (taken, behind) = rest.split_first_chunk().ok_or(FrameError::Malformed)?;
    *rest = behind;
    Ok(taken)
}
