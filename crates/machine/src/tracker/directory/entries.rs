//! The index of a log as the log itself tells it.

use std::{fs::File, io};

use super::{
    index::{Entry, Index},
    scan::{self, Kind, Lines},
};

/// What stands in a log behind the last entry of its index that fits.
pub(super) struct Rest {
    /// So many entries of the index fit.
    pub(super) kept: u64,
    /// The last of them.
    pub(super) last: Option<Entry>,
    /// The entries that the index lacks.
    pub(super) missing: Vec<Entry>,
    /// Where the last sound line ends; the log goes on from there.
    pub(super) good: u64,
}

/// Reads what an index lacks. Of an index of which the last entry does not fit, nothing is believed.
pub(super) fn rest(log: &File, index: Option<&Index>) -> io::Result<Rest> {
    let last = index.and_then(|index| index.get(index.len().checked_sub(1)?));
    let last = last.filter(|entry| fits(log, entry));
    let mut rest = Rest { kept: 0, last, missing: Vec::new(), good: 0 };
    let mut whole = None;
    let mut lines = Lines::from(log.try_clone()?, last.map_or(0, |entry| entry.end))?;
    if let (Some(last), Some(index)) = (last, index) {
        (rest.kept, whole) = (index.len(), Some(last.whole));
        lines.next()?;
        rest.good = lines.at();
    }
    while let Some((at, line)) = lines.next()? {
        match scan::kind(line) {
            Some(Kind::State) if scan::read::<scan::Placed<'_>>(line).is_ok() => whole = Some(at),
            Some(Kind::End) => {
                let Ok(end) = scan::read::<scan::End<'_>>(line) else { continue };
                if end.state.is_some() {
                    whole = Some(at);
                }
                rest.missing.extend(whole.map(|whole| Entry { step: end.step(), end: at, whole }));
            }
            _ if !scan::is_sound(line) => continue,
            _ => {}
        }
        rest.good = lines.at();
    }
    Ok(rest)
}

/// Returns true when the end and the whole state of an entry stand in the log where it says.
pub(super) fn fits(log: &File, entry: &Entry) -> bool {
    let found = || -> Option<bool> {
        if entry.whole > entry.end {
            return None;
        }
        let mut lines = Lines::from(log.try_clone().ok()?, entry.end).ok()?;
        let (_, line) = lines.next().ok()??;
        let is_end = scan::kind(line) == Some(Kind::End);
        let end: scan::End<'_> = scan::read(line).ok()?;
        Some(is_end && end.step() == entry.step && end.state.is_some() == (entry.whole == entry.end))
    };
    found().unwrap_or(false)
}
