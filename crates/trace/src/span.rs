//! The full span: owned, readable, and at home on every thread.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use trackway_model::{
    Attributes, Dropped, Event, Link, SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp, Value, keys,
};
use trackway_wire::propagation::Baggage;

use crate::agents::{self, Capture};
use crate::context::{Context, DEBUG_ID, More, Scope};
use crate::errors::Fault;
use crate::field::{Field, Label};
use crate::limits::Limits;
use crate::reference::Reference;
use crate::sampler::{Sampler, Sampling, Verdict};
use crate::tags::SAMPLING_PRIORITY;
use crate::tracer::{NOBODY, Tracer};
use crate::{collector, global, record};

mod baggage;
mod error;
mod message;
mod outcome;
mod relation;
mod stack;
mod typed;

pub use error::SpanError;
pub use message::Message;
pub use relation::Relation;
pub use stack::SpanStack;
pub use typed::{DataMut, SpanData};

/// A span that is owned: it moves between threads, outlives scopes, and can be read.
///
/// It ends when it is [finished](Self::finish) or dropped. Whatever is done to it afterwards does nothing, and so does
/// everything with a span that is not recorded. [`span!`](macro@crate::span) is the cheaper kind, for work that begins and
/// ends in one block.
///
/// ```
/// # use trackway::{SpanKind, Tracer};
/// # let tracer = Tracer::builder().build();
/// let span = tracer.span("charge").kind(SpanKind::Client).attribute("payment.amount", 8940).start();
/// span.event("retry").field("attempt", 2);
/// {
///     let _scope = span.activate(); // what begins on this thread now is a child of `charge`
///     let _inner = trackway::span!("bank");
/// }
/// span.finish();
/// ```
///
/// `D` is what the span is about, where that has a type: [`Tracer::span_of`] makes spans with such data.
pub struct Span<D = ()> {
    live: Option<Arc<Live>>,
    context: Context,
    data: D,
    /// The attributes that say what `data` says.
    told: Vec<Text>,
    capture: Capture,
}

/// What an open span knows.
pub(crate) struct Live {
    tracer: Tracer,
    /// `None` once it is finished.
    record: Mutex<Option<SpanRecord>>,
    /// When it was last announced, in nanoseconds since 1970.
    pub(crate) announced: AtomicU64,
    /// How often the process that began it had been forked.
    forks: u32,
    /// When it began.
    start: Timestamp,
    /// When it ended, and how.
    ended: OnceLock<(Timestamp, Option<SpanError>)>,
    /// The id that the program gave it beside ours.
    original: Option<Text>,
    /// The baggage that the span was given after it began, and whether there is some.
    later: Mutex<Baggage>,
    has_later: AtomicBool,
}

enum Parent {
    Active,
    Of(Context),
    None,
}

/// A span that is about to begin. [`Tracer::span`] and [`Tracer::span_of`] make it.
#[must_use = "the span begins with `start`"]
pub struct SpanBuilder<'a, D = ()> {
    pub(crate) tracer: &'a Tracer,
    name: Text,
    kind: SpanKind,
    parent: Parent,
    start: Option<Timestamp>,
    sampler: Option<Sampler>,
    attributes: Vec<(Text, Value)>,
    links: Vec<Link>,
    same_process: Option<bool>,
    data: D,
    /// Returns what the data says as attributes.
    describe: fn(&D, Capture) -> Attributes,
    /// The id that the program gives it beside ours.
    original: Option<Text>,
}

impl<'a> SpanBuilder<'a> {
    pub(crate) fn new(tracer: &'a Tracer, name: Text) -> Self {
        Self::with(tracer, name, SpanKind::Internal, (), |(), _| Attributes::default())
    }
}

impl<'a, D: SpanData> SpanBuilder<'a, D> {
    pub(crate) fn of(tracer: &'a Tracer, data: D) -> Self {
        let (name, kind) = (data.name(), data.kind());
        Self::with(tracer, name, kind, data, typed::described)
    }
}

