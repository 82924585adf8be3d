//! The one bounded door in front of the log: what does not fit is refused before anything of it is written.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::{Config, Error, wal::HEADER_BYTES};

/// The part of the memory that records may take which are not in segments: one of so many.
const MEMORY_PART: u64 = 2;

/// The most requests that may wait for the disk.
const MOST_WAITING: u64 = 4096;
/// The most bytes that may wait for the disk; a single larger request passes while nothing else waits.
const MOST_WAITING_BYTES: u64 = 128 << 20;

/// The least room on the disk, unless a setting says otherwise.
const LEAST_FREE_BYTES: u64 = 256 << 20;
const LEAST_FREE_PART: u64 = 50;

/// What a request will take of each bounded thing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    /// In the queue and in the log.
    pub(crate) log_bytes: u64,
    pub(crate) memory_bytes: u64,
}

/// Requests refused, by reason.
#[derive(Default)]
pub(crate) struct Refused {
    pub(crate) full: AtomicU64,
    pub(crate) too_large: AtomicU64,
    pub(crate) queue: AtomicU64,
    pub(crate) disk: AtomicU64,
    pub(crate) read_only: AtomicU64,
}

pub(crate) struct Door {
    directory: PathBuf,
    memory_bytes: u64,
    head_bytes: u64,
    max_log_bytes: u64,
    min_free_bytes: Option<u64>,
    /// What has entered and is not yet stored or refused.
    inside: Mutex<Inside>,
    read_only: OnceLock<String>,
    pub(crate) refused: Refused,
}

#[derive(Default)]
struct Inside {
    requests: u64,
    load: Load,
    /// What is stored and not yet in segments; kept here, so that nobody asking to enter waits for the heads.
    head_bytes: u64,
    /// Somebody was refused until some of it is in segments.
    is_room_wanted: bool,
}

/// A request's place inside; dropping it gives the place back.
pub(crate) struct Ticket {
    door: Arc<Door>,
    load: Load,
}

