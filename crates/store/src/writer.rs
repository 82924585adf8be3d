//! The one thread that writes: appends in groups, and deletions, in the order in which they came.

use std::sync::{
    Arc,
    atomic::Ordering::Relaxed,
    mpsc::{Receiver, SyncSender},
};

use tokio::sync::oneshot;
use trackway_model::{Timestamp, TraceId};

use crate::{
    Ack, Deleted, Error,
    catalog::Catalog,
    door::{Ticket, size},
    embedded::Shared,
    sweep::remove_dead_files,
    table::{Patience, Prepared, Segment},
    wal::{Encoded, Log, WriteError},
};

/// The most bytes that are written before a sync; one larger request is a group of its own.
const GROUP_BYTES: u64 = 8 << 20;

pub(crate) enum Command {
    Append(Append),
    Delete(Doomed, SyncSender<Result<Deleted, Error>>),
}

pub(crate) struct Append {
    pub(crate) encoded: Encoded,
    pub(crate) request: Request,
}

/// A batch on its way, and whoever waits for it.
pub(crate) struct Request {
    pub(crate) batch: Prepared,
    pub(crate) arrival: Timestamp,
    pub(crate) ticket: Ticket,
    pub(crate) reply: oneshot::Sender<Result<Ack, Error>>,
}

/// What is to be deleted.
pub(crate) enum Doomed {
    Trace(TraceId),
    Project(String),
}

pub(crate) struct Writer {
    pub(crate) log: Log,
    pub(crate) catalog: Catalog,
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: Receiver<Command>,
    pub(crate) max_log_bytes: u64,
}

impl Writer {
    /// Works until nobody can send any more and the queue is empty.
    pub(crate) fn run(mut self) {
        while let Ok(command) = self.commands.recv() {
            let mut next = Some(command);
            while let Some(command) = next.take() {
                match command {
                    Command::Append(first) => next = self.append_group(first),
                    Command::Delete(doomed, reply) => {
                        // Whoever asked may have stopped waiting; it is deleted all the same.
                        let _ = reply.send(self.delete(&doomed));
                    }
                }
            }
        }
        if !self.shared.door.is_closed() {
            self.note_durable();
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
        next
    }

    fn write_group(&mut self, group: Vec<Append>) {
        if self.shared.door.is_closed() {
            return group.into_iter().for_each(|append| self.refuse(append.request));
        }
        // What is stored already needs no second copy: a client that sends again and again must not fill the disk.
        let (known, new): (Vec<_>, Vec<_>) = {
            let table = self.shared.table();
            group.into_iter().partition(|append| table.knows(&append.request.batch))
        };
        let position = self.log.position();
        // None of them may go while others of them are taken for known.
        known.into_iter().for_each(|append| self.store(append.request, position.file, None));
        let new = self.keep_fitting(new);
        if new.is_empty() {
            return;
        }
        let (frames, requests): (Vec<_>, Vec<_>) = new.into_iter().map(|it| (it.encoded, it.request)).unzip();
        match self.log.write(&frames) {
            Ok(segment) => {
                self.shared.counts.wal_syncs.fetch_add(1, Relaxed);
                self.shared.counts.wal_frames.fetch_add(frames.len() as u64, Relaxed);
                let is_new_file = segment != position.file || position.offset == 0;
                if is_new_file {
                    self.note_durable();
                }
                for request in requests {
                    let patience = Patience::CountAndAge(request.arrival);
                    self.store(request, segment, Some(patience));
                }
                if is_new_file {
                    self.remove_dead_files();
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
        let bytes: u64 = group.iter().map(|append| append.encoded.bytes()).sum();
        if self.log.bytes() + bytes > self.max_log_bytes {
            let newest = group.iter().map(|append| append.request.arrival).max().unwrap_or_default();
            self.drop_waiting(newest);
            self.remove_dead_files();
        }
        let used = self.log.bytes();
        let mut room = self.max_log_bytes.saturating_sub(used);
        let mut fitting = Vec::with_capacity(group.len());
        for append in group {
            let bytes = append.encoded.bytes();
            if bytes <= room {
                room -= bytes;
                fitting.push(append);
                continue;
            }
            let (used, most) = (size(used), size(self.max_log_bytes));
            let bound = format!(
                "the log has {used} of at most {most}, and a file of it goes when nothing in it is stored any more; \
                 delete traces or raise --max-log-bytes"
            );
            let Request { ticket, reply, .. } = append.request;
            drop(ticket);
            answer(reply, Err(self.shared.door.refuse_full(bound)));
        }
        fitting
    }

    /// Makes a durable batch visible, then answers.
    fn store(&self, request: Request, segment: Segment, patience: Option<Patience>) {
        let Request { batch, arrival, ticket, reply } = request;
        let ack = {
            let mut table = self.shared.table_mut();
            let ack = table.apply(batch, arrival, segment);
            if let Some(patience) = patience {
                table.drop_waiting(patience);
            }
            self.shared.door.note_stored(table.tallies().spans, table.memory_bytes());
            ack
        };
        drop(ticket);
        answer(reply, Ok(ack));
    }

    /// Drops the events that no span came for.
    fn drop_waiting(&self, now: Timestamp) {
        let mut table = self.shared.table_mut();
        table.drop_waiting(Patience::CountAndAge(now));
        self.shared.door.note_stored(table.tallies().spans, table.memory_bytes());
    }

    fn refuse(&self, request: Request) {
        let refusal = self.shared.door.check_writable().map(|()| Ack::default());
        drop(request.ticket);
        answer(request.reply, refusal);
    }

    fn delete(&mut self, doomed: &Doomed) -> Result<Deleted, Error> {
        self.shared.door.check_writable()?;
        let ids = {
            let table = self.shared.table();
            match doomed {
                Doomed::Trace(id) if table.contains(*id) => vec![*id],
                Doomed::Trace(_) => Vec::new(),
                Doomed::Project(name) => table.traces_of(name),
            }
        };
        if ids.is_empty() {
            return Ok(Deleted::default());
        }
        let stored: Vec<_> = {
            let table = self.shared.table();
            ids.iter().copied().filter(|id| table.is_stored(*id)).collect()
        };
        // First where it is durable: a trace that was gone must not come back with the next start.
        if !stored.is_empty() {
            self.catalog.delete(&stored, self.log.position())?;
        }
        let deleted = {
            let mut table = self.shared.table_mut();
            let deleted = table.delete(&ids);
            self.shared.door.note_stored(table.tallies().spans, table.memory_bytes());
            deleted
        };
        self.remove_dead_files();
        Ok(deleted)
    }

    /// Notes how much of the log the next start is to find whole.
    fn note_durable(&self) {
        // Without it, an older note only lets that start take damage for a write under way.
        let _ = self.catalog.note_durable(self.log.position());
    }

    /// Gives the disk back what holds only what was deleted, superseded or dropped.
    fn remove_dead_files(&mut self) {
        // Only this thread stores, so that nothing can come for a file that is found dead.
        let removed = remove_dead_files(&mut self.log, &self.catalog, self.shared.table().live());
        if removed.is_err() {
            // What was asked for is done all the same; the files are tried again with the next one.
            self.shared.counts.wal_removals_failed.fetch_add(1, Relaxed);
        }
    }
}

fn answer(reply: oneshot::Sender<Result<Ack, Error>>, answer: Result<Ack, Error>) {
    // Whoever asked may have stopped waiting; what is stored stays stored.
    let _ = reply.send(answer);
}
