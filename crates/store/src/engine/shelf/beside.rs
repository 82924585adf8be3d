//! What is published, for another process than the one that publishes.

use std::{io, path::Path, sync::Arc};

use rustix::process::{Resource, getrlimit, setrlimit};

use super::{OpenBounds, Snapshot, opened::Opened};
use crate::{
    Damage, Error,
    catalog::{LateEvent, Published, SegmentId},
    files::file_error,
};

/// How many file handles are left for everything else.
const SPARE_HANDLES: u64 = 128;

/// How often the catalog is read again because files that it named were replaced meanwhile.
const ATTEMPTS: u32 = 16;

impl Snapshot {
    /// Takes what is published now in a directory that another process may have open, with the events that came apart
    /// from their spans, and what is missing. Every file is held open, so that nothing vanishes from it later.
    pub(crate) fn beside(directory: &Path) -> Result<(Self, Vec<LateEvent>, Vec<Damage>), Error> {
        let (mut published, mut late) = Published::beside(directory)?;
        for _ in 0..ATTEMPTS {
            let (opened, missing) = hold(directory, &published)?;
            if !missing.is_empty() {
                (published, late) = Published::beside(directory)?;
                let is_still_named = |id: &SegmentId| published.segments.iter().any(|entry| entry.about.id == *id);
                if missing.iter().any(|id| !is_still_named(id)) {
                    continue;
                }
            }
            let (snapshot, damaged) = Self::new(directory, published, &Arc::new(opened));
            return Ok((snapshot, late, damaged));
        }
        let source =
            io::Error::new(io::ErrorKind::ResourceBusy, "its segments are replaced faster than they are opened");
        Err(file_error("read", directory)(source))
    }
}

/// Opens every file, and returns the segments of which one is missing.
fn hold(directory: &Path, published: &Published) -> Result<(Opened, Vec<SegmentId>), Error> {
    allow_handles(published.segments.len() as u64 * 2);
    let mut opened = Opened::new(OpenBounds { segments: 16, ..OpenBounds::default() });
    let mut missing = Vec::new();
    for entry in &published.segments {
        let path = directory.join(&entry.path);
        match opened.hold(entry.about.id, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(entry.about.id),
            held => held.map_err(file_error("open", &path))?,
        }
    }
    Ok((opened, missing))
}

/// Lets this process have as many files open as it needs, as far as it may decide that.
pub(super) fn allow_handles(files: u64) {
    let needed = files + SPARE_HANDLES;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        limit.current = Some(limit.maximum.map_or(needed, |maximum| maximum.min(needed)));
        // Where that is not allowed, opening the files says which one was too many.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