impl<'a, D> SpanBuilder<'a, D> {
    fn with(tracer: &'a Tracer, name: Text, kind: SpanKind, data: D, describe: fn(&D, Capture) -> Attributes) -> Self {
        let (attributes, links) = (Vec::new(), Vec::new());
        let (parent, start, sampler, same_process) = (Parent::Active, None, None, None);
        Self {
            tracer,
            name,
            kind,
            parent,
            start,
            sampler,
            attributes,
            links,
            same_process,
            data,
            describe,
            original: None,
        }
    }

    /// Says which side of a call the span is; internal unless said.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Makes the span a part of that one, in the place of the one that is active; `None` changes nothing. A span is part of one
    /// other span, the first: to further ones it is linked, with the attribute `opentracing.ref_type` of OpenTelemetry's
    /// OpenTracing conventions.
    pub fn child_of(mut self, parent: impl Reference) -> Self {
        if let Some(parent) = parent.referred() {
            match &self.parent {
                Parent::Of(_) => self.links.extend(link(parent, reference_type("child_of"))),
                Parent::Active | Parent::None => self.parent = Parent::Of(parent.clone()),
            }
        }
        self
    }

    /// Has the span begin a trace of its own, whatever is active; with the baggage, which is not part of any trace.
    pub fn root(mut self) -> Self {
        self.parent = Parent::None;
        self
    }

    /// Records a relation to a span that this one is no part of.
    pub fn link(mut self, to: impl Reference) -> Self {
        self.links.extend(to.referred().and_then(|to| link(to, Vec::new())));
        self
    }

    /// Records that the span was caused by another one that does not wait for it, such as the one that put the work into
    /// a queue: a link with the attribute `opentracing.ref_type` of OpenTelemetry's OpenTracing conventions.
    pub fn follows_from(mut self, cause: impl Reference) -> Self {
        self.links.extend(cause.referred().and_then(|cause| link(cause, reference_type("follows_from"))));
        self
    }

    /// Records an attribute. A [`sampling.priority`](crate::tags::SAMPLING_PRIORITY) is also obeyed, as a
    /// [`sampler`](Self::sampler) is: above 0 the span is recorded, with 0 it is not.
    pub fn attribute(mut self, key: impl Label, value: impl Field) -> Self {
        if let Some(value) = value.lend(|value| value.to_value()) {
            let key = Text::from(key.name().as_str());
            if &*key == SAMPLING_PRIORITY {
                self.sampler = Sampler::of_priority(&value).or(self.sampler);
            }
            self.attributes.push((key, value));
        }
        self
    }

    /// Gives the span an id beside its own, for receivers that have such ids; its own is a hash of it, the same in every
    /// process.
    #[cfg(feature = "openai-agents")]
    pub fn original_id(mut self, id: impl Into<Text>) -> Self {
        self.original = Some(id.into());
        self
    }

