//! Where finished spans go.

mod census;
mod console;
pub(crate) mod escape;
#[cfg(feature = "otlp")]
pub(crate) mod http;
pub(crate) mod lane;
mod memory;
#[cfg(feature = "openai-agents")]
mod openai_agents;
#[cfg(feature = "otlp")]
mod otlp;
mod stats;
#[cfg(feature = "otlp")]
mod zipkin;

use std::{sync::Arc, time::Duration};

use trackway_model::{SpanRecord, TraceRecord};

use crate::agents::Run;

#[cfg(feature = "openai-agents")]
pub use self::openai_agents::OpenAiAgents;
pub use self::{
    census::CensusJson,
    console::Console,
    memory::Memory,
    stats::{DroppedSpans, ExporterStats},
};
#[cfg(feature = "otlp")]
pub use self::{
    otlp::{Compression, Otlp},
    zipkin::Zipkin,
};

/// Takes finished spans to where they are kept or shown.
///
/// Every exporter has a thread of its own, which calls it with one batch after another; nothing that an exporter does,
/// be it slow or failing, is felt by the code that is traced. What waits for a slow exporter is bounded; what does not
/// fit is counted in [`Stats`](crate::Stats).
///
/// ```
/// use trackway::export::{Batch, Exporter, Failure, Form};
///
/// struct Names;
/// impl Exporter for Names {
///     fn form(&self) -> Form {
///         Form::Records
///     }
///     fn export(&self, batch: &Batch) -> Result<(), Failure> {
///         for span in batch.records() {
///             println!("{} took {:?}", span.name, span.duration());
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Exporter: Send + Sync + 'static {
    /// Returns which form of spans it wants; asked once. OTLP bytes are the form that costs nothing more to make.
    fn form(&self) -> Form {
        Form::Otlp
    }

    /// Returns true when it wants to be told of [traces](Batch::traces) apart from their spans; asked once.
    fn wants_traces(&self) -> bool {
        false
    }

    /// Delivers the batch, or says why not and whether to try again. May block; is not called twice at once.
    ///
    /// # Errors
    /// [`Failure::Later`] has the same batch offered again after a growing, jittered pause (at least the one asked
    /// for); [`Failure::Never`] has it counted as dropped; [`Failure::Partly`] has the refused part counted.
    fn export(&self, batch: &Batch) -> Result<(), Failure>;

    /// Returns true when whoever receives the spans wants to hear of those that still run.
    fn wants_open(&self) -> bool {
        false
    }

    /// Tells of spans that still run: a whole `ExportTraceServiceRequest` of spans whose end time is 0. Never retried.
    fn announce(&self, request: &[u8]) {
        let _ = request; // Whoever does not want them does not need them.
    }
}

/// What an [`Exporter`] is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// An `ExportTraceServiceRequest` of [OTLP](https://opentelemetry.io/docs/specs/otlp/), as protobuf.
    Otlp,
    /// [`SpanRecord`]s.
    Records,
}

/// Finished spans, in the form that the exporter asked for.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(crate) spans: usize,
    pub(crate) body: Body,
    pub(crate) traces: Vec<Arc<Run>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Body {
    Otlp(Vec<u8>),
    Records(Vec<SpanRecord>),
}

impl Batch {
    /// Returns how many spans are in it.
    pub fn len(&self) -> usize {
        self.spans
    }

    /// Returns true when nothing is in it, which no exporter ever sees.
    pub fn is_empty(&self) -> bool {
        self.spans == 0 && self.traces.is_empty()
    }

    /// Returns the traces that have begun, of those that [`Tracer::trace`](crate::Tracer::trace) made; a batch may consist of
    /// such alone. Only for an exporter that
    /// [wants](Exporter::wants_traces) them: the first spans of a trace say the same as attributes.
    pub fn traces(&self) -> impl Iterator<Item = &TraceRecord> {
        self.traces.iter().map(|run| &run.record)
    }

    /// Returns the `ExportTraceServiceRequest`; empty for an exporter of [`Form::Records`].
    pub fn otlp(&self) -> &[u8] {
        match &self.body {
            Body::Otlp(bytes) => bytes,
            Body::Records(_) => &[],
        }
    }

    /// Returns the spans; empty for an exporter of [`Form::Otlp`].
    pub fn records(&self) -> &[SpanRecord] {
        match &self.body {
            Body::Otlp(_) => &[],
            Body::Records(records) => records,
        }
    }
}

/// Why a batch was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The receiver cannot take it now.
    #[error("{reason}; to be tried again")]
    Later {
        /// What happened.
        reason: String,
        /// The pause that the receiver asked for (`Retry-After`).
        after: Option<Duration>,
    },
    /// The receiver will never take it.
    #[error("{reason}")]
    Never {
        /// What happened.
        reason: String,
    },
    /// The receiver took all but some spans and wants none of them again.
    #[error("{rejected} spans were refused: {reason}")]
    Partly {
        /// How many spans it refused.
        rejected: usize,
        /// What it said.
        reason: String,
    },
}
