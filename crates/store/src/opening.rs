//! Opening a store: what is published is found in the catalog, and the rest read from the log.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed, mpsc::Receiver},
    time::Instant,
};

use trackway_model::{Batch, Timestamp};

use crate::{
    Config, Decoder, Error, Recovery,
    catalog::{Catalog, Flushed},
    door::Door,
    engine::{Bounds, OpenBounds, Patience, Shared, Shelf},
    files::make_private_directory,
    lock::Lock,
    recovery::{Known, Replay},
    runs::embedded::RunFile,
    sweep::remove_published,
    wal::Position,
    writer::{Command, Writer},
};

/// A store that is open, and whose threads do not run yet.
pub(crate) struct Opened {
    pub(crate) lock: Lock,
    pub(crate) shared: Arc<Shared>,
    pub(crate) runs: RunFile,
    pub(crate) writer: Writer,
    pub(crate) recovery: Recovery,
}

pub(crate) fn open(config: &Config, decoder: &Decoder, commands: Receiver<Command>) -> Result<Opened, Error> {
    let (wal, quarantine) = (config.path.join("wal"), config.path.join("corrupt"));
    make_private_directory(&config.path)?;
    let lock = Lock::take(&config.path, &config.url)?;
    make_private_directory(&wal)?;

    let mut recovery = Recovery::default();
    let (catalog, damage) = Catalog::open(&config.path, &quarantine)?;
    recovery.damaged.extend(damage);
    let catalog = Arc::new(catalog);
    let (shelf, damage) = Shelf::open(&config.path, &quarantine, Arc::clone(&catalog), OpenBounds::default())?;
    recovery.damaged.extend(damage);
    let door = Arc::new(Door::new(config));
    let (runs, damage) = RunFile::open(config, Arc::clone(&door), &quarantine)?;
    recovery.damaged.extend(damage);

    let nothing = Position { file: 0, offset: 0 };
    let published = shelf.flushed().map_or(nothing, |flushed| flushed.position);
    let first = shelf.snapshot().next_sequence();
    let shared = Arc::new(Shared::new(shelf, Arc::clone(&catalog), door, first));
    let bounds = Bounds::of(config);
    let known =
        Known { marker: catalog.marker()?, deletions: catalog.deletions()?, durable: catalog.durable()?, published };
    let mut taking = Taking { shared: &shared, bounds, published };
    let replay = Replay {
        directory: wal,
        quarantine: &quarantine,
        decoder,
        known,
        recovery: &mut recovery,
        take: &mut |batch, arrival, behind| taking.take(batch, arrival, behind),
    };
    let mut log = replay.run(config.wal_file_bytes)?;
    let mut published = taking.published;
    shared.heads.active().head_mut().drop_waiting(Patience::Count);
    // Without room, an older note only lets the next start take damage for a write under way.
    catalog.note_durable(log.position())?;
    remove_published(&mut log, &catalog, published, &quarantine)?;
    if shared.heads.active().head().is_empty() && recovery.frames == 0 {
        published = log.position();
    }
    recovery.spans = shared.shelf.snapshot().tallies().spans() + shared.heads.active().head().spans();
    shared.counts.wal_torn_bytes.store(recovery.torn_bytes, Relaxed);
    shared.counts.wal_damaged_frames.store(recovery.damaged.len() as u64, Relaxed);
    let writer =
        Writer { log, shared: Arc::clone(&shared), commands, bounds, quarantine, published, appended: Instant::now() };
    Ok(Opened { lock, shared, runs, writer, recovery })
}

/// Takes what the log holds, and writes it as segments whenever the head is full.
struct Taking<'a> {
    shared: &'a Shared,
    bounds: Bounds,
    published: Position,
}

impl Taking<'_> {
    fn take(&mut self, batch: Batch, arrival: Timestamp, behind: Position) -> Result<(), Error> {
        self.shared.apply(batch, arrival, None);
        if !self.bounds.are_reached(&self.shared.heads.active().head()) {
            return Ok(());
        }
        let Some(side) = self.shared.heads.freeze() else { return Ok(()) };
        let next_sequence = side.head().next_sequence();
        let flushed = Flushed { position: behind, next_sequence };
        match self.shared.write_frozen(flushed) {
            Ok(()) => self.published = behind,
            // A disk that is full or fails keeps nobody from reading: it is tried again behind the start, which deals
            // with either, and until then the rest of the log waits in memory.
            Err(_) => {
                self.shared.work.freeze(flushed);
            }
        }
        Ok(())
    }
}
