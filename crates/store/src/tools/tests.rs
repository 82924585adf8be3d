//! The tools over segments, damaged in every one of their files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use trackway_model::{Batch, SpanRecord, Timestamp};

use super::{Repair, backup, check, repair::segments::settle};
use crate::{Config, Decoder, Embedded, SegmentSpan, SegmentWriter, catalog::Catalog, kit, segment::Alone};

/// Spans of each of the two segments: several pages.
const SPANS: u64 = 4_000;

fn decoder() -> Decoder {
    Box::new(|_| Ok(Batch::default()))
}

fn span(number: u64) -> SpanRecord {
    let name = format!("work {}", number * 7_919 % 1_000).as_str().into();
    let start = 1_795_244_400_000_000_000 + number * 1_000_000;
    let end = Some(Timestamp(start + 500_000));
    SpanRecord { name, end, ..kit::span(u128::from(number / 7 + 1), number + 1, start) }
}

/// A directory with two segments that are published.
fn published() -> TempDir {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    drop(Embedded::open(Config::new(path), decoder()).unwrap());
    let day = path.join("segments/2026-11-21");
    fs::create_dir_all(&day).unwrap();
    for number in [0, 1] {
        let mut writer = SegmentWriter::new();
        for at in number * SPANS..(number + 1) * SPANS {
            writer.push(SegmentSpan { sequence: at, record: span(at), late_events: Vec::new() });
        }
        writer.finish(&day.join(format!("{:06}.parquet", number + 1))).unwrap();
    }
    fs::remove_file(path.join("catalog.db")).unwrap();
    settle(path).unwrap();
    assert_eq!(findings(path), "");
    directory
}

fn segment(directory: &Path, name: &str) -> PathBuf {
    directory.join("segments/2026-11-21").join(name)
}

/// What a check finds, a line each.
fn findings(directory: &Path) -> String {
    let report = check(directory, &decoder(), &mut |_| ()).unwrap();
    let line = |finding: &super::Finding| {
        format!("{}: {}\n", finding.file.strip_prefix(directory).unwrap().display(), finding.what)
    };
    report.findings.iter().map(line).collect()
}

fn mend(directory: &Path) {
    let decoder = decoder();
    let repair = Repair::begin(directory, &decoder, &mut |_| ()).unwrap();
    assert!(!repair.steps().is_empty());
    assert_eq!(repair.run(&mut |_| ()).unwrap().findings, []);
    assert_eq!(findings(directory), "");
}

fn spans(directory: &Path) -> u64 {
    check(directory, &decoder(), &mut |_| ()).unwrap().spans
}

fn flip(path: &Path, offset: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 1], offset).unwrap();
}

#[test]
fn a_damaged_page_costs_the_spans_in_it_alone() {
    let directory = published();
    let path = segment(directory.path(), "000001.parquet");
    flip(&path, fs::metadata(&path).unwrap().len() / 3);
    let found = findings(directory.path());
    assert!(found.contains("000001.parquet: its checksum does not match from here on"), "{found}");
    mend(directory.path());
    let left = spans(directory.path());
    assert!((SPANS..2 * SPANS).contains(&left), "{left}");
    assert!(directory.path().join("corrupt/000001.parquet").is_file());
}

#[test]
fn a_segment_without_its_footer_or_its_file_is_put_aside() {
    for is_missing in [false, true] {
        let directory = published();
        let path = segment(directory.path(), "000002.parquet");
        let length = fs::metadata(&path).unwrap().len();
        if is_missing {
            fs::remove_file(&path).unwrap()
        } else {
            flip(&path, length - 20)
        }
        let found = findings(directory.path());
        assert!(found.contains("000002.parquet: ") && found.contains("4000 "), "{found}");
        mend(directory.path());
        assert_eq!(spans(directory.path()), SPANS);
    }
}

#[test]
fn an_index_that_is_missing_or_damaged_is_made_again() {
    for damage in [None, Some(40), Some(2_000)] {
        let directory = published();
        let path = segment(directory.path(), "000001.tix");
        match damage {
            None => fs::remove_file(&path).unwrap(),
            Some(offset) => flip(&path, offset),
        }
        let found = findings(directory.path());
        assert!(found.starts_with("segments/2026-11-21/000001.tix: "), "{found}");
        mend(directory.path());
        assert_eq!(spans(directory.path()), 2 * SPANS);
    }
}

#[test]
fn a_catalog_that_counts_wrong_or_is_lost_is_made_again_from_the_segments() {
    let damage = [
        "UPDATE segments SET spans = 7 WHERE id = 1",
        "UPDATE segments SET tallies = x'00' WHERE id = 2",
        "UPDATE segments SET bloom = zeroblob(length(bloom))",
    ];
    for sql in damage {
        let directory = published();
        rusqlite::Connection::open(directory.path().join("catalog.db")).unwrap().execute(sql, []).unwrap();
        assert!(!findings(directory.path()).is_empty(), "{sql}");
        mend(directory.path());
        assert_eq!(spans(directory.path()), 2 * SPANS);
    }
    let directory = published();
    let path = directory.path().join("catalog.db");
    fs::write(&path, &fs::read(&path).unwrap()[..4096]).unwrap();
    mend(directory.path());
    assert_eq!(spans(directory.path()), 2 * SPANS);
}

#[test]
fn a_backup_copies_each_segment_once_and_drops_those_that_are_gone() {
    let (directory, to) = (published(), TempDir::new().unwrap());
    let copy = to.path().join("copy");
    let first = backup(directory.path(), &copy, &mut |_| ()).unwrap();
    assert_eq!((first.segments, spans(&copy)), (2, 2 * SPANS));
    let second = backup(directory.path(), &copy, &mut |_| ()).unwrap();
    assert_eq!(second.copied_files, first.copied_files - 4);
    fs::remove_file(segment(directory.path(), "000002.parquet")).unwrap();
    mend(directory.path());
    backup(directory.path(), &copy, &mut |_| ()).unwrap();
    assert_eq!(findings(&copy), "");
    assert_eq!(spans(&copy), SPANS);
    assert!(!segment(&copy, "000002.tix").exists());
}

#[test]
fn what_a_segment_keeps_of_a_span_outlives_a_repair() {
    let directory = published();
    let path = segment(directory.path(), "000001.parquet");
    let read = || {
        let mut spans = Vec::new();
        Alone::open(&path)
            .unwrap()
            .read(&mut |span| {
                spans.push(span);
                Ok(())
            })
            .unwrap();
        spans
    };
    let before = read();
    fs::remove_file(segment(directory.path(), "000001.tix")).unwrap();
    mend(directory.path());
    assert_eq!(read(), before);
    assert!(Catalog::open(directory.path(), directory.path()).is_ok());
}
