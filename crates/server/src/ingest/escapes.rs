//! Letters that JSON writes as escapes: `\u0073k` is `sk`, also in JSON within JSON, where the backslash is doubled.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

/// An escaped letter, digit or sign of ASCII.
static ESCAPED: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "the pattern is a constant, and every test of JSON compiles it")]
    Regex::new(r"\\u00[2-7][0-9A-Fa-f]").expect("this is a regular expression")
});

/// A text without its escaped letters, which knows where each of its bytes stood.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The text; escapes of all but letters, digits and signs of ASCII stay.
    pub(super) text: Vec<u8>,
    /// Where in `text` a letter was an escape, and by how much all that follows it lies further back in the original.
    shifts: Vec<(usize, usize)>,
}

impl Plain {
    /// Where a part of the text stood in the original.
    pub(super) fn origin(&self, part: Range<usize>) -> Range<usize> {
        self.origin_of(part.start)..self.origin_of(part.end)
    }

    fn origin_of(&self, index: usize) -> usize {
        let shifts = self.shifts.partition_point(|(at, _)| *at < index);
        let shift = shifts.checked_sub(1).and_then(|last| self.shifts.get(last));
        index + shift.map_or(0, |(_, shift)| *shift)
    }
}

/// Returns true when letters are written as escapes somewhere in this JSON.
pub(super) fn has_letters(json: &[u8]) -> bool {
    ESCAPED.is_match(json)
}

/// Reads the escaped letters of a text.
pub(super) fn plain(mut json: &[u8]) -> Plain {
    let mut plain = Plain::default();
    let mut shift = 0;
    while let Some(next) = json.iter().position(|byte| *byte == b'\\') {
        let (before, escape) = json.split_at(next);
        plain.text.extend_from_slice(before);
        let length = match letter(escape) {
            Some((letter, length)) => {
                shift += length - 1;
                plain.shifts.push((plain.text.len(), shift));
                plain.text.push(letter);
                length
            }
            None => {
                let length = backslashes(escape);
                plain.text.extend_from_slice(escape.get(..length).unwrap_or_default());
                length
            }
        };
        json = escape.get(length..).unwrap_or_default();
    }
    plain.text.extend_from_slice(json);
    plain
}

/// The letter whose escape begins here, with the length of the escape and all its backslashes.
pub(super) fn letter(json: &[u8]) -> Option<(u8, usize)> {
    let backslashes = backslashes(json);
    let &[b'u', b'0', b'0', high, low] = json.get(backslashes..backslashes + 5)? else { return None };
    let digits = [high, low];
    let letter = u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?;
    let is_letter = backslashes > 0 && matches!(letter, b' '..=b'~') && letter != b'\\';
    is_letter.then_some((letter, backslashes + 5))
}

fn backslashes(json: &[u8]) -> usize {
    json.iter().take_while(|byte| **byte == b'\\').count()
}
