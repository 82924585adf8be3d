//! One reading: from the files to the store.

use std::{sync::Arc, time::Duration};

use jiff::tz::TimeZone;
use trackway_model::{RunKey, Timestamp};
use trackway_wire::burr::{Item, Zone};

use super::{
    burr,
    door::Door,
    place::{Annotated, Application},
    queue::Task,
    reader::Reader,
};
use crate::ingest::run_apart;

/// How much is read of an application before others have their turn, in bytes.
const MOST_BYTES: u64 = 4 << 20;

/// A reading that is over.
pub(super) struct Done {
    pub(super) task: Task,
    /// The reader of the application.
    pub(super) reader: Option<Box<Reader>>,
    pub(super) outcome: Outcome,
}

/// What became of a reading.
pub(super) enum Outcome {
    /// What was read is durable.
    Read {
        /// There is more to read now.
        has_more: bool,
        /// When to look again though nobody writes.
        wait: Option<Duration>,
    },
    /// It is to be tried again; why, in a sentence.
    Failed(String),
}

/// Reads some of an application, and stores it.
pub(super) async fn read(door: Arc<dyn Door>, application: Application, mut reader: Box<Reader>) -> Done {
    let counters = Arc::clone(door.counters());
    counters.watch_reads.add(1);
    let task = Task::Application(application.clone());
    let zone = reader.zone().clone();
    let reading = run_apart(move || {
        let chunk = reader.read(MOST_BYTES);
        (reader.application().last_written(), reader, chunk)
    });
    let (written, mut reader, chunk) = match reading.await {
        Ok((written, reader, Ok(chunk))) => (written, reader, chunk),
        Ok((_, mut reader, Err(error))) => {
            counters.watch_failed.add(1);
            reader.start_over();
            return Done { task, reader: Some(reader), outcome: Outcome::Failed(format!("cannot be read: {error}")) };
        }
        Err(_) => {
            counters.watch_failed.add(1);
            let reader = Some(Box::new(Reader::following(application, zone)));
            return Done { task, reader, outcome: Outcome::Failed("the reading failed here".into()) };
        }
    };
    counters.watch_bytes.add(chunk.bytes);
    let mut outcome = Outcome::Read { has_more: chunk.has_more, wait: chunk.wait };
    if let Some(run) = &chunk.run
        && let Err(what) = store(&*door, run, chunk.items, written).await
    {
        counters.watch_failed.add(1);
        reader.start_over();
        outcome = Outcome::Failed(format!("was not stored: {what}"));
    }
    Done { task, reader: Some(reader), outcome }
}

/// Stores what is told of a run, unless it was deleted after all of that was written.
async fn store(door: &dyn Door, run: &Arc<RunKey>, items: Vec<Item>, written: Option<Timestamp>) -> Result<(), String> {
    match door.deleted_at(run).await? {
        Some(deleted) if written.is_some_and(|written| written <= deleted) => Ok(()),
        _ => door.take(run, items).await,
    }
}

/// Reads a file of annotations, and stores them.
pub(super) async fn annotate(door: Arc<dyn Door>, annotated: Annotated, zone: Zone) -> Done {
    door.counters().watch_reads.add(1);
    let task = Task::Annotations(annotated.clone());
    let zone = match zone {
        Zone::Named(zone) | Zone::Inferred { fallback: zone } => zone,
    };
    let outcome = match read_annotations(annotated, zone, &*door).await {
        Ok(()) => Outcome::Read { has_more: false, wait: None },
        Err(what) => {
            door.counters().watch_failed.add(1);
            Outcome::Failed(what)
        }
    };
    Done { task, reader: None, outcome }
}

async fn read_annotations(annotated: Annotated, zone: TimeZone, door: &dyn Door) -> Result<(), String> {
    let reading = run_apart(move || burr::annotations(&annotated, &zone));
    let found = reading.await.map_err(|_| "the reading failed here".to_owned())?;
    let (annotations, remarks) = found.map_err(|error| format!("cannot be read: {error}"))?;
    door.counters().watch_annotations_unread.add(remarks.len() as u64);
    door.annotate(annotations).await
}
