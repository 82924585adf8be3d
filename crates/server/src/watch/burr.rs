//! Reads the folder of one of Burr's applications, as far as it was written.

use std::{
    fs::Metadata,
    io::{self, Read},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::tz::TimeZone;
use trackway_model::{Annotation, Remark, RunKey};
use trackway_wire::burr::{self, Follower, LONGEST_LINE, Zone};

use super::{
    lines::{End, Lines, Mark, News, Pace, open},
    place::{Annotated, Application},
    reader::Chunk,
};

/// How long a file may be half written before it is taken for what it is.
const HALF_WRITTEN: Duration = Duration::from_secs(2);
/// How soon to look again at a file that is half written.
const SOON: Duration = Duration::from_millis(200);

/// Reads one of Burr's applications, from where it was the last time.
pub(super) struct Burr {
    application: Application,
    zone: Zone,
    follower: Option<Follower>,
    /// True when the whole folder was read again because its log had shown its zone.
    has_rewound: bool,
    metadata: Whole,
    graph: Whole,
    children: Lines,
    log: Lines,
    /// How far the children and the log were told before the reader slept.
    told: [Mark; 2],
    pace: Pace,
}

impl Burr {
    pub(super) fn new(application: Application, zone: Zone, pace: Pace) -> Self {
        let file = |name| application.folder.join(name);
        Self {
            metadata: Whole::new(file("metadata.json")),
            graph: Whole::new(file("graph.json")),
            children: Lines::new(file("children.jsonl"), pace),
            log: Lines::new(file("log.jsonl"), pace),
            follower: None,
            has_rewound: false,
            told: [Mark::default(); 2],
            application,
            zone,
            pace,
        }
    }

    /// Forgets how far the application was read.
    pub(super) fn start_over(&mut self) {
        let Self { application, zone, pace, .. } = self;
        *self = Self::new(application.clone(), zone.clone(), *pace);
    }

    /// Lets go of all but how far the application was read.
    pub(super) fn sleep(&mut self) {
        self.told = [self.children.mark(), self.log.mark()];
        self.follower = None;
        self.children.rewind();
        self.log.rewind();
    }

    /// Reads about `most` bytes of what was written since the last time.
    pub(super) fn read(&mut self, most: u64) -> io::Result<Chunk> {
        let (log, children) = (self.log.news()?, self.children.news()?);
        if matches!(log, News::Replaced) || matches!(children, News::Replaced) {
            self.start_over();
            return self.read(most);
        }
        let is_first = self.follower.is_none();
        let has_lines = matches!(log, News::Grown(_)) || matches!(children, News::Grown(_));
        if let Some(wait) = self.awaits_metadata(has_lines)? {
            return Ok(Chunk { wait: Some(wait), ..Chunk::default() });
        }
        let Some(mut chunk) = self.read_whole_files()? else {
            self.start_over();
            return self.read(most);
        };
        let Some(follower) = &mut self.follower else { return Ok(chunk) };
        let mut ends = [End::default(); 2];
        if let News::Grown(grown) = children {
            let told = self.children.until(self.told[0]);
            ends[0] = self.children.read(grown, within(most, told), |number, line| {
                let items = follower.child_line(number, line);
                chunk.items.extend(items.into_iter().filter(|_| told == 0));
                ControlFlow::Continue(())
            })?;
        }
        if let News::Grown(grown) = log {
            let told = self.log.until(self.told[1]);
            let mut new = Vec::new();
            ends[1] = self.log.read(grown, within(most, told), |number, line| {
                new.extend(follower.note_line(number, line));
                ControlFlow::Continue(())
            })?;
            new.extend(follower.settle());
            chunk.items.extend(new.into_iter().filter(|_| told == 0));
        }
        for end in ends {
            chunk.bytes += end.bytes;
            chunk.has_more |= end.has_more;
            chunk.wait = chunk.wait.into_iter().chain(end.wait).min();
        }
        chunk.run = Some(Arc::clone(follower.run()));
        // A folder that tells nothing at all is no run yet.
        if is_first && chunk.items.is_empty() && !chunk.has_more && !self.graph.is_there() && !self.metadata.is_there()
        {
            self.follower = None;
        }
        self.rewind_if_stale(&mut chunk);
        Ok(chunk)
    }

    /// Once the log has shown a zone that was not known at first, all is read again.
    fn rewind_if_stale(&mut self, chunk: &mut Chunk) {
        let is_stale = self.follower.as_ref().is_some_and(Follower::is_stale);
        if !is_stale || self.has_rewound || chunk.has_more {
            return;
        }
        let follower = self.follower.take().map(Follower::rewound);
        self.start_over();
        (self.follower, self.has_rewound, chunk.has_more) = (follower, true, true);
    }

    /// Returns how long to wait for `metadata.json`, which tells the partition: it comes after `graph.json` and before the
    /// first line.
    fn awaits_metadata(&self, has_lines: bool) -> io::Result<Option<Duration>> {
        if self.follower.is_some() || self.pace == Pace::Once {
            return Ok(None);
        }
        let is_awaited = match open(&self.metadata.path)? {
            Some((file, metadata)) => is_half_written(file, &metadata)?,
            None if has_lines => false,
            None => open(&self.graph.path)?.is_some_and(|(_, graph)| is_young(&graph)),
        };
        Ok(is_awaited.then_some(SOON))
    }

    /// Reads `metadata.json` and `graph.json` where they have changed, and makes the follower; `None` when the files are of
    /// another run than they were.
    fn read_whole_files(&mut self) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
        let metadata = self.metadata.read(&mut chunk, self.pace)?;
        let partition = metadata.as_deref().and_then(burr::partition);
        let Application { project, app, .. } = &self.application;
        let is_other = |follower: &Follower| metadata.is_some() && follower.run().partition != partition;
        if self.follower.as_ref().is_some_and(is_other) {
            return Ok(None);
        }
        let follower = self.follower.get_or_insert_with(|| {
            let run = RunKey { project: project.clone(), partition, app: app.clone() };
            Follower::new(run, self.zone.clone())
        });
        if let Some(metadata) = metadata {
            chunk.items.extend(follower.metadata(&metadata));
        }
        if let Some(graph) = self.graph.read(&mut chunk, self.pace)? {
            chunk.items.extend(follower.graph(&graph));
        }
        Ok(Some(chunk))
    }
}

