//! The numbers that a store keeps about itself, with their meaning.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{
    Counter, Error,
    door::Door,
    engine::{Parts, Shared, Shelf},
};

/// What is counted about what is written, since the start.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) duplicates: AtomicU64,
    pub(crate) superseded: AtomicU64,
    pub(crate) events_dropped: AtomicU64,
    pub(crate) deleted_spans: AtomicU64,
    pub(crate) wal_frames: AtomicU64,
    pub(crate) wal_bytes: AtomicU64,
    pub(crate) wal_syncs: AtomicU64,
    pub(crate) wal_torn_bytes: AtomicU64,
    pub(crate) wal_damaged_frames: AtomicU64,
    pub(crate) wal_removals_failed: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) flushes_failed: AtomicU64,
    pub(crate) flushed_segments: AtomicU64,
    pub(crate) flushed_spans: AtomicU64,
    pub(crate) flushed_bytes: AtomicU64,
    pub(crate) flush_nanoseconds: AtomicU64,
    pub(crate) compactions: AtomicU64,
    pub(crate) compactions_failed: AtomicU64,
    pub(crate) compacted_spans: AtomicU64,
    pub(crate) compacted_bytes: AtomicU64,
    pub(crate) copies: AtomicU64,
    pub(crate) expired_spans: AtomicU64,
}

/// What is stored, wherever it is.
///
/// # Errors
/// [`Error::Catalog`] when the catalog cannot be read.
pub(crate) fn of_parts(shared: &Shared) -> Result<Vec<Counter>, Error> {
    let Parts { active, frozen, published } = shared.heads.parts(&shared.shelf)?;
    let (catalog, counts) = (published.catalog(), &shared.counts);
    let told_alone: u64 = catalog.count_told_alone()?.iter().map(|(_, traces, _)| traces).sum();
    let mut spans = published.tallies().spans();
    let mut traces = published.tallies().traces() + told_alone;
    let mut records = catalog.count_told()?;
    let mut waiting = catalog.count_late()?;
    let mut memory = 0;
    let [mut duplicates, mut superseded, mut dropped] =
        [&counts.duplicates, &counts.superseded, &counts.events_dropped].map(|count| count.load(Relaxed));
    for side in [Some(&active), frozen.as_ref()].into_iter().flatten() {
        memory += side.view().bytes();
        let head = side.head();
        let tallies = head.tallies();
        spans += tallies.spans;
        traces += head.new_traces();
        records += tallies.trace_records;
        waiting += tallies.events_waiting;
        memory += head.bytes();
        duplicates += tallies.duplicates;
        superseded += tallies.superseded;
        dropped += tallies.events_dropped;
    }
    let announced = active.view().announced();
    Ok(vec![
        counter("store.spans", spans, "spans", "Spans that are stored, and copies that no merge has taken away yet."),
        counter("store.traces", traces, "traces", "Traces that are listed."),
        counter("store.trace_records", records, "records", "Traces that their client told of as a whole."),
        counter("store.memory_bytes", memory, "bytes", "Memory that records take that are not in segments, about."),
        counter("store.duplicates", duplicates, "records", "Records that were in memory already and came again."),
        counter(
            "store.superseded",
            superseded,
            "spans",
            "Spans that gave way in memory to a later record of theirs, such as open ones to the finished one.",
        ),
        counter("store.events_waiting", waiting, "events", "Events kept apart from their spans."),
        counter(
            "store.announced_spans",
            announced.spans,
            "spans",
            "Spans that run, held in memory until they are stored.",
        ),
        counter("store.announced_bytes", announced.bytes, "bytes", "Memory that they take, about."),
        counter(
            "store.announced_dropped",
            announced.left_out,
            "spans",
            "Announcements of running spans that were left out because too many were held.",
        ),
        counter(
            "store.announced_forgotten",
            announced.forgotten,
            "spans",
            "Announced spans forgotten because nothing was heard of them for too long, or to make room.",
        ),
        counter(
            "store.events_dropped",
            dropped,
            "events",
            "Events dropped because they waited for too long, or too many did, for spans that have not come.",
        ),
    ])
}

