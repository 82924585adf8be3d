//! Actions that are closures.

use std::{
    future::{Future, ready},
    sync::Arc,
};

use serde::Serialize;
use trackway_model::Text;

use crate::{Action, Fault, IntoOutcome, IntoState, Node, Spec, State, Step, Work, outcome::reduced};

/// Begins an action that is a closure.
///
/// ```
/// use trackway_machine::{Fault, action, state};
///
/// let answer = action("answer").reads(["question"]).writes(["answer"]).tags(["llm"]).run(|state, step| async move {
///     let question: String = state.get("question")?;
///     step.attribute("characters", question.len());
///     Ok::<_, Fault>(state.set("answer", question.to_uppercase()))
/// });
/// let outcome = answer.call(&state! { question: "why?" }).blocking()?;
/// assert_eq!(outcome.state["answer"], "WHY?");
/// # Ok::<(), trackway_machine::Error>(())
/// ```
pub fn action(name: impl Into<Text>) -> Draft {
    Draft { spec: Spec { name: name.into(), ..Spec::default() } }
}

/// An action that lacks its work.
#[derive(Debug, Clone)]
#[must_use = "an action needs work: end with `run`, `run_sync` or `two_phase`"]
pub struct Draft {
    spec: Spec,
}

impl Draft {
    /// Declares fields of the state that the action reads.
    pub fn reads<K: AsRef<str>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.spec.reads.extend(keys.into_iter().map(|key| Text::from(key.as_ref())));
        self
    }

    /// Declares fields of the state that the action writes.
    pub fn writes<K: AsRef<str>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.spec.writes.extend(keys.into_iter().map(|key| Text::from(key.as_ref())));
        self
    }

    /// Declares inputs that the action must be given.
    pub fn inputs<K: Into<Text>>(mut self, names: impl IntoIterator<Item = K>) -> Self {
        self.spec.inputs.extend(names.into_iter().map(Into::into));
        self
    }

    /// Declares inputs that the action can do without.
    pub fn optional<K: Into<Text>>(mut self, names: impl IntoIterator<Item = K>) -> Self {
        self.spec.optional_inputs.extend(names.into_iter().map(Into::into));
        self
    }

    /// Marks the action, to halt at.
    pub fn tags<K: Into<Text>>(mut self, tags: impl IntoIterator<Item = K>) -> Self {
        self.spec.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Gives the action its work: a closure that returns a future. The step is its own, to be taken along.
    pub fn run<W, F, O>(self, work: W) -> Node
    where
        W: Fn(State, Step) -> F + Send + Sync + 'static,
        F: Future<Output = O> + Send + 'static,
        O: IntoOutcome,
    {
        self.node(move |state, step| {
            let working = work(state, step.clone());
            Box::pin(async move { working.await.into_outcome() })
        })
    }

    /// Gives the action its work: a closure that waits for nothing.
    pub fn run_sync<W, O>(self, work: W) -> Node
    where
        W: Fn(State, &Step) -> O + Send + Sync + 'static,
        O: IntoOutcome,
    {
        self.node(move |state, step| {
            let outcome = work(state, step).into_outcome();
            Box::pin(ready(outcome))
        })
    }

    /// Gives the action its work in two phases: one that finds a result, and one that puts it into the state.
    pub fn two_phase<W, F, R, E, U, S>(self, run: W, reduce: U) -> Node
    where
        W: Fn(State, Step) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize + Send,
        E: Into<Fault>,
        U: Fn(&R, State) -> S + Send + Sync + 'static,
        S: IntoState,
    {
        let reduce = Arc::new(reduce);
        self.node(move |state, step| {
            let running = run(state.clone(), step.clone());
            let reduce = Arc::clone(&reduce);
            Box::pin(async move {
                let found = running.await.map_err(Into::into)?;
                reduced(found, state, &*reduce)
            })
        })
    }

    fn node(self, work: impl for<'a> Fn(State, &'a Step) -> Work<'a> + Send + Sync + 'static) -> Node {
        Node::new(Closure { spec: self.spec, work })
    }
}

struct Closure<W> {
    spec: Spec,
    work: W,
}

impl<W: for<'a> Fn(State, &'a Step) -> Work<'a> + Send + Sync + 'static> Action for Closure<W> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run<'a>(&'a self, state: State, step: &'a Step) -> Work<'a> {
        (self.work)(state, step)
    }
}
