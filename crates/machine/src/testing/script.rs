//! Actions that do what a script says.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use trackway_model::Text;

use crate::{Draft, Fault, Node, State, action};

/// Begins an action that does what a script says, one turn each time that it runs; behind the last turn it fails.
///
/// ```
/// use trackway_machine::{Graph, state, testing::script};
///
/// let answer = script("answer").writes(["answer"]).fails("no model").gives(state! { answer: "because" });
/// let mut app = Graph::new([answer]).entry("answer").build()?.start(state! {}).build()?;
///
/// assert_eq!(app.step().blocking().unwrap_err().chain(), "answer failed in step 0: no model");
/// app.step().blocking()?;
/// assert_eq!(app.state()["answer"], "because");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn script(name: impl Into<Text>) -> Script {
    let name = name.into();
    Script { draft: action(name.clone()), name, turns: VecDeque::new() }
}

/// An action that does what a script says.
#[derive(Debug, Clone)]
#[must_use = "a script is an action for a graph"]
pub struct Script {
    name: Text,
    draft: Draft,
    turns: VecDeque<Turn>,
}

#[derive(Debug, Clone)]
enum Turn {
    Give(State),
    Fail(Text),
}

impl Script {
    /// Declares fields of the state that the action reads.
    pub fn reads<K: AsRef<str>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.draft = self.draft.reads(keys);
        self
    }

    /// Declares fields of the state that the action writes.
    pub fn writes<K: AsRef<str>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.draft = self.draft.writes(keys);
        self
    }

    /// Declares inputs that the action must be given.
    pub fn inputs<K: Into<Text>>(mut self, names: impl IntoIterator<Item = K>) -> Self {
        self.draft = self.draft.inputs(names);
        self
    }

    /// Marks the action, to halt at.
    pub fn tags<K: Into<Text>>(mut self, tags: impl IntoIterator<Item = K>) -> Self {
        self.draft = self.draft.tags(tags);
        self
    }

    /// Has the next turn set these fields.
    pub fn gives(mut self, fields: State) -> Self {
        self.turns.push_back(Turn::Give(fields));
        self
    }

    /// Has the next turn fail with these words.
    pub fn fails(mut self, why: impl Into<Text>) -> Self {
        self.turns.push_back(Turn::Fail(why.into()));
        self
    }
}

impl From<Script> for Node {
    fn from(Script { name, draft, turns }: Script) -> Self {
        let turns = Mutex::new(turns);
        draft.run_sync(move |state: State, _| {
            let turn = turns.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            match turn {
                Some(Turn::Give(fields)) => Ok(state.merge(&fields)),
                Some(Turn::Fail(why)) => Err(Fault::from(why.to_string())),
                None => Err(Fault::from(format!("the script of {name} is at its end"))),
            }
        })
    }
}
