//! The OpenTelemetry SDK.

use std::{collections::HashMap, hint::black_box, marker::PhantomData, sync::OnceLock, time::Duration};

use anyhow::{Result, anyhow};
use opentelemetry::{
    Context, ContextGuard, KeyValue,
    baggage::BaggageExt,
    propagation::TextMapPropagator,
    trace::{FutureExt as _, SpanBuilder, TraceContextExt, Tracer, TracerProvider as _, noop::NoopTracer},
};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider},
};

use super::{AGENT, COUNT, Mode, Peer, STATIC_VALUES, STATUS, TARGET, TRACEPARENT};
use crate::sink::Sink;

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Builds a provider with a batch processor and a sampler that follows the parent, keeps it, and returns its tracer.
pub(super) fn tracer(mode: Mode, sink: Sink) -> Result<SdkTracer> {
    let usual = BatchConfigBuilder::default().with_scheduled_delay(sink.interval(Duration::from_secs(5)));
    // Held spans must find room, and must not be so many that the exporter is woken.
    let config = match sink {
        Sink::Hold => usual.with_max_queue_size(1 << 17).with_max_export_batch_size(1 << 17).build(),
        Sink::Count | Sink::Otlp | Sink::Dead => usual.build(),
    };
    let at_root = if mode == Mode::Sampled { Sampler::AlwaysOn } else { Sampler::AlwaysOff };
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(at_root)))
        .with_span_processor(BatchSpanProcessor::builder(sink).with_batch_config(config).build())
        .build();
    let tracer = provider.tracer("bench");
    PROVIDER.set(provider).map_err(|_| anyhow!("there is a provider already"))?;
    Ok(tracer)
}

pub(super) fn flush() {
    if let Some(provider) = PROVIDER.get() {
        drop(provider.force_flush()); // fails with a dead sink, as it should
    }
}

/// Where the spans come from: the two below.
pub(crate) trait Source: 'static {
    /// Its tracer.
    type Tracer: Tracer<Span: Send + Sync + 'static>;
    /// Makes the tracer.
    fn set_up(mode: Mode, sink: Sink) -> Result<()>;
    /// Returns the tracer that was made.
    fn tracer() -> &'static Self::Tracer;
}

/// Spans of OpenTelemetry's own interface, each made the current one.
pub(crate) struct OpenTelemetry<S>(PhantomData<S>);
/// The SDK's spans.
pub(crate) type Sdk = OpenTelemetry<SdkSource>;
/// What is there when nobody set the SDK up.
pub(crate) type Noop = OpenTelemetry<NoopSource>;

pub(crate) struct SdkSource;
pub(crate) struct NoopSource;

static SDK: OnceLock<SdkTracer> = OnceLock::new();
static NOOP: OnceLock<NoopTracer> = OnceLock::new();

impl Source for SdkSource {
    type Tracer = SdkTracer;

    fn set_up(mode: Mode, sink: Sink) -> Result<()> {
        let tracer = tracer(mode, sink)?;
        SDK.set(tracer).map_err(|_| anyhow!("there is a tracer already"))
    }

    #[inline(always)]
    fn tracer() -> &'static SdkTracer {
        SDK.get_or_init(|| SdkTracerProvider::default().tracer("never set up"))
    }
}

impl Source for NoopSource {
    type Tracer = NoopTracer;

    fn set_up(_: Mode, _: Sink) -> Result<()> {
        Ok(())
    }

    #[inline(always)]
    fn tracer() -> &'static NoopTracer {
        NOOP.get_or_init(NoopTracer::new)
    }
}

#[inline(always)]
fn current<S: Source>(builder: SpanBuilder) -> ContextGuard {
    Context::current_with_span(builder.start(S::tracer())).attach()
}

impl<S: Source> Peer for OpenTelemetry<S> {
    type Root = ContextGuard;
    type Span = ContextGuard;
    type Remote = Context;

    fn set_up(mode: Mode, sink: Sink) -> Result<()> {
        S::set_up(mode, sink)
    }

    fn flush() {
        flush();
    }

    #[inline(always)]
    fn root() -> ContextGuard {
        current::<S>(S::tracer().span_builder("root"))
    }

    #[inline(always)]
    fn child() -> ContextGuard {
        current::<S>(S::tracer().span_builder("child"))
    }

    #[inline(always)]
    fn child_with_mixed(number: i64, text: &str) -> ContextGuard {
        current::<S>(S::tracer().span_builder("child").with_attributes([
            KeyValue::new(STATUS, number),
            KeyValue::new(COUNT, number + 1),
            KeyValue::new(TARGET, text.to_owned()),
            KeyValue::new(AGENT, text.to_owned()),
        ]))
    }

    #[inline(always)]
    fn child_with_static() -> ContextGuard {
        let [status, count, target, agent] = STATIC_VALUES;
        current::<S>(S::tracer().span_builder("child").with_attributes([
            KeyValue::new(STATUS, status),
            KeyValue::new(COUNT, count),
            KeyValue::new(TARGET, target),
            KeyValue::new(AGENT, agent),
        ]))
    }

    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static {
        inside.with_context(Context::current_with_span(S::tracer().start("root")))
    }

    fn in_child<F: Future + Send>(inside: F) -> impl Future<Output = F::Output> + Send {
        inside.with_context(Context::current_with_span(S::tracer().start("child")))
    }

    fn remote() -> Context {
        Context::new().with_span(S::tracer().start("root"))
    }

    fn child_of(remote: &Context) {
        drop(S::tracer().start_with_context("child", remote));
    }

    fn inject(times: usize) -> Option<()> {
        let propagator = TraceContextPropagator::new();
        let context = propagator.extract_with_context(&Context::new(), &headers());
        let mut written = HashMap::new();
        for _ in 0..times {
            propagator.inject_context(black_box(&context), &mut written);
        }
        black_box(&written);
        Some(())
    }

    fn extract(times: usize) -> Option<()> {
        let (propagator, headers) = (TraceContextPropagator::new(), headers());
        for _ in 0..times {
            black_box(propagator.extract_with_context(&Context::new(), black_box(&headers)));
        }
        Some(())
    }

    fn read_baggage(times: usize) -> Option<()> {
        let _current = Context::current_with_baggage(baggage()).attach();
        for _ in 0..times {
            Context::map_current(|context| black_box(context.baggage().get(black_box("tenant"))).is_some());
        }
        Some(())
    }

    /// It has no way to add a key but to give them all.
    fn add_baggage(times: usize) -> Option<()> {
        let _current = Context::current_with_baggage(baggage()).attach();
        for _ in 0..times {
            let [user, tenant] = baggage();
            let more = [user, tenant, KeyValue::new("session", "s-31")];
            black_box(Context::map_current(|context| context.with_baggage(more)).attach());
        }
        Some(())
    }
}

fn headers() -> HashMap<String, String> {
    HashMap::from([("traceparent".to_owned(), TRACEPARENT.to_owned())])
}

fn baggage() -> [KeyValue; 2] {
    [KeyValue::new("user", "4711"), KeyValue::new("tenant", "north")]
}
