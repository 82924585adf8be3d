//! Ours: the only file that knows how it is used.

use std::{hint::black_box, sync::OnceLock, time::Duration};

use anyhow::{Result, anyhow};
use trackway::{
    Callsite, Context, Guard, InSpan, Inject, Installed, Sampler, Span, SpanKind, Tracer,
    export::{Batch, Exporter, Failure},
    span, step,
};

use super::{Mode, Peer, STATIC_VALUES, TRACEPARENT};
use crate::{shapes, sink::Sink};

/// Guards on the thread's own ring.
pub(crate) struct Trackway;

/// Kept to the end of the process.
static INSTALLED: OnceLock<Installed> = OnceLock::new();

static ROOT: Callsite = Callsite::new("root", SpanKind::Internal);
static CHILD: Callsite = Callsite::new("child", SpanKind::Internal);

impl Exporter for Sink {
    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let failure = |error: anyhow::Error| Failure::Later { reason: error.to_string(), after: None };
        self.deliver(batch.len(), batch.otlp()).map_err(failure)
    }
}

/// A carrier with room for one header.
#[derive(Default)]
struct Header(String);

impl Inject for Header {
    fn put(&mut self, _: &str, text: String) {
        self.0 = text;
    }
}

fn baggage() -> Context {
    Context::none().with_baggage("user", "4711").with_baggage("tenant", "north")
}

impl Peer for Trackway {
    type Root = Guard;
    type Span = Guard;
    type Remote = Span;

    fn set_up(mode: Mode, sink: Sink) -> Result<()> {
        let sampler = match mode {
            Mode::Sampled => Sampler::always_on(),
            Mode::Unsampled => Sampler::always_off(),
            Mode::Off => return Ok(()),
        };
        let installed = Tracer::builder().service("bench").sampler(sampler).exporter(sink).install();
        INSTALLED.set(installed).map_err(|_| anyhow!("there is a tracer already"))
    }

    fn flush() {
        // False with a dead sink, as it should be.
        trackway::tracer().flush(Duration::from_secs(10));
    }

    #[inline(always)]
    fn root() -> Guard {
        span!("root")
    }

    #[inline(always)]
    fn child() -> Guard {
        span!("child")
    }

    #[inline(always)]
    fn child_with_mixed(number: i64, text: &str) -> Guard {
        span!(
            "child",
            http.response.status_code = number,
            basket.items = number + 1,
            url.path = text,
            user_agent.original = text
        )
    }

    #[inline(always)]
    fn child_with_static() -> Guard {
        let [status, count, target, agent] = STATIC_VALUES;
        span!(
            "child",
            http.response.status_code = status,
            basket.items = count,
            url.path = target,
            user_agent.original = agent
        )
    }

    /// Two neighbours share a reading of the clock.
    fn steps(count: usize) {
        let mut span = span!("child");
        for _ in 1..count {
            shapes::nothing();
            step!(span, "child");
        }
        shapes::nothing();
    }

    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static {
        InSpan::new(&ROOT, inside)
    }

    fn in_child<F: Future + Send>(inside: F) -> impl Future<Output = F::Output> + Send {
        InSpan::new(&CHILD, inside)
    }

    fn remote() -> Span {
        trackway::tracer().span("root").root().start()
    }

    fn child_of(remote: &Span) {
        remote.context().run(|| drop(span!("child")));
    }

    fn inject(times: usize) -> Option<()> {
        let context = Context::extract([("traceparent", TRACEPARENT)].as_slice()).ok()?;
        let mut header = Header::default();
        for _ in 0..times {
            black_box(&context).inject(&mut header);
        }
        (black_box(header.0) == TRACEPARENT).then_some(())
    }

    fn extract(times: usize) -> Option<()> {
        let headers = [("traceparent", TRACEPARENT)];
        for _ in 0..times {
            black_box(Context::extract(black_box(headers.as_slice())).ok()?);
        }
        Some(())
    }

    fn read_baggage(times: usize) -> Option<()> {
        let _current = baggage().attach();
        for _ in 0..times {
            black_box(trackway::current().baggage(black_box("tenant")));
        }
        Some(())
    }

    fn add_baggage(times: usize) -> Option<()> {
        let _current = baggage().attach();
        for _ in 0..times {
            drop(black_box(trackway::current().with_baggage("session", "s-31").attach()));
        }
        Some(())
    }
}
