//! Questions over heads and segments that a test writes itself, compared with what the memory store answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod giants;
mod moving;

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tempfile::TempDir;
use trackway_model::*;

use super::*;
use crate::{
    Frame, Memory, PageRequest, Store, TraceQuery,
    catalog::{Catalog, Flushed, NewSegment, Publication, SegmentId},
    engine::{Elsewhere, OpenBounds, Tallying, heads::Side},
    kit::{self, span_id, trace_id},
    segment::{Bloom, SegmentSpan, SegmentWriter},
    wal::Position,
};

/// A store whose parts a test moves, beside one in memory that is told the same.
struct Bench {
    memory: Memory,
    heads: Arc<Heads>,
    shelf: Arc<Shelf>,
    desk: Desk,
    now: Arc<AtomicU64>,
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with(|config| config)
    }

    fn with(change: impl FnOnce(Config) -> Config) -> Self {
        let directory = TempDir::new().unwrap();
        let quarantine = directory.path().join("corrupt");
        let catalog = Arc::new(Catalog::open(directory.path(), &quarantine).unwrap().0);
        let (shelf, _) = Shelf::open(directory.path(), &quarantine, catalog, OpenBounds::default()).unwrap();
        let now = Arc::new(AtomicU64::new(0));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || Timestamp(now.load(SeqCst)))
        };
        let config = change(Config { clock: Arc::clone(&clock), ..Config::new(directory.path()) });
        let (heads, shelf) = (Arc::new(Heads::new(1)), Arc::new(shelf));
        let desk = Desk::new(Arc::clone(&heads), Arc::clone(&shelf), Arc::default(), &config);
        Self { memory: Memory::new(clock), heads, shelf, desk, now, directory }
    }

    fn append(&self, spans: Vec<SpanRecord>) {
        let frame = Frame {
            content_type: "test".into(),
            project: None,
            zone: None,
            source: "test".into(),
            arrival: Timestamp(self.now.load(SeqCst)),
            body: Bytes::new(),
        };
        let batch = Batch { spans, ..Batch::default() };
        let appending = pin!(self.memory.append(frame, batch.clone()));
        assert!(matches!(appending.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_))));
        self.apply(batch);
    }

    /// Appends to the heads alone.
    fn apply(&self, batch: Batch) {
        let (active, frozen, snapshot) = (self.heads.active(), self.heads.frozen(), self.shelf.snapshot());
        let mut elsewhere = |id| {
            let is_there =
                frozen.as_ref().is_some_and(|frozen| frozen.head().contains(id)) || snapshot.is_there(id).unwrap();
            if is_there { Elsewhere::Listed } else { Elsewhere::Nothing }
        };
        active.head_mut().apply(batch, Timestamp(self.now.load(SeqCst)), &mut elsewhere);
    }

    /// Moves what is in memory into a segment.
    fn flush(&self) {
        let frozen = self.heads.freeze().unwrap();
        self.publish(&frozen);
        self.heads.settle();
    }

    fn publish(&self, frozen: &Side) {
        let next_sequence = frozen.head().next_sequence();
        let flushed = Some(Flushed { position: Position { file: 1, offset: next_sequence }, next_sequence });
        let mut lags = Vec::new();
        let added = vec![self.write(frozen, &mut lags)];
        self.shelf.publish(&Publication { added, flushed, lags, ..Publication::default() }).unwrap();
    }

    fn write(&self, frozen: &Side, lags: &mut Vec<(SegmentId, u64)>) -> NewSegment {
        let (id, snapshot) = (self.shelf.reserve(), self.shelf.snapshot());
        let path = self.shelf.path_of(0, id);
        crate::files::make_private_directory(path.parent().unwrap()).unwrap();
        let mut rows: Vec<_> = frozen.head().rows().map(|row| (row.sequence, Arc::clone(&row.record))).collect();
        rows.sort_by_cached_key(|(sequence, span)| crate::segment::file_order(*sequence, span));
        let (mut writer, mut counted) = (SegmentWriter::new(), Tallying::default());
        let mut starts = BTreeMap::<TraceId, Timestamp>::new();
        for (_, span) in &rows {
            let start = starts.entry(span.trace_id).or_insert(span.start);
            *start = span.start.min(*start);
        }
        let mut lag = 0;
        for (trace, start) in &starts {
            let holding = snapshot.holding(*trace);
            let older: Vec<_> =
                holding.filter_map(|it| Some((it.id(), it.open().unwrap().listed(*trace).unwrap()?.start))).collect();
            lags.extend(older.iter().map(|(id, older)| (*id, older.0.saturating_sub(start.0))));
            match older.iter().map(|(_, start)| *start).min() {
                Some(older) => lag = lag.max(start.0.saturating_sub(older.0)),
                None => counted.note_trace(&"default".into()),
            }
        }
        for (sequence, span) in &rows {
            writer.push(SegmentSpan { sequence: *sequence, record: (**span).clone(), late_events: Vec::new() });
            counted.note_span(&span.project, span, starts[&span.trace_id]);
        }
        let written = writer.finish(&path).unwrap();
        let of_rows = || rows.iter().map(|(_, span)| span);
        NewSegment {
            id,
            day: 0,
            level: 0,
            version: 2,
            spans: written.spans,
            traces: starts.len() as u64,
            bytes: written.bytes,
            index_bytes: written.index_bytes,
            starts: (of_rows().map(|span| span.start).min().unwrap(), of_rows().map(|span| span.start).max().unwrap()),
            last: of_rows().flat_map(|span| [Some(span.start), span.end]).flatten().max().unwrap(),
            lag,
            sequences: (rows.iter().map(|(it, _)| *it).min().unwrap(), rows.iter().map(|(it, _)| *it).max().unwrap()),
            tallies: Arc::new(counted.finish()),
            bloom: Bloom::of_traces(starts.keys().copied()),
        }
    }

    /// The list of traces page by page, from the parts and from memory.
    fn lists(&self, query: &TraceQuery, limit: usize) -> [String; 2] {
        let parts = pages(limit, |page| {
            let found = self.desk.traces(query, page).unwrap();
            (found.items.iter().map(|it| format!("{it:?}\n")).collect(), found.next)
        });
        let memory = pages(limit, |page| {
            let found = self.memory.traces(query, page).unwrap();
            (found.items.iter().map(|it| format!("{it:?}\n")).collect(), found.next)
        });
        [parts, memory]
    }

    /// The spans of a trace page by page, from the parts and from memory.
    fn spans(&self, id: TraceId, limit: usize) -> [String; 2] {
        let parts = pages(limit, |page| {
            let found = self.desk.trace(id, page).unwrap().unwrap();
            (found.spans.items.iter().map(|it| format!("{it:?}\n")).collect(), found.spans.next)
        });
        let memory = pages(limit, |page| {
            let found = self.memory.trace(id, page).unwrap().unwrap();
            (found.spans.items.iter().map(|it| format!("{it:?}\n")).collect(), found.spans.next)
        });
        [parts, memory]
    }
}

