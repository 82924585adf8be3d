//! Spans inside a step.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use trackway::{Context, Scope, SpanKind, StatusCode, Traced};
use trackway_model::Text;

use crate::{Step, Value, hook::Happened, tracing::Recorded};

/// A span's place in the steps of a run: `3:0.1.0` is the first span in the second one in the first one of step 3.
#[derive(Debug)]
pub struct ActionSpan {
    /// The action in whose step it is.
    pub action: Text,
    /// The number of that step.
    pub action_sequence_id: i64,
    /// What it is called.
    pub name: Text,
    /// The span that it is a part of; `None` directly in the step.
    pub parent: Option<Arc<ActionSpan>>,
    /// The how-many-th span of its parent it is, from 0.
    pub sequence_id: u64,
    child_count: AtomicU64,
}

impl ActionSpan {
    /// Makes a span that is directly in a step.
    pub fn create_initial(
        action: impl Into<Text>,
        name: impl Into<Text>,
        sequence_id: u64,
        action_sequence_id: i64,
    ) -> Arc<Self> {
        Arc::new(Self {
            action: action.into(),
            action_sequence_id,
            name: name.into(),
            parent: None,
            sequence_id,
            child_count: AtomicU64::new(0),
        })
    }

    /// Makes the next span that is a part of this one.
    ///
    /// ```
    /// use trackway_machine::ActionSpan;
    ///
    /// let load = ActionSpan::create_initial("answer", "load", 0, 3);
    /// load.spawn("open");
    /// let read = load.spawn("read");
    /// assert_eq!((read.uid().as_ref(), load.child_count()), ("3:0.1", 2));
    /// ```
    pub fn spawn(self: &Arc<Self>, name: impl Into<Text>) -> Arc<Self> {
        Arc::new(Self {
            action: self.action.clone(),
            action_sequence_id: self.action_sequence_id,
            name: name.into(),
            parent: Some(self.clone()),
            sequence_id: self.child_count.fetch_add(1, Ordering::Relaxed),
            child_count: AtomicU64::new(0),
        })
    }

    /// Returns how many spans are a part of this one.
    pub fn child_count(&self) -> u64 {
        self.child_count.load(Ordering::Relaxed)
    }

    /// Returns its id in the run: the step's number, and the way to the span.
    pub fn uid(&self) -> Text {
        let mut way = vec![self.sequence_id];
        let mut parent = &self.parent;
        while let Some(span) = parent {
            way.push(span.sequence_id);
            parent = &span.parent;
        }
        let way: Vec<String> = way.iter().rev().map(u64::to_string).collect();
        format!("{}:{}", self.action_sequence_id, way.join(".")).into()
    }
}

/// Where the program is in a step: what a context carries along.
pub(crate) struct Inside {
    pub(crate) step: Step,
    pub(crate) span: Arc<ActionSpan>,
    /// Where it is in the step around this one, when an application runs inside of an action.
    pub(crate) outer: Option<Arc<Inside>>,
    /// The span itself, which holds a context that holds this.
    noting: OnceLock<Weak<Noting>>,
}

impl Inside {
    /// Returns the innermost span, while it is open.
    pub(crate) fn noting(&self) -> Option<Arc<Noting>> {
        self.noting.get()?.upgrade()
    }

    /// Returns the innermost span of that step.
    fn span_of(this: Option<&Arc<Self>>, step: &Step) -> Option<Arc<ActionSpan>> {
        let mut inside = this;
        while let Some(here) = inside {
            if here.step.is(step) {
                return Some(here.span.clone());
            }
            inside = here.outer.as_ref();
        }
        None
    }
}

/// A span in a step that is about to begin. [`Step::span`] makes it.
#[must_use = "the span begins with `start`"]
#[derive(Debug)]
pub struct StepSpanBuilder<'a> {
    step: &'a Step,
    name: Text,
    kind: SpanKind,
    dependencies: Vec<Text>,
    attributes: Vec<(Text, Value)>,
}

impl<'a> StepSpanBuilder<'a> {
    pub(crate) fn new(step: &'a Step, name: Text) -> Self {
        Self { step, name, kind: SpanKind::Internal, dependencies: Vec::new(), attributes: Vec::new() }
    }

    /// Says what kind of work it is, as others see it: a call of a model is one of a client.
    ///
    /// ```
    /// use trackway_machine::{Fact, Graph, SpanKind, State, action, state, tracker::Memory};
    ///
    /// let ask = action("ask").run_sync(|state: State, step| {
    ///     step.span("model").kind(SpanKind::Client).start().finish();
    ///     state
    /// });
    /// let memory = Memory::default();
    /// let graph = Graph::new([ask]).build()?;
    /// graph.start(state! {}).project("demo").tracker(memory.clone()).build()?.step().blocking()?;
    /// let facts: Vec<Fact> = memory.entries().into_iter().map(|entry| entry.fact).collect();
    /// assert!(facts.iter().any(|fact| matches!(fact, Fact::Span(span) if span.kind == SpanKind::Client)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Says which spans of the step, by their names, this one needed the work of.
    pub fn depends_on<T: Into<Text>>(mut self, spans: impl IntoIterator<Item = T>) -> Self {
        self.dependencies.extend(spans.into_iter().map(Into::into));
        self
    }

    /// Records an attribute; nothing of a value that cannot be encoded.
    pub fn attribute(mut self, key: impl Into<Text>, value: impl Serialize) -> Self {
        if let Ok(value) = Value::encode(&value) {
            self.attributes.push((key.into(), value));
        }
        self
    }

