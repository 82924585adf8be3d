//! The numbers that a store keeps about itself, with their meaning.

use std::{
    fs, io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{Counter, door::Door, table::Table};

/// What is counted about the log.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) wal_frames: AtomicU64,
    pub(crate) wal_syncs: AtomicU64,
    pub(crate) wal_torn_bytes: AtomicU64,
    pub(crate) wal_damaged_frames: AtomicU64,
    pub(crate) wal_removals_failed: AtomicU64,
}

pub(crate) fn of_table(table: &Table) -> Vec<Counter> {
    let (tallies, announced) = (table.tallies(), table.announced());
    vec![
        counter("store.spans", tallies.spans, "spans", "Spans that are stored."),
        counter("store.traces", table.trace_count(), "traces", "Traces that are listed."),
        counter(
            "store.trace_records",
            tallies.trace_records,
            "records",
            "Traces that their client told of as a whole.",
        ),
        counter("store.memory_bytes", table.memory_bytes(), "bytes", "Memory that the records take, about."),
        counter("store.duplicates", tallies.duplicates, "records", "Records that were there already and came again."),
        counter(
            "store.superseded",
            tallies.superseded,
            "spans",
            "Spans that gave way to a later record of theirs, such as open ones to the finished one.",
        ),
        counter("store.deleted_spans", tallies.deleted_spans, "spans", "Spans that were deleted since the start."),
        counter("store.events_waiting", tallies.events_waiting, "events", "Events whose span has not come."),
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
            tallies.events_dropped,
            "events",
            "Events dropped because they waited for too long, or too many did, for spans that have not come.",
        ),
    ]
}

pub(crate) fn of_door(door: &Door) -> Vec<Counter> {
    let refused = &door.refused;
    let requests = |name, count: &AtomicU64, help| counter(name, count.load(Relaxed), "requests", help);
    vec![
        requests(
            "store.refused_full",
            &refused.full,
            "Requests refused because a bound on spans, memory or the log is reached.",
        ),
        requests(
            "store.refused_too_large",
            &refused.too_large,
            "Requests refused because each alone is beyond a bound on spans, memory or the log.",
        ),
        requests("store.refused_queue", &refused.queue, "Requests refused because too many waited for the disk."),
        requests("store.refused_disk", &refused.disk, "Requests refused because the disk had no room."),
        counter("store.read_only", u64::from(door.is_closed()), "", "1 after the disk failed: nothing more is taken."),
        requests("store.refused_read_only", &refused.read_only, "Requests refused after the disk had failed."),
    ]
}

pub(crate) fn of_log(counts: &Counts, directory: &Path) -> Vec<Counter> {
    // A directory that cannot be read says so to whoever reads records; a counter only shows what it can.
    let bytes = bytes_on_disk(directory).unwrap_or(0);
    let number = |name, count: &AtomicU64, unit, help| counter(name, count.load(Relaxed), unit, help);
    vec![
        counter(
            "store.bytes_on_disk",
            bytes,
            "bytes",
            "Bytes of the log, the catalog, the runs and what was put aside as damaged.",
        ),
        number("store.wal_frames", &counts.wal_frames, "requests", "Requests written to the log since the start."),
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
            "Attempts to remove log files without stored records that failed; each is made again.",
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
            "wal" | "corrupt" => {
                for file in fs::read_dir(entry.path())? {
                    bytes += file?.metadata()?.len();
                }
            }
            name if name.starts_with("catalog.db") || name.starts_with("runs.db") => bytes += entry.metadata()?.len(),
            _ => {}
        }
    }
    Ok(bytes)
}