/// Returns how much to read at once: not beyond what was told before, where there is something of it left.
pub(super) fn within(most: u64, told: u64) -> u64 {
    if told == 0 { most } else { most.min(told) }
}

/// A file that is written at once.
struct Whole {
    path: PathBuf,
    /// Its length and when it was written, as it was read the last time.
    seen: Option<(u64, Option<SystemTime>)>,
}

impl Whole {
    fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    fn is_there(&self) -> bool {
        self.seen.is_some()
    }

    /// Returns what is in the file when that has changed.
    fn read(&mut self, chunk: &mut Chunk, pace: Pace) -> io::Result<Option<Vec<u8>>> {
        let Some((mut file, metadata)) = open(&self.path)? else { return Ok(None) };
        let now = (metadata.len(), metadata.modified().ok());
        if self.seen == Some(now) {
            return Ok(None);
        }
        let bytes = bytes_of(&mut file)?;
        if pace == Pace::Follow && is_young(&metadata) && !is_json(&bytes) {
            chunk.wait = Some(SOON);
            return Ok(None);
        }
        self.seen = Some(now);
        Ok(Some(bytes))
    }
}

/// Reads a file of annotations.
///
/// # Errors
/// It is there and cannot be read.
pub fn annotations(annotated: &Annotated, zone: &TimeZone) -> io::Result<(Vec<Annotation>, Vec<Remark>)> {
    let Some((mut file, _)) = open(&annotated.file)? else { return Ok(Default::default()) };
    let mut bytes = bytes_of(&mut file)?;
    // A line that has no end yet is read when it has.
    if !is_json(bytes.rsplit(|byte| *byte == b'\n').next().unwrap_or_default()) {
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    }
    let burr::Annotations { annotations, remarks } = burr::annotations(&annotated.project, zone, &bytes);
    Ok((annotations, remarks))
}

fn is_half_written(mut file: impl Read, metadata: &Metadata) -> io::Result<bool> {
    Ok(is_young(metadata) && !is_json(&bytes_of(&mut file)?))
}

/// Reads a file, and not more than the longest line may have.
fn bytes_of(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LONGEST_LINE as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

fn is_young(metadata: &Metadata) -> bool {
    let age = metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
    age.is_some_and(|age| age < HALF_WRITTEN)
}
