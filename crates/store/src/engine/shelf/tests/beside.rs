//! Another process that reads what is published.

use std::{env, process::Command};

use super::*;
use crate::{Sealed, SegmentFilter};

fn names(sealed: &Sealed) -> String {
    let spans = sealed.spans(&SegmentFilter::default());
    spans.map(|span| span.unwrap().record.name.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn segments_are_read_beside_their_owner_and_stay_when_they_are_replaced() {
    let place = Place::new();
    place.flush(0, &[span(1, 1), span(2, 2)]);
    place.flush(2, &[span(1, 3), span(3, 4)]);
    place.shelf.delete(&[trace_id(2)], Position { file: 1, offset: 0 }).unwrap();
    place.shelf.publish(&Publication { late: vec![late(1, 3, 9, "slow")], ..Publication::default() }).unwrap();

    let sealed = Sealed::open(place.directory.path()).unwrap();
    let merged = place.write(0, &[span(1, 1), span(1, 3), span(3, 4)]);
    let removed = vec![SegmentId(1), SegmentId(2)];
    place.shelf.publish(&Publication { added: vec![merged], removed, ..Publication::default() }).unwrap();
    assert_eq!(place.files(), "000003.parquet 000003.tix");

    assert_eq!(names(&sealed), "s1 s3 s4");
    let trace = sealed.trace(trace_id(1)).unwrap();
    let shown: Vec<_> = trace.iter().map(|it| (&*it.record.name, it.late_events.len())).collect();
    assert_eq!(shown, [("s1", 0), ("s3", 1)]);
    assert_eq!(sealed.trace(trace_id(2)).unwrap(), []);
    assert_eq!(sealed.segments().iter().map(|it| (it.id, it.spans)).collect::<Vec<_>>(), [(1, 2), (2, 2)]);
    assert_eq!(sealed.projects()[0].span_count, 3);
    let now = Sealed::open(place.directory.path()).unwrap();
    assert_eq!((now.segments().len(), names(&now).as_str()), (1, "s1 s3 s4"));
}

#[test]
fn a_directory_without_segments_has_nothing_and_one_without_a_store_is_an_error() {
    let place = Place::new();
    assert_eq!(names(&Sealed::open(place.directory.path()).unwrap()), "");
    let directory = Arc::clone(&place.directory);
    drop(place);
    assert_eq!(names(&Sealed::open(directory.path()).unwrap()), "", "nobody has to have it open");
    assert!(Sealed::open(&directory.path().join("nowhere")).is_err());
}

/// The directory that this test is to read when it is started once more, as the other process.
const DIRECTORY: &str = "STORE_TEST_DIRECTORY";

#[test]
fn another_process_reads_what_its_owner_has_published() {
    if let Some(directory) = env::var_os(DIRECTORY) {
        println!("\nread: {}", names(&Sealed::open(Path::new(&directory)).unwrap()));
        return;
    }
    let place = Place::new();
    let read = || {
        let name = "engine::shelf::tests::beside::another_process_reads_what_its_owner_has_published";
        let mut other = Command::new(env::current_exe().unwrap());
        other.args(["--exact", name, "--nocapture"]).env(DIRECTORY, place.directory.path());
        let said = String::from_utf8(other.output().unwrap().stdout).unwrap();
        said.lines().find_map(|line| line.strip_prefix("read: ")).map(str::to_owned)
    };
    assert_eq!(read().as_deref(), Some(""));
    place.flush(0, &[span(1, 1), span(2, 2)]);
    assert_eq!(read().as_deref(), Some("s1 s2"));
    place.shelf.delete(&[trace_id(1)], Position { file: 1, offset: 0 }).unwrap();
    place.flush(2, &[span(3, 3)]);
    assert_eq!(read().as_deref(), Some("s2 s3"));
}