    /// Says that the span began at another time than now.
    pub fn starting_at(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Has a sampler decide about this span and what begins inside it, in the place of the tracer's and of the span
    /// around it, which only decides where the sampler is [`parent_based`](Sampler::parent_based).
    ///
    /// ```
    /// use trackway::Sampler;
    ///
    /// let (tracer, spans) = trackway::testing::tracer();
    /// let _request = tracer.span("request").enter();
    /// tracer.span("poll").sampler(Sampler::always_off()).start().finish();
    /// assert_eq!(spans.finished().len(), 0);
    /// ```
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Says whether the parent is a span of this process, where that is known better than by how its context came: one that
    /// was read from headers is remote.
    pub fn same_process_as_parent(mut self, is_same: bool) -> Self {
        self.same_process = Some(is_same);
        self
    }

    /// Begins the span.
    ///
    /// Without a tracer that records, and inside of hooks and exporters, its context is its parent's as it is: whoever is
    /// called next learns of no span that is not there, and of no decision that nobody made.
    pub fn start(mut self) -> Span<D> {
        let tracer = self.tracer;
        let around = match &self.parent {
            Parent::Active => tracer.around(),
            Parent::Of(context) => context.clone(),
            Parent::None => outside_of(&tracer.around()),
        };
        let is_parent = tracer.takes(&around);
        if !tracer.is_enabled() || is_silent() {
            let passes_on = is_parent || tracer.number() == 0;
            return self.unrecorded(unrecorded(if passes_on { around } else { outside_of(&around) }));
        }
        let carried = around.more.clone();
        let parent = Some(around).filter(|_| is_parent);
        let (trace, first) = match &parent {
            Some(parent) => (parent.trace, None),
            None => tracer.new_trace(),
        };
        let new_span = || first.unwrap_or_else(|| tracer.new_span_id());
        let inside = parent.as_ref().filter(|parent| ![0, NOBODY].contains(&parent.tracer));
        let verdict = match inside {
            Some(parent) if self.sampler.is_none() => Verdict::of_parent(parent.is_sampled()),
            _ => tracer.decide(self.sampler.as_ref(), &self.sampling(trace, parent.as_ref())),
        };
        let sampled = verdict.sampled;
        let state = verdict.told.state(parent.as_ref(), sampled).unwrap_or_else(|| {
            let more = parent.as_ref().and_then(|parent| parent.more.as_ref());
            more.map(|more| more.state.clone()).unwrap_or_default()
        });
        let flags = global::flags(sampled, parent.as_ref());
        let mut context = Context { trace, span: 0, flags, remote: false, tracer: tracer.number(), more: None };
        if !sampled {
            let known = parent.as_ref().map_or(0, |parent| parent.span);
            context.span = if known == 0 { new_span() } else { known };
            context.more = carried.as_deref().and_then(only_baggage);
            let context = if state.is_empty() { context } else { context.with_state(state) };
            return self.unrecorded(context);
        }
        let run = parent.as_ref().and_then(Context::known_trace).cloned();
        let capture = run.as_ref().map_or_else(|| tracer.capture(), |run| run.capture);
        let original = self.original.clone();
        let known = original.as_deref().and_then(|id| agents::original::span(trace, run.as_deref(), id));
        context.span = known.unwrap_or_else(|| new_span());
        self.attributes.extend(verdict.attributes);
        // Who was only told of a trace has no parent.
        let remote = parent.as_ref().is_some_and(|parent| parent.is_remote() && parent.span != 0);
        let state_text = state.to_string();
        let (record, data, told) = self.into_record(&context, parent.as_ref(), remote, &state_text, capture);
        let start = record.start;
        tracer.began(&record);
        let live = Arc::new(Live {
            tracer: tracer.clone(),
            record: Mutex::new(Some(record)),
            announced: AtomicU64::new(0),
            forks: collector::forks(),
            later: Mutex::default(),
            has_later: AtomicBool::new(false),
            start,
            ended: OnceLock::new(),
            original,
        });
        tracer.remember(&live);
        let more = More {
            baggage: carried.as_ref().map(|more| more.baggage.clone()).unwrap_or_default(),
            local: carried.map(|more| more.local.clone()).unwrap_or_default(),
            decision: parent.as_ref().filter(|parent| parent.is_debug()).map(Context::decision),
            debug_id: None,
            run,
            state_text: state_text.into(),
            state,
            live: Some((context.span, live.clone())),
            owner: tracer.is_direct().then(|| tracer.clone()),
        };
        context.more = Some(Arc::new(more));
        Span { live: Some(live), context, data, told, capture }
    }

    fn unrecorded(self, context: Context) -> Span<D> {
        Span { live: None, context, data: self.data, told: Vec::new(), capture: Capture::Everything }
    }

    /// Begins the span, calls `work` inside it, and ends it.
    pub fn run<R>(self, work: impl FnOnce(&Span<D>) -> R) -> R {
        let span = self.enter();
        work(&span)
    }

    /// As [`run`](Self::run), for work that can fail: its error is [recorded](Span::record_error) and passed on.
    ///
    /// ```
    /// let (tracer, spans) = trackway::testing::tracer();
    /// let read = tracer.span("read").try_run(|span| {
    ///     span.attribute("text", "many");
    ///     "many".parse::<u8>()
    /// });
    /// assert!(read.is_err());
    /// assert_eq!(&*spans.finished()[0].status.message, "invalid digit found in string");
    /// ```
    ///
    /// # Errors
    /// What `work` returns.
    pub fn try_run<T, E, How>(self, work: impl FnOnce(&Span<D>) -> Result<T, E>) -> Result<T, E>
    where
        E: Fault<How>,
    {
        self.run(|span| {
            let result = work(span);
            if let Err(error) = &result {
                span.record_error(error);
            }
            result
        })
    }

    fn sampling<'b>(&'b self, trace: u128, parent: Option<&'b Context>) -> Sampling<'b> {
        let Self { kind, attributes, links, .. } = self;
        Sampling { parent, kind: *kind, attributes, links, ..Sampling::of(trace, &self.name) }
    }

    /// Makes the record; returns with it the data, and the keys of the attributes that say what that says.
    fn into_record(
        self,
        context: &Context,
        parent: Option<&Context>,
        remote: bool,
        state: &str,
        capture: Capture,
    ) -> (SpanRecord, D, Vec<Text>) {
        let limits = self.tracer.limits();
        let mut record = self.tracer.blank(context);
        record.parent_id = parent.and_then(Context::span_id);
        record.flags |= if self.same_process.map_or(remote, |is_same| !is_same) { 0x200 } else { 0 };
        record.trace_state = state.into();
        record.name = cut_text(self.name, &limits);
        record.foreign = agents::original::of(&record, self.original, parent);
        record.kind = self.kind;
        record.start = self.start.unwrap_or_else(|| self.tracer.now());
        let described = (self.describe)(&self.data, capture).0;
        let told = described.iter().map(|(key, _)| key.clone()).collect();
        let facts = parent.map(|parent| agents::facts(parent)).unwrap_or_default();
        for (key, value) in described.into_iter().chain(facts).chain(self.attributes) {
            add_attribute(&mut record.attributes, &mut record.dropped.attributes, &limits, &key, value);
        }
        if let Some(id) = parent.filter(|parent| parent.span == 0).and_then(Context::debug_id) {
            let (list, dropped) = (&mut record.attributes, &mut record.dropped.attributes);
            add_attribute(list, dropped, &limits, DEBUG_ID, Value::from(id));
        }
        for link in self.links {
            add_link(&mut record, &limits, link);
        }
        (record, self.data, told)
    }
}

impl Span {
    /// Returns a span that records nothing and answers every call.
    pub fn none() -> Self {
        Self { live: None, context: Context::none(), data: (), told: Vec::new(), capture: Capture::Everything }
    }
}

impl<D> Span<D> {
    /// Returns the span as one without typed data, which records what it recorded.
    pub fn untyped(mut self) -> Span {
        let (live, context) = (self.live.take(), std::mem::take(&mut self.context));
        Span { live, context, data: (), told: Vec::new(), capture: self.capture }
    }

