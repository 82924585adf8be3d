//! The workloads by name, and what they took.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::{Context, Result};

/// One shape of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A root and children without attributes, in chains of at most ten.
    W1,
    /// As `W1`, with four mixed attributes.
    W2,
    /// As `W1`, with four static strings.
    W2s,
    /// As `W1`, with work inside every child.
    W1k,
    /// A root and children one after the other.
    Steps,
    /// One task that awaits children, each polled twice.
    W3,
    /// `W1` on two threads at once.
    W5,
    /// Children of another thread's spans.
    W6,
    Inject,
    Extract,
    ReadBaggage,
    AddBaggage,
    /// `W1` up to OTLP bytes, all threads counted.
    Bytes,
    /// `W2` up to OTLP bytes, all threads counted.
    BytesMixed,
}

const NAMES: [(Kind, &str); 14] = [
    (Kind::W1, "w1"),
    (Kind::W2, "w2"),
    (Kind::W2s, "w2s"),
    (Kind::W1k, "w1k"),
    (Kind::Steps, "steps"),
    (Kind::W3, "w3"),
    (Kind::W5, "w5"),
    (Kind::W6, "w6"),
    (Kind::Inject, "w7-inject"),
    (Kind::Extract, "w7-extract"),
    (Kind::ReadBaggage, "w8-read"),
    (Kind::AddBaggage, "w8-add"),
    (Kind::Bytes, "w9"),
    (Kind::BytesMixed, "w9-mixed"),
];

impl Kind {
    pub(crate) fn makes_spans(self) -> bool {
        !matches!(self, Self::Inject | Self::Extract | Self::ReadBaggage | Self::AddBaggage)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(NAMES.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(_, name)| *name == text);
        Ok(found.with_context(|| format!("there is no workload {text:?}"))?.0)
    }
}

/// What one batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    /// The children of each root.
    pub(crate) children: usize,
    /// The roots, or whatever else is done over and over.
    pub(crate) times: usize,
}

impl Work {
    pub(crate) const fn new(kind: Kind, children: usize, times: usize) -> Self {
        Self { kind, children, times }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.kind, self.children, self.times)
    }
}

impl FromStr for Work {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let mut word = || words.next().with_context(|| format!("{text:?} is too short"));
        Ok(Self { kind: word()?.parse()?, children: word()?.parse()?, times: word()?.parse()? })
    }
}

/// What a batch took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) took: Duration,
    /// Roots included; for what is no span, how often it was done.
    pub(crate) spans: usize,
    /// All spans that began and ended, those outside of the timed part included.
    pub(crate) made: usize,
}
