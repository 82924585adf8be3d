//! What a start does with the files of segments that it finds.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use trackway_model::{Text, Timestamp, TraceId};

use super::beside::allow_handles;
use crate::{
    Damage, Error,
    catalog::{Age, Catalog, NewSegment, Published, Readers, SEGMENTS, SegmentEntry, SegmentId},
    engine::{room::is_lack_of_handles, tallies::Tallying},
    files::{file_error, make_private_directory},
    segment::{Bloom, Segment, SegmentFilter, index_path},
    wal::file_numbers,
};

/// Nanoseconds of a day.
const DAY: u64 = 86_400_000_000_000;

/// How many traces are read from an index at once.
const PAGE: usize = 4_096;

/// A start's look at what is published.
pub(super) struct Start<'a> {
    pub(super) directory: &'a Path,
    pub(super) quarantine: &'a Path,
    pub(super) catalog: &'a Catalog,
    pub(super) readers: &'a Readers,
}

impl Start<'_> {
    /// Returns what is published, and tells what is damaged. Whatever there is, the start goes on.
    pub(super) fn run(&self) -> Result<(Published, Vec<Damage>), Error> {
        let files = self.files()?;
        let published = self.read()?;
        if !published.is_begun {
            return self.begin(&files);
        }
        let mut damaged = self.reread(&published)?;
        let known = published.segments.iter().map(|it| &it.path).chain(published.unreadable.iter().map(|it| &it.path));
        let known: Vec<_> = known.map(|path| self.directory.join(path)).collect();
        let unknown = files.iter().filter(|file| !known.contains(&file.with_extension("parquet"))).cloned();
        let mut unknown: Vec<PathBuf> = unknown.collect();
        if !unknown.is_empty() && self.is_outlived(&known)? {
            let adopted = self.adopt(&published, &unknown)?;
            unknown.retain(|file| !adopted.iter().any(|it| it.file == file.with_extension("parquet")));
            damaged.extend(adopted);
        }
        // What was written and not published comes again from the log, and what was replaced is in what replaced it.
        for file in unknown.iter().filter(|file| file.exists()) {
            fs::remove_file(file).map_err(file_error("remove", file))?;
        }
        Ok((if damaged.is_empty() { published } else { self.read()? }, damaged))
    }

    /// Returns true when the catalog is older than the files beside it, as one that was copied back: segments that it names
    /// were replaced since, or the log that it knew of is gone. Then what it does not name is nowhere else.
    fn is_outlived(&self, known: &[PathBuf]) -> Result<bool, Error> {
        if known.iter().any(|path| !path.exists()) {
            return Ok(true);
        }
        let log = self.directory.join("wal");
        let numbers = match file_numbers(&log) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            numbers => numbers.map_err(file_error("read", &log))?,
        };
        // A file of the log goes only once a later one is noted.
        let durable = self.catalog.durable()?.map_or(0, |place| place.file);
        Ok(durable > 0 && numbers.first().is_some_and(|first| *first > durable))
    }

    /// Takes up whole segments that the catalog does not name, and tells of each.
    fn adopt(&self, published: &Published, unknown: &[PathBuf]) -> Result<Vec<Damage>, Error> {
        allow_handles((published.segments.len() + unknown.len()) as u64 * 2);
        let mut older = self.named(published)?;
        let (named, mut told) = (older.len(), Vec::new());
        for path in unknown.iter().filter(|path| is_parquet(path)) {
            let segment = match Segment::open(path) {
                Ok(segment) => segment,
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                Err(error @ Error::Newer { .. }) => return Err(error),
                Err(error) => {
                    told.push(self.put_aside(path, &error)?);
                    continue;
                }
            };
            let age = Age(published.next_age.0.max(1) + (older.len() - named) as u64);
            let stored = Stored { id: SegmentId(number_of(path).unwrap_or_default()), age, level: 0, path };
            match self.entry(stored, &segment, &older) {
                Ok(entry) => older.push((entry, segment)),
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                Err(error) => {
                    told.push(self.put_aside(path, &error)?);
                    continue;
                }
            }
            let reason = "the catalog is older than this segment, which was taken up again: what was deleted since that \
                          catalog was written may be back";
            told.push(Damage { file: path.clone(), offset: 0, bytes: 0, reason: reason.to_owned() });
        }
        let next = unknown.iter().filter_map(|path| number_of(path)).max().unwrap_or_default() + 1;
        let entries: Vec<_> = older.into_iter().skip(named).map(|(entry, _)| entry).collect();
        self.catalog.adopt(&entries, SegmentId(next))?;
        Ok(told)
    }

    /// Opens the segments that the catalog names, as far as they can be read: what they count is counted.
    fn named(&self, published: &Published) -> Result<Vec<(SegmentEntry, Segment)>, Error> {
        let mut named = Vec::new();
        for entry in &published.segments {
            match Segment::open(&self.directory.join(&entry.path)) {
                Ok(segment) => named.push((entry.clone(), segment)),
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                // A start tells of it in any case.
                Err(_) => {}
            }
        }
        Ok(named)
    }

    fn read(&self) -> Result<Published, Error> {
        Published::read(&*self.readers.begin()?)
    }

    /// Takes up every segment that there is, where the catalog knows nothing: it is new, or was lost.
    fn begin(&self, files: &[PathBuf]) -> Result<(Published, Vec<Damage>), Error> {
        allow_handles(files.len() as u64);
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        for path in files.iter().filter(|path| is_parquet(path)) {
            match Segment::open(path) {
                Ok(segment) => found.push((path, segment)),
                Err(error @ Error::Newer { .. }) => return Err(error),
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                Err(error) => damaged.push(self.put_aside(path, &error)?),
            }
        }
        found.sort_by_key(|(path, segment)| (segment.starts(), number_of(path)));
        let mut adopted: Vec<(SegmentEntry, Segment)> = Vec::new();
        for (path, segment) in found {
            let age = Age(adopted.len() as u64 + 1);
            let stored = Stored { id: SegmentId(number_of(path).unwrap_or_default()), age, level: 0, path };
            match self.entry(stored, &segment, &adopted) {
                Ok(entry) => adopted.push((entry, segment)),
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                Err(error) => damaged.push(self.put_aside(path, &error)?),
            }
        }
        let entries: Vec<_> = adopted.into_iter().map(|(entry, _)| entry).collect();
        let next = files.iter().filter_map(|path| number_of(path)).max().unwrap_or_default() + 1;
        self.catalog.begin(&entries, SegmentId(next))?;
        Ok((self.read()?, damaged))
    }

    /// Counts segments again of which the catalog's own notes are damaged.
    fn reread(&self, published: &Published) -> Result<Vec<Damage>, Error> {
        let (mut entries, mut damaged) = (Vec::new(), Vec::new());
        for stored in &published.unreadable {
            let path = self.directory.join(&stored.path);
            let at = Stored { id: stored.id, age: stored.age, level: stored.level, path: &path };
            let read = Segment::open(&path).and_then(|segment| self.entry(at, &segment, &[]));
            match read {
                Ok(entry) => {
                    let reason = "the catalog's counts of a segment were damaged, and were made again".to_owned();
                    damaged.push(Damage { file: path, offset: 0, bytes: 0, reason });
                    entries.push(entry);
                }
                Err(error) if is_lack_of_handles(&error) => return Err(error),
                Err(error) => {
                    let reason =
                        format!("the catalog's counts of a segment are damaged, and so is the segment: {error}");
                    damaged.push(Damage { file: path, offset: 0, bytes: 0, reason });
                }
            }
        }
        self.catalog.rewrite(&entries)?;
        Ok(damaged)
    }

    /// Finds out what the catalog has to know of a segment; `older` are the segments that count their traces first.
    fn entry(
        &self,
        stored: Stored<'_>,
        segment: &Segment,
        older: &[(SegmentEntry, Segment)],
    ) -> Result<SegmentEntry, Error> {
        let traces = traces_of(segment)?;
        let mut counted = Tallying::default();
        for (id, trace) in &traces {
            let mut known = false;
            for (entry, older) in older.iter().filter(|(entry, _)| entry.about.bloom.may_hold(*id)) {
                known |= entry.about.bloom.may_hold(*id) && older.listed(*id)?.is_some();
            }
            if !known {
                counted.note_trace(&trace.project);
            }
        }
        let mut sequences = (u64::MAX, 0);
        for span in segment.spans(&SegmentFilter::default())? {
            let span = span?;
            sequences = (sequences.0.min(span.sequence), sequences.1.max(span.sequence));
            if let Some(trace) = traces.get(&span.record.trace_id) {
                counted.note_span(&trace.project, &span.record, trace.start);
            }
        }
        let starts = segment.starts().unwrap_or_default();
        let length = |path: &Path| path.metadata().map(|file| file.len()).map_err(file_error("read", path));
        let about = NewSegment {
            id: stored.id,
            day: u32::try_from(starts.0.0 / DAY).unwrap_or_default(),
            level: stored.level,
            version: segment.version(),
            spans: segment.len(),
            traces: traces.len() as u64,
            bytes: length(stored.path)?,
            index_bytes: length(&index_path(stored.path))?,
            starts,
            last: segment.latest_end().unwrap_or_default().max(starts.1),
            // Nobody knows how much earlier its traces began in other segments.
            lag: NewSegment::UNKNOWN_LAG,
            sequences: (sequences.0.min(sequences.1), sequences.1),
            tallies: Arc::new(counted.finish()),
            bloom: Bloom::of_traces(traces.keys().copied()),
        };
        let path = stored.path.strip_prefix(self.directory).unwrap_or(stored.path).to_owned();
        Ok(SegmentEntry { age: stored.age, path, about })
    }

    /// Moves a segment that cannot be read to where damage is kept.
    fn put_aside(&self, path: &Path, error: &Error) -> Result<Damage, Error> {
        make_private_directory(self.quarantine)?;
        let bytes = path.metadata().map_or(0, |file| file.len());
        for file in [path.to_owned(), index_path(path)] {
            let Some(name) = file.file_name() else { continue };
            match fs::rename(&file, self.quarantine.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error("move", &file)(error)),
                _ => {}
            }
        }
        Ok(Damage { file: path.to_owned(), offset: 0, bytes, reason: error.to_string() })
    }

    /// Returns every file that looks like one of ours.
    fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let mut files = Vec::new();
        let all = self.directory.join(SEGMENTS);
        for day in entries_of(&all)? {
            if day.is_dir() {
                files.extend(entries_of(&day)?.into_iter().filter(|path| number_of(path).is_some()));
            }
        }
        files.sort();
        Ok(files)
    }
}

/// A segment's files, and where it stands.
struct Stored<'a> {
    id: SegmentId,
    age: Age,
    level: u32,
    path: &'a Path,
}

/// What a segment's index says of a trace.
struct Known {
    project: Text,
    start: Timestamp,
}

fn traces_of(segment: &Segment) -> Result<HashMap<TraceId, Known>, Error> {
    let mut traces = HashMap::new();
    let mut place = None;
    loop {
        let page = segment.list_before(place, PAGE)?;
        let Some(last) = page.last() else { return Ok(traces) };
        place = Some(last.place());
        traces.extend(page.into_iter().map(|it| (it.trace_id, Known { project: it.project, start: it.start })));
    }
}

fn entries_of(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(file_error("read", directory))?,
    };
    entries.map(|entry| Ok(entry.map_err(file_error("read", directory))?.path())).collect()
}

fn is_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "parquet")
}

/// Returns a segment's number by the name of one of its files, finished or not; `None` for what is none of ours.
fn number_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".part").unwrap_or(name);
    let stem = name.strip_suffix(".parquet").or_else(|| name.strip_suffix(".tix"))?;
    let is_number = stem.bytes().all(|byte| byte.is_ascii_digit());
    stem.parse().ok().filter(|_| is_number)
}