fn pages(limit: usize, mut ask: impl FnMut(&PageRequest) -> (String, Option<String>)) -> String {
    let (mut text, mut cursor) = (String::new(), None);
    loop {
        let (page, next) = ask(&PageRequest { limit, cursor });
        text += &page;
        cursor = next;
        if cursor.is_none() {
            return text;
        }
    }
}

fn span(trace: u128, id: u64, start: u64) -> SpanRecord {
    let name = format!("span {}", id % 7).as_str().into();
    SpanRecord { name, end: Some(Timestamp(start.saturating_add(5))), ..kit::span(trace, id, start) }
}

fn failed(mut span: SpanRecord) -> SpanRecord {
    span.status = Status { code: StatusCode::Error, message: "it broke".into() };
    span
}

fn assert_same([parts, memory]: [String; 2]) {
    if parts != memory {
        let differs = parts.lines().zip(memory.lines()).find(|(parts, memory)| parts != memory);
        let lines = (parts.lines().count(), memory.lines().count());
        panic!("{lines:?} lines of parts and memory, the first difference:\n{differs:#?}");
    }
}

#[test]
fn a_trace_in_all_parts_is_one() {
    let bench = Bench::new();
    bench.append(vec![span(1, 1, 10), span(1, 2, 20), span(2, 1, 15)]);
    bench.flush();
    bench.append(vec![span(1, 3, 5), span(1, 1, 10), failed(span(3, 1, 12))]);
    let frozen = bench.heads.freeze().unwrap();
    bench.append(vec![span(1, 4, 30), span(3, 2, 13), span(4, 1, 1)]);
    for limit in [1, 2, 10] {
        assert_same(bench.lists(&TraceQuery::default(), limit));
        assert_same(bench.lists(&TraceQuery { name: Some("span 2".into()), ..TraceQuery::default() }, limit));
        assert_same(bench.spans(trace_id(1), limit));
    }
    assert_eq!(bench.desk.projects().unwrap(), bench.memory.projects().unwrap());
    assert_eq!(bench.desk.services(None).unwrap(), bench.memory.services(None).unwrap());
    bench.publish(&frozen);
    bench.heads.settle();
    assert_same(bench.lists(&TraceQuery::default(), 2));
    assert_eq!(bench.desk.summary(trace_id(3)).unwrap(), bench.memory.summary(trace_id(3)).unwrap());
    assert_eq!(bench.desk.span(trace_id(1), span_id(1)).unwrap().len(), 1);
}

