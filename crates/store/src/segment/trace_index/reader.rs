//! Reads an index.

use std::{borrow::Cow, fs::File, io, ops::Range, os::unix::fs::FileExt, path::PathBuf};

use trackway_model::{Text, Timestamp, TraceId};

use super::{
    super::listed::{Flags, Listed},
    BLOCK, HEADER, MAGIC, SUM, VERSION,
    build::Ranges,
    bytes::{take, take_array, unsealed},
    hash,
};
use crate::{Error, cursor::TracePlace, files::file_error};

/// The index of a segment, open for questions; in memory is which block tells of what.
pub(in super::super) struct TraceIndex {
    bytes: Bytes,
    path: PathBuf,
    projects: Vec<Text>,
    places: Vec<Places>,
    list: Vec<List>,
}

/// A file that was looked at.
pub(in super::super) enum Opened {
    /// It is an index as it is written now.
    Index(TraceIndex),
    /// It is one of the first version, which does not list the traces.
    First,
}

enum Bytes {
    File(File),
    Memory(Vec<u8>),
}

/// A block that tells where traces are.
struct Places {
    first: u64,
    at: Range<u64>,
}

/// A block that tells what is known of traces.
struct List {
    first: Timestamp,
    /// Of the traces of this block and of all before it.
    latest: Timestamp,
    at: Range<u64>,
}

/// Where a trace seems to be: another may have its hash.
struct Place {
    number: u64,
    ranges: Vec<Range<u64>>,
}

impl TraceIndex {
    /// Reads the index of a segment whose footer has the checksum `print`; the path is what errors name.
    pub(in super::super) fn open(file: File, path: PathBuf, print: u32) -> Result<Opened, Error> {
        let length = file.metadata().map_err(file_error("read", &path))?.len();
        let damaged = |reason: &str| Error::Segment { path: path.clone(), reason: reason.into() };
        let mut start = [0; HEADER];
        let short = HEADER.min(usize::try_from(length).unwrap_or(HEADER));
        let header = start.get_mut(..short).unwrap_or_default();
        file.read_exact_at(header, 0).map_err(file_error("read", &path))?;
        let mut numbers = &*header;
        if take_array(&mut numbers) != Some(*MAGIC) {
            return Err(damaged("it is no index of traces, or its header is damaged"));
        }
        match take_array(&mut numbers).map(u32::from_le_bytes) {
            Some(1) => return Ok(Opened::First),
            Some(VERSION) => {}
            Some(found) if unsealed(header).is_some() => return Err(Error::Newer { path, found, supported: VERSION }),
            _ => return Err(damaged("its header is cut off or damaged")),
        }
        Self::read(Bytes::File(file), length, path, print).map(Opened::Index)
    }

    /// Makes the index of a segment that lacks one.
    pub(in super::super) fn made(ranges: Ranges, path: PathBuf) -> Result<Self, Error> {
        let (bytes, written) = ranges.encode(0);
        Self::read(Bytes::Memory(bytes), written.bytes, path, 0)
    }

    fn read(bytes: Bytes, length: u64, path: PathBuf, print: u32) -> Result<Self, Error> {
        let damaged = |reason: &str| Error::Segment { path: path.clone(), reason: reason.into() };
        let header = bytes.at(0..(HEADER as u64).min(length)).map_err(file_error("read", &path))?;
        let header = unsealed(&header).ok_or_else(|| damaged("its header is damaged"))?;
        let mut numbers = header.get(MAGIC.len() + 4..).unwrap_or_default();
        let mut number = || take_array(&mut numbers).map(u32::from_le_bytes);
        if number() != Some(print) {
            return Err(damaged("it is the index of another segment"));
        }
        let mut long = || Some(u64::from(number()?) | u64::from(number()?) << 32);
        let (traces, at) = (long().unwrap_or_default(), long().unwrap_or_default());
        let size = number().unwrap_or_default();
        if at.checked_add(u64::from(size)) != Some(length) || at < HEADER as u64 {
            return Err(damaged("it has another length than its header says"));
        }
        let directory = bytes.at(at..length).map_err(file_error("read", &path))?;
        let directory = unsealed(&directory).and_then(|mut directory| Directory::read(&mut directory, traces, at));
        let Directory { projects, places, list } = directory.ok_or_else(|| damaged("its directory is damaged"))?;
        Ok(Self { bytes, path, projects, places, list })
    }

