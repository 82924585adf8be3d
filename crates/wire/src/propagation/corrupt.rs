//! What is there and cannot be read.

use std::fmt;

/// A context that is there and cannot be read: begin a new trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {name} header is {flaw}: {header:?}")]
pub struct Corrupt {
    name: &'static str,
    flaw: Flaw,
    /// The header, shortened.
    header: String,
}

/// What is wrong with a context that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// There are several: somebody on the way added one instead of replacing it.
    Repeated,
    /// A part is not there, or is not what it should be: digits are missing, in capitals, or zeros only.
    Without(Part),
    /// It is of version ff, which is forbidden.
    ForbiddenVersion,
    /// It is of a version that nobody here knows how to read.
    UnknownVersion,
    /// It goes on after the last part.
    TooLong,
    /// It ends within a part.
    CutOff,
}

/// A part of a context that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The version of the format.
    Version,
    /// The id of the trace.
    TraceId,
    /// The id of the span in the sending process, which is the parent of what happens here.
    ParentId,
    /// The flags.
    Flags,
    /// Whether the trace is recorded.
    Decision,
}

impl Corrupt {
    /// Returns the error of a reader of a format: what is wrong with the text under that name. 80 characters of it are kept.
    pub fn new(name: &'static str, flaw: Flaw, header: &str) -> Self {
        Self { name, flaw, header: header.chars().take(80).collect() }
    }

    /// As [`new`](Self::new), for bytes, which are shown as digits.
    pub(super) fn of_bytes(name: &'static str, flaw: Flaw, bytes: &[u8]) -> Self {
        let mut header = String::new();
        super::digits::push_digits(&mut header, bytes.get(..40).unwrap_or(bytes));
        Self { name, flaw, header }
    }

    /// Returns the name of the header, in lower case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns what is wrong with the header.
    pub fn flaw(&self) -> Flaw {
        self.flaw
    }

    /// Returns the header's first 80 characters; of a binary format its first 40 bytes as digits.
    pub fn header(&self) -> &str {
        &self.header
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeated => "there twice",
            Self::Without(Part::Version) => "without a version",
            Self::Without(Part::TraceId) => "without a trace id",
            Self::Without(Part::ParentId) => "without a parent id",
            Self::Without(Part::Flags) => "without flags",
            Self::Without(Part::Decision) => "without a decision that can be read",
            Self::ForbiddenVersion => "of the forbidden version ff",
            Self::UnknownVersion => "of an unknown version",
            Self::TooLong => "longer than its version allows",
            Self::CutOff => "cut off",
        })
    }
}
