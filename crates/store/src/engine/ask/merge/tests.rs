#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use trackway_model::Text;

use super::*;
use crate::{TraceStatus, cursor::trace_place};

/// A part of the store that lists what it has of some traces.
struct Part {
    /// The newest last.
    listed: Vec<TracePlace>,
    at_once: usize,
}

impl Source for Part {
    fn before(&self) -> Option<TracePlace> {
        self.listed.last().map(|place| just_above(*place))
    }

    fn pull(&mut self, _most: usize) -> Result<Pulled, Error> {
        let rest = self.listed.len().saturating_sub(self.at_once);
        let named = self.listed.split_off(rest).into_iter().map(|place| (place, TraceId::new(place.1).unwrap()));
        Ok(Pulled { named: named.collect(), found: Vec::new(), scanned: 1 })
    }
}

fn summary(id: TraceId, start: Timestamp) -> TraceSummary {
    TraceSummary {
        trace_id: id,
        root_name: Text::default(),
        has_root: true,
        service: Text::default(),
        project: Text::default(),
        start,
        duration: trackway_model::Elapsed(0),
        status: TraceStatus::Ok,
        span_count: 1,
        error_count: 0,
        open_count: 0,
        services: Vec::new(),
        outline: Vec::new(),
        about: None,
        group: None,
        failure: None,
        agents: None,
    }
}

/// Traces by number, each with the starts of its parts: which part has it, and from when on.
type Traces = Vec<Vec<(usize, u64)>>;

fn id(number: usize) -> TraceId {
    TraceId::new((number as u128 + 1).to_be_bytes()).unwrap()
}

fn parts(traces: &Traces, before: Option<TracePlace>, at_once: usize) -> Vec<Box<dyn Source + 'static>> {
    let part = |number: usize| -> Box<dyn Source> {
        let of_part = traces.iter().enumerate().flat_map(|(trace, parts)| parts.iter().map(move |part| (trace, part)));
        let mut listed: Vec<_> = of_part
            .filter(|(_, (part, _))| *part == number)
            .map(|(trace, (_, start))| trace_place(Timestamp(*start), id(trace)))
            .filter(|place| before.is_none_or(|before| *place < before))
            .collect();
        listed.sort_unstable();
        Box::new(Part { listed, at_once })
    };
    (0..4).map(part).collect()
}

fn is_wanted(trace: usize) -> bool {
    trace % 3 != 1
}

fn place(traces: &Traces, trace: usize) -> Option<TracePlace> {
    traces[trace].iter().map(|(_, start)| trace_place(Timestamp(*start), id(trace))).min()
}

fn judge(traces: &Traces, ids: Vec<TraceId>) -> Judged {
    let number = |id: TraceId| u128::from_be_bytes(id.bytes()) as usize - 1;
    let wanted = ids.into_iter().map(number).filter(|trace| is_wanted(*trace));
    let found = wanted.filter_map(|trace| Some((place(traces, trace)?, trace)));
    Judged {
        found: found.map(|(place, trace)| (place, summary(id(trace), place.0))).collect(),
        scanned: 1,
        ..Judged::default()
    }
}

proptest! {
    #[test]
    fn pages_are_the_whole_list_in_order(
        traces in vec(vec((0..4usize, 0..40u64), 0..4), 0..60),
        most in 1..20usize,
        at_once in 1..9usize,
        has_time in any::<bool>(),
    ) {
        let mut expected: Vec<_> = (0..traces.len()).filter(|it| is_wanted(*it)).filter_map(|it| place(&traces, it)).collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));

        let (mut before, mut found) = (None, Vec::new());
        for _ in 0..400 {
            let stop = if has_time { Instant::now() + Duration::from_secs(60) } else { Instant::now() };
            let limits = Limits { before, most, stop, is_unwanted: &|| false };
            let sources = parts(&traces, before, at_once);
            let merged = merge(sources, &mut |ids| Ok(judge(&traces, ids)), &limits).unwrap();
            prop_assert!(merged.found.len() <= most);
            prop_assert!(!has_time || merged.cut.is_none());
            let is_over = merged.found.len() < most && merged.cut.is_none();
            let next = merged.cut.or(merged.found.last().map(|(place, _)| *place));
            prop_assert!(is_over || before.is_none() || next < before, "a search that goes on gets further");
            found.extend(merged.found.into_iter().map(|(place, _)| place));
            before = next;
            if is_over {
                break;
            }
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn who_is_not_waited_for_any_more_stops() {
    let traces: Traces = (0..50).map(|start| vec![(0, start)]).collect();
    let limits =
        Limits { before: None, most: 50, stop: Instant::now() + Duration::from_secs(60), is_unwanted: &|| true };
    let merged = merge(parts(&traces, None, 1), &mut |ids| Ok(judge(&traces, ids)), &limits).unwrap();
    assert!(merged.found.is_empty() && merged.cut.is_some());
}

#[test]
fn a_page_reads_no_more_than_it_needs() {
    let traces: Traces = (0..1000).map(|start| vec![((start % 4) as usize, start)]).collect();
    let mut judged = 0;
    let limits =
        Limits { before: None, most: 10, stop: Instant::now() + Duration::from_secs(60), is_unwanted: &|| false };
    let merged = merge(
        parts(&traces, None, 10),
        &mut |ids| {
            judged += ids.len();
            Ok(judge(&traces, ids))
        },
        &limits,
    )
    .unwrap();
    assert_eq!(merged.found.len(), 10);
    assert!(judged <= 40, "{judged} traces were judged");
}
