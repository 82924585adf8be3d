#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use trackway_model::{SpanRecord, Status, StatusCode};

use super::*;
use crate::kit;

fn span(service: &str, name: &str, is_error: bool) -> SpanRecord {
    let code = if is_error { StatusCode::Error } else { StatusCode::Ok };
    let status = Status { code, message: Text::default() };
    SpanRecord { name: name.into(), status, resource: kit::resource(service), ..kit::span(1, 1, 1) }
}

/// Project, service, name, whether it failed, and the start of its trace.
type Counted = (u8, u8, u8, bool, u64);

fn tallies(counted: &[Counted]) -> Tallies {
    let mut tallying = Tallying::default();
    for (project, service, name, is_error, start) in counted {
        let project = Text::from(format!("project {project}"));
        tallying.note_trace(&project);
        let span = span(&service.to_string(), &format!("{name} of ä"), *is_error);
        tallying.note_span(&project, &span, Timestamp(*start));
    }
    tallying.finish()
}

fn counted() -> impl Strategy<Value = Vec<Counted>> {
    proptest::collection::vec((0..3_u8, 0..3_u8, 0..4_u8, any::<bool>(), any::<u64>()), 0..40)
}

proptest! {
    #[test]
    fn counts_are_read_as_they_were_written(all in counted()) {
        let all = tallies(&all);
        let bytes = all.encode();
        prop_assert_eq!(Tallies::decode(&bytes), Some(all));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 0x10);
            prop_assert_eq!(Tallies::decode(&damaged), None);
            prop_assert_eq!(Tallies::decode(bytes.split_at(at).0), None);
        }
    }

    #[test]
    fn what_was_added_can_be_taken_back(some in counted(), others in counted()) {
        let (some, others) = (tallies(&some), tallies(&others));
        let mut both = some.clone();
        both.add(&others);
        prop_assert_eq!(both.spans(), some.spans() + others.spans());
        both.subtract(&others);
        for (name, tally) in some.by_project() {
            both.set_last_start(name, tally.last_start);
        }
        prop_assert_eq!(both, some);
    }
}

#[test]
fn more_operations_than_are_told_apart_count_for_their_service() {
    let mut tallying = Tallying::default();
    for number in 0..5_000 {
        tallying.note_span(&"p".into(), &span("web", &number.to_string(), number == 4_999), Timestamp(1));
    }
    let tallies = tallying.finish();
    let services = tallies.services(None);
    let shown: Vec<_> = services.iter().map(|it| (it.span_count, it.error_count, it.operations.len())).collect();
    assert_eq!((shown, tallies.spans()), (vec![(5_000, 1, 4_096)], 5_000));
    let mut rest = tallies.clone();
    rest.subtract(&tallies);
    assert_eq!(rest, Tallies::default());
    assert!(tallies.encode().len() < 64 << 10);
}

#[test]
fn of_too_many_operations_those_with_the_most_spans_are_told_apart_and_all_are_counted() {
    let spans = (0..5_u8).flat_map(|name| (0..=name).map(move |_| (1, 1, name, false, 1)));
    let all = tallies(&spans.collect::<Vec<_>>());
    let mut limited = all.clone();
    limited.limit(2);
    let [service] = &limited.services(None)[..] else { panic!("one service") };
    assert_eq!((service.operations.join(", "), service.span_count), ("3 of ä, 4 of ä".to_owned(), 15));
    limited.subtract(&all);
    assert!(limited.is_empty(), "what was limited is taken back whole: {limited:?}");
}
