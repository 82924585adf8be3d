//! Where the steps of an application are kept.
//!
//! ```text
//!   application ──► Tracking ──► Lane ──► Sink
//!   tells facts     deadlines    queue    writes, on the lane's thread
//!                   and counts
//! ```

mod directory;
mod exit;
#[cfg(feature = "http")]
mod http;
mod lane;
mod memory;
mod ticket;
mod timer;
mod tracking;
mod weight;

use std::{sync::Arc, time::Duration};

use trackway_model::{AppRecord, RunKey, Text};

use crate::{Entry, Fault};

pub use self::directory::Directory;
#[cfg(feature = "http")]
pub use self::http::Server;
pub use self::lane::{Bounds, Lane};
pub use self::memory::Memory;
pub(crate) use self::tracking::{Teller, Tracking};

/// Keeps what applications tell of their steps.
///
/// The work is done by the [`Sink`] of its [`Lane`], away from the application's thread. One tracker may be given to many
/// applications: they share its lane.
pub trait Tracker: Send + Sync + 'static {
    /// Returns what messages call it: `directory /home/ada/.trackway/projects`.
    fn name(&self) -> Text;

    /// Returns the way to its sink. It is the same one at every call.
    fn lane(&self) -> &Lane;

    /// Makes ready for a run: called once for every application object, on its thread, before its first fact.
    ///
    /// # Errors
    /// [`OpenError::InUse`] refuses the application with [`Error::InUse`](crate::Error::InUse); with [`OpenError::Failed`] it goes on without this tracker, unless its
    /// trackers are strict.
    fn open(&self, run: &Arc<RunKey>, record: &Arc<AppRecord>, how: Opening) -> Result<(), OpenError> {
        let _ = (run, record, how); // A tracker that needs no preparation is ready.
        Ok(())
    }

    /// Waits until all that it was told is durable, at most for `within`; returns false when that is not known then.
    fn flush(&self, within: Duration) -> bool {
        self.lane().flush(within)
    }
}

impl<T: Tracker + ?Sized> Tracker for Arc<T> {
    fn name(&self) -> Text {
        (**self).name()
    }

    fn lane(&self) -> &Lane {
        (**self).lane()
    }

    fn open(&self, run: &Arc<RunKey>, record: &Arc<AppRecord>, how: Opening) -> Result<(), OpenError> {
        (**self).open(run, record, how)
    }

    fn flush(&self, within: Duration) -> bool {
        (**self).flush(within)
    }
}

/// Writes entries, one group after another, on the thread of its [`Lane`].
///
/// It may be slow, and it may block: whoever tells it facts has deadlines. After a panic it is not called again.
pub trait Sink: Send + 'static {
    /// Takes entries, and returns for each of them, in order, whether it was taken.
    ///
    /// What was taken is durable after the next [`sync`](Self::sync), or at once if that does nothing here. After an entry
    /// that was not taken, further ones of the same application object are left out, except [`Fact::Closed`](crate::Fact::Closed).
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>>;

    /// Makes all durable that was taken. Called when somebody waits for that, and at least every 200 ms while there is news.
    ///
    /// # Errors
    /// Why that failed; then all that was taken since the last call counts as lost.
    fn sync(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// How an application object comes to its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It begins it.
    New,
    /// It goes on with one that was loaded.
    GoesOn,
    /// It goes on with one that was loaded from this tracker, when so much was [kept](crate::Saved::kept) of it.
    GoesOnFrom(u64),
}

/// Why a tracker is not ready for a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The run is not free: another application object writes it, or has done so since it was loaded.
    #[error("{why}")]
    InUse {
        /// Who writes it, `process 7` for example; `None` when nobody does so now.
        holder: Option<Text>,
        /// What is wrong, and what to do about it.
        #[source]
        why: Fault,
    },
    /// Anything else.
    #[error("{0}")]
    Failed(#[source] Fault),
}

/// When a step counts as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When every tracker has made it durable: the next step begins only then.
    #[default]
    Step,
    /// At once; trackers follow as fast as they can.
    Eventual,
}

/// What became of one tracker of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrackerReport {
    /// What it is called.
    pub name: Text,
    /// Why the application goes on without it, if it does.
    pub failure: Option<Text>,
    /// How many ended steps it does not have, as far as is known.
    pub missed_steps: u64,
    /// How many attributes and spans of steps it does not have because it could not follow. Steps wait for room, these do not.
    pub missed_notes: u64,
}

/// A tracker failed, and the application was told to take that seriously.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tracker {tracker} failed: {what}")]
pub struct TrackerError {
    /// What the tracker is called.
    pub tracker: Text,
    /// What happened to it.
    pub what: Text,
}
