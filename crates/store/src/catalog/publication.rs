//! What one change of the published parts carries.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use trackway_model::{SpanEvent, SpanId, Text, Timestamp, TraceId, TraceRecord};

use crate::{
    engine::{Sequence, Snapshot, Tallies},
    segment::Bloom,
    wal::Position,
};

/// The number of a segment, which is also its file's; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct SegmentId(pub(crate) u64);

/// Where a segment stands among all in order of publication; what replaces others stands where the last of them stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Age(pub(crate) u64);

/// What is known of a segment whose files are durable.
#[derive(Debug, Clone)]
pub(crate) struct NewSegment {
    /// Its number, as it was reserved.
    pub(crate) id: SegmentId,
    /// The day in which its spans start: days since 1970 in UTC.
    pub(crate) day: u32,
    /// How often its spans were merged: 0 for what comes from memory.
    pub(crate) level: u32,
    /// The version of the files' format.
    pub(crate) version: u32,
    /// How many spans it holds.
    pub(crate) spans: u64,
    /// How many traces these are of.
    pub(crate) traces: u64,
    /// How many bytes its Parquet file has.
    pub(crate) bytes: u64,
    /// How many bytes its index of traces has.
    pub(crate) index_bytes: u64,
    /// The earliest and the latest start of a span.
    pub(crate) starts: (Timestamp, Timestamp),
    /// The latest start or end of a span.
    pub(crate) last: Timestamp,
    /// The most nanoseconds by which a trace starts earlier than its spans here do, since other parts have earlier ones.
    pub(crate) lag: u64,
    /// The least and the greatest sequence of a span.
    pub(crate) sequences: (Sequence, Sequence),
    /// What lists count of it.
    pub(crate) tallies: Arc<Tallies>,
    /// The bits that tell which traces it may hold.
    pub(crate) bloom: Bloom,
}

impl NewSegment {
    /// The lag of a segment of whose traces nobody knows where else they began.
    pub(crate) const UNKNOWN_LAG: u64 = i64::MAX as u64;
}

/// A segment that is published.
#[derive(Debug, Clone)]
pub(crate) struct SegmentEntry {
    /// Where it stands among the others.
    pub(crate) age: Age,
    /// Its Parquet file, below the store's directory.
    pub(crate) path: PathBuf,
    /// What is known of it.
    pub(crate) about: NewSegment,
}

/// An event that came apart from its span, and whose span was not in memory when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LateEvent {
    /// When it came among all records.
    pub(crate) sequence: Sequence,
    /// When it came.
    pub(crate) arrival: Timestamp,
    /// What came.
    pub(crate) event: SpanEvent,
}

/// A trace that belongs to a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grouped {
    /// The conversation.
    pub(crate) group: Text,
    /// The trace.
    pub(crate) trace: TraceId,
    /// The earliest known start of the trace.
    pub(crate) start: Timestamp,
}

/// How far the log is written into segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flushed {
    /// A start reads the log from here.
    pub(crate) position: Position,
    /// The sequence of the first record behind it.
    pub(crate) next_sequence: Sequence,
}

/// Everything that becomes true at one moment: all of it or nothing.
#[derive(Clone, Default)]
pub(crate) struct Publication {
    /// Segments that are new. Without [`removed`](Self::removed) they take the next ages in this order; with it, all of them take the
    /// greatest age of what they replace.
    pub(crate) added: Vec<NewSegment>,
    /// Segments that are there no more.
    pub(crate) removed: Vec<SegmentId>,
    /// Segments in which a trace begins earlier than was known, and by how many nanoseconds before its spans there.
    pub(crate) lags: Vec<(SegmentId, u64)>,
    /// What the new segments were made of, when they take the place of others: what was deleted since is dead in them.
    pub(crate) base: Option<Arc<Snapshot>>,
    /// Traces of which all rows in older segments moved into the new ones; the counts of the older ones follow by themselves.
    pub(crate) moved: Vec<TraceId>,
    /// Traces that were deleted while the new segments were written: their rows there are dead as well.
    pub(crate) deleted: Vec<TraceId>,
    /// What clients told of whole traces, and when, in the order in which they told it; the last of a trace stays.
    pub(crate) told: Vec<(Timestamp, Arc<TraceRecord>)>,
    /// Events that came apart from their spans.
    pub(crate) late: Vec<LateEvent>,
    /// Such events, by the number that a lookup gave, which need not be kept apart any more.
    pub(crate) settled: Vec<i64>,
    /// When something last came of traces that wait for something: those with open spans, and those told of.
    pub(crate) news: Vec<(TraceId, Timestamp)>,
    /// When something came of traces, of which it counts for those that wait for something.
    pub(crate) heard: Vec<(TraceId, Timestamp)>,
    /// Traces that wait for nothing any more.
    pub(crate) quiet: Vec<TraceId>,
    /// Ids that clients gave their spans.
    pub(crate) originals: Vec<(Text, TraceId, SpanId)>,
    /// Traces of conversations.
    pub(crate) groups: Vec<Grouped>,
    /// Traces of which segments that go without a replacement may have the first row, and others more: these count them.
    pub(crate) inherited: Vec<TraceId>,
    /// Traces of which nothing is left in any part: what the catalog knows of them beside their spans goes.
    pub(crate) forgotten: Vec<TraceId>,
    /// How far the log is in segments now; absent when that did not change.
    pub(crate) flushed: Option<Flushed>,
}

/// A deletion of traces by whoever uses the store.
#[derive(Debug, Clone)]
pub(crate) struct Deletion<'a> {
    /// The traces.
    pub(crate) traces: &'a [TraceId],
    /// What the log has of them before this point is dead.
    pub(crate) position: Position,
    /// What remains to be counted of the segments that held them.
    pub(crate) tallies: Vec<(SegmentId, Arc<Tallies>)>,
}

/// Returns where the Parquet file of a segment lies, below the store's directory.
pub(crate) fn segment_path(day: u32, id: SegmentId) -> PathBuf {
    let date = jiff::civil::Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(i64::from(day)));
    let name = date.map_or_else(|_| day.to_string(), |date| date.to_string());
    Path::new(SEGMENTS).join(name).join(format!("{:06}.parquet", id.0))
}

/// The directory of segments.
pub(crate) const SEGMENTS: &str = "segments";
