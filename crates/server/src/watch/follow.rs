//! Follows one directory as it grows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{task::JoinSet, time::sleep_until};
use trackway_wire::burr::Zone;

use super::{
    Watch, Whose,
    door::Door,
    events::{Ears, Events, Happened},
    place::{Application, Found, Meaning, Place},
    queue::{Queue, Reason, Task},
    reader::Reader,
    status::{Teller, WatchState},
    work::{Done, Outcome, annotate, read},
};
use crate::ingest::run_apart;

/// How many applications are read at once.
const READS: usize = 4;
/// How many applications that nobody writes to are held as they were read; the others are read again when somebody does.
const MOST_AWAKE: usize = 256;
/// When to try again what could not be read or stored; twice as late each time it fails again in a row.
const AGAIN: Duration = Duration::from_secs(5);
/// How often that is doubled at most.
const MOST_DOUBLED: u32 = 6;
/// How often a directory is looked for that is not there.
const LOOK: Duration = Duration::from_secs(1);
/// How long the first files in an empty directory are given to become something.
const TAKE_SHAPE: Duration = Duration::from_millis(50);

/// Follows a directory until the task is dropped, whether it is there already or not.
pub(super) async fn follow(watch: Watch, zone: Zone, door: Arc<dyn Door>, teller: Teller) {
    let path = &watch.path;
    loop {
        let wait = match Following::begin(&watch, &zone, &door, &teller).await {
            Ok(mut following) => {
                following.run().await;
                TAKE_SHAPE
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                teller.state(WatchState::Waiting);
                LOOK
            }
            Err(error) => {
                teller.state(WatchState::Failed { message: format!("{} cannot be watched: {error}", path.display()) });
                AGAIN
            }
        };
        tokio::time::sleep(wait).await;
    }
}

struct Following {
    place: Place,
    /// False while nothing in the directory tells what it is.
    has_shape: bool,
    zone: Zone,
    door: Arc<dyn Door>,
    teller: Teller,
    events: Events,
    queue: Queue,
    readers: HashMap<Application, Slot>,
    /// Annotations that are being read, and whether they were written to since.
    annotating: HashMap<Task, bool>,
    /// Applications that have not been read to their end yet.
    unread: HashSet<Application>,
    troubles: BTreeMap<PathBuf, String>,
    /// How often in a row something has failed.
    failures: HashMap<PathBuf, u32>,
    reads: JoinSet<Done>,
    /// Counts readings, to know which reader was not used for the longest.
    turn: u64,
    awake: usize,
}

/// The reader of an application.
enum Slot {
    /// It waits for something to be written; since this turn.
    Idle(Box<Reader>, u64, Rest),
    /// It reads, and whether the application was written to since it began.
    Busy(bool),
}

#[derive(PartialEq, Eq)]
enum Rest {
    Awake,
    Asleep,
    /// There is more to read: one that were put to sleep now would begin anew each time, where many are written to at once.
    Midway,
}

impl Following {
    /// Finds out what a directory holds, and looks through it.
    async fn begin(watch: &Watch, zone: &Zone, door: &Arc<dyn Door>, teller: &Teller) -> io::Result<Self> {
        let Watch { path, whose } = watch.clone();
        let found = run_apart(move || {
            let folder = path.canonicalize()?;
            let events = Events::listen(&folder)?;
            let place = match whose {
                Whose::Named => Place::at(&folder, None)?,
                Whose::Own => Some(Place::presumed(folder.clone())),
            };
            Ok::<_, io::Error>((events, place.clone().unwrap_or_else(|| Place::presumed(folder)), place.is_some()))
        });
        let (events, place, has_shape) = found.await.map_err(|_| io::Error::other("the reading failed"))??;
        let mut following = Self {
            place,
            has_shape,
            zone: zone.clone(),
            door: Arc::clone(door),
            teller: teller.clone(),
            events,
            queue: Queue::default(),
            readers: HashMap::new(),
            annotating: HashMap::new(),
            unread: HashSet::new(),
            troubles: BTreeMap::new(),
            failures: HashMap::new(),
            reads: JoinSet::new(),
            turn: 0,
            awake: 0,
        };
        following.teller.state(WatchState::Reading);
        following.look_through(following.place.folder().to_owned(), Reason::Found).await?;
        Ok(following)
    }

