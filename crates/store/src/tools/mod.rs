//! Looking after the directory of a store: what it takes, whether it is whole, copies of it, and mending it.
//!
//! These work on the files, beside a process that has the store open or without one, and need no more of it than what it
//! keeps on the disk.
//!
//! ```
//! use trackway_store::{Config, Decoder, Embedded, tools};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path();
//! let decoder: Decoder = Box::new(|frame| Err(format!("{} is a format unknown here", frame.content_type)));
//! drop(Embedded::open(Config::new(path), decoder)?);
//!
//! let decoder: Decoder = Box::new(|frame| Err(format!("{} is a format unknown here", frame.content_type)));
//! let report = tools::check(path, &decoder, &mut |_| ())?;
//! assert!(report.findings.is_empty(), "nothing is wrong with a new store");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod backup;
mod check;
mod database;
mod disk;
mod listing;
mod repair;
mod stats;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use backup::{Backup, backup};
pub use check::check;
pub use repair::Repair;
pub use stats::{Disk, Part, ProjectShare, Stats, stats};

/// How far a tool is, told to whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// About so many bytes are to be read in all; told once, before everything else.
    Total(u64),
    /// This file is read now.
    At(&'a Path),
    /// So many more bytes were read.
    Done(u64),
}

/// Is told how far a tool is.
pub type Tell<'a> = dyn FnMut(Progress<'_>) + 'a;

/// What [`check`](check()) saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, in the order in which it was met.
    pub findings: Vec<Finding>,
    /// What is worth knowing and not wrong, and what was not looked at.
    pub notes: Vec<String>,
    /// How many files were read.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many records of spans were read; one that lies in several places counts as often.
    pub spans: u64,
}

/// Something in a directory that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, in bytes from its beginning, as far as that is known.
    pub offset: Option<u64>,
    /// What is wrong, and what that means.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
    pub(crate) mend: Mend,
}

/// How something is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mend {
    /// The catalog is made anew of what can be read of it.
    Catalog,
    /// The log file with this number is written anew without what is damaged.
    Log(u64),
    /// The segment with this number is written anew with the spans that can be read.
    Segment(u64),
    /// The index of this segment is made anew.
    Index(u64),
    /// What the catalog says of this segment is counted again.
    Recount(u64),
    /// The database of runs is made anew of what can be read of it.
    Runs,
}

impl Mend {
    fn advice(self) -> &'static str {
        match self {
            Self::Log(_) => {
                "a start goes on behind it and keeps a copy in corrupt/; `trackway store repair` takes it out of the log"
            }
            Self::Catalog => "`trackway store repair` makes the catalog anew of what can be read",
            Self::Segment(_) => {
                "until then questions are answered without it; `trackway store repair` keeps the spans that can be read"
            }
            Self::Index(_) => "until then questions are answered without it; `trackway store repair` makes it anew",
            Self::Recount(_) => "`trackway store repair` counts again",
            Self::Runs => "`trackway store repair` makes the database anew of the runs that can be read",
        }
    }
}

impl Finding {
    pub(crate) fn new(file: &Path, offset: Option<u64>, what: impl Into<String>, mend: Mend) -> Self {
        Self { file: file.to_owned(), offset, what: what.into(), advice: mend.advice(), mend }
    }
}
