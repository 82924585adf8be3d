//! What the program says: data on stdout, talk on stderr.

use std::{
    fmt::Display,
    io::{ErrorKind, Write, stderr, stdout},
};

use anyhow::{Context, Result};

/// Prints a line that somebody asked for.
///
/// # Errors
/// It could not be written, as on a full disk; a reader that has left wants no more, and that is no error.
pub(crate) fn data(line: impl Display) -> Result<()> {
    let mut stdout = stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("cannot write to stdout"),
        _ => Ok(()),
    }
}

/// Tells a person something; where it cannot be told, the work goes on.
pub(crate) fn talk(line: impl Display) {
    let _ = writeln!(stderr(), "{line}"); // there is no other place to complain to
}