    /// Returns the id that the program gave it beside its own, if it did; `None` where nothing is recorded.
    pub(crate) fn given_id(&self) -> Option<Option<&Text>> {
        self.live.as_ref().map(|live| live.original_id())
    }

    /// Returns what the span is about.
    pub fn data(&self) -> &D {
        &self.data
    }

    /// Returns whether anything is recorded: what is costly to work out need not be otherwise.
    pub fn is_recording(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.is_recording())
    }

    /// Returns the span's place, for children elsewhere and for other processes.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns a copy of what is recorded so far; `None` when nothing is, or no more.
    pub fn record(&self) -> Option<SpanRecord> {
        self.live.as_ref().and_then(|live| live.lock()?.clone())
    }

    /// Makes the span the active one on this thread until the scope is dropped. The span goes on after that.
    pub fn activate(&self) -> Scope {
        self.context.attach()
    }

    /// Records an attribute; a second one of the same name replaces the first.
    pub fn attribute(&self, key: impl Label, value: impl Field) -> &Self {
        // Before the span is locked: what writes a value may itself look at the span.
        if self.is_recording()
            && let Some(value) = value.lend(|value| value.to_value())
        {
            self.change(|record, limits| {
                let (list, dropped) = (&mut record.attributes, &mut record.dropped.attributes);
                add_attribute(list, dropped, limits, key.name().as_str(), value);
            });
        }
        self
    }

