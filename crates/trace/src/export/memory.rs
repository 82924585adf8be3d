//! Spans for a program that looks at them itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use trackway_model::{SpanRecord, TraceRecord};

use super::{Batch, Exporter, Failure, Form};

/// How many spans are kept.
const MOST_SPANS: usize = 100_000;

/// Keeps spans in memory, for tests; every clone shows the same ones.
///
/// It keeps the first 100,000 spans and counts the others in [`Memory::dropped`].
///
/// ```
/// use trackway::export::Memory;
///
/// let memory = Memory::new();
/// let exporter = memory.clone(); // for a tracer
/// # drop(exporter);
/// assert!(memory.spans().is_empty());
/// ```
#[derive(Clone)]
pub struct Memory {
    form: Form,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    spans: usize,
    records: Vec<SpanRecord>,
    requests: Vec<Vec<u8>>,
    traces: Vec<TraceRecord>,
    dropped: u64,
}

impl Memory {
    /// Makes an exporter that keeps [`SpanRecord`]s.
    pub fn new() -> Self {
        Self { form: Form::Records, kept: Arc::default() }
    }

    /// Makes an exporter that keeps requests of OTLP as bytes.
    pub fn otlp() -> Self {
        Self { form: Form::Otlp, kept: Arc::default() }
    }

    /// Returns the spans in the order in which they came; none when it keeps requests.
    pub fn spans(&self) -> Vec<SpanRecord> {
        self.kept().records.clone()
    }

    /// Returns the traces that [`Tracer::trace`](crate::Tracer::trace) made, in the order in which they began.
    pub fn traces(&self) -> Vec<TraceRecord> {
        self.kept().traces.clone()
    }

    /// Returns each `ExportTraceServiceRequest` in the order in which they came; none when it keeps records.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.kept().requests.clone()
    }

    /// Returns how many spans came when there was no room.
    pub fn dropped(&self) -> u64 {
        self.kept().dropped
    }

    /// Forgets all that came so far, what was dropped included.
    pub fn clear(&self) {
        *self.kept() = Kept::default();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("form", &self.form).field("spans", &self.kept().spans).finish_non_exhaustive()
    }
}

impl Exporter for Memory {
    fn form(&self) -> Form {
        self.form
    }

    fn wants_traces(&self) -> bool {
        true
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let mut kept = self.kept();
        let traces_left = MOST_SPANS.saturating_sub(kept.traces.len());
        kept.traces.extend(batch.traces().take(traces_left).cloned());
        let room = MOST_SPANS.saturating_sub(kept.spans);
        let taken = match self.form {
            Form::Records => {
                kept.records.extend(batch.records().iter().take(room).cloned());
                batch.len().min(room)
            }
            // A request is kept whole or not at all.
            Form::Otlp if batch.spans == 0 => 0,
            Form::Otlp if batch.len() <= room => {
                kept.requests.push(batch.otlp().to_vec());
                batch.len()
            }
            Form::Otlp => 0,
        };
        kept.spans += taken;
        let rejected = batch.len() - taken;
        kept.dropped += rejected as u64;
        if rejected == 0 {
            return Ok(());
        }
        Err(Failure::Partly { rejected, reason: format!("{MOST_SPANS} spans are kept in memory and no more") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Body;

    #[test]
    fn what_does_not_fit_is_counted_and_clearing_makes_room() {
        let memory = Memory::otlp();
        let batch = Batch { spans: 60_000, body: Body::Otlp(vec![1]), traces: Vec::new() };
        assert!(memory.export(&batch).is_ok());
        assert!(matches!(memory.export(&batch), Err(Failure::Partly { rejected: 60_000, .. })));
        assert_eq!((memory.requests().len(), memory.dropped()), (1, 60_000));
        memory.clear();
        assert!(memory.export(&batch).is_ok());
        assert_eq!(memory.dropped(), 0);
    }
}
