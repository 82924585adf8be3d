//! The rule by which records take each other's place, for one trace.

use std::sync::Arc;

use trackway_model::Timestamp;

use super::{
    late::{Late, LateEvent},
    link::Link,
    rows::{Belongs, Row, Rows},
};
use crate::{engine::Gathered, table::Fingerprints};

/// Leaves out the records that another one of the same trace takes the place of, and equal copies.
pub(in crate::engine) fn settle(gathered: Gathered) -> Gathered {
    let Gathered { mut spans, mut late, told, news } = gathered;
    let (mut rows, mut events, prints) = (Rows::default(), Late::default(), Fingerprints::default());
    spans.sort_by_key(|(sequence, _)| *sequence);
    late.sort_by_key(|(sequence, ..)| *sequence);
    let arrival = Timestamp::default();
    let belongs = Belongs { earlier: Link::NONE, is_spread: false };
    for (sequence, record) in spans {
        rows.insert(Row { sequence, arrival, record, is_only: false }, belongs, &prints, |_| {});
    }
    for (sequence, arrival, event) in late {
        let print = prints.of_late(&event);
        events.insert(LateEvent { sequence, arrival, event }, print, Link::NONE);
    }
    let spans = rows.live().map(|row| (row.sequence, Arc::clone(&row.record))).collect();
    let late = events.live().map(|late| (late.sequence, late.arrival, late.event.clone())).collect();
    Gathered { spans, late, told, news }
}
