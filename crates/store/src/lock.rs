//! Who owns the directory.
//!
//! The lock is the system's and goes with its holder, however that ends; the file's text only tells who it is.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    path::Path,
    process, thread,
    time::Duration,
};

use rustix::fs::{FlockOperation, flock};

use crate::{
    Error,
    files::{file_error, open_private},
};

const NAME: &str = "lock";

/// How often a taken lock is tried again: whoever only asks for the owner holds it for a moment.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// The process that holds a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Its process id; 0 when it could not be read.
    pub pid: u32,
    /// The address that it serves; empty when there is none.
    pub url: String,
}

/// Returns the process that has the store at `path` open; `None` when there is none.
pub fn owner(path: &Path) -> Option<Owner> {
    let file = File::open(path.join(NAME)).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => None,
        Err(_) => Some(read_owner(&file)),
    }
}

/// Holds a directory until it is dropped.
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    pub(crate) fn take(directory: &Path, url: &str) -> Result<Self, Error> {
        let path = directory.join(NAME);
        let file = open_private(&path).map_err(file_error("open", &path))?;
        for _ in 0..ATTEMPTS {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let lock = Self { file };
                    lock.write(url).map_err(file_error("write", &path))?;
                    return Ok(lock);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => thread::sleep(PAUSE),
                Err(errno) => return Err(file_error("lock", &path)(errno.into())),
            }
        }
        let Owner { pid, url } = read_owner(&file);
        Err(Error::Locked { path: directory.to_owned(), pid, url })
    }

    /// Tells whoever comes which address the owner serves.
    pub(crate) fn write(&self, url: &str) -> io::Result<()> {
        let text = format!("{}\n{url}\n", process::id());
        self.file.write_all_at(text.as_bytes(), 0)?;
        self.file.set_len(text.len() as u64)
    }
}

fn read_owner(file: &File) -> Owner {
    let mut text = String::new();
    // An owner that cannot be read is still an owner: its fields stay empty.
    let _ = file.take(4096).read_to_string(&mut text);
    let mut lines = text.lines();
    let pid = lines.next().and_then(|pid| pid.parse().ok()).unwrap_or(0);
    Owner { pid, url: lines.next().unwrap_or_default().to_owned() }
}
