//! What could not be used of something that was read, as a remark.

use trackway_model::{Remark, Text};

/// How much of a text a remark keeps, in bytes.
const REMARKED: usize = 512;

/// Makes a remark of what stands at a place.
pub(crate) fn remark(place: impl Into<Text>, what: impl Into<Text>, bytes: &[u8]) -> Remark {
    let beginning = bytes.get(..REMARKED).unwrap_or(bytes);
    let text = String::from_utf8_lossy(beginning);
    // A character that the cut went through is left out; one that was broken before stays as a sign of it.
    let is_cut = beginning.len() < bytes.len();
    let text = if is_cut { text.trim_end_matches(char::REPLACEMENT_CHARACTER) } else { &text };
    Remark { place: place.into(), what: what.into(), text: text.into() }
}