#[test]
fn a_search_that_has_no_time_gets_to_the_end_in_steps() {
    let bench = Bench::with(|config| Config { search_time: Duration::ZERO, ..config });
    for part in 0..4u64 {
        bench.append((0..200).map(|it| span(u128::from(part * 150 + it) + 1, part + 1, part * 100 + it)).collect());
        bench.flush();
    }
    let filter = r#"{ name = "span 3" && duration > 1ns }"#.parse().unwrap();
    let query = TraceQuery { spans: Some(filter), ..TraceQuery::default() };
    assert_same(bench.lists(&query, 7));
    assert_same(bench.lists(&TraceQuery { start: Some(Timestamp(120)), end: Some(Timestamp(260)), ..query }, 3));
}

#[test]
fn a_damaged_segment_is_told_of_once_and_the_others_answer() {
    let bench = Bench::new();
    bench.append(vec![span(1, 1, 10)]);
    bench.flush();
    bench.append(vec![span(2, 1, 20)]);
    bench.flush();
    let damaged = bench.shelf.snapshot().segments()[0].path().to_owned();
    damage(&damaged);
    for _ in 0..2 {
        let found = bench.desk.traces(&TraceQuery::default(), &PageRequest { limit: 10, cursor: None }).unwrap();
        assert_eq!(found.items.iter().map(|it| it.trace_id).collect::<Vec<_>>(), [trace_id(2)]);
        assert_eq!(bench.desk.trace(trace_id(1), &PageRequest { limit: 10, cursor: None }).unwrap(), None);
    }
    let reports = bench.desk.take_reports();
    assert_eq!(reports.iter().map(|it| &it.file).collect::<Vec<_>>(), [&damaged]);
    assert!(bench.directory.path().exists() && bench.desk.take_reports().is_empty());
}

fn damage(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[..middle].fill(0x55);
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn segments_of_other_times_are_not_looked_into() {
    let bench = Bench::new();
    for part in 0..6u64 {
        bench.append((0..20).map(|it| span(u128::from(part * 20 + it) + 1, 1, part * 1000 + it)).collect());
        bench.flush();
    }
    let search = |query: &TraceQuery| {
        let found = bench.desk.traces(query, &PageRequest { limit: 5, cursor: None }).unwrap();
        (found.items.len(), found.search.segments, found.search.pruned)
    };
    let window = TraceQuery { start: Some(Timestamp(2_000)), end: Some(Timestamp(2_500)), ..TraceQuery::default() };
    assert_eq!(search(&TraceQuery::default()), (5, 1, 5), "the newest fills the page");
    assert_eq!(search(&window), (5, 1, 5));
    assert_eq!(search(&TraceQuery { name: Some("span 1".into()), ..window.clone() }), (5, 1, 5));
    assert_eq!(search(&TraceQuery { project: Some("other".into()), ..window }), (0, 0, 6));
    let opened: HashMap<_, _> = bench.desk.counters().into_iter().map(|it| (it.name, it.value)).collect();
    assert_eq!(opened["store.segments_opened"], 2);
}

#[test]
fn a_trace_that_ends_at_the_end_of_time_is_found_by_its_beginning() {
    let bench = Bench::new();
    bench.append(vec![span(1, 1, 0)]);
    bench.flush();
    bench.append(vec![SpanRecord { end: None, ..span(1, 2, u64::MAX) }]);
    bench.flush();
    let spans = Some(r#"{ name = "span 2" }"#.parse().unwrap());
    assert_same(bench.lists(&TraceQuery { end: Some(Timestamp(1)), spans, ..TraceQuery::default() }, 1));
}

#[test]
fn a_search_of_many_segments_finds_what_each_of_them_has() {
    let bench = Bench::new();
    for part in 0..16u64 {
        let of_part =
            |it: u64| span(u128::from(part * 40 + it) + 1, if it.is_multiple_of(20) { 3 } else { 1 }, part * 30 + it);
        bench.append((0..50).map(of_part).collect());
        bench.flush();
    }
    let spans = Some(r#"{ name = "span 3" }"#.parse().unwrap());
    let query = TraceQuery { spans, ..TraceQuery::default() };
    for limit in [1, 5, 100] {
        assert_same(bench.lists(&query, limit));
    }
}
