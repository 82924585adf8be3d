//! Publications.

use super::*;
use crate::catalog::Grouped;

#[test]
fn a_start_finds_what_was_published_and_opens_nothing_for_it() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(1, 2), span(2, 3)]);
    place.flush(3, &[span(1, 4), span(3, 5)]);
    let counted = "default: 3 traces 5 spans @5 [web 5/0 s1,s2,s3,s4,s5]";
    assert_eq!(place.counts(), counted);

    let place = place.reopened();
    let snapshot = place.shelf.snapshot();
    assert_eq!(place.damaged, []);
    assert_eq!((place.shelf.segments_opened(), snapshot.segments().len()), (0, 2));
    assert_eq!((place.counts().as_str(), snapshot.next_sequence()), (counted, 5));
    assert_eq!(place.trace(1), "s1 s2 s4");
    assert_eq!((place.shelf.segments_opened(), place.trace(3).as_str()), (2, "s5"));
    assert!(snapshot.is_there(trace_id(2)).unwrap() && !snapshot.is_there(trace_id(9)).unwrap());
}

#[test]
fn numbers_of_segments_are_never_used_twice() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    assert_eq!(place.shelf.reserve(), SegmentId(2));
    place.flush(1, &[span(2, 2)]);
    let place = place.reopened();
    assert_eq!(
        (place.shelf.reserve(), place.files().as_str()),
        (SegmentId(4), "000001.parquet 000001.tix 000003.parquet 000003.tix")
    );
}

#[test]
fn what_is_known_of_traces_is_found_until_it_is_forgotten() {
    let place = Place::new();
    let publication = Publication {
        told: vec![
            (Timestamp(7), told(1, "first")),
            (Timestamp(8), told(1, "second")),
            (Timestamp(9), told(1, "second")),
        ],
        late: vec![late(1, 4, 2, "b"), late(1, 4, 1, "a"), late(2, 4, 3, "c")],
        news: vec![(trace_id(1), Timestamp(9)), (trace_id(1), Timestamp(6)), (trace_id(2), Timestamp(3))],
        originals: vec![
            ("gen-1".into(), trace_id(2), SpanId::new([2; 8]).unwrap()),
            ("gen-1".into(), trace_id(1), SpanId::new([9; 8]).unwrap()),
        ],
        groups: [(1, 30), (2, 40), (1, 20)]
            .map(|(trace, start)| Grouped { group: "talk".into(), trace: trace_id(trace), start: Timestamp(start) })
            .into(),
        ..Publication::default()
    };
    place.shelf.publish(&publication).unwrap();
    let place = place.reopened();
    let pinned = place.shelf.pin().unwrap();
    let (asked, mut gathered) = (pinned.catalog(), Default::default());
    asked.gather(trace_id(1), &mut gathered).unwrap();

    assert_eq!(gathered.told, Some((Timestamp(8), told(1, "second"))), "what is told again is no news");
    let events: Vec<_> = gathered.late.iter().map(|(sequence, _, it)| (*sequence, &*it.event.name)).collect();
    assert_eq!((events, gathered.news), (vec![(1, "a"), (2, "b")], Timestamp(9)));
    let found: Vec<_> = asked.originals("gen-1").unwrap().into_iter().map(|(trace, _)| trace).collect();
    assert_eq!((found, asked.originals("gen").unwrap().len()), (vec![trace_id(1), trace_id(2)], 0));
    assert_eq!(asked.group("talk", None, 9).unwrap(), [(Timestamp(40), trace_id(2)), (Timestamp(20), trace_id(1))]);
    let behind = Some((Timestamp(40), trace_id(2).bytes()));
    assert_eq!(asked.group("talk", behind, 9).unwrap(), [(Timestamp(20), trace_id(1))]);
    assert_eq!(
        (asked.group("talk", None, 1).unwrap().len(), asked.count_late().unwrap(), pinned.has_notes()),
        (1, 3, true)
    );

    let settled = asked.late(trace_id(2)).unwrap().iter().map(|it| it.id).collect();
    drop(pinned);
    let publication =
        Publication { forgotten: vec![trace_id(1)], settled, quiet: vec![trace_id(2)], ..Publication::default() };
    place.shelf.publish(&publication).unwrap();
    let pinned = place.shelf.pin().unwrap();
    let asked = pinned.catalog();
    let mut gathered = Default::default();
    [1, 2].into_iter().for_each(|trace| asked.gather(trace_id(trace), &mut gathered).unwrap());
    assert_eq!((gathered.told, gathered.late.len(), gathered.news), (None, 0, Timestamp(0)));
    assert_eq!((asked.originals("gen-1").unwrap().len(), asked.group("talk", None, 9).unwrap().len()), (1, 1));
}

