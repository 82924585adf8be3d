//! No library at all, and the least that a library can do: read the clock twice.

use std::{cell::Cell, hint::black_box};

use anyhow::Result;
use fastant::Instant;

use super::{Mode, Peer};
use crate::sink::Sink;

/// The workloads with nothing in them.
pub(crate) struct Empty;

impl Peer for Empty {
    type Root = ();
    type Span = ();
    type Remote = ();

    fn set_up(_: Mode, _: Sink) -> Result<()> {
        Ok(())
    }

    #[inline(always)]
    fn root() {}

    #[inline(always)]
    fn child() {}

    #[inline(always)]
    fn child_with_mixed(number: i64, text: &str) {
        black_box((number, text));
    }

    #[inline(always)]
    fn child_with_static() {}

    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static {
        inside
    }

    fn in_child<F: Future + Send>(inside: F) -> impl Future<Output = F::Output> + Send {
        inside
    }

    fn remote() {}

    fn child_of(remote: &()) {
        black_box(remote);
    }
}

/// Reads the processor's own clock when a span starts and when it ends, and counts spans in the thread: no span with
/// two exact times can cost less.
pub(crate) struct Clock;

/// An open span that knows nothing.
pub(crate) struct Reading;

thread_local! {
    static SPANS: Cell<u64> = const { Cell::new(0) };
}

impl Reading {
    #[inline(always)]
    fn start() -> Self {
        SPANS.set(SPANS.get() + 1);
        black_box(Instant::now());
        Self
    }
}

impl Drop for Reading {
    #[inline(always)]
    fn drop(&mut self) {
        black_box(Instant::now());
    }
}

impl Peer for Clock {
    type Root = Reading;
    type Span = Reading;
    type Remote = ();

    fn set_up(_: Mode, _: Sink) -> Result<()> {
        Ok(())
    }

    #[inline(always)]
    fn root() -> Reading {
        Reading::start()
    }

    #[inline(always)]
    fn child() -> Reading {
        Reading::start()
    }

    #[inline(always)]
    fn child_with_mixed(number: i64, text: &str) -> Reading {
        black_box((number, text));
        Reading::start()
    }

    #[inline(always)]
    fn child_with_static() -> Reading {
        Reading::start()
    }

    /// One reading serves two spans.
    fn steps(count: usize) {
        for _ in 0..count {
            black_box(Instant::now());
        }
    }

    fn in_root<F: Future + Send + 'static>(inside: F) -> impl Future<Output = F::Output> + Send + 'static {
        Self::in_child(inside)
    }

    async fn in_child<F: Future + Send>(inside: F) -> F::Output {
        let _reading = Reading::start();
        inside.await
    }

    fn remote() {}

    fn child_of(_: &()) {
        drop(Reading::start());
    }
}