    /// Reads what is there and what comes, until the directory is gone or has become another thing than it seemed.
    async fn run(&mut self) {
        loop {
            self.begin_reads();
            self.tell();
            let due = self.queue.due();
            tokio::select! {
                Some(done) = self.reads.join_next() => {
                    // A reading that panicked was printed where it happened; its slot stays busy, and is not read again.
                    if let Ok(done) = done {
                        self.finish(done);
                    }
                }
                happened = self.events.next() => {
                    if !self.hear(happened).await {
                        return;
                    }
                }
                () = async { sleep_until(due.unwrap_or_else(tokio::time::Instant::now)).await }, if due.is_some() => {
                    for folder in self.queue.take_due() {
                        if !self.look_again(folder).await {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Heeds what the system tells; returns false when all is to begin anew.
    async fn hear(&mut self, happened: Happened) -> bool {
        self.door.counters().watch_events.add(1);
        let root = self.place.folder().to_owned();
        let path = match happened {
            Happened::At(path) => path,
            Happened::TooMuch => {
                self.door.counters().watch_overflows.add(1);
                root.clone()
            }
        };
        if !self.has_shape {
            self.queue.look_later(root, TAKE_SHAPE);
            return true;
        }
        match self.place.meaning(&path) {
            Meaning::OfApplication(application) => self.discover(Task::Application(application), Reason::Written),
            Meaning::Annotations(annotated) => self.discover(Task::Annotations(annotated), Reason::Written),
            Meaning::Other => return self.look_again(path).await,
        }
        true
    }

    /// Looks through a folder in which something may be new; returns false when all is to begin anew.
    async fn look_again(&mut self, folder: PathBuf) -> bool {
        let is_root = folder == self.place.folder();
        let is_folder = std::fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir());
        if !is_folder {
            self.troubles.remove(&folder);
            return !is_root;
        }
        if !self.has_shape && Place::at(&folder, None).is_ok_and(|place| place.is_some()) {
            return false;
        }
        self.look_through(folder, Reason::Written).await.is_ok()
    }

    /// Looks through a folder, and queues all that is in it.
    async fn look_through(&mut self, folder: PathBuf, reason: Reason) -> io::Result<()> {
        let (place, ears, looked) = (self.place.clone(), self.events.ears(), folder.clone());
        let walk = run_apart(move || place.walk_from(&looked, &mut |folder| Ears::listen_to(&ears, folder)));
        let found = walk.await.map_err(|_| io::Error::other("the reading failed"))?;
        let Found { applications, annotations, troubles, links } = found;
        self.door.counters().watch_links.add(links);
        self.troubles.retain(|path, _| !path.starts_with(&folder) || self.place.is_read(path));
        for trouble in troubles {
            if trouble.path == self.place.folder() {
                return Err(io::Error::other(trouble.what));
            }
            self.queue.look_later(trouble.path.clone(), AGAIN);
            self.troubles.insert(trouble.path, trouble.what);
        }
        applications.into_iter().map(Task::Application).for_each(|task| self.discover(task, reason));
        annotations.into_iter().map(Task::Annotations).for_each(|task| self.discover(task, reason));
        self.teller.troubles(&self.troubles);
        Ok(())
    }

    fn discover(&mut self, task: Task, reason: Reason) {
        match &task {
            Task::Application(application) => match self.readers.get_mut(application) {
                Some(Slot::Busy(is_written)) => {
                    *is_written = true;
                    return;
                }
                Some(Slot::Idle(..)) => {}
                None => {
                    let reader = Box::new(Reader::following(application.clone(), self.zone.clone()));
                    self.readers.insert(application.clone(), Slot::Idle(reader, 0, Rest::Asleep));
                    self.unread.insert(application.clone());
                }
            },
            Task::Annotations(_) => {
                if let Some(is_written) = self.annotating.get_mut(&task) {
                    *is_written = true;
                    return;
                }
            }
        }
        self.queue.push(task, reason);
    }

    fn begin_reads(&mut self) {
        while self.reads.len() < READS {
            let Some(task) = self.queue.pop() else { return };
            let door = Arc::clone(&self.door);
            match task {
                Task::Application(application) => {
                    let Some(slot) = self.readers.get_mut(&application) else { continue };
                    match std::mem::replace(slot, Slot::Busy(false)) {
                        Slot::Idle(reader, _, rest) => {
                            self.awake -= usize::from(rest == Rest::Awake);
                            self.reads.spawn(read(door, application, reader));
                        }
                        Slot::Busy(_) => *slot = Slot::Busy(true),
                    }
                }
                Task::Annotations(ref annotated) => {
                    self.reads.spawn(annotate(door, annotated.clone(), self.zone.clone()));
                    self.annotating.insert(task, false);
                }
            }
        }
    }

    fn finish(&mut self, done: Done) {
        let Done { task, reader, outcome } = done;
        let is_written = match (&task, reader) {
            (Task::Application(application), Some(reader)) => {
                let has_more = matches!(outcome, Outcome::Read { has_more: true, .. });
                let rest = if has_more { Rest::Midway } else { Rest::Awake };
                self.awake += usize::from(rest == Rest::Awake);
                let slot = self.readers.insert(application.clone(), Slot::Idle(reader, self.turn, rest));
                self.turn += 1;
                self.put_to_sleep();
                matches!(slot, Some(Slot::Busy(true)))
            }
            _ => self.annotating.remove(&task).unwrap_or(false),
        };
        let path = task.path().to_owned();
        let had_trouble = self.troubles.remove(&path).is_some();
        match outcome {
            Outcome::Read { has_more: true, .. } => {
                let is_first = matches!(&task, Task::Application(application) if self.unread.contains(application));
                self.queue.push(task, if is_first { Reason::Found } else { Reason::Written });
            }
            Outcome::Read { wait, .. } => {
                self.failures.remove(&path);
                if let Task::Application(application) = &task {
                    self.unread.remove(application);
                }
                match wait {
                    _ if is_written => self.queue.push(task, Reason::Written),
                    Some(wait) => self.queue.push_later(task, wait),
                    None => {}
                }
            }
            Outcome::Failed(what) => {
                let failures = self.failures.entry(path.clone()).or_default();
                self.queue.push_later(task, AGAIN * 2_u32.pow(*failures));
                *failures = (*failures + 1).min(MOST_DOUBLED);
                self.troubles.insert(path, what);
                self.teller.troubles(&self.troubles);
            }
        }
        if had_trouble {
            self.teller.troubles(&self.troubles);
        }
    }

    /// Lets the reader sleep that was not used for the longest, when many are awake.
    fn put_to_sleep(&mut self) {
        if self.awake <= MOST_AWAKE {
            return;
        }
        let awake = self.readers.values_mut().filter_map(|slot| match slot {
            Slot::Idle(reader, turn, rest @ Rest::Awake) => Some((turn, reader, rest)),
            _ => None,
        });
        if let Some((_, reader, rest)) = awake.min_by_key(|(turn, ..)| **turn) {
            reader.sleep();
            *rest = Rest::Asleep;
            self.awake -= 1;
        }
    }

    fn tell(&self) {
        let (applications, unread) = (self.readers.len() as u64, self.unread.len() as u64);
        self.teller.tell(|watched| {
            (watched.applications, watched.read) = (applications, applications - unread);
            if unread == 0 || watched.state != WatchState::Reading {
                watched.state = WatchState::Watching;
            }
        });
    }
}

impl Task {
    /// Returns what is read.
    fn path(&self) -> &Path {
        match self {
            Self::Application(application) => &application.folder,
            Self::Annotations(annotated) => &annotated.file,
        }
    }
}
