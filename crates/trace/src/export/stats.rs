//! What became of the spans that an exporter was to deliver.

/// What became of the spans given to one exporter, in spans since its start.
///
/// Every span given to it is in exactly one of `exported`, `dropped` and `waiting`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// Spans that the receiver took.
    pub exported: u64,
    /// Spans that nobody will see, by reason.
    pub dropped: DroppedSpans,
    /// Spans in the queue or being delivered now.
    pub waiting: u64,
    /// How often a batch (not a span) was tried again.
    pub retries: u64,
    /// The last failure, in words; kept when later batches succeed.
    pub last_error: Option<String>,
}

/// Spans that an exporter did not deliver, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedSpans {
    /// The queue held as many bytes as it may: the receiver is slower than the program, or away.
    pub queue_full: u64,
    /// The whole batch was refused for good, or the receiver stayed away for too long, or the exporter panicked.
    pub failed: u64,
    /// The receiver took the batch but refused these ([`Failure::Partly`](super::Failure::Partly)).
    pub rejected: u64,
    /// They waited when the time given to the shutdown was over, or came after it.
    pub shutdown: u64,
}

impl DroppedSpans {
    /// Returns how many spans were dropped for any reason.
    pub fn total(&self) -> u64 {
        self.queue_full + self.failed + self.rejected + self.shutdown
    }
}
