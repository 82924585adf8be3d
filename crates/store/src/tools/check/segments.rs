//! Checks the segments: each by itself, against its index, and against what the catalog says of it.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use rusqlite::OptionalExtension;
use trackway_model::TraceId;

use super::{Checking, log::is_gone};
use crate::{
    Error,
    catalog::{Published, SEGMENTS, SegmentEntry},
    segment::{Alone, Counted, Listed, Segment, index_path},
    tools::{
        Mend, database,
        disk::{files_below, length},
    },
};

/// How many traces are read from an index at once.
const PAGE: usize = 4_096;
/// How many places of one kind are told of a file.
const MOST_TOLD: usize = 10;

/// What the rows of a segment come to.
#[derive(Default)]
struct Rows {
    spans: u64,
    traces: HashMap<TraceId, Counted>,
    sequences: Option<(u64, u64)>,
}

impl Checking<'_, '_> {
    pub(super) fn segments(&mut self, published: &Published) -> Result<(), Error> {
        for stored in &published.unreadable {
            let path = self.directory.join(&stored.path);
            let what = "what the catalog counts of it is damaged; a start counts again";
            self.find(&path, None, what, Mend::Recount(stored.id.0));
        }
        for entry in &published.segments {
            let (findings, notes) = (self.report.findings.len(), self.report.notes.len());
            match self.segment(entry) {
                Err(error) if is_gone(&error) => self.missing(entry),
                other => other?,
            }
            // Its owner may have merged it with others meanwhile, and removed its files.
            if self.report.findings.len() > findings && !self.is_published(entry)? {
                self.report.findings.truncate(findings);
                self.report.notes.truncate(notes);
            }
        }
        if published.is_begun && self.access.is_alone() {
            self.strays(published)?;
        }
        Ok(())
    }

