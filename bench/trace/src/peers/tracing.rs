//! `tracing`: with its registry alone, which keeps no time and no attribute, and with OpenTelemetry behind it.

use std::marker::PhantomData;

use anyhow::Result;
use tracing::{Instrument, Span, info_span, span::EnteredSpan};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

use super::{AGENT, COUNT, Mode, Peer, STATIC_VALUES, STATUS, TARGET, opentelemetry};
use crate::sink::Sink;

/// Who listens to the macros.
pub(crate) trait Listener: 'static {
    /// Makes it the one of the process.
    fn set_up(mode: Mode, sink: Sink) -> Result<()>;
    /// See [`Peer::flush`].
    fn flush() {}
}

/// The macros of `tracing`.
pub(crate) struct Tracing<L>(PhantomData<L>);
/// The lower bound of every layer.
pub(crate) type Registry = Tracing<Alone>;
/// `tracing-opentelemetry` with its default settings.
pub(crate) type WithOpenTelemetry = Tracing<OpenTelemetryLayer>;

pub(crate) struct Alone;
pub(crate) struct OpenTelemetryLayer;

impl Listener for Alone {
    fn set_up(mode: Mode, _: Sink) -> Result<()> {
        if mode != Mode::Off {
            tracing_subscriber::registry().try_init()?;
        }
        Ok(())
    }
}

impl Listener for OpenTelemetryLayer {
    fn set_up(mode: Mode, sink: Sink) -> Result<()> {
        let layer = tracing_opentelemetry::layer().with_tracer(opentelemetry::tracer(mode, sink)?);
        Ok(tracing_subscriber::registry().with(layer).try_init()?)
    }

    fn flush() {
        opentelemetry::flush();
    }
}

impl<L: Listener> Peer for Tracing<L> {
    type Root = EnteredSpan;
    type Span = EnteredSpan;
    type Remote = Span;

    fn set_up(mode: Mode, sink: Sink) -> Result<()> {
        L::set_up(mode, sink)
    }

    fn flush() {
        L::flush();
    }

    #[inline(always)]
    fn root() -> EnteredSpan {
        info_span!("root").entered()
    }

    #[inline(always)]
    fn child() -> EnteredSpan {
        info_span!("child").entered()
    }

    #[inline(always)]
    fn child_with_mixed(number: i64, text: &str) -> EnteredSpan {
        info_span!("child", { STATUS } = number, { COUNT } = number + 1, { TARGET } = text, { AGENT } = text,).entered()
    }

    #[inline(always)]
    fn child_with_static() -> EnteredSpan {
        let [status, count, target, agent] = STATIC_VALUES;
        info_span!("child", { STATUS } = status, { COUNT } = count, { TARGET } = target, { AGENT } = agent,).entered()
    }

    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static {
        inside.instrument(info_span!("root"))
    }

    fn in_child<F: Future + Send>(inside: F) -> impl Future<Output = F::Output> + Send {
        inside.instrument(info_span!("child"))
    }

    fn remote() -> Span {
        info_span!("root")
    }

    fn child_of(remote: &Span) {
        drop(info_span!(parent: remote, "child").entered());
    }
}
