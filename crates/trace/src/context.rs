//! Where in a trace the program is, as a value that can be carried anywhere.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use trackway_model::{SpanId, Text, TraceId};
use trackway_wire::propagation::{Baggage, Corrupt, Decision, Extract, Inject, SpanContext, TraceFlags, TraceState};

use crate::agents::Run;
use crate::slot::{SLOT, Saved};
use crate::span::{Live, Span};
use crate::tracer::Tracer;

mod local;

use local::Locals;

/// A place in a trace: ids and flags, and an `Arc` when there is baggage or a `tracestate`. Cheap to clone.
///
/// What runs on this thread inside a span finds its context by itself. It is carried by hand to where the program goes
/// on elsewhere: another thread, a channel, a callback, another process.
///
/// ```
/// let span = trackway::span!("request");
/// let context = trackway::current();
/// std::thread::spawn(move || {
///     context.run(|| {
///         let _span = trackway::span!("work"); // a child of `request`
///     });
/// });
/// ```
#[derive(Clone, Default)]
pub struct Context {
    /// 0 when there is none.
    pub(crate) trace: u128,
    /// 0 when there is none.
    pub(crate) span: u64,
    /// W3C trace flags.
    pub(crate) flags: u8,
    /// True when the span is one of another process.
    pub(crate) remote: bool,
    /// Whose span it is; 0 when it is of none in this process.
    pub(crate) tracer: u32,
    pub(crate) more: Option<Arc<More>>,
}

/// The attribute for [`Context::debug_id`], as Jaeger's libraries name it.
pub(crate) const DEBUG_ID: &str = "jaeger-debug-id";

/// What few contexts carry.
#[derive(Clone, Default)]
pub(crate) struct More {
    pub(crate) baggage: Baggage,
    pub(crate) state: TraceState,
    /// `state` as text.
    pub(crate) state_text: Box<str>,
    /// The innermost owned span; the context's own span where the ids are equal.
    pub(crate) live: Option<(u64, Arc<Live>)>,
    /// The tracer, when it is not found by its number.
    pub(crate) owner: Option<Tracer>,
    /// What libraries carry along.
    pub(crate) local: Locals,
    /// What the flags cannot say of recording the trace.
    pub(crate) decision: Option<Decision>,
    /// What somebody wants to find the trace by.
    pub(crate) debug_id: Option<Text>,
    /// What is known of the trace, where `Tracer::trace` made it.
    pub(crate) run: Option<Arc<Run>>,
}

// A library's value is only handed on: in what state a panic left it is for the library to know.
impl std::panic::RefUnwindSafe for More {}

impl More {
    /// Returns what remains when the span is left: the baggage and a library's value, which are not part of any span.
    pub(crate) fn only_baggage(more: &Self) -> Option<Arc<Self>> {
        if more.baggage.is_empty() && more.owner.is_none() && more.local.is_empty() {
            return None;
        }
        let Self { baggage, owner, local, .. } = more.clone();
        Some(Arc::new(Self { baggage, owner, local, ..Self::default() }))
    }
}

/// Returns the context that is active on this thread.
#[inline]
pub fn current() -> Context {
    SLOT.with(|slot| {
        slot.carry_context();
        slot.context().fresh()
    })
}

impl Context {
    /// Returns a context outside of every trace.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns the place of a span in another process, of which the program knows by a way of its own: a message's
    /// fields, for example. From headers [`extract`](Self::extract) reads it.
    ///
    /// ```
    /// use trackway::{Context, TraceFlags};
    ///
    /// let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736".parse()?, "00f067aa0ba902b7".parse()?);
    /// let context = Context::remote(trace, span, TraceFlags::SAMPLED);
    /// let traceparent = context.traceparent();
    /// assert_eq!(traceparent.as_deref(), Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    /// # Ok::<(), trackway::IdError>(())
    /// ```
    pub fn remote(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Self {
        Self {
            trace: u128::from_be_bytes(trace_id.bytes()),
            span: u64::from_be_bytes(span_id.bytes()),
            flags: flags.0,
            remote: true,
            ..Self::default()
        }
    }

    /// Returns the trace; `None` outside of every trace.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::new(self.trace.to_be_bytes())
    }

