//! What published segments have of a trace.

use std::sync::Arc;

use trackway_model::{Text, TraceId};

use super::super::{Pinned, Shelved};
use crate::{
    Error,
    segment::{Flags, Listed},
};

/// What one segment has of a trace.
pub(super) struct Portion {
    pub(super) shelved: Arc<Shelved>,
    pub(super) listed: Listed,
}

/// Returns what segments have of a trace, the oldest first; one that is damaged has nothing.
pub(super) fn portions(pinned: &Pinned, id: TraceId) -> Vec<Portion> {
    let mut portions = Vec::new();
    for shelved in pinned.holding(id) {
        // Whoever asks that segment next counts and tells the damage; what is to be written is written all the same.
        if let Ok(Some(listed)) = shelved.open().and_then(|segment| segment.listed(id)) {
            portions.push(Portion { shelved: Arc::clone(shelved), listed });
        }
    }
    portions
}

/// Returns how many spans segments have of a trace.
pub(super) fn spans(portions: &[Portion]) -> u64 {
    portions.iter().map(|portion| portion.listed.spans).sum()
}

/// Returns the project that a client told of a trace.
pub(super) fn told_project(pinned: &Pinned, id: TraceId) -> Result<Option<Text>, Error> {
    Ok(pinned.catalog().told(id)?.map(|told| told.record.project.clone()))
}

/// Returns the project that all rows of some portions name, when they name one.
pub(super) fn agreed(portions: &[Portion]) -> Option<&Text> {
    let first = &portions.first()?.listed.project;
    let agrees = |portion: &Portion| portion.listed.project == *first && !portion.listed.flags.meets(Flags::MIXED);
    portions.iter().all(agrees).then_some(first)
}
