//! Spans for the eye, while a program is written.

use std::{
    fmt,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use super::{Batch, Exporter, Failure, Form};

/// Writes each batch of spans as a tree to standard output, or elsewhere.
///
/// A trace whose spans come in several batches is drawn in as many pieces. See [`tree`](crate::tree()) for the drawing.
///
/// ```
/// use trackway::export::Console;
///
/// let to_errors = Console::to(std::io::stderr());
/// # drop(to_errors);
/// ```
pub struct Console(Mutex<Box<dyn Write + Send>>);

impl Console {
    /// Makes an exporter that writes to standard output.
    pub fn new() -> Self {
        Self::to(io::stdout())
    }

    /// Makes an exporter that writes to `writer`, with one call for each batch and a flush after it.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(writer)))
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

impl Exporter for Console {
    fn form(&self) -> Form {
        Form::Records
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let drawing = crate::tree(batch.records());
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(drawing.as_bytes())
            .and_then(|()| writer.flush())
            .map_err(|error| Failure::Never { reason: format!("cannot write spans: {error}") })
    }
}
