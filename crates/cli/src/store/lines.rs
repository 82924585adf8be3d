//! Files of lines.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, Result};

use crate::import::Progress;

/// The longest line, in bytes: what a request may have.
const LONGEST_LINE: u64 = 64 << 20;

/// Gives each line that is not empty to `take`, with its number from 1 and without its end.
///
/// # Errors
/// What `take` fails with, and a line that is too long, with the number of the line.
pub(super) fn each(path: &Path, is_quiet: bool, take: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()> {
    let file = File::open(path)?;
    let progress = Progress::begin(file.metadata()?.len(), is_quiet);
    progress.at(&path.display().to_string());
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let bytes = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
        if bytes == 0 {
            break;
        }
        let is_whole = line.ends_with(b"\n") || bytes < LONGEST_LINE;
        let whole = Some(line.trim_ascii()).filter(|_| is_whole);
        let taken = whole.map(|line| if line.is_empty() { Ok(()) } else { take(number, line) });
        taken.context("it is longer than 64 MiB").flatten().with_context(|| format!("line {number}"))?;
        progress.add(bytes);
    }
    progress.end();
    Ok(())
}
