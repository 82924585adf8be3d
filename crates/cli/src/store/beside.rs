//! An export beside the server that has the store open: from its segments.

use std::collections::HashSet;

use anyhow::Result;
use trackway_model::SpanRecord;
use trackway_store::{Sealed, SegmentFilter, SegmentSpan};

use super::output::Output;
use crate::import::Progress;

/// Hands every span of the segments to the output, segment by segment, and returns of how many traces they were.
pub(super) fn export(sealed: &Sealed, project: Option<&str>, is_quiet: bool, output: &mut Output) -> Result<u64> {
    let progress = Progress::begin(sealed.segments().iter().map(|segment| segment.spans).sum(), is_quiet);
    let mut traces = HashSet::new();
    for span in sealed.spans(&SegmentFilter::default()) {
        let record = with_late_events(span?);
        if project.is_none_or(|name| *record.project == *name) {
            traces.insert(record.trace_id);
            output.write(record)?;
        }
        progress.done();
    }
    progress.end();
    Ok(traces.len() as u64)
}

/// Puts the events of a span together that came with it and apart from it, as everything shows them that shows a span.
fn with_late_events(SegmentSpan { mut record, late_events, .. }: SegmentSpan) -> SpanRecord {
    let unseen: Vec<_> = late_events.into_iter().filter(|event| !record.events.contains(event)).collect();
    if !unseen.is_empty() {
        record.events.extend(unseen);
        record.events.sort_by_key(|event| event.time);
    }
    record
}