impl Door {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            directory: config.path.clone(),
            memory_bytes: config.memory_bytes,
            head_bytes: config.head_bytes(),
            max_log_bytes: config.max_log_bytes,
            min_free_bytes: config.min_free_bytes,
            inside: Mutex::default(),
            read_only: OnceLock::new(),
            refused: Refused::default(),
        }
    }

    /// Lets a request in, or tells which bound it would break.
    pub(crate) fn enter(self: &Arc<Self>, load: Load) -> Result<Ticket, Error> {
        self.check_writable()?;
        self.check_size(load)?;
        self.check_disk(load)?;
        let mut inside = self.inside();
        self.check_queue(&inside, load)?;
        self.check_room(&mut inside, load)?;
        inside.requests += 1;
        inside.load.log_bytes += load.log_bytes;
        inside.load.memory_bytes += load.memory_bytes;
        drop(inside);
        Ok(Ticket { door: Arc::clone(self), load })
    }

    /// Lets in what is written beside the log, or tells which bound it would break.
    pub(crate) fn enter_beside_the_log(self: &Arc<Self>, bytes: u64) -> Result<Ticket, Error> {
        let load = Load { log_bytes: bytes, ..Load::default() };
        self.check_writable()?;
        self.check_disk(load)?;
        let mut inside = self.inside();
        self.check_queue(&inside, load)?;
        inside.requests += 1;
        inside.load.log_bytes += bytes;
        drop(inside);
        Ok(Ticket { door: Arc::clone(self), load })
    }

    /// Notes how much memory is taken by what is not in segments.
    pub(crate) fn note_heads(&self, bytes: u64) {
        self.inside().head_bytes = bytes;
    }

    /// Returns true once after somebody was refused who would fit when more is in segments.
    pub(crate) fn take_wish_for_room(&self) -> bool {
        std::mem::take(&mut self.inside().is_room_wanted)
    }

    /// Closes the door for good: the disk cannot be trusted any more.
    pub(crate) fn close(&self, reason: String) {
        self.read_only.get_or_init(|| reason);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.read_only.get().is_some()
    }

    pub(crate) fn check_writable(&self) -> Result<(), Error> {
        let Some(reason) = self.read_only.get() else { return Ok(()) };
        self.refused.read_only.fetch_add(1, Relaxed);
        Err(Error::ReadOnly { reason: reason.clone() })
    }

    /// Refuses what would not even fit into an empty store.
    fn check_size(&self, load: Load) -> Result<(), Error> {
        let advice = "send it in parts or raise";
        let most_log = self.max_log_bytes.saturating_sub(HEADER_BYTES);
        let bound = if load.memory_bytes > self.memory_bytes {
            let (needed, most) = (size(load.memory_bytes), size(self.memory_bytes));
            format!("its records take {needed} of memory, and at most {most} are used; {advice} --memory-bytes")
        } else if load.log_bytes > most_log {
            let (needed, most) = (size(load.log_bytes), size(most_log));
            format!("it takes {needed} of the log, which has at most {most}; {advice} --max-log-bytes")
        } else {
            return Ok(());
        };
        Err(self.refuse_too_large(bound))
    }

    pub(crate) fn refuse_too_large(&self, bound: String) -> Error {
        self.refused.too_large.fetch_add(1, Relaxed);
        Error::TooLarge { bound }
    }

    pub(crate) fn refuse_full(&self, bound: String) -> Error {
        self.refused.full.fetch_add(1, Relaxed);
        full(bound)
    }

    fn check_disk(&self, load: Load) -> Result<(), Error> {
        // A system that does not tell its free space will refuse the write itself.
        let Some(disk) = disk(&self.directory) else { return Ok(()) };
        let (free, least) = (disk.free, self.least_free(disk));
        if free.saturating_sub(load.log_bytes) >= least {
            return Ok(());
        }
        self.refused.disk.fetch_add(1, Relaxed);
        let (free, least, needed) = (size(free), size(least), size(load.log_bytes));
        Err(full(format!(
            "the disk has {free} free, {needed} more came, and {least} are to stay free; \
             free some space or lower --min-free-bytes"
        )))
    }

    /// Returns true when so much can be written beside what must be.
    pub(crate) fn has_room_for(&self, bytes: u64) -> bool {
        disk(&self.directory).is_none_or(|disk| disk.free.saturating_sub(bytes) >= self.least_free(disk))
    }

    /// How much of the disk is used, in thousandths; 0 where the system does not tell.
    pub(crate) fn disk_used_permille(&self) -> u64 {
        let used = |disk: Disk| disk.whole.saturating_sub(disk.free).saturating_mul(1_000).checked_div(disk.whole);
        disk(&self.directory).and_then(used).unwrap_or_default()
    }

    fn least_free(&self, disk: Disk) -> u64 {
        self.min_free_bytes.unwrap_or(LEAST_FREE_BYTES.max(disk.whole / LEAST_FREE_PART))
    }

    fn check_queue(&self, inside: &Inside, load: Load) -> Result<(), Error> {
        let is_too_much = inside.load.log_bytes + load.log_bytes > MOST_WAITING_BYTES;
        if inside.requests < MOST_WAITING && (!is_too_much || inside.requests == 0) {
            return Ok(());
        }
        self.refused.queue.fetch_add(1, Relaxed);
        let (requests, waiting) = (inside.requests, inside.load.log_bytes >> 20);
        Err(full(format!("{requests} requests with {waiting} MiB wait for the disk; send more slowly")))
    }

    fn check_room(&self, inside: &mut Inside, load: Load) -> Result<(), Error> {
        let (held, more) = (inside.head_bytes + inside.load.memory_bytes, load.memory_bytes);
        let most = self.memory_bytes / MEMORY_PART;
        // What is larger than all that may be held passes alone.
        let is_alone = more > most - self.head_bytes && inside.load.memory_bytes == 0 && held <= self.head_bytes;
        if held + more <= most || is_alone {
            return Ok(());
        }
        inside.is_room_wanted = true;
        let (held, more) = (size(held), size(more));
        Err(self.refuse_full(format!(
            "{held} of records wait to be written as segments, and {more} more came; \
             send more slowly or raise --memory-bytes"
        )))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inside = self.door.inside();
        inside.requests -= 1;
        inside.load.log_bytes -= self.load.log_bytes;
        inside.load.memory_bytes -= self.load.memory_bytes;
    }
}

/// The room of a disk, in bytes.
#[derive(Debug, Clone, Copy)]
struct Disk {
    free: u64,
    whole: u64,
}

fn disk(directory: &Path) -> Option<Disk> {
    let found = rustix::fs::statvfs(directory).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some(Disk { free: bytes(found.f_bavail), whole: bytes(found.f_blocks) })
}

/// Shows a number of bytes: whole MiB, and below one whole KiB, rounded up.
pub(crate) fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MiB", bytes >> 20) } else { format!("{} KiB", bytes.div_ceil(1 << 10)) }
}

fn full(bound: String) -> Error {
    Error::Full { bound }
}