    /// Records that something happened now; its details follow by [`SpanEvent::field`].
    pub fn event(&self, name: &str) -> SpanEvent<'_> {
        self.event_at(name, self.live.as_ref().map_or(Timestamp(0), |live| live.tracer.now()))
    }

    /// Records that something happened at that time.
    pub fn event_at(&self, name: &str, time: Timestamp) -> SpanEvent<'_> {
        let mut at = None;
        self.change(|record, limits| at = add_event(record, limits, name, time));
        SpanEvent { live: self.live.as_deref(), at }
    }

    /// Records a detail of the last event.
    pub(crate) fn add_event_field(&self, key: &str, value: impl Field) {
        if self.is_recording()
            && let Some(value) = value.lend(|value| value.to_value())
        {
            self.change(|record, limits| add_event_field(record, limits, key, value));
        }
    }

    /// Records a relation to a span that this one is no part of.
    pub fn link(&self, to: impl Reference) -> &Self {
        if let Some(link) = to.referred().and_then(|to| link(to, Vec::new())) {
            self.change(|record, limits| add_link(record, limits, link));
        }
        self
    }

    /// Records how the span went, by OpenTelemetry's
    /// [rules](https://opentelemetry.io/docs/specs/otel/trace/api/#set-status): `Ok` is final, `Unset` changes nothing,
    /// and a message belongs to an error.
    pub fn status(&self, code: StatusCode, message: &str) -> &Self {
        self.change(|record, limits| set_status(&mut record.status, code, record::cut(message, limits.value_bytes)));
        self
    }

    /// Gives the span another name.
    pub fn rename(&self, name: &str) -> &Self {
        self.change(|record, limits| record.name = cut_text(Text::from(name), limits));
        self
    }

    /// Records that the span failed with that error: its status, and an `exception` event with the error's type (where it is
    /// known: a `Box<dyn Error>` holds any), its message and what it was caused by, as OpenTelemetry's
    /// [conventions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/) name them.
    pub fn record_error<How>(&self, error: &(impl Fault<How> + ?Sized)) -> &Self {
        if self.is_recording() {
            self.fail(error.kind(), &error.message(), error.causes());
        }
        self
    }

    /// Ends the span now.
    pub fn finish(&self) {
        if let Some(live) = &self.live {
            live.finish(None);
        }
    }

    /// Ends the span at that time.
    pub fn finish_at(&self, end: Timestamp) {
        if let Some(live) = &self.live {
            live.finish(Some(end));
        }
    }

    /// Records that the span failed now, in one change: others may be changing it too.
    fn fail(&self, kind: Option<&str>, message: &str, stacktrace: Option<String>) {
        let Some(live) = &self.live else { return };
        let time = live.tracer.now();
        live.change(|record, limits| {
            if let Some(at) = add_event(record, limits, keys::EXCEPTION, time) {
                if let Some(kind) = kind {
                    add_field_of(record, limits, at, keys::EXCEPTION_TYPE, Value::from(kind));
                }
                add_field_of(record, limits, at, keys::EXCEPTION_MESSAGE, Value::from(message));
                if let Some(stacktrace) = stacktrace {
                    add_field_of(record, limits, at, "exception.stacktrace", Value::from(&*stacktrace));
                }
            }
            set_status(&mut record.status, StatusCode::Error, record::cut(message, limits.value_bytes));
        });
    }

    pub(crate) fn tracer(&self) -> Option<Tracer> {
        self.live.as_ref().map(|live| live.tracer.clone())
    }

    /// Returns a span to be begun as a part of this one, by the same tracer; of a span that is not recorded, one that is
    /// not either.
    pub fn child(&self, name: impl Into<Text>) -> SpanBuilder<'_> {
        let tracer = self.live.as_ref().map_or(Tracer::none(), |live| &live.tracer);
        tracer.span(name).child_of(&self.context)
    }

    /// Leaves nothing here to be ended, and returns the span that is.
    pub(crate) fn leave(&mut self) -> Span {
        Span {
            live: self.live.take(),
            context: self.context.clone(),
            data: (),
            told: Vec::new(),
            capture: self.capture,
        }
    }

    fn change(&self, change: impl FnOnce(&mut SpanRecord, &Limits)) {
        if let Some(live) = &self.live {
            live.change(change);
        }
    }
}

