//! Where Trackway keeps what it recorded.
//!
//! A [`Store`] takes batches, answers when they are durable, and answers questions about them. [`Embedded`] keeps them
//! in one directory; [`Memory`] is the smallest thing that behaves the same and is what the others are compared with.
//! Both also keep [`Runs`] of state machines: their steps, and the state after each.
//! The store knows no wire format: whoever opens it passes the [`Decoder`] that turns logged bytes into records again.
//!
//! ```
//! use trackway_store::{Config, Decoder, Embedded, PageRequest, Store, TraceQuery};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path();
//! let decoder: Decoder = Box::new(|frame| Err(format!("{} is a format unknown here", frame.content_type)));
//! let (store, recovery) = Embedded::open(Config::new(path), decoder)?;
//! assert_eq!(recovery.spans, 0, "nothing was stored before");
//!
//! let page = store.traces(&TraceQuery::default(), &PageRequest { limit: 50, cursor: None })?;
//! assert!(page.items.is_empty() && page.next.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asker;
mod catalog;
mod clock;
mod config;
mod counters;
mod cursor;
mod door;
mod embedded;
mod engine;
mod files;
mod filter;
#[cfg(test)]
mod kit;
mod lock;
mod memory;
mod opening;
mod query;
mod quick;
mod recovery;
mod runs;
mod sealed;
mod segment;
mod sqlite;
mod sweep;
mod table;
pub mod tools;
mod wal;
mod writer;

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use trackway_model::{Batch, SpanId, SpanRecord, Text, Timestamp, TraceId};

pub use asker::Asker;
pub use clock::{Clock, system_clock};
pub use config::{Announced, Config, Keep, Retention};
pub use embedded::Embedded;
pub use filter::{Field, FilterError, Operand, Pattern, PatternError, Place, SpanFilter, Test};
pub use lock::{Owner, owner};
pub use memory::Memory;
pub use query::{
    AgentTotals, Deleted, Failure, Held, Outline, Page, PageRequest, Project, Search, Service, Span, SpanState,
    TraceList, TracePage, TraceQuery, TraceStatus, TraceSummary,
};
pub use recovery::{Damage, Recovery};
pub use runs::{
    ActionTotals, AnnotationQuery, At, Child, DeletedRuns, Order, Placement, Recording, Run, RunAck, RunIds,
    RunProject, RunQuery, RunStatus, RunSummary, Runs, Step, StepDetail, StepStatus, Stream, Taken, Trail, steps_from,
};
pub use sealed::{Sealed, SealedSegment, SealedSpans};
pub use segment::{Segment, SegmentFilter, SegmentSpan, SegmentSpans, SegmentWriter, Written};

/// The bytes of one accepted request, as they came, with what is needed to read them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Names the format of the body; a name that was once written is understood for ever.
    pub content_type: Text,
    /// The project that the request asked for.
    pub project: Option<Text>,
    /// The time zone in which the body's local times are to be read.
    pub zone: Option<Text>,
    /// The door through which the request came.
    pub source: Text,
    /// When the request came.
    pub arrival: Timestamp,
    /// The body, uncompressed.
    pub body: Bytes,
}

/// Turns a logged frame into the records that it was accepted for; pure, so that replay gives what acceptance gave.
pub type Decoder = Box<dyn Fn(&Frame) -> Result<Batch, String> + Send + Sync>;

/// What became of a batch that is now durable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ack {
    /// The traces that now look different, each once.
    pub changed: Vec<TraceId>,
    /// Those of them that were not there before.
    pub created: Vec<TraceId>,
    /// Records that were there already, with the same content.
    pub duplicates: u64,
}

/// The answer to [`Store::append`], once the batch is durable.
pub type Appending = Pin<Box<dyn Future<Output = Result<Ack, Error>> + Send>>;

/// Keeps records and answers questions about them.
///
/// Every implementation passes the contract suite. A batch that was acknowledged is durable and visible to every
/// question asked afterwards; one that was refused has left no trace.
///
/// Beside what is stored there are announced spans: held in memory only, until they are stored or forgotten. Every answer
/// shows them among the others.
pub trait Store: Send + Sync {
    /// Stores a batch together with the bytes that it was decoded from.
    ///
    /// Records that are there already with equal content are not stored again. An open span is replaced by its
    /// finished record, whichever comes first; other records with equal ids and different content all stay, unless what
    /// comes is to take the place of what is there ([`Repeats`](trackway_model::Repeats)). Of the records of a whole
    /// trace the latest stays.
    ///
    /// # Errors
    /// [`Error::Full`] when a bound is reached: try again later; [`Error::TooLarge`] when the batch is beyond one by
    /// itself: send it in parts; [`Error::ReadOnly`] after the disk failed.
    fn append(&self, frame: Frame, batch: Batch) -> Appending;