#[test]
fn a_trace_told_of_is_alone_until_a_span_of_it_comes() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    let told = [(1, 5), (2, 6), (3, 6), (4, 8)].map(|(trace, at)| (Timestamp(at), told(trace, "run")));
    place.shelf.publish(&Publication { told: told.into(), ..Publication::default() }).unwrap();
    let alone = |before, project| {
        let pinned = place.shelf.pin().unwrap();
        let found = pinned.catalog().told_alone(before, project, 9).unwrap();
        found.iter().map(|it| it.record.trace_id).collect::<Vec<_>>()
    };
    assert_eq!(alone(None, None), [trace_id(4), trace_id(3), trace_id(2)]);
    assert_eq!(alone(Some((Timestamp(6), trace_id(3).bytes())), Some("agents")), [trace_id(2)]);
    assert_eq!(alone(None, Some("others")), []);
    place.flush(1, &[span(3, 2)]);
    assert_eq!(alone(None, None), [trace_id(4), trace_id(2)]);
    let counted = place.shelf.pin().unwrap().catalog().count_told_alone().unwrap();
    assert_eq!(counted, [(Text::from("agents"), 2, Timestamp(8))]);
}

#[test]
fn whoever_has_pinned_a_state_sees_nothing_of_the_next() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    let pinned = place.shelf.pin().unwrap();
    let publication = Publication {
        added: vec![place.write(1, &[span(1, 2)])],
        told: vec![(Timestamp(1), told(1, "run"))],
        ..Publication::default()
    };
    place.shelf.publish(&publication).unwrap();
    assert_eq!((shown(&pinned, 1).as_str(), pinned.catalog().told(trace_id(1)).unwrap()), ("s1", None));
    let pinned = place.shelf.pin().unwrap();
    assert_eq!((shown(&pinned, 1).as_str(), pinned.catalog().told(trace_id(1)).unwrap().is_some()), ("s1 s2", true));
}

#[test]
fn whoever_asks_while_much_is_published_sees_segments_and_notes_of_one_publication() {
    const PUBLICATIONS: usize = 40;
    let place = Place::new();
    let seen = std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut seen = 0;
            while seen < PUBLICATIONS {
                let pinned = place.shelf.pin().unwrap();
                let told = pinned.catalog().told_alone(None, None, usize::MAX >> 1).unwrap().len();
                assert_eq!((told, pinned.next_sequence()), (pinned.segments().len(), told as u64));
                seen = told;
            }
            seen
        });
        for at in 0..PUBLICATIONS as u64 {
            let added = vec![place.write(at, &[span(1, at + 1)])];
            let told = vec![(Timestamp(at), told(u128::from(at) + 100, "run"))];
            let flushed = Some(Flushed { position: Position { file: 1, offset: at }, next_sequence: at + 1 });
            place.shelf.publish(&Publication { added, told, flushed, ..Publication::default() }).unwrap();
        }
        asked.join().unwrap()
    });
    assert_eq!(seen, PUBLICATIONS);
}

