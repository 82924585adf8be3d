//! What a head does that no question tells apart from what the memory store does.

use trackway_model::*;

use super::{Elsewhere, Head, Patience};
use crate::{Deleted, engine::Gathered, kit::*};

const MINUTE: u64 = 60_000_000_000;

fn late(trace: u128, span: u64, time: u64) -> SpanEvent {
    let event = Event { time: Timestamp(time), name: "event".into(), ..Event::default() };
    SpanEvent { trace_id: trace_id(trace), span_id: span_id(span), event }
}

fn batch(spans: impl IntoIterator<Item = SpanRecord>, events: impl IntoIterator<Item = SpanEvent>) -> Batch {
    Batch { spans: spans.into_iter().collect(), events: events.into_iter().collect(), traces: Vec::new() }
}

fn apply(head: &mut Head, arrival: u64, batch: Batch) -> crate::Ack {
    head.apply(batch, Timestamp(arrival), &mut |_| Elsewhere::Nothing)
}

fn events_of(head: &Head, trace: u128) -> Vec<u64> {
    let mut gathered = Gathered::default();
    head.gather(trace_id(trace), &mut gathered);
    let mut times: Vec<_> = gathered.late.iter().map(|(.., late)| late.event.time.0).collect();
    times.sort_unstable();
    times
}

#[test]
fn records_of_one_id_are_told_apart_however_many_there_are() {
    let mut head = Head::new(0);
    let many = || (0..20_000).map(|start| span(1, 1, start));
    assert_eq!(apply(&mut head, 1, batch(many(), [])).duplicates, 0);
    assert_eq!(apply(&mut head, 1, batch(many(), [])).duplicates, 20_000);
    assert!(head.knows(&batch([span(1, 1, 777)], [])));
    assert!(!head.knows(&batch([span(1, 1, 20_000)], [])));
    assert_eq!(head.spans(), 20_000);

    let latest = SpanRecord { repeats: Repeats::Replace, ..span(1, 1, 20_000) };
    apply(&mut head, 1, batch([latest], []));
    assert_eq!(head.rows().map(|row| row.record.start.0).collect::<Vec<_>>(), [20_000]);
    assert_eq!(head.next_sequence(), 40_001, "each record uses up a number");
}

#[test]
fn what_a_newer_record_took_the_place_of_frees_its_memory() {
    let mut head = Head::new(0);
    let anew = |start| SpanRecord { repeats: Repeats::Replace, ..span(1, 1, start) };
    apply(&mut head, 1, batch([anew(0)], []));
    let one = head.bytes();
    apply(&mut head, 1, batch((1..100).map(anew), []));
    assert!(head.bytes() < one * 50, "{} bytes, and {one} for one", head.bytes());
}

#[test]
fn a_head_that_all_was_deleted_of_is_empty() {
    let mut head = Head::new(0);
    let told = TraceRecord {
        trace_id: trace_id(2),
        original_id: "two".into(),
        name: "two".into(),
        group: None,
        metadata: Attributes::default(),
        project: "default".into(),
    };
    let spans = (1..4).map(|id| SpanRecord { repeats: Repeats::Replace, ..span(1, id % 2 + 1, id) });
    let all = Batch { traces: vec![told], ..batch(spans, [late(1, 1, 1), late(1, 9, 2), late(3, 1, 3)]) };
    apply(&mut head, 1, all);
    assert_eq!(head.delete(&[1, 2, 3, 4].map(trace_id)), Deleted { traces: 2, spans: 2 });
    assert!(head.is_empty());
    let tallies = head.tallies();
    assert_eq!((head.spans(), tallies.events_waiting, tallies.trace_records), (0, 0, 0));
    assert_eq!((head.rows().count(), head.late().count(), head.tellings().count()), (0, 0, 0));
}

#[test]
fn an_event_waits_ten_minutes_for_its_span() {
    let mut head = Head::new(0);
    apply(&mut head, 0, batch([], [late(1, 1, 1)]));
    apply(&mut head, 5 * MINUTE, batch([], [late(1, 2, 2)]));
    head.drop_waiting(Patience::CountAndAge(Timestamp(10 * MINUTE)));
    assert_eq!(events_of(&head, 1), [1, 2]);
    head.drop_waiting(Patience::CountAndAge(Timestamp(10 * MINUTE + 1)));
    assert_eq!(events_of(&head, 1), [2]);
    apply(&mut head, 11 * MINUTE, batch([span(1, 2, 0)], []));
    head.drop_waiting(Patience::CountAndAge(Timestamp(60 * MINUTE)));
    assert_eq!(events_of(&head, 1), [2], "its span came");
    let tallies = head.tallies();
    assert_eq!((tallies.events_dropped, tallies.events_waiting), (1, 0));
}

#[test]
fn a_hundred_thousand_events_wait() {
    let mut head = Head::new(0);
    apply(&mut head, 0, batch([], (0..100_002).map(|time| late(1, 1, time))));
    head.drop_waiting(Patience::CountAndAge(Timestamp(0)));
    let times = events_of(&head, 1);
    assert_eq!((times.len(), times.first()), (100_000, Some(&2)));
    apply(&mut head, 0, batch([], (0..3).map(|time| late(2, 1, time))));
    head.delete(&[trace_id(1)]);
    assert_eq!(head.tallies().events_waiting, 3);
}

#[test]
fn an_event_of_an_announced_span_is_not_dropped_and_shows_at_once() {
    let mut head = Head::new(0);
    head.announced.set([(trace_id(1), span_id(2))].into_iter());
    let ack = apply(&mut head, 0, batch([], [late(1, 1, 1), late(1, 2, 2)]));
    assert_eq!(ack.changed, [trace_id(1)]);
    head.drop_waiting(Patience::CountAndAge(Timestamp(11 * MINUTE)));
    assert_eq!(events_of(&head, 1), [2]);
    let mut next = head.succeed();
    assert_eq!(apply(&mut next, 0, batch([span(1, 5, 0)], [])).created, [], "a list shows the trace already");
    head.announced.set(std::iter::empty());
    head.drop_waiting(Patience::CountAndAge(Timestamp(22 * MINUTE)));
    assert_eq!(events_of(&head, 1), [0; 0]);
    assert!(head.is_empty());
}

#[test]
fn an_event_of_a_trace_that_older_parts_have_does_not_wait() {
    let mut head = Head::new(0);
    let ack = head.apply(batch([], [late(1, 1, 1)]), Timestamp(0), &mut |_| Elsewhere::Listed);
    assert_eq!((ack.changed, ack.created), (vec![trace_id(1)], vec![]));
    head.drop_waiting(Patience::CountAndAge(Timestamp(60 * MINUTE)));
    assert_eq!(events_of(&head, 1), [1]);
    assert!(head.is_spread(trace_id(1)));
}
