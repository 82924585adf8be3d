//! What an action is given beside the state.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Serialize, de::DeserializeOwned};
use trackway::{Context, Span, Tracer};
use trackway_model::{RunKey, StepKey, Text};

use crate::{
    ActionSpan, Fact, InputError, Inputs, Noted, Place, Value, application::Surroundings, hook::Happened,
    span::StepSpanBuilder, tracing,
};

/// The step that runs: its inputs, its place in the run, and a tracer for what happens in it. Cheap to clone; all clones are
/// one step, which tasks and threads may take along.
///
/// ```
/// use trackway_machine::{Fault, State, Step};
///
/// async fn answer(state: State, step: &Step) -> Result<State, Fault> {
///     let prompt: String = step.input("prompt")?;
///     let call = step.span("complete").start(); // 3:0 in the run, a part of the step in the trace
///     call.attribute("characters", prompt.len());
///     step.attribute("model", "small");
///     Ok(state)
/// }
/// ```
#[derive(Clone)]
pub struct Step(Arc<Core>);

struct Core {
    around: Arc<Surroundings>,
    key: StepKey,
    action: Text,
    inputs: Inputs,
    bound: Inputs,
    place: Placement,
    spans: AtomicU64,
}

/// The step that runs, as contexts carry it. What it holds may hold contexts.
struct Running(Weak<Core>);

/// Where a step stands in a trace.
pub(crate) struct Placement {
    pub(crate) tracer: Tracer,
    /// Records nothing where no tracer does.
    pub(crate) span: Span,
    /// What is active while the action works.
    pub(crate) context: Context,
    /// What trackers are told.
    pub(crate) told: Option<Place>,
    /// Whether trackers are told of the spans in the step.
    pub(crate) tells_spans: bool,
}

impl Step {
    pub(crate) fn new(
        around: Arc<Surroundings>,
        key: StepKey,
        action: Text,
        inputs: Inputs,
        bound: Inputs,
        place: Placement,
    ) -> Self {
        Self(Arc::new_cyclic(|this| {
            let context = place.context.with_local(Arc::new(Running(this.clone())));
            let place = Placement { context, ..place };
            Core { around, key, action, inputs, bound, place, spans: AtomicU64::new(0) }
        }))
    }

