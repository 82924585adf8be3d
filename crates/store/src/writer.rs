//! The one thread that writes the log: appends in groups, and deletions, in the order in which they came.
//!
//! It never waits for segments. What it has taken stays in the active head; when that is full, or nothing came for a while,
//! it is frozen for the thread behind it, and what comes goes into a new one. How much may be in heads the door decides.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError, SyncSender},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use trackway_model::{Batch, Timestamp, TraceId};

use crate::{
    Ack, Error,
    catalog::Flushed,
    door::{Ticket, size},
    engine::{Bounds, Patience, Shared},
    sweep::remove_published,
    wal::{Encoded, Log, Position, WriteError},
};

/// The most bytes that are written before a sync; one larger request is a group of its own.
const GROUP_BYTES: u64 = 8 << 20;

/// How long after the last append a head is written that is not full: sooner when there is much in it.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_WITH_MUCH: Duration = Duration::from_secs(5);
const MUCH: u64 = 20_000;

pub(crate) enum Command {
    Append(Append),
    /// Deletes traces for good.
    Delete(Vec<TraceId>, SyncSender<Result<(), Error>>),
    /// Freezes what there is; the number of the frozen head, absent when nothing is to be written or one is frozen already.
    Freeze(Option<SyncSender<Freezing>>),
    /// What the log holds before a position is in segments.
    Published(Position),
    /// Answers when all before it is done.
    Pass(SyncSender<()>),
    Close,
}

/// What became of a wish to freeze the active head.
pub(crate) enum Freezing {
    /// It is frozen, with this number.
    Frozen(u64),
    /// There is nothing in it, nor in the log.
    Nothing,
    /// Another is frozen.
    Busy,
}

pub(crate) struct Append {
    pub(crate) encoded: Encoded,
    pub(crate) request: Request,
}

/// A batch on its way, and whoever waits for it.
pub(crate) struct Request {
    pub(crate) batch: Batch,
    pub(crate) arrival: Timestamp,
    pub(crate) ticket: Ticket,
    pub(crate) reply: oneshot::Sender<Result<Ack, Error>>,
}

pub(crate) struct Writer {
    pub(crate) log: Log,
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: Receiver<Command>,
    pub(crate) bounds: Bounds,
    pub(crate) quarantine: PathBuf,
    /// What stands before it in the log is in segments.
    pub(crate) published: Position,
    /// When something was last appended.
    pub(crate) appended: Instant,
}

