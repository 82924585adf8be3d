//! Spans that other traces hang below: whose client gave them an id that a span of the other names as its parent.

use std::{collections::BTreeSet, sync::Arc};

use trackway_model::{Text, TraceId};

use super::{
    super::{
        Gathered,
        heads::{Heads, Side},
        shelf::{Pinned, Shelf},
    },
    MOST_ROWS,
};
use crate::table::Far;

/// Returns what knows the ids that clients gave the spans of all parts.
pub(super) fn far(heads: &Arc<Heads>, shelf: &Arc<Shelf>) -> Far {
    // A view, which the heads own, has it.
    let (heads, shelf) = (Arc::downgrade(heads), Arc::clone(shelf));
    Arc::new(move |id: &Text, trace: TraceId| {
        let Some(heads) = heads.upgrade() else { return false };
        let sides: Vec<_> = heads.frozen().into_iter().chain([heads.active()]).collect();
        // A catalog that cannot be read is an error for the question itself, which reads it as well.
        let Ok(pinned) = shelf.pin() else { return false };
        let mut others: BTreeSet<_> = sides.iter().flat_map(|side| found_in(side, id)).collect();
        others.extend(pinned.catalog().originals(id).unwrap_or_default().into_iter().map(|(other, _)| other));
        others.remove(&trace);
        others.into_iter().any(|other| counts(&pinned, &sides, other, id))
    })
}

fn found_in(side: &Side, id: &Text) -> Vec<TraceId> {
    side.head().find_original(id).map(|(other, _)| other).collect()
}

/// Returns true when a record of a trace that counts has the id: what a part has of a span, another may supersede. Of a
/// trace that is too large to be looked at, or cannot be read, it is taken to be so.
fn counts(pinned: &Pinned, sides: &[Arc<Side>], trace: TraceId, id: &Text) -> bool {
    let (mut gathered, mut rows) = (Gathered::default(), 0);
    for shelved in pinned.holding(trace) {
        let Ok(segment) = shelved.open() else { return true };
        rows += segment.listed(trace).ok().flatten().map_or(0, |listed| listed.spans);
        let mut keep = |_, span: crate::SegmentSpan| gathered.spans.push((span.sequence, Arc::new(span.record)));
        if rows > MOST_ROWS || segment.gather(&[trace], &mut keep).is_err() {
            return true;
        }
    }
    sides.iter().for_each(|side| side.head().gather(trace, &mut gathered));
    let has_id = |record: &trackway_model::SpanRecord| record.foreign.as_ref().is_some_and(|foreign| foreign.id == *id);
    gathered.settled().spans.iter().any(|(_, record)| has_id(record))
}