    /// Returns the span; `None` outside of every trace.
    pub fn span_id(&self) -> Option<SpanId> {
        SpanId::new(self.span.to_be_bytes())
    }

    /// Returns true when the trace is recorded, here or by whoever began it.
    pub fn is_sampled(&self) -> bool {
        TraceFlags(self.flags).is_sampled()
    }

    /// Returns true when the span is one of another process.
    pub fn is_remote(&self) -> bool {
        self.remote
    }

    /// Returns the [W3C trace flags](https://www.w3.org/TR/trace-context-2/#trace-flags).
    pub fn flags(&self) -> TraceFlags {
        TraceFlags(self.flags)
    }

    /// Returns what was decided of recording the trace, by this process or by the one that sent the context: also that
    /// nobody has decided yet, and that nobody may decide otherwise, which the flags cannot say.
    ///
    /// Outside of every trace it is [`Decision::Deferred`].
    pub fn decision(&self) -> Decision {
        match self.more.as_deref().and_then(|more| more.decision) {
            Some(Decision::Debug) => Decision::Debug,
            // Whoever begins a span decides, and only the sender's own context is one without.
            Some(Decision::Deferred) if self.remote => Decision::Deferred,
            _ if self.trace == 0 => Decision::Deferred,
            _ => Decision::from(self.flags()),
        }
    }

    /// Returns this context with another decision, which what begins in it follows as one that was sent.
    ///
    /// With [`Decision::Debug`] the trace is recorded whatever samplers say, here and wherever the context goes by a format
    /// that knows of it. A context that was sent and is now [`Decision::Deferred`] leaves it to the sampler. Outside of every
    /// trace there is nothing to decide about, and the context stays as it is.
    ///
    /// ```
    /// use trackway::{Context, Decision, TraceFlags};
    ///
    /// let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736".parse()?, "00f067aa0ba902b7".parse()?);
    /// let sent = Context::remote(trace, span, TraceFlags::default()).with_decision(Decision::Debug);
    /// assert!(sent.is_sampled());
    /// # Ok::<(), trackway::IdError>(())
    /// ```
    #[must_use = "the context that this was called on stays as it is"]
    pub fn with_decision(&self, decision: Decision) -> Self {
        if self.trace == 0 {
            return self.clone();
        }
        let sampled = TraceFlags::SAMPLED.0;
        let others = self.flags & !sampled;
        let flags = if decision.is_sampled() { others | sampled } else { others };
        let told = Some(decision).filter(|decision| matches!(decision, Decision::Deferred | Decision::Debug));
        let known = self.more.as_deref().and_then(|more| more.decision);
        let context = if told == known { self.clone() } else { self.change(|more| more.decision = told) };
        Self { flags, ..context }
    }

    /// Returns what somebody wants to find the trace by: Jaeger's `jaeger-debug-id`, which the first span of the trace has as
    /// an attribute of that name.
    pub fn debug_id(&self) -> Option<&str> {
        self.more.as_ref()?.debug_id.as_deref()
    }

    /// Returns true when no sampler may leave the trace out.
    pub(crate) fn is_debug(&self) -> bool {
        self.decision() == Decision::Debug
    }

    /// Returns the value of the [`traceparent`](https://www.w3.org/TR/trace-context-2/#traceparent-header) header; `None`
    /// outside of every trace.
    pub fn traceparent(&self) -> Option<String> {
        Some(self.span_context()?.traceparent())
    }

    /// Returns what another process is told of the span; `None` outside of every trace.
    pub fn span_context(&self) -> Option<SpanContext> {
        let trace_state = self.more.as_ref().map(|more| more.state.clone()).unwrap_or_default();
        Some(SpanContext { trace_id: self.trace_id()?, span_id: self.span_id()?, flags: self.flags(), trace_state })
    }

    /// Returns the `tracestate` header; `None` when it is empty.
    pub fn trace_state(&self) -> Option<&str> {
        self.more.as_ref().map(|more| &*more.state_text).filter(|text| !text.is_empty())
    }

    /// Returns an entry of the [baggage](https://www.w3.org/TR/baggage/).
    #[inline]
    pub fn baggage(&self, key: &str) -> Option<&str> {
        self.more.as_ref()?.baggage.get(key)
    }

