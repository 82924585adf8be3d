//! Segments: what was written is what is read, and what became damaged says so.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod arbitrary;
mod kept;
mod long;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use proptest::{collection::vec, prelude::*};
use trackway_model::{
    Attributes, Elapsed, Resource, Scope, SpanId, SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp, TraceId,
    Value,
};
use trackway_store::{Error, Segment, SegmentFilter, SegmentSpan, SegmentWriter, Written};

const SECOND: u64 = 1_000_000_000;

fn trace_id(number: u128) -> TraceId {
    TraceId::new(number.to_be_bytes()).unwrap()
}

fn span(trace: u128, id: u64, start: u64) -> SpanRecord {
    let service: Attributes = [("service.name", Value::from("shop"))].into_iter().collect();
    SpanRecord {
        trace_id: trace_id(trace),
        span_id: SpanId::new(id.to_be_bytes()).unwrap(),
        parent_id: None,
        flags: 1,
        trace_state: Text::default(),
        name: "work".into(),
        kind: SpanKind::Server,
        start: Timestamp(start),
        end: Some(Timestamp(start.wrapping_add(5))),
        attributes: [("n", Value::Int(id as i64))].into_iter().collect(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Default::default(),
        scope: Arc::new(Scope::default()),
        resource: Arc::new(Resource { attributes: service, ..Resource::default() }),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

fn write(path: &Path, spans: &[SpanRecord]) -> Written {
    write_all(path, in_order(spans))
}

fn write_all(path: &Path, spans: Vec<SegmentSpan>) -> Written {
    let mut writer = SegmentWriter::new();
    spans.into_iter().for_each(|span| writer.push(span));
    writer.finish(path).unwrap()
}

fn all(segment: &Segment) -> Vec<SegmentSpan> {
    segment.spans(&SegmentFilter::default()).unwrap().collect::<Result<_, _>>().unwrap()
}

/// The order that the format promises.
fn in_order(spans: &[SpanRecord]) -> Vec<SegmentSpan> {
    let spans = (0..).zip(spans).map(|(sequence, record)| SegmentSpan {
        sequence,
        record: record.clone(),
        late_events: Vec::new(),
    });
    sorted(spans.collect())
}

fn sorted(mut spans: Vec<SegmentSpan>) -> Vec<SegmentSpan> {
    spans.sort_by_key(|SegmentSpan { sequence, record, .. }| {
        (record.start.0 / SECOND, record.trace_id, record.start, record.span_id, *sequence)
    });
    spans
}

struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn segment(&self) -> PathBuf {
        self.0.path().join("spans.parquet")
    }

    fn index(&self) -> PathBuf {
        self.0.path().join("spans.tix")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn spans_of_any_kind_come_back_as_they_were_and_in_order(
        spans in vec((arbitrary::span(), vec(arbitrary::event(), 0..2)), 0..12),
    ) {
        let directory = Directory::new();
        let spans = (0..).zip(spans).map(|(sequence, (record, late_events))| {
            SegmentSpan { sequence, record, late_events }
        });
        let spans: Vec<_> = spans.collect();
        let written = write_all(&directory.segment(), spans.clone());
        prop_assert_eq!(written.spans, spans.len() as u64);
        let segment = Segment::open(&directory.segment()).unwrap();
        let expected = sorted(spans.clone());
        prop_assert_eq!(all(&segment), expected.clone());
        let starts = spans.iter().map(|span| span.record.start);
        prop_assert_eq!(segment.starts(), starts.clone().min().zip(starts.max()));
        prop_assert_eq!(written.starts, segment.starts());
        for span in &spans {
            let id = span.record.trace_id;
            let of_trace = expected.iter().filter(|it| it.record.trace_id == id).cloned();
            prop_assert_eq!(segment.trace(id).unwrap(), of_trace.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_filter_finds_what_a_look_at_each_span_finds(
        spans in vec(arbitrary::span(), 1..12),
        picked in any::<prop::sample::Index>(),
        which in 0..8_usize,
    ) {
        let directory = Directory::new();
        write(&directory.segment(), &spans);
        let like = picked.get(&spans);
        let mut filter = SegmentFilter::default();
        match which {
            0 => filter.project = Some(like.project.to_string()),
            1 => filter.service = Some(like.service().to_owned()),
            2 => filter.name = Some(like.name.to_string()),
            3 => filter.start = Some(like.start),
            4 => filter.end = Some(like.start),
            5 => filter.status = Some(like.status.code),
            6 => filter.attribute = like.attributes.0.first().cloned(),
            _ => filter.min_duration = like.end.map(|end| Elapsed(end.0.wrapping_sub(like.start.0) as i64)),
        }
        let segment = Segment::open(&directory.segment()).unwrap();
        let found: Vec<_> = segment.spans(&filter).unwrap().map(Result::unwrap).collect();
        let expected: Vec<_> = in_order(&spans).into_iter().filter(|it| filter.matches(&it.record)).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn attributes_beyond_the_columns_and_of_other_types_keep_their_place() {
    let mut spans: Vec<_> = (1..4).map(|id| span(1, id, id)).collect();
    for (number, span) in spans.iter_mut().enumerate() {
        let many = (0..400).map(|key| (Text::from(format!("key.{key}")), Value::Int(key)));
        span.attributes.0.extend(many);
        span.attributes.push("mixed", if number == 1 { Value::from("text") } else { Value::Int(7) });
        span.attributes.push("key.3", "again");
    }
    let directory = Directory::new();
    write(&directory.segment(), &spans);
    assert_eq!(all(&Segment::open(&directory.segment()).unwrap()), in_order(&spans));
}

#[test]
fn statistics_spare_the_pages_that_cannot_match() {
    let spans: Vec<_> = (0..20_000_u64)
        .map(|it| {
            let mut span = span(u128::from(it / 10) + 1, it + 1, it * SECOND / 100);
            span.attributes.push("page", Value::from(format!("page-{:05}", it / 1000)));
            span.status.code = if it == 19_000 { StatusCode::Error } else { StatusCode::Unset };
            span
        })
        .collect();
    let directory = Directory::new();
    write(&directory.segment(), &spans);
    let segment = Segment::open(&directory.segment()).unwrap();
    let ask = |filter: SegmentFilter| {
        let found = segment.spans(&filter).unwrap();
        (found.scanned(), found.count())
    };
    assert_eq!(ask(SegmentFilter::default()), (20_000, 20_000));
    let (scanned, found) = ask(SegmentFilter { start: Some(Timestamp(199 * SECOND)), ..Default::default() });
    assert!(scanned <= 2048 && found == 100, "{scanned} {found}");
    let (scanned, found) = ask(SegmentFilter { end: Some(Timestamp(SECOND)), ..Default::default() });
    assert!(scanned <= 2048 && found == 100, "{scanned} {found}");
    let (scanned, found) = ask(SegmentFilter { status: Some(StatusCode::Error), ..Default::default() });
    assert!(scanned <= 2048 && found == 1, "{scanned} {found}");
    let (scanned, found) = ask(SegmentFilter { attribute: Some(("n".into(), Value::Int(5))), ..Default::default() });
    assert!(scanned <= 4096 && found == 1, "{scanned} {found}");
    assert_eq!(ask(SegmentFilter { service: Some("other".into()), ..Default::default() }), (0, 0));
    assert_eq!(segment.trace(trace_id(77)).unwrap().len(), 10);
    assert_eq!(segment.trace(trace_id(77_777)).unwrap(), []);
}

#[test]
fn a_segment_without_spans_is_one() {
    let directory = Directory::new();
    write(&directory.segment(), &[]);
    let segment = Segment::open(&directory.segment()).unwrap();
    assert!(segment.is_empty() && all(&segment).is_empty() && segment.starts().is_none());
    assert_eq!(segment.trace(trace_id(1)).unwrap(), []);
}

/// Reads all there is in every way, and returns what went wrong.
fn read_all(path: &Path, trace: TraceId) -> Result<(Vec<SegmentSpan>, Vec<SegmentSpan>), Error> {
    let segment = Segment::open(path)?;
    let spans = segment.spans(&SegmentFilter::default())?.collect::<Result<_, _>>()?;
    Ok((spans, segment.trace(trace)?))
}

/// Every error names the file, and damage is never another answer.
fn check_damaged(directory: &Directory, trace: TraceId, whole: &(Vec<SegmentSpan>, Vec<SegmentSpan>), what: &str) {
    match read_all(&directory.segment(), trace) {
        Ok(read) => assert_eq!(read, *whole, "{what} gave another answer"),
        Err(error) => {
            let named = error.to_string();
            assert!(named.contains("spans.parquet") || named.contains("spans.tix"), "{what}: {named}");
        }
    }
}

#[test]
fn flipped_bits_and_cut_files_are_errors_that_name_the_file() {
    let spans: Vec<_> = (1..400).map(|id| span(u128::from(id % 50) + 1, id, id * 1000)).collect();
    let directory = Directory::new();
    write(&directory.segment(), &spans);
    let trace = spans[7].trace_id;
    let whole = read_all(&directory.segment(), trace).unwrap();
    assert_eq!(whole.0, in_order(&spans));
    for path in [directory.segment(), directory.index()] {
        let bytes = fs::read(&path).unwrap();
        let places = (0..bytes.len()).step_by(bytes.len() / 400 + 1).chain(bytes.len().saturating_sub(64)..bytes.len());
        let mut failed = 0;
        for place in places {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << (place % 8);
            fs::write(&path, &damaged).unwrap();
            failed += usize::from(read_all(&directory.segment(), trace).is_err());
            check_damaged(&directory, trace, &whole, &format!("a bit of byte {place} of {}", path.display()));
            fs::write(&path, &bytes[..place]).unwrap();
            assert!(read_all(&directory.segment(), trace).is_err(), "cut at {place} of {}", path.display());
            check_damaged(&directory, trace, &whole, &format!("a cut at {place} of {}", path.display()));
        }
        assert!(failed > 50, "damage of {} is hardly ever noticed: {failed}", path.display());
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(read_all(&directory.segment(), trace).unwrap(), whole);
}

#[test]
fn an_index_of_another_segment_is_refused() {
    let (one, other) = (Directory::new(), Directory::new());
    write(&one.segment(), &[span(1, 1, 1)]);
    write(&other.segment(), &[span(2, 1, 1)]);
    fs::copy(other.index(), one.index()).unwrap();
    let error = Segment::open(&one.segment()).unwrap().trace(trace_id(1)).unwrap_err();
    assert!(error.to_string().contains("spans.tix: it is the index of another segment"), "{error}");
}

#[test]
fn what_a_writer_left_half_does_not_hinder_the_next() {
    let directory = Directory::new();
    fs::write(directory.0.path().join("spans.parquet.part"), "half").unwrap();
    write(&directory.segment(), &[span(1, 1, 1)]);
    assert_eq!(all(&Segment::open(&directory.segment()).unwrap()).len(), 1);
    let names =
        fs::read_dir(directory.0.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["spans.parquet", "spans.tix"]);
}

#[test]
fn segments_of_every_version_are_read_for_ever() {
    for (version, expected) in [(1, in_order(&kept::spans())), (2, kept::with_late_events())] {
        let name = format!("../../fixtures/store/segment-v{version}.parquet");
        let segment = Segment::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        assert_eq!(segment.version(), version);
        assert_eq!(segment.latest_end(), Some(Timestamp(1_795_275_602_000_000_005)));
        assert_eq!(all(&segment), expected);
        let of_trace: Vec<_> = expected.iter().filter(|it| it.record.trace_id == trace_id(1)).cloned().collect();
        assert_eq!(segment.trace(trace_id(1)).unwrap(), of_trace);
    }
}

#[test]
fn a_segment_of_the_third_version_is_read_for_ever() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/store/segment-v3.parquet");
    let segment = Segment::open(&path).unwrap();
    assert_eq!(segment.version(), 3);
    let expected = kept::with_passages();
    assert!(all(&segment) == expected);
    let of_trace: Vec<_> = expected.iter().filter(|it| it.record.trace_id == trace_id(1)).cloned().collect();
    assert!(segment.trace(trace_id(1)).unwrap() == of_trace);
}
