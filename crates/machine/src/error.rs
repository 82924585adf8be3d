//! What can go wrong with an application.

use std::sync::Arc;

use trackway_model::{RunKey, StepKey, Text};

use crate::{Fault, LoadError, StateError, ValueError, near, tracker::TrackerError};

/// Why an application was not built, or why a call of it failed.
///
/// A step that failed leaves the state as it was: to call again is to try again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The action failed, by an error of its own, a panic, or because its step was not as it declares.
    #[error("{action} failed in step {}", .step.sequence)]
    Action {
        /// The action.
        action: Text,
        /// The step.
        step: StepKey,
        /// What it failed with.
        #[source]
        source: Fault,
    },
    /// The future of a call was dropped while the step ran. Only hooks and trackers are told of this.
    #[error("{action} was cancelled in step {}", .step.sequence)]
    Cancelled {
        /// The action.
        action: Text,
        /// The step.
        step: StepKey,
    },
    /// The next action must be given more; nothing was done or recorded.
    #[error("{action} needs {}: give it with .input({:?}, ..)", names(.inputs), first(.inputs))]
    MissingInputs {
        /// The action.
        action: Text,
        /// The inputs that are missing.
        inputs: Vec<Text>,
    },
    /// An input was given that no action of the graph takes; nothing was done or recorded.
    #[error("no action takes an input `{input}`{}", listed(.input, .known))]
    UnknownInput {
        /// The input.
        input: Text,
        /// The inputs that actions of the graph take.
        known: Vec<Text>,
    },
    /// An input cannot be encoded; nothing was done or recorded.
    #[error("cannot encode the input `{input}`")]
    Input {
        /// The input.
        input: Text,
        /// Why not.
        #[source]
        source: ValueError,
    },
    /// An action or a tag was named that the graph does not have.
    #[error("the graph has no `{name}`{}", listed(.name, .known))]
    UnknownAction {
        /// What was named.
        name: Text,
        /// What it has.
        known: Vec<Text>,
    },
    /// The step is done, and nobody can say what comes next: a condition failed. The next call asks again.
    #[error("cannot tell what follows {after}: {condition}: {reason}")]
    Condition {
        /// The action that ran last.
        after: Text,
        /// The condition that failed.
        condition: Text,
        /// Why it did.
        reason: Text,
    },
    /// A state cannot be taken as it is: something in it was set wrongly, or does not fit the graph's schema.
    #[error("the state cannot be used")]
    State(#[from] StateError),
    /// A hook failed that was to be taken seriously.
    #[error("a hook failed at {event}")]
    Hook {
        /// Where: `before_step`, for example.
        event: &'static str,
        /// What it failed with.
        #[source]
        source: Fault,
    },
    /// The run is not free: another application object writes it, here or in another process, or has done so since it was
    /// loaded. Nothing is broken: load it again, once whoever holds it is done.
    #[error("the tracker {tracker} refused the run: {what}")]
    InUse {
        /// The run.
        run: Arc<RunKey>,
        /// Who writes it, `process 7` for example; `None` when nobody does so now: it is there already, or went on since.
        holder: Option<Text>,
        /// What the tracker is called.
        tracker: Text,
        /// What is wrong, and what to do about it.
        what: Text,
    },
    /// A tracker cannot be used, and the application may not go on without it.
    #[error(transparent)]
    Tracker(#[from] TrackerError),
    /// Trackers keep runs by project, and none was named.
    #[error("trackers keep runs by project: name it with .project(\"..\")")]
    NoProject,
    /// The number of the first step is below 0, or above 2⁵³.
    #[error("no step can have the number {number}: name one from 0 to 2^53 with .first_sequence(..)")]
    Sequence {
        /// The number.
        number: i64,
    },
    /// The run to go on from cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// No id could be made for the application, since the system gives no random numbers.
    #[error("no random number for an app id: name one with .app_id(\"..\")")]
    NoRandom(#[source] Fault),
}

impl Error {
    /// Returns the message with those of all its causes, as one line.
    ///
    /// ```
    /// use trackway_machine::{Graph, State, action};
    ///
    /// let graph = Graph::new([action("ask").run_sync(|state: State, _| Err::<State, _>("no model"))]).entry("ask").build()?;
    /// let error = graph.start(State::default()).build()?.step().blocking().unwrap_err();
    /// assert_eq!(error.chain(), "ask failed in step 0: no model");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// What an action panicked with, which is why its step failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(pub Text);

impl Panicked {
    /// Makes one of what a panic carries.
    pub(crate) fn of(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        Self(
            text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("something that is no text").into(),
        )
    }
}

/// Why a step's input is not at hand.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// It was not given.
    #[error("{action} was not given the input `{input}`")]
    Missing {
        /// The action.
        action: Text,
        /// The input.
        input: Text,
    },
    /// It is of another type than the one asked for.
    #[error("the input `{input}` of {action} is of another type")]
    Type {
        /// The action.
        action: Text,
        /// The input.
        input: Text,
        /// What does not fit.
        #[source]
        source: ValueError,
    },
}

/// Returns the message of an error with those of all its causes, as one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    // An error that is its own cause must not hold the program up.
    for _ in 0..32 {
        let Some(error) = cause else { break };
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

fn names(inputs: &[Text]) -> String {
    let noun = if inputs.len() == 1 { "the input" } else { "the inputs" };
    format!("{noun} {}", inputs.join(", "))
}

fn first(inputs: &[Text]) -> &str {
    inputs.first().map_or("", |input| input)
}

fn listed(name: &str, known: &[Text]) -> String {
    let names = if known.is_empty() { String::new() } else { format!(": it has {}", known.join(", ")) };
    names + &near::hint(name, known.iter().map(|known| &**known))
}
