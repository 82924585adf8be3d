//! Where a run stops.

use trackway_model::Text;

use crate::{Error, Graph, Targets};

/// Where a run stops: before or after certain actions. [`after`], [`before`] and [`never()`] make it.
///
/// At least one step is taken before this is asked. `before` wins where both would do.
///
/// ```
/// use trackway_machine::{after, before};
///
/// let halt = after("answer").or(before("@tag:human")); // `@tag:` names all actions that are marked so
/// # drop(halt);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Halt {
    before: Vec<Text>,
    after: Vec<Text>,
}

/// Stops a run when these actions have run: an action, a name, a tag as `@tag:llm`, or several of them.
pub fn after(actions: impl Targets) -> Halt {
    Halt { after: names(actions), ..Halt::default() }
}

/// Stops a run when one of these actions comes next: an action, a name, a tag as `@tag:llm`, or several of them.
pub fn before(actions: impl Targets) -> Halt {
    Halt { before: names(actions), ..Halt::default() }
}

/// Lets a run go on until there is nothing to do any more.
pub fn never() -> Halt {
    Halt::default()
}

impl Halt {
    /// Stops there, too.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.before.extend(other.before);
        self.after.extend(other.after);
        self
    }

    /// Finds the actions that are meant.
    ///
    /// # Errors
    /// [`Error::UnknownAction`] for the first name that the graph does not have.
    pub(crate) fn within(&self, graph: &Graph) -> Result<Places, Error> {
        Ok(Places { before: found(&self.before, graph)?, after: found(&self.after, graph)? })
    }
}

/// The actions at which a run stops.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    before: Vec<Text>,
    after: Vec<Text>,
}

impl Places {
    pub(crate) fn is_before(&self, action: &str) -> bool {
        self.before.iter().any(|name| &**name == action)
    }

    pub(crate) fn is_after(&self, action: &str) -> bool {
        self.after.iter().any(|name| &**name == action)
    }
}

fn names(actions: impl Targets) -> Vec<Text> {
    actions.targets().iter().map(|target| target.name().clone()).collect()
}

fn found(names: &[Text], graph: &Graph) -> Result<Vec<Text>, Error> {
    let mut found = Vec::new();
    for name in names {
        let actions = graph.names_of(name);
        if actions.is_empty() {
            return Err(Error::UnknownAction {
                name: name.clone(),
                known: graph.nodes().map(|node| node.name().clone()).collect(),
            });
        }
        found.extend(actions);
    }
    Ok(found)
}
