//! The one thread that writes runs: what is queued becomes one transaction, and is answered once that is durable.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender},
    },
};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::oneshot;
use trackway_model::{Annotation, RunKey, RunRecord, Timestamp};

use super::{apply::Group, delete, notes, states::Tips};
use crate::{
    Clock, DeletedRuns, Error, RunAck, RunIds,
    door::{Door, Ticket, size},
};

/// The most bytes of facts in one transaction; a larger request is one of its own.
const GROUP_BYTES: u64 = 8 << 20;
/// Room for what the database adds to the bytes of facts: its indexes.
const OVERHEAD: u64 = 1 << 20;

pub(super) enum Command {
    Record(Request),
    Change(Change, SyncSender<Result<Changed, Error>>),
}

/// Facts on their way, and whoever waits for them.
pub(super) struct Request {
    pub(super) records: Vec<RunRecord>,
    pub(super) bytes: u64,
    pub(super) ticket: Ticket,
    pub(super) reply: oneshot::Sender<Result<RunAck, Error>>,
}

/// A change that somebody waits for.
pub(super) enum Change {
    DeleteRun(RunKey),
    DeleteProject(String),
    Annotate(Annotation),
    Revise(Annotation),
    DeleteAnnotation(String, u64),
    Import(Vec<Annotation>),
}

/// What became of a change.
pub(super) enum Changed {
    Deleted(DeletedRuns),
    Annotation(Option<Annotation>),
    Count(u64),
}

/// What the writer counts.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) groups: AtomicU64,
    pub(super) facts: AtomicU64,
}

pub(super) struct Writer {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) tips: Tips,
    pub(super) ids: Option<RunIds>,
    pub(super) clock: Clock,
    pub(super) max_bytes: u64,
    pub(super) door: Arc<Door>,
    pub(super) counts: Arc<Counts>,
    pub(super) commands: Receiver<Command>,
}

impl Writer {
    /// Works until nobody can send any more and the queue is empty.
    pub(super) fn run(mut self) {
        while let Ok(command) = self.commands.recv() {
            let mut next = Some(command);
            while let Some(command) = next.take() {
                match command {
                    Command::Record(first) => next = self.record_group(first),
                    Command::Change(change, reply) => {
                        let changed = self.change(change);
                        // Whoever asked may have stopped waiting; it is done all the same.
                        let _ = reply.send(changed);
                    }
                }
            }
        }
    }

    /// Writes what is queued behind `first` with it; returns the command that ended the group.
    fn record_group(&mut self, first: Request) -> Option<Command> {
        let mut bytes = first.bytes;
        let mut group = vec![first];
        let mut next = None;
        while bytes < GROUP_BYTES && next.is_none() {
            match self.commands.try_recv() {
                Ok(Command::Record(request)) => {
                    bytes += request.bytes;
                    group.push(request);
                }
                Ok(other) => next = Some(other),
                Err(_) => break,
            }
        }
        let (records, answers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|it| (it.records, (it.reply, it.ticket))).unzip();
        let acks = self.write_group(records, bytes);
        let mut acks = acks.map(Vec::into_iter);
        for (reply, ticket) in answers {
            drop(ticket);
            let answer = match &mut acks {
                Ok(acks) => Ok(acks.next().unwrap_or_default()),
                Err(error) => Err(again(error)),
            };
            // Whoever asked may have stopped waiting; what is stored stays stored.
            let _ = reply.send(answer);
        }
        next
    }

    fn write_group(&mut self, group: Vec<Vec<RunRecord>>, bytes: u64) -> Result<Vec<RunAck>, Error> {
        self.door.check_writable()?;
        self.check_room(bytes)?;
        let facts: usize = group.iter().map(Vec::len).sum();
        let now = (self.clock)();
        let ids = self.ids.clone();
        let acks = self.transact(|connection, tips| {
            let mut work = Group::new(connection, tips, ids.as_ref(), now);
            let acks = group.into_iter().map(|records| work.record(records)).collect::<Result<_, _>>()?;
            work.finish()?;
            Ok(acks)
        })?;
        self.counts.groups.fetch_add(1, Relaxed);
        self.counts.facts.fetch_add(facts as u64, Relaxed);
        Ok(acks)
    }

