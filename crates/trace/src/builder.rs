//! What a tracer can be told when it is built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use trackway_model::{Attributes, Resource, SpanRecord, Text, Value, keys};

use crate::agents::Capture;
use crate::environment::Named;
use crate::export::{Exporter, lane::Bounds};
use crate::field::Field;
use crate::global;
use crate::limits::Limits;
use crate::processor::{Processor, Processors};
use crate::propagation::{BinaryPropagator, Format, OpenTracingBinary, OpenTracingText, Propagator, Registry, W3c};
use crate::sampler::Sampler;
use crate::scopes::ScopeManager;
use crate::stats::Stats;
use crate::tail::Tail;
use crate::tracer::Tracer;
use crate::voice;

type Redact = dyn Fn(&mut SpanRecord) + Send + Sync;

/// Builds a [`Tracer`]. Every setting has a default that is right for most programs.
///
/// What is not set here is taken from the
/// [environment variables](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) that every
/// OpenTelemetry SDK knows; `docs/environment.md` lists them. Lengths are counted in bytes.
/// `TRACKWAY_DISABLED=1` has the tracer record nothing.
#[must_use = "`build` makes the tracer, `install` makes it the program's"]
#[derive(Default)]
pub struct Builder {
    config: Config,
    exporters: Vec<Arc<dyn Exporter>>,
}

#[derive(Default)]
pub(crate) struct Config {
    service: Option<Text>,
    project: Option<Text>,
    attributes: Attributes,
    /// `None` until somebody says.
    pub(crate) sampler: Option<Sampler>,
    /// `None` until somebody says.
    pub(crate) limits: Option<Limits>,
    pub(crate) processors: Processors,
    pub(crate) redact: Option<Box<Redact>>,
    pub(crate) tail: Option<Tail>,
    /// `None` until somebody says.
    pub(crate) capture: Option<Capture>,
    pub(crate) queue: Queue,
    pub(crate) propagators: Registry,
    pub(crate) disabled: bool,
    /// `None` where the thread says what is active.
    pub(crate) scope_manager: Option<Arc<dyn ScopeManager>>,
    /// Without a collector: everything happens at once, on the thread that caused it.
    pub(crate) direct: bool,
    /// With the above: traces and spans are counted together.
    pub(crate) one_count: bool,
    pub(crate) direct_exporters: Vec<Arc<dyn Exporter>>,
}

/// How much waits for a slow exporter, and for how long.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    bytes: Option<usize>,
    pub(crate) spans: Option<usize>,
    pub(crate) patience: Option<Duration>,
    pub(crate) batch_spans: Option<usize>,
    pub(crate) batch_age: Option<Duration>,
}

/// A time beyond it cannot be added to another one everywhere.
const LONGEST_PATIENCE: Duration = Duration::from_secs(365 * 24 * 3600);

impl Queue {
    pub(crate) fn bounds(&self) -> Bounds {
        let bounds = Bounds::default();
        Bounds {
            bytes: self.bytes.unwrap_or(bounds.bytes),
            spans: self.spans.unwrap_or(bounds.spans),
            patience: self.patience.map_or(bounds.patience, |patience| patience.min(LONGEST_PATIENCE)),
            ..bounds
        }
    }
}

impl Builder {
    /// Names the service; otherwise `OTEL_SERVICE_NAME`, or the program's file name after `unknown_service:`.
    pub fn service(mut self, name: impl Into<Text>) -> Self {
        self.config.service = Some(name.into());
        self
    }

    /// Names the project under which Trackway lists the traces; `default` unless said.
    pub fn project(mut self, name: impl Into<Text>) -> Self {
        self.config.project = Some(name.into());
        self
    }

    /// Adds something that is true of the whole process: an attribute of OpenTelemetry's
    /// [resource](https://opentelemetry.io/docs/specs/semconv/resource/).
    pub fn resource(mut self, key: impl Into<Text>, value: impl Field) -> Self {
        if let Some(value) = value.lend(|value| value.to_value()) {
            self.config.attributes.push(key, value);
        }
        self
    }

