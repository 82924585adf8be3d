//! Directories that trackers write to, Burr's or our own: read once for an import, or followed as they grow.
//!
//! A [`Place`] finds the applications in a directory, a [`Reader`] reads one of them from where it was the last time, and the
//! server follows whole directories with both: told by the system what has changed, it reads nothing while nothing happens.

mod burr;
mod door;
mod events;
mod follow;
mod lines;
mod native;
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

pub use burr::annotations;
pub use door::Importer;
pub use place::{Annotated, Application, Format, Found, Place, Shape, Trouble};
pub use reader::{Chunk, Reader};
pub use status::{WatchState, Watched, Watching};

pub(crate) use door::Door;
pub(crate) use place::projects;
use status::{Teller, tellers};

/// Directories that are to be followed.
pub(crate) struct Watcher {
    watches: Vec<Watch>,
    tellers: Vec<Teller>,
    zone: Zone,
}

/// A directory that is to be followed.
#[derive(Debug, Clone)]
struct Watch {
    path: PathBuf,
    whose: Whose,
}

/// Who named a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Somebody did; what is in it shows what it is.
    Named,
    /// Nobody: programs of this machine keep their projects there.
    Own,
}

impl Watcher {
    /// Makes a watcher of directories and of the one that programs of this machine keep their projects in, and what tells how
    /// it goes.
    pub(crate) fn new(paths: Vec<PathBuf>, own: Option<PathBuf>, zone: Option<TimeZone>) -> (Self, Watching) {
        let named = paths.into_iter().filter(|path| Some(path) != own.as_ref());
        let mut watches: Vec<_> = named.map(|path| Watch { path, whose: Whose::Named }).collect();
        watches.extend(own.map(|path| Watch { path, whose: Whose::Own }));
        let (tellers, watching) = tellers(&watches);
        (Self { watches, tellers, zone: zone_of(zone) }, watching)
    }

    /// Follows the directories until what is returned is dropped.
    pub(crate) fn start(self, door: &Arc<dyn Door>) -> JoinSet<()> {
        let Self { watches, tellers, zone } = self;
        let follow = |(watch, teller): (Watch, Teller)| follow::follow(watch, zone.clone(), Arc::clone(door), teller);
        watches.into_iter().zip(tellers).map(follow).collect()
    }
}

/// Returns how the local times of logs are to be read: in the zone that was named, or else as each log shows, and until it does
/// in that of this machine.
pub fn zone_of(named: Option<TimeZone>) -> Zone {
    named.map_or_else(|| Zone::Inferred { fallback: TimeZone::system() }, Zone::Named)
}