    /// Returns all entries of the baggage.
    pub fn baggage_entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.more.iter().flat_map(|more| more.baggage.iter())
    }

    /// Returns this context with an entry added to the baggage, in the place of one with the same key.
    ///
    /// Baggage goes wherever the context goes, into other processes too. It is no attribute: no span records it.
    #[must_use = "the context that this was called on stays as it is"]
    pub fn with_baggage(&self, key: &str, value: &str) -> Self {
        self.change(|more| more.baggage = std::mem::take(&mut more.baggage).with(key, value))
    }

    /// Returns this context without an entry of the baggage.
    #[must_use = "the context that this was called on stays as it is"]
    pub fn without_baggage(&self, key: &str) -> Self {
        self.change(|more| more.baggage = std::mem::take(&mut more.baggage).without(key))
    }

    /// Returns this context at another place in a trace, of which the program knows by a way of its own; what it carries
    /// beside the place stays.
    ///
    /// ```
    /// use trackway::{Context, TraceFlags};
    ///
    /// let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736".parse()?, "00f067aa0ba902b7".parse()?);
    /// let context = Context::none().with_baggage("tenant", "acme").moved_to(trace, span, TraceFlags::SAMPLED);
    /// assert_eq!((context.span_id(), context.baggage("tenant")), (Some(span), Some("acme")));
    /// # Ok::<(), trackway::IdError>(())
    /// ```
    #[must_use = "the context that this was called on stays as it is"]
    pub fn moved_to(&self, trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Self {
        let more = self.more.as_deref().and_then(More::only_baggage);
        Self { more, ..Self::remote(trace_id, span_id, flags) }
    }

    /// Returns this context with a value that goes wherever the context goes within the process, into every span that
    /// begins in it; in the place of one of the same type that it had before. Libraries keep there what they know of the work
    /// around them, each in a type of its own.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trackway::Context;
    ///
    /// struct Tenant(u32);
    /// let context = Context::none().with_local(Arc::new(Tenant(7)));
    /// context.run(|| {
    ///     let span = trackway::Tracer::builder().build().span("work").start();
    ///     assert_eq!(span.context().local::<Tenant>().unwrap().0, 7);
    /// });
    /// ```
    #[must_use = "the context that this was called on stays as it is"]
    pub fn with_local<T: Any + Send + Sync>(&self, value: Arc<T>) -> Self {
        self.change(|more| more.local = more.local.with(value))
    }

    /// Returns the value of that type that [`with_local`](Self::with_local) was given.
    pub fn local<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.more.as_ref()?.local.get()
    }

    /// Returns this context without the value of that type.
    #[must_use = "the context that this was called on stays as it is"]
    pub fn without_local<T: Any + Send + Sync>(&self) -> Self {
        self.change(|more| more.local = more.local.without::<T>())
    }

    /// Returns what is known of the trace, where [`Tracer::trace`] made it here.
    pub(crate) fn known_trace(&self) -> Option<&Arc<Run>> {
        let trace = self.trace;
        self.more.as_ref()?.run.as_ref().filter(|run| u128::from_be_bytes(run.record.trace_id.bytes()) == trace)
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut More)) -> Self {
        let mut more = self.more.as_deref().cloned().unwrap_or_default();
        change(&mut more);
        Self { more: Some(Arc::new(more)), ..self.clone() }
    }

    pub(crate) fn with_state(&self, state: TraceState) -> Self {
        self.change(|more| {
            more.state_text = state.to_string().into();
            more.state = state;
        })
    }

    /// Reads the context that another process sent, from headers or any other carrier:
    /// [W3C Trace Context](https://www.w3.org/TR/trace-context-2/) and [W3C Baggage](https://www.w3.org/TR/baggage/).
    ///
    /// Without a `traceparent` the context is outside of every trace, with the baggage if there is some.
    ///
    /// # Errors
    /// [`Corrupt`] when a `traceparent` is there and cannot be read. The request is as good without a trace:
    /// `Context::extract(headers).unwrap_or_default()` begins a new one. [`Corrupt::flaw`] says what is wrong.
    ///
    /// Lists and maps of texts are carriers, a [`Getter`](crate::Getter) makes one of a closure, and with the feature `http`
    /// the `HeaderMap` of hyper, axum, tonic and reqwest is one:
    ///
    #[cfg_attr(feature = "http", doc = "```")]
    #[cfg_attr(not(feature = "http"), doc = "```ignore")]
    /// use trackway::Context;
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse()?);
    /// let context = Context::extract(&headers)?;
    ///
    /// let mut onward = http::HeaderMap::new();
    /// context.inject(&mut onward);
    /// assert_eq!(headers, onward);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn extract(carrier: &(impl Extract + ?Sized)) -> Result<Self, Corrupt> {
        let context = SpanContext::extract(carrier)?.map(Self::from).unwrap_or_default();
        let baggage = Baggage::extract(carrier);
        Ok(if baggage.is_empty() { context } else { context.change(|more| more.baggage = baggage) })
    }

    /// Writes the context for another process into headers or any other carrier; writes no `traceparent` outside of
    /// every trace.
    pub fn inject(&self, carrier: &mut (impl Inject + ?Sized)) {
        if let Some(context) = self.span_context() {
            context.inject(carrier);
        }
        if let Some(more) = &self.more {
            more.baggage.inject(carrier);
        }
    }

    /// Makes this context the active one on this thread until the scope is dropped.
    #[inline]
    pub fn attach(&self) -> Scope {
        SLOT.with(|slot| {
            let saved = slot.attach(self, self.more.clone());
            Scope { saved, stays: PhantomData }
        })
    }

    /// Calls `work` with this context as the active one.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        let _scope = self.attach();
        work()
    }

    /// Returns `work` bound to this context, for callbacks and thread pools.
    ///
    /// ```
    /// let (sender, jobs) = std::sync::mpsc::channel::<Box<dyn FnOnce() + Send>>();
    /// let span = trackway::span!("enqueue");
    /// let job = trackway::current().wrap(|| {
    ///     let _span = trackway::span!("job"); // a child of `enqueue`, wherever it runs
    /// });
    /// sender.send(Box::new(job)).unwrap();
    /// # drop(span);
    /// # jobs.recv().unwrap()();
    /// ```
    pub fn wrap<R>(self, work: impl FnOnce() -> R) -> impl FnOnce() -> R {
        move || self.run(work)
    }
}