    /// Returns the step that the program is in: on the thread of the action, in what it awaits, and wherever else its
    /// [context](Self::context) is active; `None` elsewhere.
    ///
    /// ```
    /// use trackway_machine::{Graph, State, Step, action, state};
    ///
    /// fn deep_inside() -> Option<i64> {
    ///     Step::current().map(|step| step.sequence())
    /// }
    /// let work = action("work").writes(["n"]).run_sync(|state: State, _| state.set("n", deep_inside()));
    /// let mut app = Graph::new([work]).build()?.start(state! {}).build()?;
    /// app.step().blocking()?;
    /// assert_eq!((app.state()["n"].as_i64(), deep_inside()), (Some(0), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn current() -> Option<Self> {
        Self::at(&trackway::current())
    }

    /// Returns the step that a context is in.
    pub(crate) fn at(context: &Context) -> Option<Self> {
        context.local::<Running>()?.0.upgrade().map(Self)
    }

    /// Returns the context that is active while the action works: outside of every trace, where its caller is.
    pub(crate) fn inner_context(&self) -> Context {
        let context = self.context();
        match (context.trace_id(), context.local::<Running>()) {
            (None, Some(running)) => trackway::current().with_local(running),
            _ => context.clone(),
        }
    }

    /// Returns a step outside of every application, to call an action by hand.
    ///
    /// ```
    /// use trackway_machine::{Inputs, Step};
    ///
    /// let step = Step::detached(Inputs::default().with("prompt", "why?"));
    /// assert_eq!(step.input::<String>("prompt")?, "why?");
    /// # Ok::<(), trackway_machine::InputError>(())
    /// ```
    pub fn detached(inputs: Inputs) -> Self {
        let key = StepKey { sequence: 0, attempt: 0 };
        let around = Surroundings::detached();
        Self::new(around, key, Text::literal("action"), inputs, Inputs::default(), tracing::nowhere())
    }

    /// Returns an input.
    ///
    /// # Errors
    /// When it was not given, or is of another type.
    pub fn input<T: DeserializeOwned>(&self, name: &str) -> Result<T, InputError> {
        let missing = || InputError::Missing { action: self.action().clone(), input: name.into() };
        self.optional_input(name)?.ok_or_else(missing)
    }

    /// Returns an input; `None` when it was not given, or is null.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn optional_input<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, InputError> {
        let Some(value) = self.input_value(name) else { return Ok(None) };
        let wrong = |source| InputError::Type { action: self.action().clone(), input: name.into(), source };
        value.decode().map_err(wrong)
    }

    /// Returns an input as it was given.
    pub fn input_value(&self, name: &str) -> Option<&Value> {
        self.0.inputs.get(name).or_else(|| self.0.bound.get(name))
    }

    /// Returns what the step was given, without what is bound to its action.
    pub fn inputs(&self) -> &Inputs {
        &self.0.inputs
    }

    /// Returns the action that runs.
    pub fn action(&self) -> &Text {
        &self.0.action
    }

    /// Returns the number of the step, from 0.
    pub fn sequence(&self) -> i64 {
        self.0.key.sequence
    }

    /// Returns the how-many-th time that a step of this number runs, from 0.
    pub fn attempt(&self) -> u32 {
        self.0.key.attempt
    }

    /// Returns the number of the step and the attempt at it.
    pub fn key(&self) -> StepKey {
        self.0.key
    }

    /// Returns the run that the step is in.
    pub fn run(&self) -> &RunKey {
        &self.0.around.run
    }

    /// Returns the id of the application.
    pub fn app_id(&self) -> &str {
        &self.run().app
    }

    /// Returns the step's place in a trace, for work elsewhere and for other processes. It is the active one while the
    /// action works.
    pub fn context(&self) -> &Context {
        &self.0.place.context
    }

    /// Returns the tracer that records the step; one that records nothing where there is none.
    pub fn tracer(&self) -> &Tracer {
        &self.0.place.tracer
    }

    /// Returns a span to be begun, as a part of the step or of the span in it that is active.
    pub fn span(&self, name: impl Into<Text>) -> StepSpanBuilder<'_> {
        StepSpanBuilder::new(self, name.into())
    }

    /// Records an attribute of the step; nothing of a value that cannot be encoded.
    pub fn attribute(&self, key: impl Into<Text>, value: impl Serialize) -> &Self {
        if let Ok(value) = Value::encode(&value) {
            self.note(key.into(), value);
        }
        self
    }

    pub(crate) fn note(&self, key: Text, value: Value) {
        tracing::add(&self.0.place.span, &key, &value);
        if let Some(teller) = &self.0.around.teller {
            let (key, value, time) = (key.clone(), value.clone(), self.tracer().now());
            teller.tell_now(Fact::Noted(Noted { step: self.key(), span: None, key, value, time }));
        }
        self.tell(Happened::Noted(self.clone(), None, key, value));
    }

    /// Returns whether anybody hears of what is recorded of it.
    pub(crate) fn is_heard(&self) -> bool {
        let Surroundings { hooks, teller, .. } = &*self.0.around;
        self.0.place.span.is_recording() || teller.is_some() || !hooks.is_empty()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn around(&self) -> &Arc<Surroundings> {
        &self.0.around
    }

    pub(crate) fn place(&self) -> &Placement {
        &self.0.place
    }

    /// Returns where the program is, as long as that is inside the step; else the step's own place.
    pub(crate) fn here(&self) -> Context {
        let here = trackway::current();
        if here.trace_id() == self.context().trace_id() { here } else { self.context().clone() }
    }

    /// Makes the next span that is directly in the step.
    pub(crate) fn next_span(&self, name: Text) -> Arc<ActionSpan> {
        let number = self.0.spans.fetch_add(1, Ordering::Relaxed);
        ActionSpan::create_initial(self.action().clone(), name, number, self.sequence())
    }

    /// Tells the hooks.
    pub(crate) fn tell(&self, happened: Happened) {
        let Surroundings { hooks, deliveries, .. } = &*self.0.around;
        if !hooks.is_empty() {
            deliveries.push(hooks, happened);
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Core { key, action, inputs, .. } = &*self.0;
        f.debug_struct("Step").field("key", key).field("action", action).field("inputs", inputs).finish_non_exhaustive()
    }
}