    /// Shows spans that their program announces as running, and has to announce again and again while they are.
    ///
    /// They are held in memory and never reach the disk. A newer announcement takes the place of an older one, and
    /// whatever is stored of a span takes the place of its announcement; one of a span that is stored is not taken, nor is
    /// a record with an end. What is beyond the bounds is left out and counted.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    fn announce(&self, arrival: Timestamp, spans: Vec<SpanRecord>) -> Result<Held, Error>;

    /// Tells which announced spans were lost since it was last asked, and forgets those that were lost for long; to be
    /// asked about once a second.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be used.
    fn tend(&self) -> Result<Held, Error>;

    /// Returns every project that has traces, by name.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn projects(&self) -> Result<Vec<Project>, Error>;

    /// Returns every service with its operations, by name; of one project or of all.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn services(&self, project: Option<&str>) -> Result<Vec<Service>, Error>;

    /// Returns a page of the traces that match, the newest start first.
    ///
    /// A search by [`TraceQuery::spans`] may take long: it may end before its page is full, and says so.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of ours.
    fn traces(&self, query: &TraceQuery, page: &PageRequest) -> Result<TraceList, Error>;

    /// Returns one trace with a page of its spans in order of their start; `None` when there is no span of it, and no
    /// record of the whole trace.
    ///
    /// # Errors
    /// [`Error::Cursor`] when the cursor is not one of ours.
    fn trace(&self, id: TraceId, page: &PageRequest) -> Result<Option<TracePage>, Error>;

    /// Returns what one trace looks like in a list; `None` when there is no span of it, and no record of the whole trace.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, Error>;

    /// Returns every span with these ids; mostly one, several when clients used an id twice.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<Span>, Error>;

    /// Returns the spans that their client gave this id, in order of their trace and their own id; the first hundred.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read.
    fn find_original(&self, id: &str) -> Result<Vec<(TraceId, SpanId)>, Error>;

    /// Deletes a trace. What comes for it later is stored anew.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] after the disk failed.
    fn delete_trace(&self, id: TraceId) -> Result<Deleted, Error>;

    /// Deletes every trace that lists under a project.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] after the disk failed.
    fn delete_project(&self, name: &str) -> Result<Deleted, Error>;

    /// Writes what is held in memory to where it is settled, and returns when that is done; a store that settles nothing has
    /// nothing to do.
    ///
    /// # Errors
    /// [`Error::Full`] when there is no room, [`Error::ReadOnly`] after the disk failed.
    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Puts what is settled in its best order, drops what is to go, and returns when that is done.
    ///
    /// # Errors
    /// [`Error::Full`] when there is no room, [`Error::ReadOnly`] after the disk failed.
    fn compact(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Returns every counter of the store, as name, value and meaning.
    fn counters(&self) -> Vec<Counter>;
}

/// A number that the store keeps about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Dotted lower-case name, `store.spans`.
    pub name: &'static str,
    /// The number now.
    pub value: u64,
    /// The number's unit, `spans`.
    pub unit: &'static str,
    /// What it counts, in one sentence.
    pub help: &'static str,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A bound is reached; the same request may succeed later.
    #[error("the store is full: {bound}")]
    Full {
        /// Which bound, with its figures and what to do about it.
        bound: String,
    },
    /// The request alone is beyond a bound; it never succeeds while the bound is what it is.
    #[error("the request is too large: {bound}")]
    TooLarge {
        /// Which bound, with its figures and what to do about it.
        bound: String,
    },
    /// The disk failed a write, so nothing more is accepted; reading goes on.
    #[error("the store is read-only since {reason}")]
    ReadOnly {
        /// What failed.
        reason: String,
    },
    /// Another process owns the directory.
    #[error("{path} is in use by process {pid}, which serves {url}")]
    Locked {
        /// The directory.
        path: std::path::PathBuf,
        /// The owner's process id; 0 when it could not be read.
        pid: u32,
        /// The owner's address; empty when it serves none.
        url: String,
    },
    /// A cursor that no answer of ours held.
    #[error("the cursor {cursor:?} is not one that an earlier answer gave as \"next\"")]
    Cursor {
        /// The cursor as it came.
        cursor: String,
    },
    /// The directory was written by a newer version.
    #[error("{path} has format {found}; this version reads up to {supported}: start a newer trackway")]
    Newer {
        /// The file.
        path: std::path::PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that this program reads.
        supported: u32,
    },
    /// A file could not be used.
    #[error("cannot {action} {path}")]
    File {
        /// What was tried, "open".
        action: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of a segment is damaged, or none of ours.
    #[error("cannot read the segment {path}: {reason}")]
    Segment {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The catalog could not be used.
    #[error("the catalog failed")]
    Catalog(#[from] rusqlite::Error),
}
