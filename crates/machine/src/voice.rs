//! What the library says on standard error, which is little.

use std::{env, io, io::Write};

use trackway::__process::escaped;

/// Says a line, unless `TRACKWAY_QUIET` is 1. What names and errors bring along to steer a terminal stands there escaped.
pub(crate) fn say(what: &str) {
    if env::var_os("TRACKWAY_QUIET").is_none_or(|value| value != "1") {
        let _ = io::stderr().write_all(line(what).as_bytes()); // There is nobody else to tell.
    }
}

fn line(what: &str) -> String {
    format!("trackway: {} (TRACKWAY_QUIET=1 hides this)\n", escaped(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_steer_the_terminal_nor_forge_a_line() {
        let said = line("the run a\ntrackway: \u{1b}[31mall is well\u{202e}");
        assert_eq!(
            said,
            "trackway: the run a\\ntrackway: \\u{1b}[31mall is well\\u{202e} (TRACKWAY_QUIET=1 hides this)\n"
        );
    }
}