    /// Begins the span, as a part of what is active on this thread.
    pub fn start(self) -> StepSpan {
        let Self { step, name, kind, dependencies, attributes } = self;
        let around = step.here();
        let local = around.local::<Inside>();
        let place = match Inside::span_of(local.as_ref(), step) {
            Some(parent) => parent.spawn(name),
            None => step.next_span(name),
        };
        let noting = OnceLock::new();
        let inside = Arc::new(Inside { step: step.clone(), span: place.clone(), outer: local, noting });
        let around = around.with_local(inside.clone());
        let span = Recorded::start(step, &around, &place, kind, &dependencies);
        let span = Arc::new(Noting { step: step.clone(), place, span });
        inside.noting.get_or_init(|| Arc::downgrade(&span));
        step.tell(Happened::Started(step.clone(), span.place.clone(), dependencies));
        for (key, value) in attributes {
            span.note(key, value);
        }
        StepSpan(span)
    }

    /// Begins the span, calls `work` inside it, and ends it.
    pub fn run<R>(self, work: impl FnOnce(&StepSpan) -> R) -> R {
        let span = self.start();
        let _scope = span.activate();
        work(&span)
    }
}

/// A span in a step: owned, and at home on every thread. It ends when it is [finished](Self::finish) or dropped.
///
/// ```
/// # use trackway_machine::{SpanKind, Step};
/// # async fn complete(prompt: &str) -> String { prompt.to_owned() }
/// # async fn answer(step: &Step) {
/// let call = step.span("complete").kind(SpanKind::Client).attribute("model", "small").start();
/// let text = call.around(complete("why?")).await;
/// call.attribute("characters", text.len());
/// # }
/// ```
pub struct StepSpan(Arc<Noting>);

/// An open span, as it is written to.
pub(crate) struct Noting {
    step: Step,
    place: Arc<ActionSpan>,
    span: Recorded,
}

impl Noting {
    /// Returns true when it is the active span in that context.
    pub(crate) fn is_at(&self, context: &Context) -> bool {
        let own = self.span.context();
        (own.trace_id(), own.span_id()) == (context.trace_id(), context.span_id())
    }

    /// Returns whether anybody hears of what is recorded of it.
    pub(crate) fn is_heard(&self) -> bool {
        self.span.is_heard() || !self.step.around().hooks.is_empty()
    }

    pub(crate) fn note(&self, key: Text, value: Value) {
        self.span.attribute(&key, &value);
        self.step.tell(Happened::Noted(self.step.clone(), Some(self.place.clone()), key, value));
    }

    #[cfg(feature = "macros")]
    pub(crate) fn fail(&self, kind: Option<&str>, message: &str, causes: Option<&str>) {
        self.span.fail(kind, message, causes, || self.step.tracer().now());
    }
}

impl StepSpan {
    /// Returns its place in the run.
    pub fn place(&self) -> &Arc<ActionSpan> {
        &self.0.place
    }

    /// Returns its id in the run: `3:0.1`.
    pub fn uid(&self) -> Text {
        self.0.place.uid()
    }

    /// Returns its place in the trace, for children elsewhere and for other processes.
    pub fn context(&self) -> &Context {
        self.0.span.context()
    }

    /// Makes the span the active one on this thread until the scope is dropped. The span goes on after that.
    pub fn activate(&self) -> Scope {
        self.context().attach()
    }

    /// Runs a future inside the span, which is active whenever the future is polled and goes on after that.
    pub fn around<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.in_context(self.context().clone())
    }

    /// Records an attribute; nothing of a value that cannot be encoded. A second one of the same name replaces the first.
    pub fn attribute(&self, key: impl Into<Text>, value: impl Serialize) -> &Self {
        if let Ok(value) = Value::encode(&value) {
            self.0.note(key.into(), value);
        }
        self
    }

    /// Records several attributes.
    pub fn attributes<K: Into<Text>, V: Serialize>(&self, attributes: impl IntoIterator<Item = (K, V)>) -> &Self {
        for (key, value) in attributes {
            self.attribute(key, value);
        }
        self
    }

    /// Records that something happened now.
    pub fn event(&self, name: &str) -> &Self {
        self.0.span.event(name, || self.0.step.tracer().now());
        self
    }

    /// Records how the span went.
    pub fn status(&self, code: StatusCode, message: &str) -> &Self {
        self.0.span.status(code, message);
        self
    }

    /// Records that the span failed with that error: its status, and an `exception` event.
    pub fn record_error<How>(&self, error: &(impl trackway::Fault<How> + ?Sized)) -> &Self {
        self.0.span.record_error(error, || self.0.step.tracer().now());
        self
    }

    /// Ends the span now.
    pub fn finish(self) {}

    /// Returns whether a tracer, a tracker or a hook hears of it: what is costly to work out need not be otherwise.
    pub fn is_recording(&self) -> bool {
        self.0.is_heard()
    }
}

impl Drop for StepSpan {
    fn drop(&mut self) {
        self.0.span.finish(&self.0.step);
        self.0.step.tell(Happened::Ended(self.0.step.clone(), self.0.place.clone()));
    }
}

impl fmt::Debug for StepSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepSpan").field("uid", &self.uid()).field("name", &self.0.place.name).finish_non_exhaustive()
    }
}