/// What is published.
pub(crate) fn of_segments(counts: &Counts, shelf: &Shelf) -> Vec<Counter> {
    let snapshot = shelf.snapshot();
    let segments = snapshot.segments();
    let bytes = segments.iter().map(|it| it.bytes()).sum();
    let spans: u64 = segments.iter().map(|it| it.about().spans).sum();
    let number = |name, count: &AtomicU64, unit, help| counter(name, count.load(Relaxed), unit, help);
    vec![
        number("store.deleted_spans", &counts.deleted_spans, "spans", "Spans that were deleted since the start."),
        counter("store.segments", segments.len() as u64, "segments", "Segments that are published."),
        counter("store.segment_bytes", bytes, "bytes", "Bytes of the segments, with their indexes of traces."),
        counter(
            "store.segment_spans",
            spans,
            "spans",
            "Rows of the segments: spans, and those that merging has not taken away yet.",
        ),
        number("store.flushes", &counts.flushes, "times", "Times that what is in memory was written as segments."),
        number("store.flushes_failed", &counts.flushes_failed, "times", "Times that this failed; it is tried again."),
        number("store.flushed_segments", &counts.flushed_segments, "segments", "Segments written from memory."),
        number("store.flushed_spans", &counts.flushed_spans, "spans", "Spans written from memory."),
        number("store.flushed_bytes", &counts.flushed_bytes, "bytes", "Bytes of segments written from memory."),
        counter(
            "store.flush_ms",
            counts.flush_nanoseconds.load(Relaxed) / 1_000_000,
            "ms",
            "Time that writing segments from memory took, in all.",
        ),
        number("store.compactions", &counts.compactions, "times", "Times that segments were merged into one."),
        number(
            "store.compactions_failed",
            &counts.compactions_failed,
            "times",
            "Times that segments could not be merged; they stay as they are.",
        ),
        number("store.compacted_spans", &counts.compacted_spans, "spans", "Spans read to be merged."),
        number("store.compacted_bytes", &counts.compacted_bytes, "bytes", "Bytes of merged segments."),
        number("store.copies_merged", &counts.copies, "spans", "Equal copies of spans that merging took away."),
        number(
            "store.expired_spans",
            &counts.expired_spans,
            "spans",
            "Spans that went because of their age or their bytes.",
        ),
        counter(
            "store.write_amplification_permille",
            amplification(counts),
            "‰",
            "Bytes written to the log and to segments for each byte of segments written from memory.",
        ),
    ]
}

/// How many times what is stored was written, in thousandths of what the first segments take.
fn amplification(counts: &Counts) -> u64 {
    let flushed = counts.flushed_bytes.load(Relaxed);
    let written = counts.wal_bytes.load(Relaxed) + flushed + counts.compacted_bytes.load(Relaxed);
    written.saturating_mul(1_000).checked_div(flushed).unwrap_or_default()
}

pub(crate) fn of_door(door: &Door) -> Vec<Counter> {
    let refused = &door.refused;
    let requests = |name, count: &AtomicU64, help| counter(name, count.load(Relaxed), "requests", help);
    vec![
        requests(
            "store.refused_full",
            &refused.full,
            "Requests refused because a bound on memory or the log is reached.",
        ),
        requests(
            "store.refused_too_large",
            &refused.too_large,
            "Requests refused because each alone is beyond a bound on memory or the log.",
        ),
        requests("store.refused_queue", &refused.queue, "Requests refused because too many waited for the disk."),
        requests("store.refused_disk", &refused.disk, "Requests refused because the disk had no room."),
        counter(
            "store.disk_used_permille",
            door.disk_used_permille(),
            "‰",
            "How much of the disk is used that the store lies on, by whatever.",
        ),
        counter("store.read_only", u64::from(door.is_closed()), "", "1 after the disk failed: nothing more is taken."),
        requests("store.refused_read_only", &refused.read_only, "Requests refused after the disk had failed."),
    ]
}

pub(crate) fn of_log(counts: &Counts, directory: &Path, shelf: &Shelf) -> Vec<Counter> {
    // A directory that cannot be read says so to whoever reads records; a counter only shows what it can.
    let segments: u64 = shelf.snapshot().segments().iter().map(|it| it.bytes()).sum();
    let bytes = bytes_on_disk(directory).unwrap_or(0) + segments;
    let number = |name, count: &AtomicU64, unit, help| counter(name, count.load(Relaxed), unit, help);
    vec![
        counter(
            "store.bytes_on_disk",
            bytes,
            "bytes",
            "Bytes of the log, the segments, the catalog, the runs and what was put aside as damaged.",
        ),
        number("store.wal_frames", &counts.wal_frames, "requests", "Requests written to the log since the start."),
        number("store.wal_bytes", &counts.wal_bytes, "bytes", "Bytes written to the log since the start."),
        number("store.wal_syncs", &counts.wal_syncs, "syncs", "Times that the log was made durable, each for a group."),
        number(
            "store.wal_torn_bytes",
            &counts.wal_torn_bytes,
            "bytes",
            "Bytes of an unfinished write cut at the start.",
        ),
        number(
            "store.wal_damaged_frames",
            &counts.wal_damaged_frames,
            "places",
            "Damaged places that the start skipped.",
        ),
        number(
            "store.wal_removals_failed",
            &counts.wal_removals_failed,
            "attempts",
            "Attempts to remove log files that segments hold that failed; each is made again.",
        ),
    ]
}

fn counter(name: &'static str, value: u64, unit: &'static str, help: &'static str) -> Counter {
    Counter { name, value, unit, help }
}

fn bytes_on_disk(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // The directory is shared with files that are not the store's.
        match &*name {
            "wal" | "corrupt" => bytes += bytes_below(&entry.path())?,
            name if name.starts_with("catalog.db") || name.starts_with("runs.db") => bytes += entry.metadata()?.len(),
            _ => {}
        }
    }
    Ok(bytes)
}

fn bytes_below(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for file in fs::read_dir(directory)? {
        // A file may go while they are counted.
        bytes += file?.metadata().map_or(0, |file| file.len());
    }
    Ok(bytes)
}
