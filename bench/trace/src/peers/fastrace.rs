//! fastrace.

use std::{
    borrow::Cow,
    hint::black_box,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    time::Duration,
};

use anyhow::Result;
use fastrace::{
    collector::{Config, Reporter, SpanRecord},
    local::LocalParentGuard,
    prelude::*,
};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;

use super::{AGENT, COUNT, Mode, Peer, STATIC_VALUES, STATUS, TARGET, TRACEPARENT};
use crate::sink::Sink;

/// fastrace: local spans below a root, which is how it is meant to be fast.
pub(crate) struct Fastrace;

/// Which [`Mode`] it is; read once for each trace, so that one type serves all.
static MODE: AtomicU8 = AtomicU8::new(0);

/// Hands spans over as its own records, where nothing is to be made of them.
struct Counter(Sink);

impl Reporter for Counter {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        black_box(&spans);
        drop(self.0.deliver(spans.len(), &[])); // only a dead sink fails, and it has the other reporter
    }
}

fn root_span() -> Option<Span> {
    let mode = MODE.load(Relaxed);
    let is_off = mode == Mode::Off as u8;
    let context = SpanContext::random().sampled(mode == Mode::Sampled as u8);
    if is_off { None } else { Some(Span::root("root", context)) }
}

impl Peer for Fastrace {
    // In this order: the parent ends being the current one before it ends.
    type Root = Option<(LocalParentGuard, Span)>;
    type Span = LocalSpan;
    type Remote = Span;

    fn set_up(mode: Mode, sink: Sink) -> Result<()> {
        MODE.store(mode as u8, Relaxed);
        let config = Config::default().report_interval(sink.interval(Duration::from_secs(1)));
        match sink {
            Sink::Count | Sink::Hold => fastrace::set_reporter(Counter(sink), config),
            Sink::Otlp | Sink::Dead => {
                let resource = Cow::Owned(Resource::builder_empty().build());
                let scope = InstrumentationScope::builder("bench").build();
                fastrace::set_reporter(OpenTelemetryReporter::new(sink, resource, scope), config);
            }
        }
        Ok(())
    }

    fn flush() {
        fastrace::flush();
    }

    #[inline(always)]
    fn root() -> Self::Root {
        let root = root_span()?;
        Some((root.set_local_parent(), root))
    }

    #[inline(always)]
    fn child() -> LocalSpan {
        LocalSpan::enter_with_local_parent("child")
    }

    /// Its values are strings and nothing else.
    #[inline(always)]
    fn child_with_mixed(number: i64, text: &str) -> LocalSpan {
        Self::child().with_properties(|| {
            [
                (STATUS, number.to_string()),
                (COUNT, (number + 1).to_string()),
                (TARGET, text.to_owned()),
                (AGENT, text.to_owned()),
            ]
        })
    }

    #[inline(always)]
    fn child_with_static() -> LocalSpan {
        let [status, count, target, agent] = STATIC_VALUES;
        Self::child().with_properties(|| [(STATUS, status), (COUNT, count), (TARGET, target), (AGENT, agent)])
    }

    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static {
        inside.in_span(root_span().unwrap_or_default())
    }

    fn in_child<F: Future + Send>(inside: F) -> impl Future<Output = F::Output> + Send {
        inside.in_span(Span::enter_with_local_parent("child"))
    }

    fn remote() -> Span {
        Span::root("root", SpanContext::random())
    }

    fn child_of(remote: &Span) {
        drop(Span::enter_with_parent("child", remote));
    }

    fn inject(times: usize) -> Option<()> {
        let context = SpanContext::decode_w3c_traceparent(TRACEPARENT)?;
        for _ in 0..times {
            black_box(black_box(&context).encode_w3c_traceparent());
        }
        Some(())
    }

    fn extract(times: usize) -> Option<()> {
        for _ in 0..times {
            black_box(SpanContext::decode_w3c_traceparent(black_box(TRACEPARENT)));
        }
        Some(())
    }
}