    /// Says which traces are recorded; all of them unless said.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.config.sampler = Some(sampler);
        self
    }

    /// Says how much one span may hold.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = Some(limits);
        self
    }

    /// Adds a place where finished spans go. Several do not wait for each other.
    pub fn exporter(mut self, exporter: impl Exporter) -> Self {
        self.exporters.push(Arc::new(exporter));
        self
    }

    /// Adds hooks at the start and the end of every span. They have the collector make
    /// [records](trackway_model::SpanRecord) of all spans, which costs it about a microsecond a span.
    pub fn processor(self, processor: impl Processor) -> Self {
        self.config
            .processors
            .change(|all| all.iter().cloned().chain([Arc::new(processor) as Arc<dyn Processor>]).collect());
        self
    }

    /// Says how much of what [agents](crate::agents) say and are told is recorded; otherwise
    /// `OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA`, and all of it where that does not say no.
    pub fn capture(mut self, capture: Capture) -> Self {
        self.config.capture = Some(capture);
        self
    }

    /// Changes every span before it leaves the process, to take out what must not; after all processors and
    /// [tail rules](Self::tail).
    ///
    /// Of a trace that [`Tracer::trace`] began exporters are told what the hook leaves of a span with the trace's name, and with the
    /// attributes that it gives its first spans.
    pub fn redact(mut self, redact: impl Fn(&mut SpanRecord) + Send + Sync + 'static) -> Self {
        self.config.redact = Some(Box::new(redact));
        self
    }

    /// Says how contexts are carried in texts of that format: which headers an HTTP request has, for example. The format may
    /// have any name; the last propagator for it counts.
    ///
    /// Unless said, [`Format::HTTP_HEADERS`] and [`Format::TEXT_MAP`] are carried by the formats that `OTEL_PROPAGATORS` names, in
    /// order of precedence: `tracecontext`, `baggage`, `b3`, `b3multi`, `jaeger`, `ottrace`, `gcp` or `none`; and otherwise
    /// by the [W3C's](crate::propagation::W3c).
    pub fn propagator(self, format: impl Into<Format>, propagator: impl Propagator) -> Self {
        self.config.propagators.register(format.into(), propagator);
        self
    }

    /// Says how contexts are carried in bytes of that format. Unless said, [`Format::BINARY`] is
    /// [OpenCensus's](crate::propagation::CensusBinary).
    pub fn binary_propagator(self, format: impl Into<Format>, propagator: impl BinaryPropagator) -> Self {
        self.config.propagators.register_binary(format.into(), propagator);
        self
    }

    /// Says where the tracer looks for what is active, in the place of the thread's own scopes: see [`scopes`](crate::scopes).
    pub fn scope_manager(mut self, manager: impl ScopeManager) -> Self {
        self.config.scope_manager = Some(Arc::new(manager));
        self
    }

    /// Has traces kept or left out by how they went. As with [processors](Self::processor), all spans become records.
    pub fn tail(mut self, rules: Tail) -> Self {
        self.config.tail = Some(rules);
        self
    }

    /// Says how many bytes of finished spans may wait for a slow exporter; 32 MiB unless said. What is over is dropped and
    /// counted.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.config.queue.bytes = Some(bytes);
        self
    }

    /// Says how many finished spans may wait for a slow exporter; any number unless said, within the
    /// [bytes](Self::queue_bytes).
    pub fn queue_spans(mut self, spans: usize) -> Self {
        self.config.queue.spans = Some(spans);
        self
    }

    /// Says how many spans a batch has at most; 8,192 unless said. It is also full with 1 MiB.
    pub fn batch_spans(mut self, spans: usize) -> Self {
        self.config.queue.batch_spans = Some(spans.max(1));
        self
    }

    /// Says for how long a finished span waits for a batch to fill; 200 ms unless said.
    pub fn batch_age(mut self, age: Duration) -> Self {
        self.config.queue.batch_age = Some(age);
        self
    }

    /// Says for how long a batch is tried again after failures that may pass; 5 minutes unless said.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.config.queue.patience = Some(patience);
        self
    }

    /// Has everything happen at once, on the thread that caused it: counted ids, a clock of its own, no collector.
    pub(crate) fn direct(mut self) -> Self {
        self.config.direct = true;
        self
    }

    /// Has traces and spans counted together, and contexts carried as OpenTracing's mock tracer has them.
    pub(crate) fn mock(mut self) -> Self {
        self.config.propagators.complete_with(Arc::new(OpenTracingText), Arc::new(OpenTracingBinary));
        self.config.one_count = true;
        self
    }

    /// Builds the tracer.
    pub fn build(mut self) -> Tracer {
        if self.config.direct {
            self.config.propagators.complete(Arc::new(W3c));
            self.config.direct_exporters = self.exporters;
            return Tracer::new(self.config, Vec::new());
        }
        crate::environment::apply(&mut self.config);
        Tracer::new(self.config, self.exporters)
    }

    /// Builds the tracer and makes it the global one, which the macros use.
    ///
    /// With no exporter named, spans go to a Trackway server on this machine, or to where
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` says; elsewhere or nowhere when `OTEL_TRACES_EXPORTER` says so. Spans are exported when the
    /// returned value is dropped, and when the process exits. Then the tracer that was installed before, if it still
    /// is, is the global one again.
    pub fn install(self) -> Installed {
        let this = if self.exporters.is_empty() { self.exporters_of_environment() } else { self };
        this.build().install()
    }
}

impl Builder {
    fn exporters_of_environment(self) -> Self {
        crate::environment::exporters().into_iter().fold(self, |this, name| match name {
            #[cfg(feature = "otlp")]
            Named::Otlp => this.exporter(crate::export::Otlp::new()),
            #[cfg(feature = "otlp")]
            Named::Zipkin => this.exporter(crate::export::Zipkin::new()),
            #[cfg(not(feature = "otlp"))]
            Named::Otlp | Named::Zipkin => this,
            Named::Console => this.exporter(crate::export::Console::new()),
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { service, project, sampler, limits, .. } = &self.config;
        let mut builder = f.debug_struct("Builder");
        builder.field("service", service).field("project", project).field("sampler", sampler).field("limits", limits);
        builder.field("exporters", &self.exporters.len()).finish_non_exhaustive()
    }
}

impl Config {
    pub(crate) fn resource(&self) -> Resource {
        let mut attributes = Attributes::default();
        let program = std::env::current_exe().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let unknown =
            || Text::from(program.map_or("unknown_service".to_owned(), |name| format!("unknown_service:{name}")));
        attributes.push(keys::SERVICE_NAME, self.service.clone().unwrap_or_else(unknown));
        if let Some(project) = &self.project {
            attributes.push(keys::TRACKWAY_PROJECT, project.clone());
        }
        attributes.push("telemetry.sdk.name", "trackway");
        attributes.push("telemetry.sdk.language", "rust");
        attributes.push("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
        attributes.push("process.pid", i64::from(std::process::id()));
        for (key, value) in &self.attributes.0 {
            match attributes.0.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => *known = value.clone(),
                None => attributes.push(key.clone(), value.clone()),
            }
        }
        Resource { attributes, ..Resource::default() }
    }

    pub(crate) fn set_service_unless_known(&mut self, name: &str) {
        self.service.get_or_insert_with(|| Text::from(name));
    }

    pub(crate) fn add_attribute_unless_known(&mut self, key: &str, value: Value) {
        if self.attributes.get(key).is_none() {
            self.attributes.push(key, value);
        }
    }
}

/// The global tracer's stay: when this is dropped, the tracer exports what it has, within five seconds, and is no longer
/// the global one. Keep it to the end of `main`.
#[must_use = "tracing ends when this is dropped: `let _trackway = trackway::init();`"]
#[derive(Debug)]
pub struct Installed {
    tracer: Tracer,
}

/// How long a program waits for its spans at its end.
const PARTING: Duration = Duration::from_secs(5);

impl Tracer {
    /// Makes this tracer the global one, which the macros and [`tracer`](crate::tracer()) use, until the returned value is
    /// dropped; as [`Builder::install`]. Tracers may be installed one after the other, any number of times; the last one
    /// that still is is the global one.
    pub fn install(&self) -> Installed {
        crate::exit::install();
        global::install(self);
        Installed { tracer: self.clone() }
    }
}

impl Installed {
    /// Leaves the tracer the global one for as long as the process lasts, at whose end its spans are exported. [`shutdown`] ends
    /// it before.
    ///
    /// [`shutdown`]: Tracer::shutdown
    pub fn keep(self) {
        std::mem::forget(self);
    }

    /// Returns the tracer.
    pub fn tracer(&self) -> &Tracer {
        &self.tracer
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        self.tracer.shutdown(PARTING);
        let Stats { emitted, dropped, .. } = self.tracer.stats();
        if let Some(reasons) = dropped.reasons() {
            voice::say(&format!("{} of {emitted} spans were dropped: {reasons}", dropped.lost()));
        }
    }
}
