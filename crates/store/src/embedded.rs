//! The store in one directory of this machine.

use std::{
    collections::HashSet,
    future::ready,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::Ordering::Relaxed,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use tokio::sync::oneshot;
use trackway_model::{Batch, SpanId, SpanRecord, Timestamp, TraceId};

use crate::{
    Ack, Appending, Config, Counter, Decoder, Deleted, Error, Frame, Held, Page, PageRequest, Project, Recovery,
    Search, Service, Span, Store, TraceList, TracePage, TraceQuery, TraceSummary,
    catalog::Catalog,
    clock::Moment,
    counters::{self, Counts},
    cursor::{page_of, span_cursor, trace_cursor, write_span_cursor, write_trace_cursor},
    door::{Door, Load},
    files::{file_error, make_private_directory},
    lock::Lock,
    recovery::Replay,
    runs::embedded::RunFile,
    table::{Fingerprints, Table},
    wal::Encoded,
    writer::{Append, Command, Doomed, Request, Writer},
};

/// A store in one directory: a log that makes every batch durable before it is acknowledged, and a table in memory that
/// answers the questions.
///
/// One process owns the directory at a time. Dropping the store writes what is queued and gives the directory free.
pub struct Embedded {
    config: Config,
    shared: Arc<Shared>,
    prints: Fingerprints,
    /// Taken when the store closes, which ends the writer once its queue is empty.
    commands: Option<Sender<Command>>,
    writer: Option<JoinHandle<()>>,
    pub(crate) runs: RunFile,
    /// Last: the directory is free when nothing writes any more.
    lock: Lock,
}

/// What the writer shares with whoever asks.
pub(crate) struct Shared {
    table: RwLock<Table>,
    pub(crate) door: Arc<Door>,
    pub(crate) counts: Counts,
}

impl Shared {
    pub(crate) fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn table_mut(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Embedded {
    /// Opens the store in `config.path`, and makes it when there is none.
    ///
    /// Damage never keeps it from opening: what cannot be read is skipped, copied aside and reported.
    ///
    /// # Errors
    /// [`Error::Locked`] when another process owns the directory, [`Error::Newer`] when a newer version wrote it,
    /// [`Error::File`] and [`Error::Catalog`] when a file cannot be opened at all.
    pub fn open(config: Config, decoder: Decoder) -> Result<(Self, Recovery), Error> {
        let (wal, quarantine) = (config.path.join("wal"), config.path.join("corrupt"));
        make_private_directory(&config.path)?;
        let lock = Lock::take(&config.path, &config.url)?;
        make_private_directory(&wal)?;

        let mut recovery = Recovery::default();
        let (catalog, damage) = Catalog::open(&config.path, &quarantine)?;
        recovery.damaged.extend(damage);
        let (mut table, prints) = (Table::default(), Fingerprints::default());
        let replay = Replay {
            directory: wal,
            quarantine: &quarantine,
            catalog: &catalog,
            decoder: &decoder,
            prints: &prints,
            table: &mut table,
            recovery: &mut recovery,
        };
        let log = replay.run(config.wal_file_bytes)?;

        let door = Arc::new(Door::new(&config));
        door.note_stored(table.tallies().spans, table.memory_bytes());
        let (runs, damage) = RunFile::open(&config, Arc::clone(&door), &quarantine)?;
        recovery.damaged.extend(damage);
        let shared = Arc::new(Shared { table: RwLock::new(table), door, counts: Counts::default() });
        shared.counts.wal_torn_bytes.store(recovery.torn_bytes, Relaxed);
        shared.counts.wal_damaged_frames.store(recovery.damaged.len() as u64, Relaxed);

        let (sender, commands) = mpsc::channel();
        let max_log_bytes = config.max_log_bytes;
        let writer = Writer { log, catalog, shared: Arc::clone(&shared), commands, max_log_bytes };
        let writer = thread::Builder::new()
            .name("trackway-store".into())
            .spawn(|| writer.run())
            .map_err(file_error("start the writer of", &config.path))?;
        let store = Self { config, shared, prints, commands: Some(sender), writer: Some(writer), runs, lock };
        Ok((store, recovery))
    }

    /// Tells whoever finds the directory locked which address this process serves.
    ///
    /// # Errors
    /// [`Error::File`] when the lock file cannot be written.
    pub fn set_url(&self, url: &str) -> Result<(), Error> {
        self.lock.write(url).map_err(file_error("write the lock in", &self.config.path))
    }

    /// Writes what is queued and gives the directory free; the same as dropping the store.
    pub fn close(self) {}

    /// Checks a batch at the door and queues it; what returns is told once it is durable.
    fn enqueue(&self, frame: &Frame, batch: Batch) -> Result<oneshot::Receiver<Result<Ack, Error>>, Error> {
        let Some(encoded) = Encoded::new(frame) else {
            return Err(self.shared.door.refuse_too_large("a request has at most 4 GiB; send it in parts".into()));
        };
        let spans = batch.spans.len() as u64;
        let batch = self.prints.prepare(batch);
        let load = Load { log_bytes: encoded.bytes(), spans, memory_bytes: batch.memory_bytes() };
        let ticket = self.shared.door.enter(load)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { batch, arrival: frame.arrival, ticket, reply };
        self.send(Command::Append(Append { encoded, request }))?;
        Ok(answer)
    }

    fn delete(&self, doomed: Doomed) -> Result<Deleted, Error> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(Command::Delete(doomed, reply))?;
        answer.recv().unwrap_or_else(|_| Err(writer_is_gone()))
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        let sender = self.commands.as_ref().ok_or_else(writer_is_gone)?;
        sender.send(command).map_err(|_| writer_is_gone())
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            now: (self.config.clock)(),
            lost_after: self.config.lost_after,
            announced_lost_after: self.config.announced.lost_after,
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told so on the console, and whoever waited has had an error.
            let _ = writer.join();
        }
    }
}

impl Store for Embedded {
    fn append(&self, frame: Frame, batch: Batch) -> Appending {
        if batch.is_empty() {
            return Box::pin(ready(Ok(Ack::default())));
        }
        match self.enqueue(&frame, batch) {
            Ok(answer) => Box::pin(async { answer.await.unwrap_or_else(|_| Err(writer_is_gone())) }),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }

    fn announce(&self, arrival: Timestamp, spans: Vec<SpanRecord>) -> Result<Held, Error> {
        let batch = self.prints.prepare(Batch { spans, events: Vec::new(), traces: Vec::new() });
        let held = self.shared.table_mut().announce(batch, arrival, self.moment(), &self.config.announced);
        Ok(held.into_held(&self.prints))
    }

    fn tend(&self) -> Result<Held, Error> {
        let held = self.shared.table_mut().tend(self.moment(), &self.config.announced);
        Ok(held.into_held(&self.prints))
    }

    fn projects(&self) -> Result<Vec<Project>, Error> {
        Ok(self.shared.table().projects())
    }

    fn services(&self, project: Option<&str>) -> Result<Vec<Service>, Error> {
        Ok(self.shared.table().services(project))
    }

    fn traces(&self, query: &TraceQuery, page: &PageRequest) -> Result<TraceList, Error> {
        let stop = query.spans.is_some().then(|| Instant::now() + self.config.search_time);
        let mut search = Search::default();
        let (mut after, limit) = (trace_cursor(page)?, page.limit.max(1));
        let (most, moment) = (limit.saturating_add(1), self.moment());
        let mut found = Vec::new();
        // A trace whose start moves back while the lock is free would be met a second time.
        let mut seen = HashSet::new();
        loop {
            let stretch = self.shared.table().list(query, after, most - found.len(), moment);
            found.extend(stretch.found.into_iter().filter(|(_, trace)| seen.insert(trace.trace_id)));
            search.scanned += stretch.scanned;
            after = stretch.rest;
            let is_over = after.is_none() || found.len() == most;
            search.is_cut = !is_over && stop.is_some_and(|stop| Instant::now() >= stop);
            if is_over || search.is_cut {
                break;
            }
        }
        let Page { items, next } = page_of(found, limit, write_trace_cursor);
        let next = if search.is_cut { after.map(write_trace_cursor) } else { next };
        Ok(TraceList { items, next, search })
    }

    fn trace(&self, id: TraceId, page: &PageRequest) -> Result<Option<TracePage>, Error> {
        let (after, limit) = (span_cursor(page)?, page.limit.max(1));
        let (summary, found) = {
            let (table, moment) = (self.shared.table(), self.moment());
            let Some(summary) = table.summary(id, moment) else { return Ok(None) };
            (summary, table.spans(id, after, limit.saturating_add(1), moment))
        };
        let spans = page_of(found, limit, write_span_cursor);
        let items = spans.items.into_iter().map(|found| found.into_span(&self.prints)).collect();
        Ok(Some(TracePage { summary, spans: Page { items, next: spans.next } }))
    }

    fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, Error> {
        Ok(self.shared.table().summary(id, self.moment()))
    }

    fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<Span>, Error> {
        let found = self.shared.table().span(trace, span, self.moment());
        Ok(found.into_iter().map(|found| found.into_span(&self.prints)).collect())
    }

    fn find_original(&self, id: &str) -> Result<Vec<(TraceId, SpanId)>, Error> {
        Ok(self.shared.table().find_original(id))
    }

    fn delete_trace(&self, id: TraceId) -> Result<Deleted, Error> {
        self.delete(Doomed::Trace(id))
    }

    fn delete_project(&self, name: &str) -> Result<Deleted, Error> {
        self.delete(Doomed::Project(name.to_owned()))
    }

    fn counters(&self) -> Vec<Counter> {
        let mut counters = counters::of_table(&self.shared.table());
        counters.extend(self.runs.counters());
        counters.extend(counters::of_door(&self.shared.door));
        counters.extend(counters::of_log(&self.shared.counts, &self.config.path));
        counters
    }
}

fn writer_is_gone() -> Error {
    Error::ReadOnly { reason: "its writer stopped".into() }
}
