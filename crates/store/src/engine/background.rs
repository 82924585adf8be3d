//! The threads behind the writer: one writes frozen heads, the other merges segments and drops what is too old.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed, mpsc::Sender},
    time::Duration,
};

use super::{Shared, room::is_lack_of_room};
use crate::{Error, writer::Command};

/// How long after an attempt that found no room on the disk the next one is made.
const RETRY: Duration = Duration::from_secs(2);

/// Writes frozen heads, one after another.
pub(crate) struct Flusher {
    pub(crate) shared: Arc<Shared>,
    pub(crate) writer: Sender<Command>,
}

impl Flusher {
    /// Works until the store closes, or its disk fails.
    pub(crate) fn run(self) {
        // Without this thread nothing more may be taken: what came could never leave the memory.
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            self.shared.door.close("the thread that writes segments panicked".into());
        }
        self.shared.work.end_flushing("no segments are written any more".into());
    }

    fn work(&self) {
        while let Some(flushed) = self.shared.work.next_flush() {
            while let Err(error) = self.shared.write_frozen(flushed) {
                self.shared.counts.flushes_failed.fetch_add(1, Relaxed);
                let is_passing = is_lack_of_room(&error);
                if !is_passing {
                    self.shared.door.close(format!("a segment could not be written: {}", whole(&error)));
                }
                self.shared.work.note_failure(whole(&error));
                if !is_passing || self.shared.work.pause(RETRY) {
                    return;
                }
            }
            // A writer that is gone needs not be told.
            let _ = self.writer.send(Command::Published(flushed.position));
            self.shared.work.note_flushed();
        }
    }
}

/// An error with all that caused it.
pub(super) fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
