//! Runs in one SQLite file: one thread writes, whoever asks reads beside it.

mod apply;
mod check;
mod delete;
mod door;
mod mend;
mod notes;
mod pack;
mod placed;
mod read;
mod rows;
mod schema;
mod states;
mod steps;
mod tally;
mod writer;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::Ordering::Relaxed,
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::oneshot;
use trackway_model::{RunFact, RunRecord};

pub(crate) use self::{
    check::check_states,
    mend::{make_runs, mend_runs},
};
use self::{
    states::Tips,
    writer::{Change, Changed, Command, Counts, Request, Writer, check_size},
};
use crate::{
    Config, Counter, Damage, Error, RunAck,
    catalog::{is_damage, put_aside},
    door::Door,
    files::file_error,
    wal::HEADER_BYTES,
};

/// The most connections that wait for the next question.
const MOST_IDLE: usize = 4;

/// Keeps runs in `runs.db`.
pub(crate) struct RunFile {
    path: PathBuf,
    door: Arc<Door>,
    max_bytes: u64,
    counts: Arc<Counts>,
    idle: Mutex<Vec<Connection>>,
    /// Taken when the store closes, which ends the writer once its queue is empty.
    commands: Option<Sender<Command>>,
    writer: Option<JoinHandle<()>>,
}

/// Tells of a file that is gone, or holds nothing, in a store that has taken something in: it was made before that.
fn lost(path: &Path, store: &Path) -> Option<Damage> {
    let is_there = fs::metadata(path).is_ok_and(|file| file.len() > 0);
    let has_more_than = |directory: &str, bytes: u64| {
        let mut entries = fs::read_dir(store.join(directory)).into_iter().flatten().flatten();
        entries.any(|entry| entry.metadata().is_ok_and(|file| file.len() > bytes))
    };
    let has_history = has_more_than("wal", HEADER_BYTES) || has_more_than("segments", 0);
    let reason = "it is missing or empty, and with it whatever it held of runs".to_owned();
    (!is_there && has_history).then(|| Damage { file: path.to_owned(), offset: 0, bytes: 0, reason })
}

impl RunFile {
    /// Opens the file in the store's directory; one that is damaged beyond reading is put aside and begun anew.
    pub(crate) fn open(config: &Config, door: Arc<Door>, quarantine: &Path) -> Result<(Self, Option<Damage>), Error> {
        let path = config.path.join("runs.db");
        let lost = lost(&path, &config.path);
        let (connection, damage) = match schema::open_writer(&path) {
            Ok(connection) => (connection, None),
            Err(Error::Catalog(error)) if is_damage(&error) => {
                let reason = format!("the runs cannot be read ({error})");
                let damage = put_aside(&path, quarantine, "runs", reason)?;
                (schema::open_writer(&path)?, Some(damage))
            }
            Err(error) => return Err(error),
        };
        let (sender, commands) = mpsc::channel();
        let (max_bytes, counts) = (config.max_run_bytes, Arc::<Counts>::default());
        let writer = Writer {
            path: path.clone(),
            connection,
            tips: Tips::default(),
            ids: config.run_ids.clone(),
            clock: Arc::clone(&config.clock),
            max_bytes,
            door: Arc::clone(&door),
            counts: Arc::clone(&counts),
            commands,
        };
        let writer = thread::Builder::new()
            .name("trackway-runs".into())
            .spawn(|| writer.run())
            .map_err(file_error("start the writer of", &path))?;
        let (commands, writer) = (Some(sender), Some(writer));
        Ok((Self { path, door, max_bytes, counts, idle: Mutex::default(), commands, writer }, damage.or(lost)))
    }

    /// Checks facts at the door and queues them; what returns is told once they are durable.
    fn enqueue(&self, records: Vec<RunRecord>) -> Result<oneshot::Receiver<Result<RunAck, Error>>, Error> {
        let bytes = records.iter().map(bytes_of).sum();
        check_size(&self.door, bytes, self.max_bytes)?;
        let ticket = self.door.enter_beside_the_log(bytes)?;
        let (reply, answer) = oneshot::channel();
        self.send(Command::Record(Request { records, bytes, ticket, reply }))?;
        Ok(answer)
    }

    fn change(&self, change: Change) -> Result<Changed, Error> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.send(Command::Change(change, reply))?;
        answer.recv().unwrap_or_else(|_| Err(writer_is_gone()))
    }

    fn send(&self, command: Command) -> Result<(), Error> {
        let sender = self.commands.as_ref().ok_or_else(writer_is_gone)?;
        sender.send(command).map_err(|_| writer_is_gone())
    }

    /// Asks over one snapshot, on a connection that nobody else uses meanwhile.
    fn ask<T>(&self, question: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => schema::open_reader(&self.path)?,
        };
        let snapshot = connection.transaction()?;
        let answer = question(&snapshot)?;
        drop(snapshot);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
        Ok(answer)
    }

    pub(crate) fn counters(&self) -> Vec<Counter> {
        let sql = "SELECT runs, steps, raw, stored FROM totals";
        let totals = self.ask(|connection| {
            let number = |row: &rusqlite::Row<'_>, at| row.get::<_, i64>(at).map(|number| number as u64);
            Ok(connection
                .query_row(sql, [], |row| Ok([number(row, 0)?, number(row, 1)?, number(row, 2)?, number(row, 3)?]))?)
        });
        // A file that cannot be read says so to whoever reads runs; a counter only shows what it can.
        let [runs, steps, raw, stored] = totals.unwrap_or_default();
        let counter = |name, value, unit, help| Counter { name, value, unit, help };
        let (facts, groups) = (self.counts.facts.load(Relaxed), self.counts.groups.load(Relaxed));
        vec![
            counter("store.runs", runs, "runs", "Runs of state machines that are stored."),
            counter("store.steps", steps, "steps", "Steps of runs that are stored, every attempt counted."),
            counter("store.state_bytes", raw, "bytes", "Bytes of the states after steps, as they came."),
            counter("store.state_stored_bytes", stored, "bytes", "Bytes that these states take on the disk."),
            counter("store.run_facts", facts, "facts", "Facts about runs that were taken since the start."),
            counter("store.run_syncs", groups, "syncs", "Times that facts were made durable, each for a group."),
        ]
    }
}

impl Drop for RunFile {
    fn drop(&mut self) {
        // Readers first: the writer is to be the last that has the file open.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        drop(self.commands.take());
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told so on the console, and whoever waited has had an error.
            let _ = writer.join();
        }
    }
}

/// Returns how many bytes a fact has, about.
fn bytes_of(record: &RunRecord) -> u64 {
    let bytes = match &record.fact {
        RunFact::App(it) => it.graph.as_ref().map_or(0, |graph| {
            let actions = graph.actions.iter();
            let code: usize = actions.map(|action| 200 + action.code.as_ref().map_or(0, |code| code.len())).sum();
            code + graph.transitions.len() * 60
        }),
        RunFact::Begin(it) => it.inputs.as_ref().map_or(0, |json| json.0.len()),
        RunFact::End(it) => {
            let json = [&it.result, &it.state].into_iter().flatten().map(|json| json.0.len()).sum::<usize>();
            json + it.error.as_ref().map_or(0, |error| error.len())
        }
        RunFact::Attribute(it) => it.key.len() + it.value.0.len(),
        RunFact::State(it) => it.state.0.len(),
        RunFact::Stream(_) | RunFact::Child(_) => 0,
        RunFact::Remark(it) => it.what.len() + it.text.len(),
    };
    bytes as u64 + 200
}

fn writer_is_gone() -> Error {
    Error::ReadOnly { reason: "the writer of runs stopped".into() }
}
