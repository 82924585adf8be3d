//! What the system tells of a directory.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, mpsc};

/// How many events wait at most; when there are more, everything is looked through.
const MOST_EVENTS: usize = 8_192;

/// Where each folder is told to the system by itself, before it is read: then nothing that is written in between is missed.
/// The other systems watch all that is below a folder, and miss nothing either.
const BY_FOLDER: bool = cfg!(target_os = "linux");

/// The paths that something happened to.
pub(super) struct Events {
    paths: mpsc::Receiver<PathBuf>,
    overflow: Arc<Overflow>,
    watcher: Ears,
}

/// What tells the system which folders to listen to.
#[derive(Clone)]
pub(super) struct Ears(Arc<Mutex<RecommendedWatcher>>);

#[derive(Default)]
struct Overflow {
    is_due: AtomicBool,
    woken: Notify,
}

/// What happened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Happened {
    /// Something at this path.
    At(PathBuf),
    /// More than could be told.
    TooMuch,
}

impl Events {
    pub(super) fn listen(root: &Path) -> io::Result<Self> {
        let (sender, paths) = mpsc::channel(MOST_EVENTS);
        let overflow = Arc::new(Overflow::default());
        let told = Arc::clone(&overflow);
        let hear = move |event: notify::Result<Event>| match event {
            // Our own reading is no news.
            Ok(Event { kind: EventKind::Access(_), .. }) => {}
            Ok(event) if !event.need_rescan() => {
                let is_lost = event.paths.into_iter().any(|path| sender.try_send(path).is_err());
                if is_lost {
                    told.tell();
                }
            }
            _ => told.tell(),
        };
        let config = notify::Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(hear, config).map_err(plain)?;
        if !BY_FOLDER {
            watcher.watch(root, RecursiveMode::Recursive).map_err(plain)?;
        }
        Ok(Self { paths, overflow, watcher: Ears(Arc::new(Mutex::new(watcher))) })
    }

    pub(super) fn ears(&self) -> Ears {
        self.watcher.clone()
    }

    /// Waits for what happens next.
    pub(super) async fn next(&mut self) -> Happened {
        if self.overflow.is_due.swap(false, Relaxed) {
            // What was told before is found as well when everything is looked through.
            while self.paths.try_recv().is_ok() {}
            return Happened::TooMuch;
        }
        tokio::select! {
            path = self.paths.recv() => path.map_or(Happened::TooMuch, Happened::At),
            () = self.overflow.woken.notified() => {
                self.overflow.is_due.store(false, Relaxed);
                Happened::TooMuch
            }
        }
    }
}

impl Overflow {
    fn tell(&self) {
        self.is_due.store(true, Relaxed);
        self.woken.notify_one();
    }
}

impl Ears {
    /// Listens to a folder from now on.
    pub(super) fn listen_to(&self, folder: &Path) -> io::Result<()> {
        if !BY_FOLDER {
            return Ok(());
        }
        let mut watcher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(plain)
    }
}

/// Says what the system refused in words that help.
fn plain(error: notify::Error) -> io::Error {
    match error.kind {
        ErrorKind::MaxFilesWatch => io::Error::other(
            "the system watches no more folders for this user; raise fs.inotify.max_user_watches (sysctl), for example to 524288",
        ),
        ErrorKind::PathNotFound => io::ErrorKind::NotFound.into(),
        ErrorKind::Io(error) if error.raw_os_error() == Some(24) => io::Error::other(
            "the system gives this user no more watchers; raise fs.inotify.max_user_instances (sysctl)",
        ),
        ErrorKind::Io(error) => error,
        _ => io::Error::other(error.to_string()),
    }
}
