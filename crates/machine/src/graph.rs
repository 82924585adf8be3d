//! The graph of an application: what can be done, and what can follow what.

mod builder;
mod choose;
mod inspect;
mod mistake;
mod record;
mod render;
mod shape;
mod target;

use std::{collections::HashMap, sync::Arc};

use trackway_model::Text;

pub use builder::GraphBuilder;
pub use choose::Undecided;
pub use mistake::{Access, End, GraphErrors, Mistake, WayName};
pub use target::{Target, Targets};

use crate::{Choice, Codecs, Field, Node, State, StateError};
use choose::Ways;
use shape::Shape;

/// What can be done and what can follow what: the plan that an application follows. Cheap to clone.
///
/// ```
/// use trackway_machine::{Graph, GraphErrors, State, Step, action, when};
///
/// let act = |name: &'static str| action(name).run_sync(|state: State, _: &Step| state);
/// let graph = Graph::new([act("ask"), act("answer"), act("refuse")])
///     .edge_if("ask", "answer", when("is_safe"))
///     .otherwise("ask", "refuse")
///     .edge(["answer", "refuse"], "ask")
///     .entry("ask")
///     .build()?;
///
/// let choice = graph.choose("ask", &State::default().set("is_safe", false));
/// assert_eq!(choice.next.as_deref(), Some("refuse"));
/// assert_eq!(&*choice.tried[0].condition, "is_safe");
/// assert_eq!(choice.tried[0].held, Ok(false));
/// # Ok::<(), GraphErrors>(())
/// ```
#[derive(Debug, Clone)]
pub struct Graph {
    plan: Arc<Plan>,
}

#[derive(Debug)]
struct Plan {
    entry: Text,
    /// In order of their declaration.
    actions: Vec<Planned>,
    /// Where each action stands in `actions`.
    places: HashMap<Text, usize>,
    shape: Option<Shape>,
    codecs: Option<Arc<Codecs>>,
}

/// An action and what can follow it.
#[derive(Debug)]
struct Planned {
    node: Node,
    ways: Ways,
}

impl Graph {
    /// Begins a graph of `actions`.
    #[expect(clippy::new_ret_no_self, reason = "a graph is what the builder builds")]
    pub fn new(actions: impl IntoIterator<Item = impl Into<Node>>) -> GraphBuilder {
        GraphBuilder::default().actions(actions)
    }

    /// Returns the name of the action that comes first.
    pub fn entrypoint(&self) -> &Text {
        &self.plan.entry
    }

    /// Returns the action of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.planned(name).map(|planned| &planned.node)
    }

    /// Returns its actions, in order of their declaration.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.plan.actions.iter().map(|planned| &planned.node)
    }

    /// Returns the names of the actions that `word` means: an action's own name, or `@tag:llm` for all that are marked `llm`.
    /// None where there is no such action and no such tag.
    pub fn names_of(&self, word: &str) -> Vec<Text> {
        match word.strip_prefix("@tag:") {
            Some(tag) => self
                .nodes()
                .filter(|node| node.spec().tags.iter().any(|own| **own == *tag))
                .map(|node| node.name().clone())
                .collect(),
            None => self.node(word).map(|node| node.name().clone()).into_iter().collect(),
        }
    }

    /// Returns what comes after the action `after`, given the state it left: the first transition whose condition holds.
    ///
    /// Where a condition fails (a field is missing, say), nothing is chosen: [`Choice::failure`] tells why.
    pub fn choose(&self, after: &str, state: &State) -> Choice {
        self.planned(after).map(|planned| planned.ways.choose(state)).unwrap_or_default()
    }

    /// Returns the fields that its states have, if there is a schema.
    pub fn fields(&self) -> Option<&[Field]> {
        self.plan.shape.as_ref().map(|shape| &*shape.fields)
    }

    /// Checks that a whole state fits the schema, if there is one: it has no other fields, and what it has is of their types.
    /// Fields may be absent, since actions write them later.
    ///
    /// # Errors
    ///
    /// For the first field that does not fit.
    pub fn check(&self, state: &State) -> Result<(), StateError> {
        self.check_fields(state, state.keys().map(|name| &**name))
    }

    /// Checks that some fields of a state fit the schema, if there is one: those that a step has changed.
    ///
    /// # Errors
    ///
    /// For the first field that does not fit.
    pub fn check_fields<'a>(&self, state: &State, names: impl IntoIterator<Item = &'a str>) -> Result<(), StateError> {
        let Some(shape) = &self.plan.shape else { return Ok(()) };
        names.into_iter().try_for_each(|name| shape.check(state, name))
    }

    /// Takes a state that the program made: its values are stored as the codecs say, and it fits the schema.
    pub(crate) fn admit(&self, state: State) -> Result<State, StateError> {
        let state = match &self.plan.codecs {
            Some(codecs) => state.encode_with(codecs),
            None => state,
        };
        match state.fault() {
            Some(fault) => Err(fault.clone()),
            None => self.check(&state).map(|()| state),
        }
    }

    /// Takes a state that was stored: its values are read as the codecs say.
    pub(crate) fn restored(&self, state: State) -> State {
        match &self.plan.codecs {
            Some(codecs) => state.with_codecs(codecs),
            None => state,
        }
    }

    fn planned(&self, name: &str) -> Option<&Planned> {
        self.plan.places.get(name).and_then(|place| self.plan.actions.get(*place))
    }
}
