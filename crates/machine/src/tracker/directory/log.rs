//! The log of one run, as its writer has it open.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process,
    sync::Arc,
};

use trackway_model::RunKey;
use trackway_wire::records;

use super::{
    entries, files,
    index::{self, Growing, Index},
    line::{self, Lines},
    scan::{self, Kind},
};
use crate::{Entry, Fact, Fault, tracker::Opening};

pub(super) const NAME: &str = "log.ndjson";
const LOCK: &str = "lock";

/// A group is written when it is so long, whatever waits behind it.
const GROUP: usize = 1 << 20;

/// The log of a run. It is locked until it is closed: nobody else writes it.
pub(super) struct Log {
    run: Arc<RunKey>,
    directory: PathBuf,
    file: File,
    /// How long it is, with all that was written and nothing of what was not.
    len: u64,
    lines: Lines,
    index: Growing,
    /// Lines that are not written yet, and what made them.
    group: Vec<u8>,
    members: Vec<Member>,
    /// What the lines were before this group.
    before: Lines,
    has_news: bool,
    /// Directories whose names of what is new in them are not durable yet.
    new_names: Vec<PathBuf>,
    is_closed: bool,
    /// Why nothing can be written any more: after a failed sync nobody knows what the disk has.
    broken: Option<String>,
}

/// A fact whose line is a part of a group.
struct Member {
    /// The place of its entry.
    place: usize,
    /// Where its line begins in the group.
    start: usize,
    /// Where its line ends in the group.
    end: usize,
    /// What the index should know of it.
    entry: Option<index::Entry>,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{} of {} is written by {}: end that application first", .run.app, .run.project, owner(*.pid))]
    Locked { run: Arc<RunKey>, pid: Option<u32> },
    #[error("{} of {} is there already, in {}: resume it, fork it, or take another app id", .run.app, .run.project, .directory.display())]
    Exists { run: Arc<RunKey>, directory: PathBuf },
    #[error("{} of {} went on since it was loaded: resume it again", .run.app, .run.project)]
    WentOn { run: Arc<RunKey> },
    #[error("{} holds another run: {} of {}", .directory.display(), .found.app, .found.project)]
    Another { directory: PathBuf, found: RunKey },
    // The cause is told along: what becomes of this is a text.
    #[error("cannot {action} {}: {source}{}", .path.display(), advice(.source))]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is no log of a run: {what}", .path.display())]
    Foreign { path: PathBuf, what: String },
}

/// Returns what can be done about an error of the system, where that is known.
fn advice(error: &io::Error) -> &'static str {
    // EMFILE, which the standard library has no name for.
    const TOO_MANY_OPEN: i32 = 24;
    match error.raw_os_error() {
        Some(TOO_MANY_OPEN) => "; each application keeps its log open: drop those that are done, or raise `ulimit -n`",
        _ => "",
    }
}

/// Returns what messages call the process that writes a log.
pub(super) fn owner(pid: Option<u32>) -> String {
    match pid {
        Some(pid) if pid == process::id() => "this process".into(),
        Some(pid) => format!("process {pid}"),
        None => "another process".into(),
    }
}

