//! Events that came apart from their spans and were written without them: they do not wait for ever.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use trackway_model::{SpanId, Timestamp, TraceId};

use crate::{
    Error,
    engine::{Pinned, Shared},
};

/// How long an event waits for its span.
const PATIENCE: Duration = Duration::from_secs(600);

/// How many of them are looked at together.
const EVENTS_AT_ONCE: usize = 10_000;

/// In a trace with more rows than this nobody looks for a span: its events stay.
const MOST_ROWS: u64 = 10_000;

/// Returns the numbers of events that waited for too long, and whose spans are nowhere.
pub(super) fn overdue(shared: &Shared, now: Timestamp) -> Result<Vec<i64>, Error> {
    let pinned = shared.shelf.pin()?;
    if !pinned.has_notes() {
        return Ok(Vec::new());
    }
    let patience = u64::try_from(PATIENCE.as_nanos()).unwrap_or(u64::MAX);
    let since = Timestamp(now.0.saturating_sub(patience));
    let mut waiting: HashMap<TraceId, Vec<(i64, SpanId)>> = HashMap::new();
    for (number, trace, span) in pinned.catalog().late_before(since, EVENTS_AT_ONCE)? {
        waiting.entry(trace).or_default().push((number, span));
    }
    let mut overdue = Vec::new();
    for (trace, events) in waiting {
        let sides = [Some(shared.heads.active()), shared.heads.frozen()];
        let is_in_head = sides.into_iter().flatten().any(|side| side.head().contains(trace));
        if is_in_head {
            continue;
        }
        if let Some(spans) = spans_of(&pinned, trace)? {
            overdue.extend(events.into_iter().filter(|(_, span)| !spans.contains(span)).map(|(number, _)| number));
        }
    }
    Ok(overdue)
}

/// Returns the spans that segments have of a trace; `None` when there are too many to look at.
fn spans_of(pinned: &Pinned, trace: TraceId) -> Result<Option<HashSet<SpanId>>, Error> {
    let mut spans = HashSet::new();
    for shelved in pinned.holding(trace) {
        let segment = shelved.open()?;
        let rows = segment.listed(trace)?.map_or(0, |listed| listed.spans);
        if rows > MOST_ROWS {
            return Ok(None);
        }
        if rows > 0 {
            segment.gather(&[trace], &mut |_, span| spans.extend([span.record.span_id]))?;
        }
    }
    Ok(Some(spans))
}
