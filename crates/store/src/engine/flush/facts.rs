//! What lists tell of the traces of a flush.

use std::collections::{BTreeSet, HashMap};

use trackway_model::{Text, Timestamp, TraceId};

use super::{days::Row, shown::Shown};
use crate::engine::Sequence;

/// What is known of a trace as a whole.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The project that it lists under.
    pub(super) project: Text,
    /// Its earliest start.
    pub(super) start: Timestamp,
    /// The first of its rows that came, when no older segment counts it: the segment that has this row does.
    pub(super) first: Option<Sequence>,
}

/// Finds the facts of every trace that has rows.
pub(super) fn of_rows(rows: &[Row]) -> HashMap<TraceId, Facts> {
    let mut shown: HashMap<TraceId, Shown<'_>> = HashMap::new();
    for (sequence, span) in rows {
        shown.entry(span.trace_id).or_default().note(*sequence, span);
    }
    let facts = |(id, shown): (TraceId, Shown<'_>)| {
        let (project, start) = (shown.project()?.clone(), shown.start()?);
        Some((id, Facts { project, start, first: shown.first() }))
    };
    shown.into_iter().filter_map(facts).collect()
}

/// The conversations that spans name, each with its traces.
pub(super) fn conversations(rows: &[Row]) -> BTreeSet<(Text, TraceId)> {
    let named = |(_, span): &Row| Some((span.data.as_ref()?.conversation.clone()?, span.trace_id));
    rows.iter().filter_map(named).collect()
}
