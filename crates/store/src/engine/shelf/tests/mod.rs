//! What is published, over starts, readers and damage.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod beside;
mod deleting;
mod publishing;
mod starting;

use std::{path::Path, sync::Arc};

use tempfile::TempDir;
use trackway_model::*;

use super::*;
use crate::{
    Project, SegmentSpan, SegmentWriter,
    catalog::{Flushed, LateEvent, NewSegment},
    engine::Tallying,
    kit::{self, trace_id},
    segment::Bloom,
};

/// A directory with a shelf in it.
struct Place {
    directory: Arc<TempDir>,
    shelf: Shelf,
    catalog: Arc<Catalog>,
    damaged: Vec<Damage>,
}

impl Place {
    fn new() -> Self {
        Self::at(Arc::new(TempDir::new().unwrap()), OpenBounds::default())
    }

    fn at(directory: Arc<TempDir>, bounds: OpenBounds) -> Self {
        let quarantine = directory.path().join("corrupt");
        let (catalog, lost) = Catalog::open(directory.path(), &quarantine).unwrap();
        let catalog = Arc::new(catalog);
        let opened = Shelf::open(directory.path(), &quarantine, Arc::clone(&catalog), bounds);
        let (shelf, mut damaged) = opened.unwrap();
        damaged.extend(lost);
        Self { directory, shelf, catalog, damaged }
    }

    fn reopened(self) -> Self {
        let directory = Arc::clone(&self.directory);
        drop(self);
        Self::at(directory, OpenBounds::default())
    }

    /// Writes a segment that nobody knows of yet; the sequences count up from `first`.
    fn write(&self, first: u64, spans: &[SpanRecord]) -> NewSegment {
        let id = self.shelf.reserve();
        let path = self.shelf.path_of(0, id);
        crate::files::make_private_directory(path.parent().unwrap()).unwrap();
        let (mut writer, mut counted) = (SegmentWriter::new(), Tallying::default());
        let mut traces: Vec<_> = spans.iter().map(|span| span.trace_id).collect();
        traces.sort();
        traces.dedup();
        for trace in &traces {
            let is_new = !self.shelf.snapshot().is_there(*trace).unwrap();
            let of_trace = spans.iter().find(|span| span.trace_id == *trace).unwrap();
            is_new.then(|| counted.note_trace(&of_trace.project));
        }
        for (sequence, span) in (first..).zip(spans) {
            writer.push(SegmentSpan { sequence, record: span.clone(), late_events: Vec::new() });
            let start = spans.iter().filter(|it| it.trace_id == span.trace_id).map(|it| it.start).min().unwrap();
            counted.note_span(&span.project, span, start);
        }
        let written = writer.finish(&path).unwrap();
        let starts = || spans.iter().map(|span| span.start);
        NewSegment {
            id,
            day: 0,
            level: 0,
            version: 2,
            spans: written.spans,
            traces: traces.len() as u64,
            bytes: written.bytes,
            index_bytes: written.index_bytes,
            starts: (starts().min().unwrap(), starts().max().unwrap()),
            last: spans.iter().filter_map(|span| span.end).max().unwrap(),
            lag: 0,
            sequences: (first, first + spans.len() as u64 - 1),
            tallies: Arc::new(counted.finish()),
            bloom: Bloom::of_traces(traces.into_iter()),
        }
    }

    /// Publishes a segment of spans as a flush does.
    fn flush(&self, first: u64, spans: &[SpanRecord]) {
        let added = vec![self.write(first, spans)];
        let next_sequence = first + spans.len() as u64;
        let flushed = Some(Flushed { position: Position { file: 1, offset: next_sequence }, next_sequence });
        self.shelf.publish(&Publication { added, flushed, ..Publication::default() }).unwrap();
    }

    /// The names of all files of segments, in order.
    fn files(&self) -> String {
        let mut names = Vec::new();
        for day in Path::read_dir(&self.directory.path().join("segments")).into_iter().flatten() {
            let files = day.unwrap().path().read_dir().unwrap();
            names.extend(files.map(|file| file.unwrap().file_name().into_string().unwrap()));
        }
        names.sort();
        names.join(" ")
    }

    /// What the segments have of a trace, each span by its name, the oldest part first.
    fn trace(&self, trace: u128) -> String {
        shown(&self.shelf.snapshot(), trace)
    }

    fn counts(&self) -> String {
        counts(self.shelf.snapshot().tallies())
    }
}

fn shown(snapshot: &Snapshot, trace: u128) -> String {
    let mut names = Vec::new();
    for shelved in snapshot.holding(trace_id(trace)) {
        names.extend(
            shelved.open().unwrap().trace(trace_id(trace)).unwrap().iter().map(|it| it.record.name.to_string()),
        );
    }
    names.join(" ")
}

fn counts(tallies: &Tallies) -> String {
    let mut lines = Vec::new();
    for project in tallies.projects() {
        let Project { name, trace_count, span_count, last_start } = project;
        let services = tallies.services(Some(&name));
        let services: Vec<_> = services
            .iter()
            .map(|it| format!("{} {}/{} {}", it.name, it.span_count, it.error_count, it.operations.join(",")))
            .collect();
        lines.push(format!(
            "{name}: {trace_count} traces {span_count} spans @{} [{}]",
            last_start.0,
            services.join("; ")
        ));
    }
    lines.join("\n")
}

/// A span that starts at its own number, of the service `web`.
fn span(trace: u128, number: u64) -> SpanRecord {
    let (name, end) = (format!("s{number}").as_str().into(), Some(Timestamp(number + 5)));
    SpanRecord { name, end, resource: kit::resource("web"), ..kit::span(trace, number, number) }
}

fn told(trace: u128, name: &str) -> Arc<TraceRecord> {
    Arc::new(TraceRecord {
        trace_id: trace_id(trace),
        original_id: format!("trace_{trace}").as_str().into(),
        name: name.into(),
        group: Some("talk".into()),
        metadata: [("user", Value::from("u1"))].into_iter().collect(),
        project: "agents".into(),
    })
}

fn late(trace: u128, span: u64, sequence: u64, name: &str) -> LateEvent {
    let span_id = SpanId::new(span.to_be_bytes()).unwrap();
    let event = Event {
        time: Timestamp(sequence),
        name: name.into(),
        attributes: Attributes::default(),
        dropped_attributes: 0,
    };
    LateEvent { sequence, arrival: Timestamp(sequence), event: SpanEvent { trace_id: trace_id(trace), span_id, event } }
}
