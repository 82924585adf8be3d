//! Spans and contexts that follow a future from poll to poll, under any executor.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Waker, Poll, ready};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::callsite::Callsite;
use crate::context::Context;
use crate::far::FarSpan;
use crate::slot;
use crate::span::Span;

pin_project! {
    /// A future or a stream that runs inside a span of its own: the span is active whenever it is polled, begins with the
    /// first poll, and ends when the work is done or given up.
    ///
    /// [`Traced::in_span`] and `#[trace]` make it.
    #[must_use = "it does nothing unless it is polled"]
    pub struct InSpan<F> {
        #[pin]
        work: F,
        span: Carried,
    }
}

pub(crate) enum Carried {
    /// Begins with the first poll.
    At(&'static Callsite),
    Far(FarSpan),
    Owned(Span),
    /// It found no room: nothing is recorded of it, and what runs inside it is part of the span around it.
    Missing,
    /// Nothing is recorded here, or nothing more.
    None,
}

impl<F> InSpan<F> {
    /// Returns the work as a span of that callsite, which begins with the first poll.
    pub fn new(site: &'static Callsite, work: F) -> Self {
        Self { work, span: Carried::At(site) }
    }
}

impl Carried {
    /// Calls `work` inside the span.
    #[inline]
    fn run<R>(&mut self, work: impl FnOnce() -> R) -> R {
        if let Self::At(site) = self {
            *self = FarSpan::begin(site);
        }
        match self {
            Self::Far(span) => span.run(work),
            Self::Owned(span) => span.context().run(work),
            Self::Missing => slot::inside_missing(work),
            Self::At(_) | Self::None => work(),
        }
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let output = ready!(this.span.run(|| this.work.poll(waker)));
        this.span.finish();
        Poll::Ready(output)
    }
}

impl<S: Stream> Stream for InSpan<S> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let item = ready!(this.span.run(|| this.work.poll_next(waker)));
        if item.is_none() {
            this.span.finish();
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.work.size_hint()
    }
}

impl Carried {
    fn finish(&mut self) {
        match self {
            Self::Far(span) => span.end(),
            Self::Owned(span) => span.finish(),
            Self::At(_) | Self::Missing | Self::None => {}
        }
    }
}

pin_project! {
    /// A future or a stream that runs in a context: whenever it is polled, the context is active.
    #[must_use = "it does nothing unless it is polled"]
    pub struct InContext<F> {
        #[pin]
        work: F,
        context: Context,
    }
}

impl<F> fmt::Debug for InSpan<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InSpan").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for InContext<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InContext").field("context", &self.context).finish_non_exhaustive()
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _scope = this.context.attach();
        this.work.poll(waker)
    }
}

impl<S: Stream> Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let _scope = this.context.attach();
        this.work.poll_next(waker)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.work.size_hint()
    }
}

/// What every future and stream can do.
///
/// ```
/// use trackway::Traced;
///
/// async fn handle() {
///     let _work = trackway::span!("parse"); // a child of the span that `handle` runs in
/// }
///
/// # let tracer = trackway::Tracer::builder().build();
/// let task = handle().in_span(tracer.span("request").start());
/// // tokio::spawn(task), or any other executor
/// # drop(task);
/// ```
pub trait Traced: Sized {
    /// Runs the work inside the span, which ends with it.
    fn in_span<D>(self, span: Span<D>) -> InSpan<Self> {
        InSpan { work: self, span: Carried::Owned(span.untyped()) }
    }

    /// Runs the work in that context, such as the one that is active where it is spawned.
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext { work: self, context }
    }
}

impl<F> Traced for F {}
