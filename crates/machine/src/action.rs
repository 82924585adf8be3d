//! What an action is.

use std::{future::Future, pin::Pin};

use trackway_model::Text;

use crate::{Fault, Map, State, Step, Value};

/// What an action is called, what it may touch, and what it must be given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spec {
    /// Its name, unique in its graph.
    pub name: Text,
    /// The fields of the state that it reads.
    pub reads: Vec<Text>,
    /// The fields of the state that it writes.
    pub writes: Vec<Text>,
    /// The inputs that it must be given.
    pub inputs: Vec<Text>,
    /// The inputs that it can do without.
    pub optional_inputs: Vec<Text>,
    /// What it is marked with, to halt at: `@tag:llm` names all that are marked `llm`.
    pub tags: Vec<Text>,
    /// Its source code.
    pub code: Option<Text>,
}

/// Inputs by name.
pub type Inputs = Map;

/// What an action returns.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it gave beside the state.
    pub result: Option<Value>,
    /// The state afterwards.
    pub state: State,
}

/// An action at work.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Fault>> + Send + 'a>>;

/// A part of an application's work: what `#[action]` makes of a function, and what a type of your own can be.
///
/// ```
/// use trackway_machine::{Action, Node, Outcome, Spec, State, Step, Work, state};
///
/// struct Copy {
///     spec: Spec,
/// }
///
/// impl Action for Copy {
///     fn spec(&self) -> &Spec {
///         &self.spec
///     }
///
///     fn run<'a>(&'a self, state: State, _: &'a Step) -> Work<'a> {
///         Box::pin(async move {
///             let copied = self.spec.reads.iter().zip(&self.spec.writes);
///             let state = copied.fold(state, |state, (from, to)| state.set(to, &state[from]));
///             Ok(Outcome { result: None, state })
///         })
///     }
/// }
///
/// let (reads, writes) = (vec!["question".into()], vec!["asked".into()]);
/// let copy = Node::new(Copy { spec: Spec { name: "copy".into(), reads, writes, ..Spec::default() } });
/// let outcome = copy.call(&state! { question: "why?" }).blocking()?;
/// assert_eq!(outcome.state["asked"], "why?");
/// # Ok::<(), trackway_machine::Error>(())
/// ```
pub trait Action: Send + Sync + 'static {
    /// Returns what it is called and what it touches.
    fn spec(&self) -> &Spec;

    /// Does the work: reads the state and the step's inputs, and returns the state afterwards.
    fn run<'a>(&'a self, state: State, step: &'a Step) -> Work<'a>;
}