    fn change(&mut self, change: Change) -> Result<Changed, Error> {
        self.door.check_writable()?;
        let now = (self.clock)();
        let is_deletion =
            matches!(change, Change::DeleteRun(_) | Change::DeleteProject(_) | Change::DeleteAnnotation(..));
        if !is_deletion {
            self.check_room(0)?;
        }
        let changed = self.transact(|connection, tips| {
            tips.forget();
            apply(connection, change, now)
        })?;
        if is_deletion {
            let given_back = delete::give_back(&self.connection);
            self.judge(given_back)?;
        }
        Ok(changed)
    }

    /// Does all of it or nothing, durably.
    fn transact<T>(&mut self, work: impl FnOnce(&Connection, &mut Tips) -> Result<T, Error>) -> Result<T, Error> {
        let tips = &mut self.tips;
        let connection = &mut self.connection;
        let done = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction, tips)?;
            transaction.commit()?;
            Ok(done)
        })();
        if done.is_err() {
            self.tips.forget();
        }
        self.judge(done)
    }

    /// Makes of a failed write what the log makes of its own: no room is a bound, anything else ends all writing.
    fn judge<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        let Err(Error::Catalog(error)) = &done else { return done };
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => {
                self.door.refused.disk.fetch_add(1, Relaxed);
                Err(Error::Full { bound: format!("the disk has no room for {}; free some space", self.path.display()) })
            }
            Some(
                ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase,
            ) => {
                self.door.close(format!("a write to {} failed ({error})", self.path.display()));
                self.door.check_writable()?;
                done
            }
            _ => done,
        }
    }

    fn check_room(&self, bytes: u64) -> Result<(), Error> {
        let used = self.used_bytes()?;
        if used + bytes <= self.max_bytes {
            return Ok(());
        }
        let (used, most, more) = (size(used), size(self.max_bytes), size(bytes));
        Err(self.door.refuse_full(format!(
            "runs take {used} of at most {most}, and {more} more came; delete runs or raise --max-run-bytes"
        )))
    }

    fn used_bytes(&self) -> Result<u64, Error> {
        let number = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let pages = number("page_count")? - number("freelist_count")?;
        Ok((pages * number("page_size")?) as u64)
    }
}

/// Returns whether facts could ever fit, were there nothing else.
pub(super) fn check_size(door: &Door, bytes: u64, max_bytes: u64) -> Result<(), Error> {
    if bytes + OVERHEAD.min(max_bytes / 4) <= max_bytes {
        return Ok(());
    }
    let (needed, most) = (size(bytes), size(max_bytes));
    let bound =
        format!("its facts take {needed}, and runs have at most {most}; send it in parts or raise --max-run-bytes");
    Err(door.refuse_too_large(bound))
}

fn apply(connection: &Connection, change: Change, now: Timestamp) -> Result<Changed, Error> {
    Ok(match change {
        Change::DeleteRun(key) => Changed::Deleted(delete::run(connection, &key, now)?),
        Change::DeleteProject(name) => Changed::Deleted(delete::project(connection, &name, now)?),
        Change::Annotate(note) => Changed::Annotation(Some(notes::add(connection, note, now)?)),
        Change::Revise(note) => Changed::Annotation(notes::revise(connection, note, now)?),
        Change::DeleteAnnotation(project, id) => Changed::Count(u64::from(notes::delete(connection, &project, id)?)),
        Change::Import(annotations) => Changed::Count(notes::import(connection, annotations)?),
    })
}

/// Returns an error once more, for the next who waited for the same group.
fn again(error: &Error) -> Error {
    match error {
        Error::Full { bound } => Error::Full { bound: bound.clone() },
        Error::TooLarge { bound } => Error::TooLarge { bound: bound.clone() },
        Error::ReadOnly { reason } => Error::ReadOnly { reason: reason.clone() },
        // What the disk is not to blame for may go well another time.
        other => Error::Full { bound: format!("runs could not be written: {other}") },
    }
}
