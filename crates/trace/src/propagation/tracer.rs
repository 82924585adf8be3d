//! A tracer's way in and out of carriers.

use std::sync::{Arc, OnceLock};

use super::{BinaryPropagator, Format, Incoming, Outgoing, PropagationError, Propagator, Registry, W3c};
use crate::context::Context;
use crate::tracer::Tracer;

impl Tracer {
    /// Writes a context into a carrier by the propagator for the format.
    ///
    /// Maps and lists of texts are carriers, with the feature `http` the `HeaderMap` of hyper, axum, tonic and reqwest is one, and a
    /// `Vec<u8>` is one for formats of bytes, which is added to.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use trackway::propagation::{Format, PropagationError};
    ///
    /// let tracer = trackway::Tracer::builder().build();
    /// let call = tracer.span("call").start();
    /// let mut headers = BTreeMap::new();
    /// tracer.inject(call.context(), Format::HTTP_HEADERS, &mut headers)?;
    /// assert!(headers.contains_key("traceparent"));
    ///
    /// let unknown = tracer.inject(call.context(), "kiss", &mut headers);
    /// assert!(matches!(unknown, Err(PropagationError::UnsupportedFormat(_))));
    /// # Ok::<(), PropagationError>(())
    /// ```
    ///
    /// # Errors
    /// [`PropagationError::UnsupportedFormat`] for a format without a propagator, [`PropagationError::InvalidCarrier`] for bytes where
    /// the format is one of texts, and the other way round.
    pub fn inject<'a>(
        &self,
        context: &Context,
        format: impl Into<Format>,
        carrier: impl Into<Outgoing<'a>>,
    ) -> Result<(), PropagationError> {
        self.propagators().inject(context, format.into(), carrier.into())
    }

    /// Reads the context that another process sent, by the propagator for the format; `None` when it sent none.
    ///
    /// # Errors
    /// As those of [`inject`](Self::inject), and [`PropagationError::Corrupted`] when there is a context that cannot be read. The request is
    /// as good without it: `unwrap_or_default` begins a new trace.
    pub fn extract<'a>(
        &self,
        format: impl Into<Format>,
        carrier: impl Into<Incoming<'a>>,
    ) -> Result<Option<Context>, PropagationError> {
        self.propagators().extract(format.into(), carrier.into())
    }

    /// Has contexts of that format carried by another propagator from now on, as
    /// [`Builder::propagator`](crate::Builder::propagator) does from the start. A tracer that [records nothing](Tracer::default) keeps its own.
    pub fn register_propagator(&self, format: impl Into<Format>, propagator: impl Propagator) {
        if let Some(registry) = self.own_propagators() {
            registry.register(format.into(), propagator);
        }
    }

    /// As [`register_propagator`](Self::register_propagator), for a format of bytes.
    pub fn register_binary_propagator(&self, format: impl Into<Format>, propagator: impl BinaryPropagator) {
        if let Some(registry) = self.own_propagators() {
            registry.register_binary(format.into(), propagator);
        }
    }

    fn propagators(&self) -> &Registry {
        static ORDINARY: OnceLock<Registry> = OnceLock::new();
        self.own_propagators().unwrap_or_else(|| {
            ORDINARY.get_or_init(|| {
                let registry = Registry::default();
                registry.complete(Arc::new(W3c));
                registry
            })
        })
    }
}
