//! Actions that are functions.

use serde::Serialize;
use trackway_model::Text;

use crate::{Call, Node, Spec, State, Step, Work};

/// What the source code says of an action: a [`Spec`] that can be written in a constant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Declared {
    /// Its name, unique in its graph.
    pub name: &'static str,
    /// The fields of the state that it reads.
    pub reads: &'static [&'static str],
    /// The fields of the state that it writes.
    pub writes: &'static [&'static str],
    /// The inputs that it must be given.
    pub inputs: &'static [&'static str],
    /// The inputs that it can do without.
    pub optional_inputs: &'static [&'static str],
    /// What it is marked with.
    pub tags: &'static [&'static str],
    /// Its source code; empty if nobody knows it.
    pub code: &'static str,
}

impl From<Declared> for Spec {
    fn from(declared: Declared) -> Self {
        let texts = |names: &[&'static str]| names.iter().map(|name| Text::literal(name)).collect();
        Self {
            name: Text::literal(declared.name),
            reads: texts(declared.reads),
            writes: texts(declared.writes),
            inputs: texts(declared.inputs),
            optional_inputs: texts(declared.optional_inputs),
            tags: texts(declared.tags),
            code: (!declared.code.is_empty()).then(|| Text::literal(declared.code)),
        }
    }
}

/// An action that is a function: what `#[action]` makes of one.
///
/// ```
/// use trackway_machine::{Function, State, action, state};
///
/// #[action(reads = [n], writes = [n])]
/// fn bump(state: State, by: Option<i64>) -> State {
///     state.increment("n", by.unwrap_or(1))
/// }
///
/// const BUMP: Function = bump();
/// let outcome = BUMP.call(&state! { n: 1 }).input("by", 2).blocking()?;
/// assert_eq!(outcome.state, state! { n: 3 });
/// # Ok::<(), trackway_machine::Error>(())
/// ```
///
/// A field that it touches and does not declare is an error where it is written:
///
/// ```compile_fail
/// # use trackway_machine::{State, action};
/// #[action(reads = [n], writes = [n])]
/// fn bump(state: State) -> State {
///     state.increment("m", 1)
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// What it is called and what it touches.
    pub declared: Declared,
    /// Its work.
    pub work: fn(State, &Step) -> Work<'_>,
}

impl Function {
    /// Gives the action another name.
    pub fn named(self, name: impl Into<Text>) -> Node {
        Node::from(self).named(name)
    }

    /// Marks the action with one more tag.
    pub fn tagged(self, tag: impl Into<Text>) -> Node {
        Node::from(self).tagged(tag)
    }

    /// Sets an input for good: nobody is asked for it any more.
    pub fn bind(self, name: impl Into<Text>, value: impl Serialize) -> Node {
        Node::from(self).bind(name, value)
    }

    /// Calls the action by hand, outside of every application.
    pub fn call(self, state: &State) -> Call {
        Node::from(self).call(state)
    }
}
