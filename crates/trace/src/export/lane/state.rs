//! What a lane's callers and its thread share under one lock.

use std::{collections::VecDeque, thread::JoinHandle, time::Instant};

use crate::export::{Batch, ExporterStats};

/// How long an error may be that is kept for the statistics, in bytes.
const ERROR_BYTES: usize = 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Nothing more is taken; what waits may be tried until then.
    Stopping(Instant),
    /// Nothing waits, and nothing that still comes of a call is counted.
    Stopped,
}

pub(super) struct State {
    pub(super) phase: Phase,
    /// Batches that wait, the oldest first, each with its bytes.
    queue: VecDeque<(Batch, usize)>,
    /// The spans and bytes of the batch that the thread is delivering.
    under_way: Option<(u64, usize)>,
    queued_spans: u64,
    /// Bytes of all that waits or is under way.
    pub(super) bytes: usize,
    /// How many batches were ever taken, and how many of them are exported or dropped; in order, as they are delivered.
    pub(super) taken: u64,
    pub(super) settled: u64,
    /// Raised by each flush, to end a pause.
    pub(super) flushes: u64,
    pub(super) announcement: Option<Vec<u8>>,
    pub(super) stats: ExporterStats,
    pub(super) has_abandoned: bool,
    pub(super) is_alive: bool,
    pub(super) thread: Option<JoinHandle<()>>,
}

/// What the thread does next.
pub(super) enum Task {
    Deliver(Batch),
    Announce(Vec<u8>),
    /// Waits for something to come.
    Wait,
    End,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Running,
            queue: VecDeque::new(),
            under_way: None,
            queued_spans: 0,
            bytes: 0,
            taken: 0,
            settled: 0,
            flushes: 0,
            announcement: None,
            stats: ExporterStats::default(),
            has_abandoned: false,
            is_alive: false,
            thread: None,
        }
    }

    /// Returns how many spans wait or are under way.
    pub(super) fn spans(&self) -> usize {
        let under_way = self.under_way.map_or(0, |(spans, _)| spans);
        usize::try_from(self.queued_spans + under_way).unwrap_or(usize::MAX)
    }

    pub(super) fn take(&mut self, batch: Batch, bytes: usize) {
        self.queued_spans += batch.spans as u64;
        self.bytes += bytes;
        self.taken += 1;
        self.queue.push_back((batch, bytes));
    }

    /// Returns what to do next; a batch is under way from then on, until it is settled or abandoned.
    pub(super) fn next(&mut self) -> Task {
        if self.phase == Phase::Stopped {
            return Task::End;
        }
        if let Some((batch, bytes)) = self.queue.pop_front() {
            let spans = batch.spans as u64;
            self.queued_spans -= spans;
            self.under_way = Some((spans, bytes));
            return Task::Deliver(batch);
        }
        match (self.phase, self.announcement.take()) {
            (Phase::Running, Some(request)) => Task::Announce(request),
            (Phase::Running, None) => Task::Wait,
            _ => Task::End,
        }
    }

    /// Counts the batch under way by `count`, unless a shutdown has already counted it as dropped.
    pub(super) fn settle(&mut self, count: impl FnOnce(&mut ExporterStats, u64)) {
        if let Some((spans, bytes)) = self.under_way.take() {
            self.bytes -= bytes;
            self.settled += 1;
            count(&mut self.stats, spans);
        }
    }

    /// Returns true while the batch under way is still the thread's to deliver.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Counts spans that never came into the queue as failed.
    pub(super) fn fail(&mut self, spans: usize, reason: String) {
        self.stats.dropped.failed += spans as u64;
        self.note_error(reason);
    }

    pub(super) fn note_error(&mut self, mut reason: String) {
        let end = (0..=ERROR_BYTES.min(reason.len())).rev().find(|&end| reason.is_char_boundary(end));
        reason.truncate(end.unwrap_or_default());
        self.stats.last_error = Some(reason);
    }

    /// Takes nothing more; the earliest of several deadlines holds.
    pub(super) fn stop(&mut self, until: Instant) {
        self.announcement = None;
        self.phase = match self.phase {
            Phase::Running => Phase::Stopping(until),
            Phase::Stopping(earlier) => Phase::Stopping(until.min(earlier)),
            Phase::Stopped => Phase::Stopped,
        };
    }

    /// Counts all that waits or is under way as dropped, and is stopped.
    pub(super) fn abandon(&mut self) {
        self.phase = Phase::Stopped;
        let spans = self.waiting();
        self.has_abandoned |= spans > 0;
        self.stats.dropped.shutdown += spans;
        self.queue = VecDeque::new();
        self.under_way = None;
        self.queued_spans = 0;
        self.bytes = 0;
        self.settled = self.taken;
    }

    pub(super) fn waiting(&self) -> u64 {
        self.queued_spans + self.under_way.map_or(0, |(spans, _)| spans)
    }
}