    /// Returns about how many bytes of memory the index takes.
    pub(in super::super) fn memory_bytes(&self) -> usize {
        let bytes = match &self.bytes {
            Bytes::File(_) => 0,
            Bytes::Memory(bytes) => bytes.len(),
        };
        bytes + self.places.len() * size_of::<Places>() + self.list.len() * size_of::<List>()
    }

    /// Returns the rows that may be of a trace, in their order.
    pub(in super::super) fn rows(&self, trace: TraceId) -> Result<Vec<Range<u64>>, Error> {
        let mut rows: Vec<_> = self.places(trace)?.into_iter().flat_map(|place| place.ranges).collect();
        rows.sort_unstable_by_key(|range| range.start);
        Ok(rows)
    }

    /// Returns what is known of a trace.
    pub(in super::super) fn listed(&self, trace: TraceId) -> Result<Option<Listed>, Error> {
        // Many traces may have been given one hash: they stand in the order of their numbers.
        let mut blocks: Vec<_> = self.places(trace)?.into_iter().map(|place| place.number as usize / BLOCK).collect();
        blocks.dedup();
        for block in blocks {
            let listed = self.list_of(block, &|id| id == trace)?.into_iter().next();
            if let Some(listed) = listed {
                return Ok(Some(listed));
            }
        }
        Ok(None)
    }

    /// Returns the traces before a place, at most so many, the newest place first.
    pub(in super::super) fn list_before(&self, before: Option<TracePlace>, most: usize) -> Result<Vec<Listed>, Error> {
        let mut found = Vec::new();
        let mut block = before.map_or(self.list.len(), |(start, _)| self.list.partition_point(|it| it.first <= start));
        while block > 0 && found.len() < most {
            block -= 1;
            let listed = self.list_of(block, &|_| true)?.into_iter().rev();
            let listed = listed.filter(|listed| before.is_none_or(|before| listed.place() < before));
            found.extend(listed.take(most - found.len()));
        }
        Ok(found)
    }

    /// Adds the traces to `found` that start at a time or later, and before another, and that are wanted; in any order.
    pub(in super::super) fn list_between(
        &self,
        from: Timestamp,
        before: Option<Timestamp>,
        is_wanted: &dyn Fn(TraceId) -> bool,
        found: &mut Vec<Listed>,
    ) -> Result<(), Error> {
        // Traces that start at one time can be in several blocks.
        let first = self.list.partition_point(|it| it.first < from).saturating_sub(1);
        let blocks = self.list.iter().enumerate().skip(first);
        for (block, _) in blocks.take_while(|(_, it)| before.is_none_or(|before| it.first < before)) {
            let listed = self.list_of(block, is_wanted)?.into_iter();
            found.extend(listed.filter(|it| from <= it.start && before.is_none_or(|before| it.start < before)));
        }
        Ok(())
    }

    /// Returns a time that no trace lasts beyond which starts before another time; `None` when there is no such trace.
    pub(in super::super) fn latest_before(&self, time: Timestamp) -> Option<Timestamp> {
        let blocks = self.list.partition_point(|it| it.first < time);
        self.list.get(blocks.checked_sub(1)?).map(|it| it.latest)
    }

    fn places(&self, trace: TraceId) -> Result<Vec<Place>, Error> {
        let wanted = hash(trace);
        let mut found = Vec::new();
        // A hash can begin at the end of one block and go on in the next ones.
        let first = self.places.partition_point(|it| it.first < wanted).saturating_sub(1);
        for (block, _) in self.places.iter().enumerate().skip(first).take_while(|(_, it)| it.first <= wanted) {
            self.each_place(block, &mut |hash, place| {
                if hash == wanted {
                    found.push(place);
                }
            })?;
        }
        Ok(found)
    }

    fn each_place(&self, block: usize, each: &mut dyn FnMut(u64, Place)) -> Result<(), Error> {
        let Some(Places { first, at }) = self.places.get(block) else { return Ok(()) };
        let bytes = self.block(at)?;
        let mut rest = content(&bytes);
        let mut hash = *first;
        while !rest.is_empty() {
            let place = place(&mut rest, &mut hash).ok_or_else(|| self.damaged(at))?;
            each(hash, place);
        }
        Ok(())
    }

