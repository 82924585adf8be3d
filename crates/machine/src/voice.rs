//! What the library says on standard error, which is little.

use std::{env, io, io::Write};

/// Says a line, unless `TRACKWAY_QUIET` is 1.
pub(crate) fn say(what: &str) {
    if env::var_os("TRACKWAY_QUIET").is_none_or(|value| value != "1") {
        let line = format!("trackway: {what} (TRACKWAY_QUIET=1 hides this)\n");
        let _ = io::stderr().write_all(line.as_bytes()); // There is nobody else to tell.
    }
}