impl<D> Drop for Span<D> {
    fn drop(&mut self) {
        if std::thread::panicking() && self.is_recording() {
            let (message, place) = crate::panics::last();
            self.fail(Some("panic"), &message, Some(place));
        }
        self.finish();
    }
}

impl<D> fmt::Debug for SpanBuilder<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanBuilder").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl<D> fmt::Debug for Span<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.record().map(|record| record.name);
        f.debug_struct("Span").field("name", &name).field("context", &self.context).finish()
    }
}

/// The event that was just recorded, for its details.
pub struct SpanEvent<'a> {
    live: Option<&'a Live>,
    /// Where in the record it is; `None` when it was left out.
    at: Option<usize>,
}

impl SpanEvent<'_> {
    /// Records a detail of the event.
    pub fn field(&self, key: impl Label, value: impl Field) -> &Self {
        if let Some((live, at)) = self.live.zip(self.at)
            && live.is_recording()
            && let Some(value) = value.lend(|value| value.to_value())
        {
            live.change(|record, limits| add_field_of(record, limits, at, key.name().as_str(), value));
        }
        self
    }
}

impl fmt::Debug for SpanEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanEvent").field("at", &self.at).finish_non_exhaustive()
    }
}

impl Live {
    /// Returns the id that the program gave it beside ours.
    pub(crate) fn original_id(&self) -> Option<&Text> {
        self.original.as_ref()
    }

    fn is_recording(&self) -> bool {
        self.lock().is_some_and(|record| record.is_some())
    }

    /// Takes the lock; `None` after a fork, when the span is the parent's to send, and whoever had the lock is gone.
    pub(crate) fn lock(&self) -> Option<MutexGuard<'_, Option<SpanRecord>>> {
        (self.forks == collector::forks()).then(|| self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut SpanRecord, &Limits)) {
        let limits = self.tracer.limits();
        if let Some(mut record) = self.lock()
            && let Some(record) = record.as_mut()
        {
            change(record, &limits);
        }
    }

    pub(crate) fn finish(&self, end: Option<Timestamp>) {
        let Some(mut record) = self.lock().and_then(|mut record| record.take()) else { return };
        let end = end.unwrap_or_else(|| self.tracer.now()).max(record.start);
        record.end = Some(end);
        let _ = self.ended.set((end, SpanError::of(&record))); // The record was there, so nobody ended it before.
        self.tracer.ended(record);
    }

    /// Returns the span's event as [`Span::event`] does, for whoever has the context alone.
    pub(crate) fn event(&self, name: &str) {
        let time = self.tracer.now();
        self.change(|record, limits| {
            add_event(record, limits, name, time);
        });
    }
}

thread_local! {
    /// True while this thread serves the tracing itself.
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Has no owned span recorded on this thread from now on.
pub(crate) fn silence() {
    SILENT.set(true);
}

/// Calls a hook or an exporter of the program, whose own spans would have it called again.
pub(crate) fn silently<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            SILENT.set(self.0);
        }
    }
    let _restore = Restore(SILENT.replace(true));
    work()
}

pub(crate) fn is_silent() -> bool {
    SILENT.get() || collector::in_collector()
}

/// Says how a span refers to another one.
fn reference_type(name: &'static str) -> Vec<(Text, Value)> {
    vec![(Text::from("opentracing.ref_type"), Value::from(name))]
}

/// Returns the context of a span that nobody records: its parent's, in which nothing is recorded either.
fn unrecorded(parent: Context) -> Context {
    let more = match parent.more {
        // What is added to the active span is not the parent's; and a thread's tracer is no part of a span.
        Some(more) if more.live.is_some() || more.owner.is_some() => {
            Some(Arc::new(More { live: None, owner: None, ..More::clone(&more) }))
        }
        more => more,
    };
    Context { tracer: NOBODY, more, ..parent }
}

/// Returns the context of what begins a trace of its own there: the baggage and a library's value are not part of any span.
pub(crate) fn outside_of(context: &Context) -> Context {
    Context { more: context.more.as_deref().and_then(only_baggage), ..Context::none() }
}

fn only_baggage(more: &More) -> Option<Arc<More>> {
    More::only_baggage(&More { owner: None, ..more.clone() })
}

