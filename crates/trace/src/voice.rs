//! What the library says on standard error, which is little.

use std::env;
use std::io::{self, Write};

/// Returns whether the program is to hear nothing.
pub(crate) fn is_quiet() -> bool {
    env::var_os("TRACKWAY_QUIET").is_some_and(|value| value == "1")
}

/// Says a line, unless `TRACKWAY_QUIET` is 1.
pub(crate) fn say(what: &str) {
    if !is_quiet() {
        let line = format!("trackway: {what} (TRACKWAY_QUIET=1 hides this)\n");
        let _ = io::stderr().write_all(line.as_bytes()); // There is nobody else to tell.
    }
}
