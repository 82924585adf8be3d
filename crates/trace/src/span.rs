//! The full span: owned, readable, and at home on every thread.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use trackway_model::{SpanRecord, StatusCode, Text, Timestamp, Value, keys};
use trackway_wire::propagation::Baggage;

use crate::agents::Capture;
use crate::context::{Context, Scope};
use crate::errors::Fault;
use crate::field::{Field, Label};
use crate::limits::Limits;
use crate::reference::Reference;
use crate::tracer::Tracer;
use crate::{collector, record};

mod baggage;
mod builder;
mod error;
mod message;
pub(crate) mod outcome;
mod relation;
mod stack;
mod typed;
mod write;

pub use builder::SpanBuilder;
pub(crate) use builder::outside_of;
pub use error::SpanError;
pub use message::Message;
pub use relation::Relation;
pub use stack::SpanStack;
pub use typed::{DataMut, SpanData};
pub(crate) use write::{NOTHING_DROPPED, add_attribute, add_event_field, add_link, causes, cut, link, set_status};
use write::{add_event, add_field_of, cut_text};

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
    /// Whose it is, when it is not recorded and the tracer's scopes are not the thread's.
    unrecorded_by: Option<Tracer>,
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

impl Span {
    /// Returns a span that records nothing and answers every call.
    pub fn none() -> Self {
        Self {
            live: None,
            context: Context::none(),
            data: (),
            told: Vec::new(),
            capture: Capture::Everything,
            unrecorded_by: None,
        }
    }
}

impl<D> Span<D> {
    /// Returns the span as one without typed data, which records what it recorded.
    pub fn untyped(mut self) -> Span {
        let (live, context) = (self.live.take(), std::mem::take(&mut self.context));
        let unrecorded_by = self.unrecorded_by.take();
        Span { live, context, data: (), told: Vec::new(), capture: self.capture, unrecorded_by }
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
        self.live.as_ref().map(|live| &live.tracer).or(self.unrecorded_by.as_ref()).cloned()
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
            unrecorded_by: None,
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
