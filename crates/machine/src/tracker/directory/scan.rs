//! Lines of a log, as far as its reader must know them.

use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Seek, SeekFrom},
};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use trackway_model::{SpanId, StepKey, TraceId};

/// The lines of a log from a place on, as long as they are whole.
pub(super) struct Lines {
    file: BufReader<File>,
    /// Where the next line begins.
    at: u64,
    line: Vec<u8>,
}

impl Lines {
    /// Reads a log from where a line begins.
    pub(super) fn from(mut file: File, at: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(at))?;
        Ok(Self { file: BufReader::with_capacity(1 << 16, file), at, line: Vec::new() })
    }

    /// Returns where the next line begins, and the line without its break; `None` when no whole line follows.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        let len = self.file.read_until(b'\n', &mut self.line)? as u64;
        if self.line.pop() != Some(b'\n') {
            return Ok(None);
        }
        let at = self.at;
        self.at += len;
        Ok(Some((at, &self.line)))
    }

    /// Returns where the next line begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    App,
    Begin,
    End,
    State,
    /// Nothing that a state is made of.
    Other,
}

const KINDS: [(&str, Kind); 10] = [
    ("begin", Kind::Begin),
    ("end", Kind::End),
    ("attribute", Kind::Other),
    ("span", Kind::Other),
    ("state", Kind::State),
    ("app", Kind::App),
    ("child", Kind::Other),
    ("stream", Kind::Other),
    ("remark", Kind::Other),
    ("run", Kind::Run),
];

/// Returns what a line is about; `None` for what no log of ours says.
pub(super) fn kind(line: &[u8]) -> Option<Kind> {
    let rest = line.strip_prefix(b"{\"type\":\"")?;
    let is = |(name, _): &&(&str, Kind)| rest.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"\""));
    KINDS.iter().find(is).map(|(_, kind)| *kind)
}

/// A begin, as far as it matters.
#[derive(Deserialize)]
pub(super) struct Begin<'a> {
    pub(super) sequence: i64,
    #[serde(default)]
    pub(super) attempt: u32,
    #[serde(borrow)]
    pub(super) action: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) span: Option<Span<'a>>,
}

/// An end, as far as it matters.
#[derive(Deserialize)]
pub(super) struct End<'a> {
    pub(super) sequence: i64,
    #[serde(default)]
    pub(super) attempt: u32,
    #[serde(borrow)]
    pub(super) action: Cow<'a, str>,
    #[serde(default)]
    pub(super) error: Option<IgnoredAny>,
    #[serde(borrow, default)]
    pub(super) state: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) delta: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) next: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) span: Option<Span<'a>>,
}

/// The span of a step.
#[derive(Deserialize, Clone, Copy)]
pub(super) struct Span<'a> {
    trace_id: &'a str,
    span_id: &'a str,
}

/// A state that was set by hand, as far as it matters.
#[derive(Deserialize)]
pub(super) struct Placed<'a> {
    #[serde(default)]
    pub(super) after: Option<After>,
    #[serde(borrow, default)]
    pub(super) next: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) chosen: bool,
    #[serde(borrow)]
    pub(super) state: &'a RawValue,
}

/// A step by its number and attempt.
#[derive(Deserialize)]
pub(super) struct After {
    sequence: i64,
    #[serde(default)]
    attempt: u32,
}

impl Begin<'_> {
    pub(super) fn step(&self) -> StepKey {
        StepKey { sequence: self.sequence, attempt: self.attempt }
    }
}

impl End<'_> {
    pub(super) fn step(&self) -> StepKey {
        StepKey { sequence: self.sequence, attempt: self.attempt }
    }
}

impl Span<'_> {
    pub(super) fn ids(self) -> Option<(TraceId, SpanId)> {
        Some((self.trace_id.parse().ok()?, self.span_id.parse().ok()?))
    }
}

impl After {
    pub(super) fn step(&self) -> StepKey {
        StepKey { sequence: self.sequence, attempt: self.attempt }
    }
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

/// Returns true for a line that its writer has finished: a JSON object of a kind that logs have.
pub(super) fn is_sound(line: &[u8]) -> bool {
    kind(line).is_some() && read::<IgnoredAny>(line).is_ok()
}
