//! What a directory has in segments, for whoever does not own it.

use std::{
    collections::{HashMap, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
};

use trackway_model::{Event, SpanId, Timestamp, TraceId};

use crate::{
    Damage, Error, Project, SegmentFilter, SegmentSpan, SegmentSpans, Service,
    engine::{Shelved, Snapshot},
};

/// The segments of a store as they were when this was opened, read beside the process that owns the directory.
///
/// What has not been written into a segment yet is in the log, and in the memory of the owner: it is not here. A span whose
/// record was sent again may be here twice, once in each of two segments.
///
/// ```
/// use trackway_store::Sealed;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path();
/// # let decoder: trackway_store::Decoder = Box::new(|frame| Err(format!("{} is unknown", frame.content_type)));
/// # drop(trackway_store::Embedded::open(trackway_store::Config::new(path), decoder)?);
/// let sealed = Sealed::open(path)?;
/// let spans: u64 = sealed.segments().iter().map(|segment| segment.spans).sum();
/// assert_eq!(spans, 0, "nothing was stored before");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sealed {
    snapshot: Snapshot,
    segments: Vec<SealedSegment>,
    late: HashMap<(TraceId, SpanId), Vec<Event>>,
    missing: Vec<Damage>,
}

/// What is known of a segment without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSegment {
    /// Its number.
    pub id: u64,
    /// Its Parquet file.
    pub path: PathBuf,
    /// The day in which its spans start: days since 1970 in UTC.
    pub day: u32,
    /// How often its spans were merged: 0 for what came from memory.
    pub level: u32,
    /// The version of the files' format.
    pub version: u32,
    /// How many rows it has, those included that are dead.
    pub spans: u64,
    /// How many traces these are of.
    pub traces: u64,
    /// How many bytes its Parquet file has.
    pub bytes: u64,
    /// How many bytes its index of traces has.
    pub index_bytes: u64,
    /// The earliest start of a span.
    pub first: Timestamp,
    /// The latest start or end of a span.
    pub last: Timestamp,
}

impl Sealed {
    /// Opens what is in the segments of the store at `path`; whether somebody has the store open makes no difference.
    ///
    /// # Errors
    /// [`Error::Catalog`] when there is no store or its catalog is damaged, [`Error::Newer`] when a newer version wrote it,
    /// [`Error::File`] when a file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (snapshot, events, missing) = Snapshot::beside(path)?;
        let segments = snapshot.segments().iter().map(|it| SealedSegment::of(it)).collect();
        let mut late: HashMap<_, Vec<Event>> = HashMap::new();
        for it in events {
            late.entry((it.event.trace_id, it.event.span_id)).or_default().push(it.event.event);
        }
        Ok(Self { snapshot, segments, late, missing })
    }

    /// Returns the segments, those that were written first first.
    pub fn segments(&self) -> &[SealedSegment] {
        &self.segments
    }

    /// Returns what of the segments is missing or cut off; it is in no answer.
    pub fn missing(&self) -> &[Damage] {
        &self.missing
    }

    /// Returns every project with what the segments have of it, by name.
    pub fn projects(&self) -> Vec<Project> {
        self.snapshot.tallies().projects()
    }

    /// Returns every service with its operations as far as segments have them, by name; of one project or of all.
    pub fn services(&self, project: Option<&str>) -> Vec<Service> {
        self.snapshot.tallies().services(project)
    }

    /// Returns the spans that are asked for, segment by segment; those of deleted traces are left out. A segment that
    /// cannot be read is an error, and the next ones follow all the same.
    pub fn spans(&self, filter: &SegmentFilter) -> SealedSpans<'_> {
        let left = self.snapshot.segments().iter().map(Arc::clone).collect();
        SealedSpans { sealed: self, filter: filter.clone(), left, current: None }
    }

    /// Returns what the segments have of a trace, in the order in which it came.
    ///
    /// # Errors
    /// [`Error::Segment`] and [`Error::File`] when a segment that may have some of it cannot be read.
    pub fn trace(&self, id: TraceId) -> Result<Vec<SegmentSpan>, Error> {
        let mut spans = Vec::new();
        for shelved in self.snapshot.holding(id) {
            spans.extend(shelved.open()?.trace(id)?);
        }
        spans.sort_by_key(|span| span.sequence);
        Ok(spans.into_iter().map(|span| self.with_late(span)).collect())
    }

    /// Adds the events that the catalog keeps of a span.
    fn with_late(&self, mut span: SegmentSpan) -> SegmentSpan {
        if let Some(events) = self.late.get(&(span.record.trace_id, span.record.span_id)) {
            let new = events.iter().filter(|event| !span.late_events.contains(event)).cloned().collect::<Vec<_>>();
            span.late_events.extend(new);
        }
        span
    }
}

impl SealedSegment {
    fn of(shelved: &Shelved) -> Self {
        let about = shelved.about();
        Self {
            id: about.id.0,
            path: shelved.path().to_owned(),
            day: about.day,
            level: about.level,
            version: about.version,
            spans: about.spans,
            traces: about.traces,
            bytes: about.bytes,
            index_bytes: about.index_bytes,
            first: about.starts.0,
            last: about.last,
        }
    }
}

/// Spans of several segments, read as they are asked for.
pub struct SealedSpans<'a> {
    sealed: &'a Sealed,
    filter: SegmentFilter,
    left: VecDeque<Arc<Shelved>>,
    current: Option<(Arc<Shelved>, SegmentSpans)>,
}

impl Iterator for SealedSpans<'_> {
    type Item = Result<SegmentSpan, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((shelved, spans)) = &mut self.current else {
                let next = self.left.pop_front()?;
                match next.open().and_then(|segment| segment.spans(&self.filter)) {
                    Ok(spans) => self.current = Some((next, spans)),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            match spans.next() {
                Some(Ok(span)) if self.sealed.snapshot.is_gone(span.record.trace_id, shelved) => {}
                Some(Ok(span)) => return Some(Ok(self.sealed.with_late(span))),
                Some(Err(error)) => {
                    self.current = None;
                    return Some(Err(error));
                }
                None => self.current = None,
            }
        }
    }
}
