//! Adding to the step that runs without having it at hand.

use std::{fmt, sync::Arc};

use serde::Serialize;
use trackway_model::Text;

use crate::{
    Step, Value,
    span::{Inside, Noting},
    tracing::attribute,
};

/// What is active on this thread, to add to it without having a [`Step`] or a span at hand.
///
/// ```
/// use trackway_machine::{Graph, State, action, state};
///
/// fn deep_inside() {
///     trackway_machine::active().attribute("cache", "hit");
/// }
///
/// let answer = action("answer").run_sync(|state: State, step| {
///     step.span("complete").run(|_| deep_inside()); // an attribute of `complete`
///     deep_inside(); // an attribute of the step
///     state
/// });
/// # Graph::new([answer]).build()?.start(state! {}).build()?.step().blocking()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Active(Target);

enum Target {
    Span(Arc<Noting>),
    Step(Step),
    Other(trackway::Active),
}

/// Returns what is active on this thread: the innermost span of a step, the step itself where none of its spans is, or
/// a span that is neither, such as one of [`trackway::span!`].
pub fn active() -> Active {
    let here = trackway::current();
    let span = here.local::<Inside>().and_then(|inside| inside.noting()).filter(|span| span.is_at(&here));
    Active(match (span, Step::at(&here)) {
        (Some(span), _) => Target::Span(span),
        (None, Some(step)) if step.context().span_id() == here.span_id() => Target::Step(step),
        _ => Target::Other(trackway::active()),
    })
}

impl Active {
    /// Returns whether anybody hears of it: what is costly to work out need not be otherwise.
    pub fn is_recording(&self) -> bool {
        match &self.0 {
            Target::Span(span) => span.is_heard(),
            Target::Step(step) => step.is_heard(),
            Target::Other(active) => active.is_recording(),
        }
    }

    /// Records an attribute; nothing of a value that cannot be encoded.
    pub fn attribute(&self, key: impl Into<Text>, value: impl Serialize) -> &Self {
        if let Ok(value) = Value::encode(&value) {
            self.note(key.into(), value);
        }
        self
    }

    pub(crate) fn note(&self, key: Text, value: Value) {
        match &self.0 {
            Target::Span(span) => span.note(key, value),
            Target::Step(step) => step.note(key, value),
            Target::Other(active) => {
                active.attribute(&*key, attribute(&value));
            }
        }
    }

    /// Records that the active span failed. A step fails by what its action returns.
    #[cfg(feature = "macros")]
    pub(crate) fn fail(&self, kind: Option<&str>, message: &str, causes: Option<&str>) {
        match &self.0 {
            Target::Span(span) => span.fail(kind, message, causes),
            Target::Step(_) => {}
            Target::Other(active) => {
                active.fail(kind, message, causes);
            }
        }
    }
}

impl fmt::Debug for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Active").field("is_recording", &self.is_recording()).finish_non_exhaustive()
    }
}