fn cannot(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Refusal {
    let path = path.to_owned();
    move |source| Refusal::File { action, path, source }
}

impl Log {
    /// Opens the log of a run to go on at its end, after what a writer that died has left half done.
    pub(super) fn open(directory: PathBuf, run: Arc<RunKey>, how: Opening) -> Result<Self, Refusal> {
        let path = directory.join(NAME);
        let mut new_names = Vec::new();
        files::make_directory(&directory, &mut new_names).map_err(cannot("make", &directory))?;
        let file = files::open(&path, &mut new_names).map_err(cannot("open", &path))?;
        lock(&file, &directory, &run)?;
        let found = named(&file, &path)?;
        match found {
            Some(found) if found != *run => return Err(Refusal::Another { directory, found }),
            Some(_) if how == Opening::New && has_begun(&file).map_err(cannot("read", &path))? => {
                return Err(Refusal::Exists { run, directory });
            }
            _ => {}
        }
        let (len, index) = mend(&file, &directory).map_err(cannot("mend", &path))?;
        if let Opening::GoesOnFrom(known) = how
            && len > known
        {
            return Err(Refusal::WentOn { run });
        }
        let lines = Lines::default();
        Ok(Self {
            run,
            directory,
            file,
            len,
            before: lines.clone(),
            lines,
            index,
            group: Vec::new(),
            members: Vec::new(),
            has_news: false,
            new_names,
            is_closed: false,
            broken: None,
        })
    }

    /// Takes the fact of an entry, by its place, and writes it with others, at the latest when [`write`](Self::write) is called.
    pub(super) fn add(&mut self, place: usize, entries: &[Entry], results: &mut [Result<(), Fault>]) {
        let closed = self.is_closed.then_some("the log is closed");
        if let Some(why) = self.broken.as_deref().or(closed) {
            set(results, place, Err(why.into()));
            return;
        }
        let Some(fact) = fact(entries, place) else { return };
        // A run of which nothing was told has not begun: its log stays empty.
        if matches!(fact, Fact::Closed) {
            return;
        }
        let (start, entry) = self.encode(fact);
        self.members.push(Member { place, start, end: self.group.len(), entry });
        if self.group.len() >= GROUP {
            self.write(entries, results);
        }
    }

    /// Writes what was taken.
    pub(super) fn write(&mut self, entries: &[Entry], results: &mut [Result<(), Fault>]) {
        let members = std::mem::take(&mut self.members);
        if members.is_empty() {
            return;
        }
        let (written, error) = self.append();
        let done = members.iter().take_while(|member| member.end <= written).count();
        let (done, failed) = members.split_at(done);
        if let Some(error) = error {
            self.redo(done, entries);
            self.write_apart(failed, error, entries, results);
            return;
        }
        self.settle(done);
        self.begin_group();
    }

    /// Makes durable what was written.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        if let Some(why) = &self.broken {
            return Err(why.as_str().into());
        }
        if !std::mem::take(&mut self.has_news) {
            return Ok(());
        }
        let names = std::mem::take(&mut self.new_names);
        let synced = self.file.sync_data().and_then(|()| names.iter().try_for_each(|path| files::sync_directory(path)));
        synced.map_err(|error| {
            let why = format!("cannot make {} durable: {error}", self.directory.join(NAME).display());
            self.broken = Some(why.clone());
            why.into()
        })
    }

    /// Lets others write the run. What was written before may still be made durable.
    pub(super) fn close(&mut self) {
        self.index.write(&self.directory);
        // Whoever finds the file takes it for what it is: a number of a process that does not write any more.
        let _ = fs::remove_file(self.directory.join(LOCK));
        // The lock goes with the file at the latest.
        let _ = self.file.unlock();
        self.is_closed = true;
    }

    /// Puts the line of a fact into the group. Returns where it begins there, and what the index should know of it.
    fn encode(&mut self, fact: &Fact) -> (usize, Option<index::Entry>) {
        if self.len == 0 && self.group.is_empty() {
            line::run(&self.run, &mut self.group);
        }
        let start = self.group.len();
        (start, self.lines.write(&self.run, fact, self.len + start as u64, &mut self.group))
    }

    /// Writes the group. Returns how much of it is in the log, in whole lines, and why it is not all.
    fn append(&mut self) -> (usize, Option<io::Error>) {
        let (written, error) = write_all(&mut self.file, &self.group);
        let whole = match error {
            None => written,
            Some(_) => self
                .group
                .get(..written)
                .and_then(|part| part.iter().rposition(|byte| *byte == b'\n'))
                .map_or(0, |at| at + 1),
        };
        self.len += whole as u64;
        self.has_news |= whole > 0;
        if whole < written
            && let Err(error) = self.file.set_len(self.len)
        {
            // A half line stays: what would be written behind it could not be read.
            self.broken = Some(format!("cannot cut a half line from {}: {error}", self.directory.join(NAME).display()));
        }
        (whole, error)
    }

    fn settle(&mut self, members: &[Member]) {
        for entry in members.iter().filter_map(|member| member.entry) {
            self.index.add(entry, &self.directory);
        }
    }

    fn begin_group(&mut self) {
        self.group.clear();
        // A single large state must not hold its room for as long as the log is open.
        self.group.shrink_to(2 * GROUP);
        self.before.clone_from(&self.lines);
    }

    /// Makes the lines what they were after these members, which are in the log already.
    fn redo(&mut self, done: &[Member], entries: &[Entry]) {
        self.settle(done);
        self.lines.clone_from(&self.before);
        let begin = self.len - done.last().map_or(0, |member| member.end) as u64;
        let mut again = Vec::new();
        for member in done {
            let Some(fact) = fact(entries, member.place) else { continue };
            again.clear();
            self.lines.write(&self.run, fact, begin + member.start as u64, &mut again);
        }
        self.begin_group();
    }

    /// Writes each line by itself, so that those get through for which there is room.
    fn write_apart(
        &mut self,
        members: &[Member],
        first: io::Error,
        entries: &[Entry],
        results: &mut [Result<(), Fault>],
    ) {
        let mut why = Some(first);
        for member in members {
            let Some(fact) = fact(entries, member.place) else { continue };
            let error = match (&self.broken, why.take()) {
                (Some(broken), _) => Some(Fault::from(broken.as_str())),
                (None, Some(error)) => Some(Fault::from(error)),
                (None, None) => self.write_alone(fact).err().map(Fault::from),
            };
            if let Some(error) = error {
                let path = self.directory.join(NAME);
                set(results, member.place, Err(format!("cannot write to {}: {error}", path.display()).into()));
            }
        }
    }

    fn write_alone(&mut self, fact: &Fact) -> io::Result<()> {
        let (_, entry) = self.encode(fact);
        let all = self.group.len();
        let (written, error) = self.append();
        match error {
            Some(error) if written < all => {
                self.lines.clone_from(&self.before);
                self.group.clear();
                return Err(error);
            }
            _ => {}
        }
        entry.into_iter().for_each(|entry| self.index.add(entry, &self.directory));
        self.begin_group();
        Ok(())
    }
}

