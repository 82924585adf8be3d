//! Reads one application, whoever wrote it.

use std::{io, sync::Arc, time::Duration};

use trackway_model::RunKey;
use trackway_wire::burr::{Item, Zone};

use super::{
    burr::Burr,
    lines::Pace,
    native::Native,
    place::{Application, Format},
};

/// Reads one application, from where it was the last time.
pub struct Reader {
    application: Application,
    zone: Zone,
    files: Files,
}

enum Files {
    Burr(Box<Burr>),
    Native(Box<Native>),
}

/// What a reading brought.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The run; `None` when nothing is known of it yet.
    pub run: Option<Arc<RunKey>>,
    /// What is told of it, in order.
    pub items: Vec<Item>,
    /// How many bytes of lines were read.
    pub bytes: u64,
    /// True when there is more to read now.
    pub has_more: bool,
    /// When to look again though nobody writes: something is half written.
    pub wait: Option<Duration>,
}

impl Reader {
    /// Makes a reader that reads an application once.
    pub fn once(application: Application, zone: Zone) -> Self {
        Self::new(application, zone, Pace::Once)
    }

    /// Makes a reader that comes back whenever the application's files have changed.
    pub fn following(application: Application, zone: Zone) -> Self {
        Self::new(application, zone, Pace::Follow)
    }

    fn new(application: Application, zone: Zone, pace: Pace) -> Self {
        let files = match application.format {
            Format::Burr => Files::Burr(Box::new(Burr::new(application.clone(), zone.clone(), pace))),
            Format::Native => Files::Native(Box::new(Native::new(&application, pace))),
        };
        Self { application, zone, files }
    }

    /// Returns the application.
    pub fn application(&self) -> &Application {
        &self.application
    }

    pub(super) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Forgets how far the application was read; reading it again tells the same again, which changes nothing.
    pub fn start_over(&mut self) {
        match &mut self.files {
            Files::Burr(burr) => burr.start_over(),
            Files::Native(native) => native.start_over(),
        }
    }

    /// Lets go of what the reader holds of the application beside how far it was read; the next reading reads again up to there,
    /// and tells nothing of it.
    pub fn sleep(&mut self) {
        match &mut self.files {
            Files::Burr(burr) => burr.sleep(),
            Files::Native(native) => native.sleep(),
        }
    }

    /// Reads about `most` bytes of what was written since the last time.
    ///
    /// # Errors
    /// A file is there and cannot be read. Whoever gets an error starts over.
    pub fn read(&mut self, most: u64) -> io::Result<Chunk> {
        match &mut self.files {
            Files::Burr(burr) => burr.read(most),
            Files::Native(native) => native.read(most),
        }
    }
}