    fn list_of(&self, block: usize, is_wanted: &dyn Fn(TraceId) -> bool) -> Result<Vec<Listed>, Error> {
        let Some(List { first, at, .. }) = self.list.get(block) else { return Ok(Vec::new()) };
        let bytes = self.block(at)?;
        let mut rest = content(&bytes);
        let (mut start, mut listed) = (*first, Vec::with_capacity(BLOCK));
        while !rest.is_empty() {
            listed.extend(self.entry(&mut rest, &mut start, is_wanted).ok_or_else(|| self.damaged(at))?);
        }
        Ok(listed)
    }

    /// Reads an entry, and passes over it where it is not wanted.
    fn entry(
        &self,
        rest: &mut &[u8],
        before: &mut Timestamp,
        is_wanted: &dyn Fn(TraceId) -> bool,
    ) -> Option<Option<Listed>> {
        let trace_id = TraceId::new(take_array(rest)?)?;
        let start = Timestamp(before.0.checked_add(take(rest)?)?);
        let last = Timestamp(start.0.checked_add(take(rest)?)?);
        *before = start;
        let (spans, errors) = (take(rest)?, take(rest)?);
        let [flags] = take_array(rest)?;
        let project = self.projects.get(usize::try_from(take(rest)?).ok()?)?;
        if !is_wanted(trace_id) {
            return Some(None);
        }
        let project = project.clone();
        Some(Some(Listed { trace_id, start, last, spans, errors, flags: Flags(flags), project }))
    }

    /// Reads a block; what is behind [`content`] is its checksum, which was compared.
    fn block(&self, at: &Range<u64>) -> Result<Cow<'_, [u8]>, Error> {
        let bytes = self.bytes.at(at.clone()).map_err(file_error("read", &self.path))?;
        if unsealed(&bytes).is_some() { Ok(bytes) } else { Err(self.damaged(at)) }
    }

    fn damaged(&self, at: &Range<u64>) -> Error {
        let reason = format!("the checksum of {} bytes at {} does not match", at.end - at.start, at.start);
        Error::Segment { path: self.path.clone(), reason }
    }
}

fn content(block: &[u8]) -> &[u8] {
    block.split_last_chunk::<SUM>().map_or(&[], |(content, _)| content)
}

fn place(rest: &mut &[u8], hash: &mut u64) -> Option<Place> {
    *hash = hash.checked_add(take(rest)?)?;
    let (number, count) = (take(rest)?, take(rest)?);
    let (mut ranges, mut end) = (Vec::with_capacity(1), 0_u64);
    for _ in 0..count {
        let first = end.checked_add(take(rest)?)?;
        end = first.checked_add(take(rest)?)?;
        ranges.push(first..end);
    }
    Some(Place { number, ranges })
}

impl Bytes {
    fn at(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
                file.read_exact_at(&mut bytes, range.start)?;
                Ok(Cow::Owned(bytes))
            }
            Self::Memory(bytes) => {
                let bytes = bytes.get(range.start as usize..range.end as usize);
                bytes.map(Cow::Borrowed).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}

/// What stands at an index's end.
struct Directory {
    projects: Vec<Text>,
    places: Vec<Places>,
    list: Vec<List>,
}

impl Directory {
    fn read(rest: &mut &[u8], traces: u64, end: u64) -> Option<Self> {
        let mut projects = Vec::new();
        for _ in 0..take(rest)? {
            let length = usize::try_from(take(rest)?).ok()?;
            let (project, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            projects.push(Text::from(std::str::from_utf8(project).ok()?));
        }
        let blocks = traces.div_ceil(BLOCK as u64);
        let (mut places, mut list, mut at) = (Vec::new(), Vec::new(), HEADER as u64);
        for _ in 0..blocks {
            let first = take(rest)?;
            places.push(Places { first, at: next(&mut at, rest)? });
        }
        for _ in 0..blocks {
            let (first, latest) = (Timestamp(take(rest)?), Timestamp(take(rest)?));
            list.push(List { first, latest, at: next(&mut at, rest)? });
        }
        (rest.is_empty() && at == end).then_some(Self { projects, places, list })
    }
}

/// Returns where the next block is, of which the length is read.
fn next(at: &mut u64, rest: &mut &[u8]) -> Option<Range<u64>> {
    let block = *at..at.checked_add(take(rest)?)?;
    *at = block.end;
    Some(block)
}