/// The place of a span in another process.
impl From<SpanContext> for Context {
    fn from(parent: SpanContext) -> Self {
        let SpanContext { trace_id, span_id, flags, trace_state } = parent;
        let context = Self::remote(trace_id, span_id, flags);
        if trace_state.is_empty() { context } else { context.with_state(trace_state) }
    }
}

/// Equal are contexts of which everything that can be asked is equal: ids, flags, decision, `tracestate` and baggage.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        let ids = |context: &Self| (context.trace, context.span, context.flags, context.remote);
        ids(self) == ids(other)
            && self.trace_state() == other.trace_state()
            && self.baggage_entries().eq(other.baggage_entries())
            && self.decision() == other.decision()
            && self.debug_id() == other.debug_id()
    }
}

impl Eq for Context {}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.trace_id(), self.span_id()) {
            (Some(trace), Some(span)) => write!(f, "Context(00-{trace}-{span}-{:02x})", self.flags),
            _ => f.write_str("Context(none)"),
        }
    }
}

/// A context that is active on this thread until this is dropped.
///
/// Scopes that are dropped out of order do no harm: an outer one is left once the inner ones are.
#[must_use = "the context is active until the scope is dropped, which is at once unless it has a name"]
pub struct Scope {
    saved: Saved,
    stays: PhantomData<*const ()>,
}

impl Scope {
    /// Keeps a span to be ended when the scope is left, if that is not as soon as it is dropped; otherwise returns it.
    pub(crate) fn finish_later(&self, span: Span) -> Option<Span> {
        let mut span = Some(span);
        let _ = SLOT.try_with(|slot| span = span.take().and_then(|span| slot.end_with(&self.saved, span))); // As at a drop.
        span
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        // Without the slot the thread is at its end, and nothing is active any more.
        let _ = SLOT.try_with(|slot| slot.detach(&mut self.saved));
    }
}
