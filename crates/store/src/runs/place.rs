//! Where a page of runs, steps and the like ended, as an opaque text.

use crate::{Error, Page, PageRequest};

/// The letter of the places of steps.
pub(super) const STEPS: char = 'p';

/// Asks for the steps of a run from a place on, counted from 0 in the order of the first step first: what goes into
/// [`PageRequest::cursor`] where no earlier answer gave one.
pub fn steps_from(place: u64) -> Option<String> {
    place.checked_sub(1).map(|before| write(STEPS, &[before]))
}

fn write(kind: char, place: &[u64]) -> String {
    place.iter().fold(String::from(kind), |text, number| format!("{text}{number:016x}"))
}

/// Reads the numbers of a place that was written under the same letter.
pub(super) fn read<const N: usize>(page: &PageRequest, kind: char) -> Result<Option<[u64; N]>, Error> {
    let Some(cursor) = &page.cursor else { return Ok(None) };
    let read = || {
        let hex = cursor
            .strip_prefix(kind)
            .filter(|hex| hex.len() == N * 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let mut place = [0; N];
        for (number, at) in place.iter_mut().zip((0..).step_by(16)) {
            *number = u64::from_str_radix(hex.get(at..at + 16)?, 16).ok()?;
        }
        Some(place)
    };
    read().map(Some).ok_or_else(|| Error::Cursor { cursor: cursor.clone() })
}

/// Makes a page of the items found, of which one more than asked for tells that there are more.
pub(super) fn page<const N: usize, T>(mut found: Vec<([u64; N], T)>, limit: usize, kind: char) -> Page<T> {
    let limit = limit.max(1);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| write(kind, place));
    Page { items: found.into_iter().map(|(_, item)| item).collect(), next }
}
