//! What the library says on standard error, which is little.

use std::env;
use std::io::{self, Write};

/// Returns whether the program is to hear nothing.
pub(crate) fn is_quiet() -> bool {
    let is = |name, values: &[&str]| {
        env::var_os(name).is_some_and(|value| values.iter().any(|known| value.eq_ignore_ascii_case(known)))
    };
    is("TRACKWAY_QUIET", &["1"]) || is("OTEL_LOG_LEVEL", &["none", "off"])
}

/// Says a line, unless `TRACKWAY_QUIET` is 1 or `OTEL_LOG_LEVEL` is `none`.
pub(crate) fn say(what: &str) {
    if !is_quiet() {
        let line = format!("trackway: {what} (TRACKWAY_QUIET=1 hides this)\n");
        let _ = io::stderr().write_all(line.as_bytes()); // There is nobody else to tell.
    }
}