fn fact(entries: &[Entry], place: usize) -> Option<&Fact> {
    entries.get(place).map(|entry| &entry.fact)
}

fn set(results: &mut [Result<(), Fault>], place: usize, result: Result<(), Fault>) {
    if let Some(known) = results.get_mut(place) {
        *known = result;
    }
}

/// Writes bytes as far as that goes; returns how far, and why no further.
fn write_all(file: &mut File, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}

fn lock(file: &File, directory: &Path, run: &Arc<RunKey>) -> Result<(), Refusal> {
    let path = directory.join(LOCK);
    match file.try_lock() {
        // That file only tells who it is; the lock itself goes with its holder, however that ends.
        Ok(()) => files::write(&path, format!("{}\n", process::id()).as_bytes()).map_err(cannot("write", &path)),
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
            Err(Refusal::Locked { run: run.clone(), pid })
        }
        Err(TryLockError::Error(error)) => Err(cannot("lock", &directory.join(NAME))(error)),
    }
}

/// Returns the run that a log is of; `None` when it has no whole line yet.
fn named(log: &File, path: &Path) -> Result<Option<RunKey>, Refusal> {
    let reads = || -> io::Result<Option<Vec<u8>>> {
        let mut lines = scan::Lines::from(log.try_clone()?, 0)?;
        Ok(lines.next()?.map(|(_, line)| line.to_vec()))
    };
    let Some(first) = reads().map_err(cannot("read", path))? else { return Ok(None) };
    let foreign = |what| Refusal::Foreign { path: path.to_owned(), what };
    records::decode_run(&first).map(Some).map_err(foreign)
}

/// Returns false while a log tells of no state and no step: its writer died before the run had begun.
fn has_begun(log: &File) -> io::Result<bool> {
    let mut lines = scan::Lines::from(log.try_clone()?, 0)?;
    while let Some((_, line)) = lines.next()? {
        if !matches!(scan::kind(line), Some(Kind::Run | Kind::App | Kind::Other)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Cuts what a writer that died has left half done, keeps that aside, and completes the index. Returns the length of the log.
fn mend(log: &File, directory: &Path) -> io::Result<(u64, Growing)> {
    let len = log.metadata()?.len();
    let rest = entries::rest(log, Index::open(directory).as_ref())?;
    if rest.good < len {
        keep_aside(log, rest.good, len, directory)?;
        log.set_len(rest.good)?;
    }
    // An index that cannot be written is one that lacks entries: loaders read the log instead.
    let _ = index::keep(directory, rest.kept);
    let mut index = Growing::after(rest.last);
    rest.missing.into_iter().for_each(|entry| index.add(entry, directory));
    index.write(directory);
    Ok((rest.good, index))
}

fn keep_aside(log: &File, from: u64, to: u64, directory: &Path) -> io::Result<()> {
    let free = (1_u32..).map(|number| directory.join(format!("torn-{number}"))).find(|path| !path.exists());
    let Some(path) = free else { return Ok(()) };
    let mut torn = Vec::new();
    let mut at = from;
    let mut block = vec![0; 1 << 16];
    while at < to {
        let count = log.read_at(&mut block, at)?;
        if count == 0 {
            break;
        }
        torn.extend_from_slice(block.get(..count).unwrap_or_default());
        at += count as u64;
    }
    files::write(&path, &torn)
}
