//! Rows that are dead.

use super::*;
use crate::catalog::Published;

const NOWHERE: Position = Position { file: 1, offset: 0 };

#[test]
fn a_deleted_trace_is_gone_and_what_comes_later_is_there() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2), span(1, 3)]);
    let mut record = (*told(1, "run")).clone();
    record.project = "default".into();
    let notes = Publication {
        told: vec![(Timestamp(1), Arc::new(record))],
        late: vec![late(1, 1, 9, "a")],
        ..Publication::default()
    };
    place.shelf.publish(&notes).unwrap();
    let removed = place.shelf.delete(&[trace_id(1)], Position { file: 1, offset: 70 }).unwrap();
    assert_eq!(counts(&removed), "default: 1 traces 2 spans @1 [web 2/0 s1,s3]");
    let counted = "default: 1 traces 1 spans @2 [web 1/0 s2]";

    let place = place.reopened();
    assert_eq!((place.trace(1).as_str(), place.counts().as_str()), ("", counted));
    assert_eq!(place.catalog.deletions().unwrap()[&trace_id(1)], Position { file: 1, offset: 70 });
    let mut gathered = Default::default();
    place.shelf.pin().unwrap().catalog().gather(trace_id(1), &mut gathered).unwrap();
    assert_eq!((gathered.told, gathered.late.len()), (None, 0));
    place.flush(3, &[span(1, 4)]);
    assert_eq!(place.trace(1), "s4");
    assert_eq!(place.shelf.snapshot().gone_in(&place.shelf.snapshot().segments()[0]), [trace_id(1)]);
    assert_eq!(place.counts(), "default: 2 traces 2 spans @4 [web 2/0 s2,s4]");
}

#[test]
fn a_trace_is_taken_back_where_it_was_counted() {
    let place = Place::new();
    let [mut root, mut child] = [span(1, 2), span(1, 1)];
    root.project = "shop".into();
    child.parent_id = Some(root.span_id);
    let count = |spans: &[SpanRecord], project: &str| {
        let mut counted = Tallying::default();
        counted.note_trace(&project.into());
        spans.iter().for_each(|span| counted.note_span(&project.into(), span, spans[0].start));
        Arc::new(counted.finish())
    };
    // The root decides, not the earliest span; and of the other trace what its client told.
    let mut first = place.write(0, &[child.clone(), root.clone()]);
    first.tallies = count(&[child, root], "shop");
    let mut second = place.write(2, &[span(2, 3)]);
    second.tallies = count(&[span(2, 3)], "agents");
    let told = vec![(Timestamp(1), told(2, "run"))];
    place.shelf.publish(&Publication { added: vec![first, second], told, ..Publication::default() }).unwrap();
    assert_eq!(place.counts(), "agents: 1 traces 1 spans @3 [web 1/0 s3]\nshop: 1 traces 2 spans @1 [web 2/0 s1,s2]");
    place.shelf.delete(&[trace_id(2)], NOWHERE).unwrap();
    assert_eq!(place.counts(), "shop: 1 traces 2 spans @1 [web 2/0 s1,s2]");
    place.shelf.delete(&[trace_id(1)], NOWHERE).unwrap();
    assert_eq!(place.counts(), "");
}

#[test]
fn a_project_goes_with_its_counts() {
    let place = Place::new();
    let mut other = span(2, 2);
    other.project = "other".into();
    place.flush(0, &[span(1, 1), other]);
    place.shelf.delete(&[trace_id(1)], NOWHERE).unwrap();
    assert_eq!((place.trace(1).as_str(), place.trace(2).as_str()), ("", "s2"));
    assert_eq!(place.counts(), "other: 1 traces 1 spans @2 [web 1/0 s2]");
}

#[test]
fn what_was_deleted_while_a_segment_was_written_is_dead_in_it() {
    let place = Place::new();
    let added = vec![place.write(0, &[span(1, 1), span(2, 2)])];
    place.shelf.delete(&[trace_id(1)], NOWHERE).unwrap();
    place.shelf.publish(&Publication { added, deleted: vec![trace_id(1)], ..Publication::default() }).unwrap();
    let place = place.reopened();
    assert_eq!((place.trace(1).as_str(), place.trace(2).as_str()), ("", "s2"));
    assert_eq!(place.counts(), "default: 1 traces 1 spans @2 [web 1/0 s2]");
    place.flush(2, &[span(1, 3)]);
    assert_eq!(place.trace(1), "s3");
}

#[test]
fn rows_that_moved_forward_are_dead_where_they_were() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2)]);
    let mut moved = place.write(2, &[span(1, 1), span(1, 3)]);
    // All rows of the trace are here now, so it is counted here.
    let mut counted = Tallying::default();
    counted.note_trace(&"default".into());
    [span(1, 1), span(1, 3)].iter().for_each(|span| counted.note_span(&span.project, span, Timestamp(1)));
    moved.tallies = Arc::new(counted.finish());
    place
        .shelf
        .publish(&Publication { added: vec![moved], moved: vec![trace_id(1)], ..Publication::default() })
        .unwrap();
    assert_eq!(place.trace(1), "s1 s3");
    assert_eq!(place.counts(), "default: 2 traces 3 spans @2 [web 3/0 s1,s2,s3]");

    // What is merged meanwhile is as old as it was: the moved rows stay dead in it.
    let merged = place.write(0, &[span(1, 1), span(2, 2)]);
    let publication = Publication {
        added: vec![merged],
        removed: vec![SegmentId(1)],
        base: Some(place.shelf.snapshot()),
        ..Publication::default()
    };
    place.shelf.publish(&publication).unwrap();
    let place = place.reopened();
    assert_eq!(place.trace(1), "s1 s3");
}

#[test]
fn what_was_deleted_while_segments_were_merged_is_dead_in_the_new_one() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2)]);
    place.flush(2, &[span(1, 3)]);
    let base = Some(place.shelf.snapshot());
    let removed = vec![SegmentId(1), SegmentId(2)];
    let mut merged = place.write(0, &[span(1, 1), span(2, 2), span(1, 3)]);
    let mut tallies = (*place.shelf.snapshot().segments()[0].about().tallies).clone();
    tallies.add(&place.shelf.snapshot().segments()[1].about().tallies);
    merged.tallies = Arc::new(tallies);
    place.shelf.delete(&[trace_id(1)], NOWHERE).unwrap();
    place.shelf.publish(&Publication { added: vec![merged], removed, base, ..Publication::default() }).unwrap();
    let counted = "default: 1 traces 1 spans @2 [web 1/0 s2]";
    assert_eq!((place.trace(1).as_str(), place.counts().as_str()), ("", counted));
    let place = place.reopened();
    assert_eq!((place.trace(1).as_str(), place.counts().as_str()), ("", counted));
}

#[test]
fn dead_rows_are_forgotten_with_the_last_segment_that_has_them() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2)]);
    place.shelf.delete(&[trace_id(1)], NOWHERE).unwrap();
    place.flush(2, &[span(3, 3)]);
    let merged = place.write(0, &[span(2, 2)]);
    let publication = Publication { added: vec![merged], removed: vec![SegmentId(1)], ..Publication::default() };
    place.shelf.publish(&publication).unwrap();
    let noted = |place: &Place| Published::read(&place.catalog.readers().begin().unwrap()).unwrap().gone.len();
    assert_eq!(noted(&place), 0);
    place.shelf.delete(&[trace_id(2)], NOWHERE).unwrap();
    place.flush(3, &[span(4, 4)]);
    assert_eq!(noted(&place), 1, "its rows are still there");
}
