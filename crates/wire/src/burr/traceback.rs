//! What a traceback of Python says at its end.

/// What an exception was.
#[derive(Debug, PartialEq)]
pub(super) struct Exception<'a> {
    /// Its type, with its module unless that is Python's own; empty where none can be told.
    pub(super) kind: &'a str,
    /// What it says.
    pub(super) message: &'a str,
}

const HEADER: &str = "Traceback (most recent call last):";

/// Reads the exception of a traceback: of several that led to each other, the last.
pub(super) fn exception(traceback: &str) -> Exception<'_> {
    let last = said(traceback);
    let (kind, message) = last.split_once(": ").unwrap_or((last.trim_end_matches(':'), ""));
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '<' | '>'));
    if kind.split('.').all(is_name) { Exception { kind, message } } else { Exception { kind: "", message: last } }
}

/// Returns what stands behind the calls of the last traceback: its first line that is not indented, and all after it.
fn said(traceback: &str) -> &str {
    let text = traceback.trim_end();
    let Some((_, calls)) = text.rsplit_once(HEADER) else { return text.trim_start() };
    let mut rest = calls;
    while let Some((line, after)) = rest.split_once('\n') {
        if !line.is_empty() && !line.starts_with([' ', '\t']) {
            return rest;
        }
        rest = after;
    }
    rest.trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(traceback: &str) -> (&str, &str) {
        let Exception { kind, message } = exception(traceback);
        (kind, message)
    }

    #[test]
    fn the_last_exception_is_told_apart_from_its_calls() {
        let calls = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    1 / 0\n    ~~^~~\n";
        assert_eq!(
            read(&format!("{calls}ZeroDivisionError: division by zero\n")),
            ("ZeroDivisionError", "division by zero")
        );
        assert_eq!(
            read(&format!("{calls}KeyError\n\nDuring handling of it:\n\n{calls}app.errors.Bad: no\n  key: x\n")),
            ("app.errors.Bad", "no\n  key: x")
        );
        assert_eq!(read(&format!("{calls}GeneratorExit\n")), ("GeneratorExit", ""));
        assert_eq!(read("GeneratorExit"), ("GeneratorExit", ""));
        assert_eq!(read("it went wrong: badly"), ("", "it went wrong: badly"));
        assert_eq!(read(""), ("", ""));
        assert_eq!(read(calls), ("", "~~^~~"));
    }
}
