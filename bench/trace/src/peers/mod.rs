//! The libraries that are measured, each in a file that is the only one to know it.

mod baseline;
mod fastrace;
mod opentelemetry;
mod tracing;
mod trackway;

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::{
    shapes,
    sink::Sink,
    work::{Batch, Work},
};

/// What a library must supply.
pub(crate) trait Peer: 'static {
    /// An open root span that is the current one; dropping it ends it.
    type Root;
    /// An open local span that is the current one; dropping it ends it.
    type Span;
    /// A span, or what names one, whose children other threads may make.
    type Remote: Send + Sync;

    /// Prepares the library's globals; called once in a process, before anything else.
    fn set_up(mode: Mode, sink: Sink) -> Result<()>;

    /// Waits until every finished span has reached the sink.
    fn flush() {}

    /// Starts a trace.
    fn root() -> Self::Root;
    /// Starts a child of the current span.
    fn child() -> Self::Span;
    /// Starts a child with [`STATUS`] = `number`, [`COUNT`] = `number` + 1, and [`TARGET`] and [`AGENT`] = `text`.
    fn child_with_mixed(number: i64, text: &str) -> Self::Span;
    /// Starts a child with the same four attributes, all of them static strings.
    fn child_with_static() -> Self::Span;

    /// Makes so many children of the current span, each beginning where the one before ends.
    fn steps(count: usize) {
        for _ in 0..count {
            let _span = Self::child();
            shapes::nothing();
        }
    }

    /// Runs the future in a new trace.
    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static;
    /// Runs the future in a child of the current span.
    fn in_child<F: Future + Send>(inside: F) -> impl Future<Output = F::Output> + Send;

    /// Starts a trace that is not the current one.
    fn remote() -> Self::Remote;
    /// Starts and ends a child of it.
    fn child_of(remote: &Self::Remote);

    /// Writes so many `traceparent` headers; `None` when the library has nothing for it, as in all below.
    fn inject(times: usize) -> Option<()> {
        let _ = times; // It has nothing for it.
        None
    }
    /// Reads [`TRACEPARENT`] so many times.
    fn extract(times: usize) -> Option<()> {
        let _ = times; // It has nothing for it.
        None
    }
    /// Reads one of two keys of the current baggage so many times.
    fn read_baggage(times: usize) -> Option<()> {
        let _ = times; // It has nothing for it.
        None
    }
    /// Makes a baggage with one key more the current one, and drops it, so many times.
    fn add_baggage(times: usize) -> Option<()> {
        let _ = times; // It has nothing for it.
        None
    }
}

pub(crate) const STATUS: &str = "http.response.status_code";
pub(crate) const COUNT: &str = "basket.items";
pub(crate) const TARGET: &str = "url.path";
pub(crate) const AGENT: &str = "user_agent.original";
/// The static strings of [`Peer::child_with_static`], in the order of the names above.
pub(crate) const STATIC_VALUES: [&str; 4] = ["200", "12", "/basket/checkout", "browser/17.2 (x)"];
pub(crate) const TRACEPARENT: &str = "00-8f4e21c07ab35d9612e0fb4d7c3a5561-5be1780c94d2fa36-01";

/// How a library is asked to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Sampled,
    /// The sampler says no at the root.
    Unsampled,
    /// Not set up, or no root: what instrumented code costs those who trace nothing.
    Off,
}

/// A library in one mode, with its type forgotten.
#[derive(Clone, Copy)]
pub(crate) struct Subject {
    /// As the tables call it.
    pub(crate) name: &'static str,
    pub(crate) mode: Mode,
    set_up: fn(Mode, Sink) -> Result<()>,
    pub(crate) run: fn(Work, &Runtime) -> Option<Batch>,
    pub(crate) latencies: fn(Duration) -> Vec<Duration>,
    pub(crate) flush: fn(),
}

impl Subject {
    const fn new<P: Peer>(name: &'static str, mode: Mode) -> Self {
        let (run, latencies) = (shapes::batch::<P>, crate::latency::of_ends::<P>);
        Self { name, mode, set_up: P::set_up, run, latencies, flush: P::flush }
    }

    /// Finds a subject by its name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = SUBJECTS.iter().find(|subject| subject.name == name);
        found.copied().with_context(|| format!("there is no {name:?} to measure"))
    }

    pub(crate) fn set_up(&self, sink: Sink) -> Result<()> {
        (self.set_up)(self.mode, sink)
    }
}

/// The name of our library.
pub(crate) const OURS: &str = "trackway";
/// Its name when it stands below `tracing`'s macros, once it is in the list.
pub(crate) const OURS_UNDER_TRACING: &str = "trackway under tracing";
pub(crate) const EMPTY: &str = "empty";
pub(crate) const FLOOR: &str = "two clock reads";
pub(crate) const FASTRACE: &str = "fastrace";
pub(crate) const REGISTRY: &str = "tracing registry";
pub(crate) const TRACING_OTEL: &str = "tracing + OTel";
pub(crate) const OTEL: &str = "OTel SDK";

/// Everything that is measured.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject::new::<baseline::Empty>(EMPTY, Mode::Sampled),
    Subject::new::<baseline::Clock>(FLOOR, Mode::Sampled),
    Subject::new::<fastrace::Fastrace>(FASTRACE, Mode::Sampled),
    Subject::new::<fastrace::Fastrace>("fastrace, unsampled", Mode::Unsampled),
    Subject::new::<fastrace::Fastrace>("fastrace, no parent", Mode::Off),
    Subject::new::<tracing::Registry>(REGISTRY, Mode::Sampled),
    Subject::new::<tracing::Registry>("tracing, no subscriber", Mode::Off),
    Subject::new::<tracing::WithOpenTelemetry>(TRACING_OTEL, Mode::Sampled),
    Subject::new::<tracing::WithOpenTelemetry>("tracing + OTel, unsampled", Mode::Unsampled),
    Subject::new::<opentelemetry::Sdk>(OTEL, Mode::Sampled),
    Subject::new::<opentelemetry::Sdk>("OTel SDK, unsampled", Mode::Unsampled),
    Subject::new::<opentelemetry::Noop>("OTel, no-op tracer", Mode::Off),
    Subject::new::<trackway::Trackway>(OURS, Mode::Sampled),
    Subject::new::<trackway::Trackway>("trackway, unsampled", Mode::Unsampled),
    Subject::new::<trackway::Trackway>("trackway, off", Mode::Off),
];