/// Returns what an error was caused by, a line each; `None` when it stands alone.
pub(crate) fn causes<E: Error + ?Sized>(error: &E) -> Option<String> {
    let mut lines = Vec::new();
    let mut cause = error.source();
    // An error that is its own cause must not hold the program up.
    while let Some(error) = cause.filter(|_| lines.len() < 32) {
        lines.push(format!("caused by: {error}"));
        cause = error.source();
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Records an attribute within the limits.
pub(crate) fn add_attribute(list: &mut Attributes, dropped: &mut u32, limits: &Limits, key: &str, value: Value) {
    let value = cut(value, limits.value_bytes);
    if let Some((_, old)) = list.0.iter_mut().find(|(name, _)| &**name == key) {
        *old = value;
    } else if list.len() < limits.attributes as usize {
        list.push(key, value);
    } else {
        *dropped += 1;
    }
}

/// Records an event within the limits; returns where it is, unless it was left out.
fn add_event(record: &mut SpanRecord, limits: &Limits, name: &str, time: Timestamp) -> Option<usize> {
    if record.events.len() >= limits.events as usize {
        record.dropped.events += 1;
        return None;
    }
    let name = Text::from(record::cut(name, limits.value_bytes));
    record.events.push(Event { time, name, ..Event::default() });
    Some(record.events.len() - 1)
}

/// Records a detail of the event in that place.
fn add_field_of(record: &mut SpanRecord, limits: &Limits, at: usize, key: &str, value: Value) {
    if let Some(event) = record.events.get_mut(at) {
        add_attribute(&mut event.attributes, &mut event.dropped_attributes, &limits.of_event(), key, value);
    }
}

/// Records a detail of the last event, unless that one was left out.
pub(crate) fn add_event_field(record: &mut SpanRecord, limits: &Limits, key: &str, value: Value) {
    if record.dropped.events == 0
        && let Some(at) = record.events.len().checked_sub(1)
    {
        add_field_of(record, limits, at, key, value);
    }
}

fn cut_text(text: Text, limits: &Limits) -> Text {
    if text.len() > limits.value_bytes { Text::from(record::cut(&text, limits.value_bytes)) } else { text }
}

/// Cuts texts and bytes to the limit, those in lists and maps as well.
pub(crate) fn cut(value: Value, most: usize) -> Value {
    match value {
        Value::Text(text) if text.len() > most => Value::from(record::cut(&text, most)),
        Value::Bytes(bytes) if bytes.len() > most => Value::Bytes(bytes.get(..most).unwrap_or_default().into()),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| cut(value, most)).collect()),
        Value::Map(values) => Value::Map(values.0.into_iter().map(|(key, value)| (key, cut(value, most))).collect()),
        value => value,
    }
}

/// Returns a link; `None` where there is nothing to link to.
pub(crate) fn link(to: &Context, attributes: Vec<(Text, Value)>) -> Option<Link> {
    if to.trace == 0 || to.span == 0 {
        return None;
    }
    Some(Link {
        trace_id: to.trace_id(),
        span_id: to.span_id(),
        trace_state: to.trace_state().unwrap_or_default().into(),
        flags: u32::from(to.flags) | 0x100 | if to.remote { 0x200 } else { 0 },
        attributes: attributes.into_iter().collect(),
        dropped_attributes: 0,
    })
}

pub(crate) fn add_link(record: &mut SpanRecord, limits: &Limits, mut link: Link) {
    if record.links.len() >= limits.links as usize {
        record.dropped.links += 1;
        return;
    }
    let over = link.attributes.0.len().saturating_sub(limits.link_attributes as usize);
    link.attributes.0.truncate(limits.link_attributes as usize);
    link.dropped_attributes += u32::try_from(over).unwrap_or(u32::MAX);
    record.links.push(link);
}

pub(crate) fn set_status(status: &mut Status, code: StatusCode, message: &str) {
    if status.code == StatusCode::Ok || code == StatusCode::Unset {
        return;
    }
    let message = if code == StatusCode::Error { Text::from(message) } else { Text::default() };
    *status = Status { code, message };
}

pub(crate) const NOTHING_DROPPED: Dropped = Dropped { attributes: 0, events: 0, links: 0 };
