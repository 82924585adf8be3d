//! What older parts have of a trace that comes.

use std::sync::Arc;

use trackway_model::TraceId;

use super::{Elsewhere, Pinned, Shared, Side};
use crate::Error;

/// The parts older than the active head, asked for one batch; the catalog only when it is needed.
pub(super) struct Older<'a> {
    shared: &'a Shared,
    frozen: Option<Arc<Side>>,
    published: Option<Pinned>,
}

impl<'a> Older<'a> {
    pub(super) fn of(shared: &'a Shared) -> Self {
        Self { shared, frozen: shared.heads.frozen(), published: None }
    }

    /// Returns what they have of a trace. Where that cannot be read, they may have it: nobody is told that it is new.
    pub(super) fn has(&mut self, id: TraceId) -> Elsewhere {
        let frozen = self.frozen.as_ref().map_or(Elsewhere::Nothing, |side| side.head().has(id));
        if frozen == Elsewhere::Listed {
            return frozen;
        }
        match self.published(id).unwrap_or(Elsewhere::Listed) {
            Elsewhere::Nothing => frozen,
            found => found,
        }
    }

    fn published(&mut self, id: TraceId) -> Result<Elsewhere, Error> {
        let pinned = match &mut self.published {
            Some(pinned) => pinned,
            None => self.published.insert(self.shared.shelf.pin()?),
        };
        if pinned.is_there(id)? {
            return Ok(Elsewhere::Listed);
        }
        if !pinned.has_notes() {
            return Ok(Elsewhere::Nothing);
        }
        if pinned.catalog().told(id)?.is_some() {
            return Ok(Elsewhere::Listed);
        }
        Ok(if pinned.catalog().late(id)?.is_empty() { Elsewhere::Nothing } else { Elsewhere::Events })
    }
}
