//! Directories that Burr's tracker writes to: read once for an import, or followed as they grow.
//!
//! A [`Place`] finds the applications in a directory, a [`Reader`] reads one of them from where it was the last time, and the
//! server follows whole directories with both: told by the system what has changed, it reads nothing while nothing happens.

mod door;
mod events;
mod follow;
mod lines;
mod place;
mod queue;
mod reader;
mod status;
#[cfg(test)]
mod tests;
mod work;

use std::{path::PathBuf, sync::Arc};

use jiff::tz::TimeZone;
use tokio::task::JoinSet;
use trackway_wire::burr::Zone;

pub use door::Importer;
pub use place::{Annotated, Application, Found, Place, Shape, Trouble};
pub use reader::{Chunk, Reader, annotations};
pub use status::{WatchState, Watched, Watching};

pub(crate) use door::Door;
pub(crate) use place::projects;
use status::{Teller, tellers};

/// Directories that are to be followed.
pub(crate) struct Watcher {
    paths: Vec<PathBuf>,
    tellers: Vec<Teller>,
    zone: Zone,
}

impl Watcher {
    /// Makes a watcher of directories, and what tells how it goes.
    pub(crate) fn new(paths: Vec<PathBuf>, zone: Option<TimeZone>) -> (Self, Watching) {
        let (tellers, watching) = tellers(&paths);
        (Self { paths, tellers, zone: zone_of(zone) }, watching)
    }

    /// Follows the directories until what is returned is dropped.
    pub(crate) fn start(self, door: &Arc<dyn Door>) -> JoinSet<()> {
        let Self { paths, tellers, zone } = self;
        let follow = |(path, teller): (PathBuf, Teller)| follow::follow(path, zone.clone(), Arc::clone(door), teller);
        paths.into_iter().zip(tellers).map(follow).collect()
    }
}

/// Returns how the local times of logs are to be read: in the zone that was named, or else as each log shows, and until it does
/// in that of this machine.
pub fn zone_of(named: Option<TimeZone>) -> Zone {
    named.map_or_else(|| Zone::Inferred { fallback: TimeZone::system() }, Zone::Named)
}
