//! Which recorded traces leave the process, decided when it is known how they went.

use std::fmt;
use std::time::Duration;

use trackway_model::{SpanRecord, StatusCode};

use crate::collector::verdicts;
use crate::context::Context;
use crate::sampler::Share;
use crate::span::Span;

type Rule = dyn Fn(&SpanRecord) -> bool + Send + Sync;

/// Rules by which whole traces are kept or left out when they have ended in this process.
///
/// Spans wait until something speaks for their trace, or until the first span of its part in this process has ended. What
/// speaks for it has all of it kept at once: a failed span, a slow one, a rule of the program's own, or
/// [`Context::keep`]. Of traces that nothing speaks for a share is kept. [`Context::cancel`] leaves a trace out whatever
/// speaks for it.
///
/// Spans that end later follow the verdict, for as long as it is remembered; one that itself speaks for the trace has
/// what comes from then on kept. A trace that is still under way when the tracer is shut down is kept.
///
/// What waits is bounded; over it the oldest traces lose what they have, which [`Dropped::memory`](crate::Dropped)
/// counts. What the rules leave out [`Dropped::tail`](crate::Dropped) counts. Processors see every span, kept or not;
/// a redact hook sees the kept ones. Spans that are still open are told of to those who want to hear of them once their
/// trace is kept.
///
/// Where parts of a trace are in other processes, each of these decides for itself.
///
/// ```
/// use std::time::Duration;
/// use trackway::{Tail, Tracer, StatusCode};
///
/// let tail = Tail::new().keep_errors().keep_slower_than(Duration::from_millis(500)).keep_share(0.01);
/// # let tail = tail.keep_slower_than(Duration::from_secs(100)).keep_share(0.0);
/// let (tracer, spans) = trackway::testing::tracer_of(Tracer::builder().tail(tail));
/// tracer.span("as usual").start().finish();
/// tracer.span("failed").start().status(StatusCode::Error, "no answer");
/// assert_eq!(spans.tree(), "failed 1s ERROR no answer\n");
/// ```
#[must_use = "the rules are given to a tracer: `Tracer::builder().tail(..)`"]
pub struct Tail {
    errors: bool,
    slow: Option<Duration>,
    rules: Vec<Box<Rule>>,
    pub(crate) share: Share,
    pub(crate) bytes: usize,
    pub(crate) wait: Duration,
    pub(crate) late: Duration,
    pub(crate) longest: Duration,
}

impl Default for Tail {
    fn default() -> Self {
        Self {
            errors: false,
            slow: None,
            rules: Vec::new(),
            share: Share::NONE,
            bytes: 32 << 20,
            wait: Duration::from_secs(1),
            late: Duration::from_secs(60),
            longest: Duration::from_secs(600),
        }
    }
}

impl Tail {
    /// Returns rules by which only those traces are kept that [`Context::keep`] is called on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps a trace when one of its spans has failed.
    pub fn keep_errors(mut self) -> Self {
        self.errors = true;
        self
    }

    /// Keeps a trace when one of its spans took at least so long.
    pub fn keep_slower_than(mut self, least: Duration) -> Self {
        self.slow = Some(least);
        self
    }

    /// Keeps a trace when a rule of the program's own is true of one of its spans. It is called on the collector's thread;
    /// when it panics, which is counted, the trace is kept.
    ///
    /// ```
    /// let tail = trackway::Tail::new().keep_if(|span| span.attributes.get("user.is_beta") == Some(&true.into()));
    /// ```
    pub fn keep_if(mut self, rule: impl Fn(&SpanRecord) -> bool + Send + Sync + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// Keeps this share of the traces that nothing else speaks for: 1 is all of them, 0 none, which is what it is unless
    /// said. The trace id is the random number, as of [`Sampler::probability`](crate::Sampler::probability).
    pub fn keep_share(mut self, share: f64) -> Self {
        self.share = Share::of(share);
        self
    }

    /// Says how many bytes of spans may wait for their verdict; 32 MiB unless said.
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Says for how long the spans of a trace wait after its first span has ended, for those that end later; a second
    /// unless said. A flush does not wait for that.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Says for how long a verdict is remembered for spans that end later than the trace's first span; a minute unless said.
    pub fn remember(mut self, late: Duration) -> Self {
        self.late = late;
        self
    }

    /// Says for how long a trace that does not end is waited for, from its last span on; ten minutes unless said. Then it
    /// is judged by what is known. A verdict on a trace that does not end is remembered as long.
    pub fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Returns whether a finished span speaks for its trace. May call what is the program's own.
    pub(crate) fn is_spoken_for_by(&self, span: &SpanRecord) -> bool {
        let took = || Duration::from_nanos(span.end.map_or(0, |end| end.0.saturating_sub(span.start.0)));
        self.errors && span.status.code == StatusCode::Error
            || self.slow.is_some_and(|least| took() >= least)
            || self.rules.iter().any(|rule| rule(span))
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { errors, slow, rules, share, bytes, .. } = self;
        let mut tail = f.debug_struct("Tail");
        tail.field("errors", errors).field("slow", slow).field("rules", &rules.len());
        tail.field("share", &share.as_f64()).field("bytes", bytes).finish_non_exhaustive()
    }
}

impl Context {
    /// Has the trace kept, whatever the [rules](Tail) of its tracer find; what was left out of it already stays
    /// out. Does nothing where the tracer has no rules, or the trace is [cancelled](Self::cancel).
    ///
    /// ```
    /// use trackway::{Tail, Tracer, span};
    ///
    /// let (tracer, spans) = trackway::testing::tracer_of(Tracer::builder().tail(Tail::new()));
    /// let _active = tracer.activate();
    /// {
    ///     let _work = span!("work");
    ///     trackway::current().keep();
    /// }
    /// assert_eq!(spans.tree(), "work 1s\n");
    /// ```
    pub fn keep(&self) {
        self.judge(true);
    }

    /// Has what is left of the trace left out, whatever the [rules](Tail) of its tracer find; does nothing where the tracer
    /// has none.
    ///
    /// ```
    /// use trackway::{Tail, Tracer};
    ///
    /// let (tracer, spans) = trackway::testing::tracer_of(Tracer::builder().tail(Tail::new().keep_share(1.0)));
    /// let poll = tracer.span("poll the queue").start();
    /// poll.cancel(); // there was nothing in it
    /// poll.finish();
    /// assert_eq!(spans.finished().len(), 0);
    /// ```
    pub fn cancel(&self) {
        self.judge(false);
    }

    fn judge(&self, keep: bool) {
        if self.trace == 0 || !self.is_sampled() {
            return;
        }
        match self.more.as_ref().and_then(|more| more.owner.as_ref()) {
            Some(tracer) => tracer.judge(self.trace, keep),
            None => verdicts::tell(self.tracer, self.trace, keep),
        }
    }
}

impl<D> Span<D> {
    /// Has the span's trace kept; the same as [`Context::keep`].
    pub fn keep(&self) -> &Self {
        self.context().keep();
        self
    }

    /// Has what is left of the span's trace left out; the same as [`Context::cancel`].
    pub fn cancel(&self) -> &Self {
        self.context().cancel();
        self
    }
}