    fn segment(&mut self, entry: &SegmentEntry) -> Result<(), Error> {
        let (path, id, spans) = (self.directory.join(&entry.path), entry.about.id.0, entry.about.spans);
        self.at(&path);
        let alone = match Alone::open(&path) {
            Ok(alone) => alone,
            Err(Error::Segment { reason, .. }) => {
                self.find(&path, None, format!("none of its {spans} spans can be read: {reason}"), Mend::Segment(id));
                self.done(length(&path));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if self.blocks(&path, &alone, id) {
            let lost = alone.read(&mut |_| Ok(()))?;
            self.report.notes.push(format!("of {}, {lost} of {spans} spans cannot be read", path.display()));
            return Ok(());
        }
        let Some(rows) = self.rows(&path, &alone, id)? else { return Ok(()) };
        self.index(&path, id, &rows)?;
        self.counts(&path, entry, &rows);
        Ok(())
    }

    fn missing(&mut self, entry: &SegmentEntry) {
        let (path, about) = (self.directory.join(&entry.path), &entry.about);
        self.find(&path, None, format!("it is missing, and with it {} spans", about.spans), Mend::Segment(about.id.0));
    }

    /// Returns true when the catalog still knows a segment.
    fn is_published(&self, entry: &SegmentEntry) -> Result<bool, Error> {
        let catalog = database::open(&self.directory.join("catalog.db"))?;
        let id = entry.about.id.0 as i64;
        Ok(catalog.query_row("SELECT 1 FROM segments WHERE id = ?1", [id], |_| Ok(())).optional()?.is_some())
    }

    /// Compares the checksums of a file's blocks; returns whether some are wrong.
    fn blocks(&mut self, path: &Path, alone: &Alone, id: u64) -> bool {
        let mut damaged = Vec::new();
        alone.verify(&mut |bytes, place| {
            self.done(bytes);
            damaged.extend(place);
        });
        for offset in damaged.iter().take(MOST_TOLD) {
            let what = "its checksum does not match from here on: spans on this page of the file are lost";
            self.find(path, Some(*offset), what, Mend::Segment(id));
        }
        if damaged.len() > MOST_TOLD {
            let what = format!("{} more places like this", damaged.len() - MOST_TOLD);
            self.find(path, None, what, Mend::Segment(id));
        }
        !damaged.is_empty()
    }

    /// Reads every row; `None` when some cannot be read.
    fn rows(&mut self, path: &Path, alone: &Alone, id: u64) -> Result<Option<Rows>, Error> {
        let mut rows = Rows::default();
        let lost = alone.read(&mut |span| {
            let row = rows.spans;
            rows.spans += 1;
            let (least, most) = rows.sequences.unwrap_or((span.sequence, span.sequence));
            rows.sequences = Some((least.min(span.sequence), most.max(span.sequence)));
            let counted = rows.traces.entry(span.record.trace_id);
            counted.and_modify(|it| it.add(row, &span)).or_insert_with(|| Counted::first(row, &span));
            Ok(())
        })?;
        self.report.spans += rows.spans;
        if lost > 0 {
            let what = format!("{lost} of its spans cannot be read, though their checksums match");
            self.find(path, None, what, Mend::Segment(id));
            return Ok(None);
        }
        Ok(Some(rows))
    }

    /// Compares the index with the rows.
    fn index(&mut self, path: &Path, id: u64, rows: &Rows) -> Result<(), Error> {
        let index = index_path(path);
        self.at(&index);
        let compared = Segment::open(path).and_then(|segment| differences(&segment, rows));
        self.done(length(&index));
        let what = match compared {
            Ok(0) => return Ok(()),
            Ok(wrong) => format!("it tells something wrong of {wrong} traces"),
            Err(Error::Segment { reason, .. }) => format!("it cannot be read: {reason}"),
            // The segment itself is open, so it was there a moment ago.
            Err(error) if is_gone(&error) && path.exists() => "it is missing".to_owned(),
            Err(error) => return Err(error),
        };
        self.find(&index, None, what, Mend::Index(id));
        Ok(())
    }

    /// Compares what the catalog says with the rows and the files.
    fn counts(&mut self, path: &Path, entry: &SegmentEntry, rows: &Rows) {
        let about = &entry.about;
        let starts = rows.traces.values().map(|it| it.listed.start).min();
        let is_so = [
            ("spans", about.spans == rows.spans),
            ("traces", about.traces == rows.traces.len() as u64),
            ("bytes", about.bytes == length(path)),
            ("the index's bytes", [0, about.index_bytes].contains(&length(&index_path(path)))),
            ("the earliest start", starts.is_none_or(|start| start == about.starts.0)),
            ("sequences", rows.sequences.is_none_or(|it| it == about.sequences)),
            ("which traces it may hold", rows.traces.keys().all(|id| about.bloom.may_hold(*id))),
        ];
        let wrong: Vec<_> = is_so.iter().filter(|(_, is_so)| !is_so).map(|(name, _)| *name).collect();
        if !wrong.is_empty() {
            let what = format!("the catalog says something wrong of it: {}", wrong.join(", "));
            self.find(path, None, what, Mend::Recount(about.id.0));
        }
    }

    /// Tells of files that nobody knows.
    fn strays(&mut self, published: &Published) -> Result<(), Error> {
        let paths = published.segments.iter().map(|it| &it.path);
        let paths = paths.chain(published.unreadable.iter().map(|it| &it.path)).map(|path| self.directory.join(path));
        let known: HashSet<PathBuf> = paths.flat_map(|path| [index_path(&path), path]).collect();
        let strays = files_below(&self.directory.join(SEGMENTS))?.into_iter().filter(|file| !known.contains(file));
        for file in strays {
            self.report.notes.push(format!(
                "{} is not known to the catalog: it was being written or had been replaced when a process ended, \
                 and the next start removes it",
                file.display()
            ));
        }
        Ok(())
    }

    /// Tells how much lies aside.
    pub(super) fn aside(&mut self) -> Result<(), Error> {
        let directory = self.directory.join("corrupt");
        let files = files_below(&directory)?;
        if !files.is_empty() {
            let bytes: u64 = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|about| about.len()).sum();
            let (number, place) = (files.len(), directory.display());
            self.report
                .notes
                .push(format!("{place} holds {number} damaged pieces of {bytes} bytes that were put aside"));
        }
        Ok(())
    }
}

/// Returns of how many traces an index tells something else than the rows do.
fn differences(segment: &Segment, rows: &Rows) -> Result<u64, Error> {
    let (mut wrong, mut listed) = (0, 0);
    let mut place = None;
    loop {
        let page: Vec<Listed> = segment.list_before(place, PAGE)?;
        let Some(last) = page.last() else { break };
        place = Some(last.place());
        listed += page.len();
        wrong +=
            page.iter().filter(|it| rows.traces.get(&it.trace_id).is_none_or(|counted| counted.listed != **it)).count();
    }
    for (id, counted) in &rows.traces {
        let ranges = segment.ranges(*id)?;
        // Traces whose ids have one hash share their ranges.
        let is_found =
            |wanted: &std::ops::Range<u64>| ranges.iter().any(|it| it.start <= wanted.start && wanted.end <= it.end);
        wrong += usize::from(!counted.rows.iter().all(is_found));
    }
    Ok((wrong + listed.abs_diff(rows.traces.len())) as u64)
}
