//! The files that OpenCensus's exporters wrote.

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{Batch, Exporter, Failure, Form};

/// Writes spans in the JSON of OpenCensus's exporters for Python, for what still reads their files and logs: an object a
/// line, each with those spans of one trace that came together.
///
/// ```
/// use trackway::export::CensusJson;
///
/// let to_errors = CensusJson::to(std::io::stderr());
/// # drop(to_errors);
/// ```
pub struct CensusJson(Mutex<Box<dyn Write + Send>>);

impl CensusJson {
    /// Makes an exporter that writes to `writer`, with one call for each batch and a flush after it.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(writer)))
    }

    /// Makes an exporter that adds to a file, which is made where it is missing.
    ///
    /// # Errors
    /// What the system says when the file cannot be opened.
    pub fn file(path: impl AsRef<Path>) -> io::Result<Self> {
        let file: File = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self::to(file))
    }
}

impl fmt::Debug for CensusJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CensusJson").finish_non_exhaustive()
    }
}

impl Exporter for CensusJson {
    fn form(&self) -> Form {
        Form::Records
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let lines = trackway_wire::opencensus::traces(batch.records());
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(lines.as_bytes())
            .and_then(|()| writer.flush())
            .map_err(|error| Failure::Never { reason: format!("cannot write spans: {error}") })
    }
}