impl Writer {
    /// Works until it is told to end, or nobody can send any more.
    pub(crate) fn run(mut self) {
        loop {
            let command = match self.next() {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => {
                    self.freeze();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut next = Some(command);
            while let Some(command) = next.take() {
                match command {
                    Command::Append(first) => next = self.append_group(first),
                    Command::Delete(ids, reply) => {
                        // Whoever asked may have stopped waiting; it is deleted all the same.
                        let _ = reply.send(self.delete(&ids));
                    }
                    Command::Freeze(reply) => {
                        let freezing = self.freeze();
                        // Whoever asked may have stopped waiting.
                        let _ = reply.map(|reply| reply.send(freezing));
                    }
                    Command::Published(position) => self.take_published(position),
                    Command::Pass(reply) => {
                        // Whoever asked may have stopped waiting.
                        let _ = reply.send(());
                    }
                    Command::Close => return self.end(),
                }
            }
        }
        self.end();
    }

    fn end(&self) {
        if !self.shared.door.is_closed() {
            self.note_durable();
        }
    }

    /// Waits for the next command, and no longer than the active head may wait for being written.
    fn next(&self) -> Result<Command, RecvTimeoutError> {
        let spans = self.shared.heads.active().head().spans();
        let is_idle = self.log.position() == self.published || self.shared.heads.frozen().is_some();
        if is_idle || self.shared.door.is_closed() {
            return self.commands.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        let patience = if spans >= MUCH { IDLE_WITH_MUCH } else { IDLE };
        self.commands.recv_timeout(patience.saturating_sub(self.appended.elapsed()))
    }

    /// Freezes the active head, for the thread behind this one to write it.
    fn freeze(&mut self) -> Freezing {
        let position = self.log.position();
        if self.shared.heads.frozen().is_some() {
            return Freezing::Busy;
        }
        if position == self.published || self.shared.door.is_closed() {
            return Freezing::Nothing;
        }
        let Some(side) = self.shared.heads.freeze() else { return Freezing::Busy };
        let next_sequence = side.head().next_sequence();
        self.appended = Instant::now();
        Freezing::Frozen(self.shared.work.freeze(Flushed { position, next_sequence }))
    }

    /// Freezes the active head when it is full.
    fn freeze_full(&mut self) {
        let is_full = self.bounds.are_reached(&self.shared.heads.active().head());
        if is_full {
            self.freeze();
        }
    }

    /// Writes what is queued behind `first` with it, under one sync; returns the command that ended the group.
    fn append_group(&mut self, first: Append) -> Option<Command> {
        let mut bytes = first.encoded.bytes();
        let mut group = vec![first];
        let mut next = None;
        while bytes < GROUP_BYTES && next.is_none() {
            match self.commands.try_recv() {
                Ok(Command::Append(append)) => {
                    bytes += append.encoded.bytes();
                    group.push(append);
                }
                Ok(other) => next = Some(other),
                Err(_) => break,
            }
        }
        self.write_group(group);
        self.freeze_full();
        next
    }

    fn write_group(&mut self, group: Vec<Append>) {
        if self.shared.door.is_closed() {
            return group.into_iter().for_each(|append| self.refuse(append.request));
        }
        // What is in memory already needs no second copy: a client that sends again and again must not fill the disk.
        let (known, new): (Vec<_>, Vec<_>) = {
            let active = self.shared.heads.active();
            let head = active.head();
            group.into_iter().partition(|append| head.knows(&append.request.batch))
        };
        // None of them may go while others of them are taken for known.
        known.into_iter().for_each(|append| self.store(append.request, None));
        let new = self.keep_fitting(new);
        if new.is_empty() {
            return;
        }
        self.appended = Instant::now();
        let before = self.log.position();
        let (frames, requests): (Vec<_>, Vec<_>) = new.into_iter().map(|it| (it.encoded, it.request)).unzip();
        match self.log.write(&frames) {
            Ok(file) => {
                self.shared.counts.wal_syncs.fetch_add(1, Relaxed);
                self.shared.counts.wal_frames.fetch_add(frames.len() as u64, Relaxed);
                self.shared.counts.wal_bytes.fetch_add(frames.iter().map(Encoded::bytes).sum(), Relaxed);
                if file != before.file || before.offset == 0 {
                    self.note_durable();
                }
                for request in requests {
                    let patience = Patience::CountAndAge(request.arrival);
                    self.store(request, Some(patience));
                }
            }
            Err(WriteError::NoRoom(reason)) => {
                self.shared.door.refused.disk.fetch_add(requests.len() as u64, Relaxed);
                requests.into_iter().for_each(|it| answer(it.reply, Err(Error::Full { bound: reason.clone() })));
            }
            Err(WriteError::Broken(reason)) => {
                self.shared.door.close(reason);
                requests.into_iter().for_each(|request| self.refuse(request));
            }
        }
    }

    /// Refuses what the log has no room for.
    fn keep_fitting(&mut self, group: Vec<Append>) -> Vec<Append> {
        let used = self.log.bytes();
        let mut room = self.bounds.max_log_bytes.saturating_sub(used);
        let mut fitting = Vec::with_capacity(group.len());
        let mut refused = Vec::new();
        for append in group {
            let bytes = append.encoded.bytes();
            if bytes <= room {
                room -= bytes;
                fitting.push(append);
            } else {
                refused.push(append.request);
            }
        }
        if !refused.is_empty() {
            self.freeze();
        }
        for Request { ticket, reply, .. } in refused {
            let (used, most) = (size(used), size(self.bounds.max_log_bytes));
            let bound = format!(
                "the log has {used} of at most {most}, until what it holds is written as segments; \
                 send again later or raise --max-log-bytes"
            );
            drop(ticket);
            answer(reply, Err(self.shared.door.refuse_full(bound)));
        }
        fitting
    }

    /// Makes a durable batch visible, then answers.
    fn store(&self, request: Request, patience: Option<Patience>) {
        let Request { batch, arrival, ticket, reply } = request;
        let ack = self.shared.apply(batch, arrival, patience);
        drop(ticket);
        answer(reply, Ok(ack));
    }

    fn refuse(&self, request: Request) {
        let refusal = self.shared.door.check_writable().map(|()| Ack::default());
        drop(request.ticket);
        answer(request.reply, refusal);
    }

    fn delete(&mut self, ids: &[TraceId]) -> Result<(), Error> {
        self.shared.door.check_writable()?;
        self.shared.delete(ids, self.log.position())?;
        // What the log has of them goes with the next publication: at once, when nothing else is in it.
        if self.shared.heads.active().head().is_empty() {
            self.freeze();
        }
        Ok(())
    }

    /// Notes how much of the log the next start is to find whole.
    fn note_durable(&self) {
        // Without it, an older note only lets that start take damage for a write under way.
        let _ = self.shared.catalog.note_durable(self.log.position());
    }

    /// Gives the disk back what is in segments, and goes on with what waited for that.
    fn take_published(&mut self, position: Position) {
        let is_all = self.log.position() <= position;
        self.published = self.published.max(position);
        let removed = remove_published(&mut self.log, &self.shared.catalog, self.published, &self.quarantine);
        if removed.is_err() {
            // What was asked for is done all the same; the files are tried again with the next one.
            self.shared.counts.wal_removals_failed.fetch_add(1, Relaxed);
        }
        if is_all {
            self.published = self.log.position();
        }
        self.shared.note_heads();
        self.freeze_full();
    }
}

fn answer(reply: oneshot::Sender<Result<Ack, Error>>, answer: Result<Ack, Error>) {
    // Whoever asked may have stopped waiting; what is stored stays stored.
    let _ = reply.send(answer);
}