#[test]
fn replaced_files_stay_for_those_who_read_them_and_then_go() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    place.flush(1, &[span(2, 2)]);
    let before = place.shelf.snapshot();
    let merged = place.write(0, &[span(1, 1), span(2, 2)]);
    let publication =
        Publication { added: vec![merged], removed: vec![SegmentId(1), SegmentId(2)], ..Publication::default() };
    place.shelf.publish(&publication).unwrap();

    assert_eq!(place.shelf.snapshot().segments().len(), 1);
    assert_eq!((shown(&before, 1).as_str(), shown(&before, 2).as_str()), ("s1", "s2"));
    drop(before);
    assert_eq!((place.files().as_str(), place.trace(2).as_str()), ("000003.parquet 000003.tix", "s2"));
    let place = place.reopened();
    assert_eq!((place.files().as_str(), place.trace(1).as_str()), ("000003.parquet 000003.tix", "s1"));
}

#[test]
fn a_lag_only_grows() {
    let place = Place::new();
    place.flush(0, &[span(1, 1)]);
    let lags = || place.shelf.snapshot().segments().iter().map(|it| it.lag()).collect::<Vec<_>>();
    for (told, kept) in [(5, 5), (3, 5), (u64::MAX, u64::MAX), (7, u64::MAX)] {
        place.shelf.publish(&Publication { lags: vec![(SegmentId(1), told)], ..Publication::default() }).unwrap();
        assert_eq!(lags(), [kept]);
    }
    let place = place.reopened();
    assert_eq!(place.shelf.snapshot().segments()[0].lag(), u64::MAX, "more than the catalog keeps is any");
}

#[test]
fn no_more_segments_are_open_than_are_allowed() {
    let place = Place::new();
    (0..6).for_each(|at| place.flush(at, &[span(u128::from(at) + 1, at + 1)]));
    let directory = Arc::clone(&place.directory);
    drop(place);
    let place = Place::at(directory, OpenBounds { segments: 2, ..OpenBounds::default() });
    [1, 2, 1, 2].into_iter().for_each(|trace| assert_eq!(place.trace(trace), format!("s{trace}")));
    assert_eq!(place.shelf.segments_opened(), 2);
    (1..=6).for_each(|trace| assert_eq!(place.trace(trace), format!("s{trace}")));
    assert_eq!(place.shelf.segments_opened(), 6);
    assert_eq!((place.trace(6), place.shelf.segments_opened()), ("s6".into(), 6));
    assert_eq!((place.trace(1), place.shelf.segments_opened()), ("s1".into(), 7));
}

#[test]
fn a_burst_of_changes_leaves_nothing_beside_the_catalog() {
    let place = Place::new();
    let grouped = |trace| Grouped { group: "talk".into(), trace: trace_id(trace), start: Timestamp(1) };
    let publication = Publication { groups: (1..30_000).map(grouped).collect(), ..Publication::default() };
    place.shelf.publish(&publication).unwrap();
    let beside = place.directory.path().join("catalog.db-wal");
    assert!(beside.metadata().unwrap().len() > 1 << 20);
    let pinned = place.shelf.pin().unwrap();
    place.shelf.publish(&Publication { settled: vec![1], ..Publication::default() }).unwrap();
    place.catalog.tidy().unwrap();
    assert!(beside.metadata().unwrap().len() > 0, "what somebody reads stays");
    drop(pinned);
    place.catalog.tidy().unwrap();
    assert_eq!(beside.metadata().unwrap().len(), 0);
}

#[test]
fn a_trace_counts_in_the_part_that_is_left_when_its_first_part_goes() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2), span(3, 3)]);
    place.flush(3, &[span(1, 4), span(4, 5)]);
    place.flush(5, &[span(1, 6)]);
    assert_eq!(place.counts(), "default: 4 traces 6 spans @6 [web 6/0 s1,s2,s3,s4,s5,s6]");
    let go = |segment| Publication {
        removed: vec![SegmentId(segment)],
        inherited: vec![trace_id(1), trace_id(2)],
        ..Publication::default()
    };
    place.shelf.publish(&go(1)).unwrap();
    assert_eq!(place.counts(), "default: 2 traces 3 spans @6 [web 3/0 s4,s5,s6]");
    place.shelf.publish(&go(3)).unwrap();
    assert_eq!(place.counts(), "default: 2 traces 2 spans @5 [web 2/0 s4,s5]");
    assert_eq!(place.reopened().counts(), "default: 2 traces 2 spans @5 [web 2/0 s4,s5]");
}
