//! Which propagator a tracer has for which format.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::{BinaryPropagator, CensusBinary, Corrupt, Incoming, Outgoing, Propagator};
use crate::collector;
use crate::context::Context;

/// What a context is carried in, by name: the three of [OpenTracing](https://opentracing.io/specification/), and any other.
///
/// ```
/// use trackway::propagation::Format;
///
/// assert_eq!(Format::from("text_map"), Format::TEXT_MAP);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Format(Cow<'static, str>);

impl Format {
    /// Named texts of any characters.
    pub const TEXT_MAP: Self = Self(Cow::Borrowed("text_map"));
    /// Named texts that are the headers of HTTP requests.
    pub const HTTP_HEADERS: Self = Self(Cow::Borrowed("http_headers"));
    /// Bytes.
    pub const BINARY: Self = Self(Cow::Borrowed("binary"));
}

impl From<&'static str> for Format {
    fn from(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

impl From<String> for Format {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl From<&Format> for Format {
    fn from(format: &Format) -> Self {
        format.clone()
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a tracer could not write or read a context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropagationError {
    /// The tracer has no propagator for the format.
    #[error("no propagator was registered for the format {0}")]
    UnsupportedFormat(Format),
    /// The format is one of bytes and the carrier holds texts, or the other way round.
    #[error("the format {0} cannot be carried by this")]
    InvalidCarrier(Format),
    /// The carrier holds a context that cannot be read.
    #[error(transparent)]
    Corrupted(#[from] Corrupt),
}

#[derive(Clone)]
enum Registered {
    Texts(Arc<dyn Propagator>),
    Bytes(Arc<dyn BinaryPropagator>),
}

/// The propagators of a tracer; the later of two for one format counts.
#[derive(Default)]
pub(crate) struct Registry {
    known: RwLock<Vec<(Format, Registered)>>,
}

impl Registry {
    pub(crate) fn register(&self, format: Format, propagator: impl Propagator) {
        self.add(format, Registered::Texts(Arc::new(propagator)));
    }

    pub(crate) fn register_binary(&self, format: Format, propagator: impl BinaryPropagator) {
        self.add(format, Registered::Bytes(Arc::new(propagator)));
    }

    fn add(&self, format: Format, registered: Registered) {
        let before = collector::unforked(|| {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let before = known.iter().position(|(name, _)| *name == format).map(|at| known.swap_remove(at));
            known.push((format, registered));
            before
        });
        // What a propagator does when it is dropped may be to ask the registry.
        drop(before);
    }

    /// Registers for the three formats that every tracer knows, where the program has not said otherwise.
    pub(crate) fn complete(&self, texts: Arc<dyn Propagator>) {
        self.complete_with(texts, Arc::new(CensusBinary));
    }

    /// As [`complete`](Self::complete), with another propagator for bytes.
    pub(crate) fn complete_with(&self, texts: Arc<dyn Propagator>, bytes: Arc<dyn BinaryPropagator>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let (texts, bytes) = (Registered::Texts(texts), Registered::Bytes(bytes));
        for (format, registered) in
            [(Format::TEXT_MAP, &texts), (Format::HTTP_HEADERS, &texts), (Format::BINARY, &bytes)]
        {
            if known.iter().all(|(name, _)| *name != format) {
                known.push((format, registered.clone()));
            }
        }
    }

    fn find(&self, format: Format) -> Result<(Format, Registered), PropagationError> {
        let found = collector::unforked(|| {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.iter().find(|(name, _)| *name == format).map(|(_, registered)| registered.clone())
        });
        match found {
            Some(registered) => Ok((format, registered)),
            None => Err(PropagationError::UnsupportedFormat(format)),
        }
    }

    pub(crate) fn inject(
        &self,
        context: &Context,
        format: Format,
        carrier: Outgoing<'_>,
    ) -> Result<(), PropagationError> {
        match (self.find(format)?, carrier) {
            ((_, Registered::Texts(propagator)), Outgoing::Texts(texts)) => propagator.inject(context, texts),
            ((_, Registered::Bytes(propagator)), Outgoing::Bytes(bytes)) => propagator.inject(context, bytes),
            ((format, _), _) => return Err(PropagationError::InvalidCarrier(format)),
        }
        Ok(())
    }

    pub(crate) fn extract(&self, format: Format, carrier: Incoming<'_>) -> Result<Option<Context>, PropagationError> {
        let context = match (self.find(format)?, carrier) {
            ((_, Registered::Texts(propagator)), Incoming::Texts(texts)) => propagator.extract(texts)?,
            ((_, Registered::Bytes(propagator)), Incoming::Bytes(bytes)) => propagator.extract(bytes)?,
            ((format, _), _) => return Err(PropagationError::InvalidCarrier(format)),
        };
        Ok(context)
    }
}
