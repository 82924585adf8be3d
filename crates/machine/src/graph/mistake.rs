//! What can be wrong with a graph, in sentences.

use std::fmt;

use trackway_model::Text;

/// Every mistake in a graph. Its text has a sentence for each.
///
/// ```
/// use trackway_machine::{Graph, Mistake, State, Step, action};
///
/// let ask = action("ask").run_sync(|state: State, _: &Step| state);
/// let errors = Graph::new([ask]).edge("ask", "aks").build().unwrap_err();
/// assert!(errors.to_string().ends_with("did you mean `ask`?"));
/// assert!(matches!(errors.mistakes(), [Mistake::UnknownAction { .. }]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphErrors {
    mistakes: Vec<Mistake>,
}

/// One mistake in a graph. Its text says what is wrong and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// It has no action.
    #[error("the graph has no actions: give it some with .action(..)")]
    NoActions,
    /// What is wrong with how an action was made.
    #[error("the action `{name}`: {reason}")]
    BadAction {
        /// The action.
        name: Text,
        /// What is wrong.
        reason: Text,
    },
    /// A name that no action can have.
    #[error("an action cannot be called `{name}`: {reason}")]
    BadName {
        /// The name.
        name: Text,
        /// Why not.
        reason: &'static str,
    },
    /// Two actions of one name.
    #[error("two actions are called `{name}`: give one of them another name with .named(\"..\")")]
    SameName {
        /// The name.
        name: Text,
    },
    /// Nobody said which action comes first.
    #[error("nobody said which action comes first: add .entry(\"{example}\"), or another of its actions")]
    NoEntry {
        /// An action of the graph.
        example: Text,
    },
    /// Two actions are said to come first.
    #[error("two actions are said to come first, `{first}` and `{second}`: leave one .entry(..) out")]
    TwoEntries {
        /// The one.
        first: Text,
        /// The other.
        second: Text,
    },
    /// The action that is said to come first is none of the graph's.
    #[error("the entry `{name}` is not an action of the graph{hint}")]
    UnknownEntry {
        /// The name.
        name: Text,
        /// What may have been meant.
        hint: String,
    },
    /// A transition that comes from or leads to no action of the graph.
    #[error("the transition {way} {end} `{name}`, which is not an action of the graph{hint}")]
    UnknownAction {
        /// The transition.
        way: WayName,
        /// Which end of it.
        end: End,
        /// The name.
        name: Text,
        /// What may have been meant.
        hint: String,
    },
    /// Two transitions leave an action without a condition.
    #[error(
        "two transitions leave `{from}` without a condition, to `{first}` and to `{second}`, and only the first would ever be \
         taken: give one a condition with .edge_if(..), or leave it out"
    )]
    TwoDefaults {
        /// The action that they leave.
        from: Text,
        /// Where the first leads.
        first: Text,
        /// Where the second leads.
        second: Text,
    },
    /// A transition that is declared behind one without a condition.
    #[error(
        "the transition {way} with the condition `{condition}` is never tried: {default}, declared before it, has no condition; \
         declare that one last"
    )]
    BehindDefault {
        /// The transition.
        way: WayName,
        /// Its condition.
        condition: Text,
        /// The one that is always taken.
        default: WayName,
    },
    /// An action that cannot be reached.
    #[error("nothing leads from the entry `{entry}` to `{name}`: add a transition to it, or leave the action out")]
    Unreachable {
        /// The action.
        name: Text,
        /// The action that comes first.
        entry: Text,
    },
    /// A condition that cannot be asked.
    #[error("the condition `{condition}` of the transition {way} cannot be asked: {reason}")]
    BadCondition {
        /// The transition.
        way: WayName,
        /// The name of the condition.
        condition: Text,
        /// Why not.
        reason: Text,
    },
    /// A condition that reads a field which the schema does not have.
    #[error(
        "the condition `{condition}` of the transition {way} reads the field `{field}`, which the schema {schema} does not have{hint}"
    )]
    ConditionField {
        /// The transition.
        way: WayName,
        /// The name of the condition.
        condition: Text,
        /// The field.
        field: Text,
        /// The name of the schema.
        schema: Text,
        /// What may have been meant.
        hint: String,
    },
    /// An action that reads or writes a field which the schema does not have.
    #[error("the action `{name}` {access} the field `{field}`, which the schema {schema} does not have{hint}")]
    ActionField {
        /// The action.
        name: Text,
        /// Whether it reads or writes.
        access: Access,
        /// The field.
        field: Text,
        /// The name of the schema.
        schema: Text,
        /// What may have been meant.
        hint: String,
    },
}

/// A transition by its two ends, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayName {
    /// The action before.
    pub from: Text,
    /// The action after.
    pub to: Text,
}

/// An end of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Where it comes from.
    From,
    /// Where it leads.
    To,
}

/// What an action does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It reads it.
    Reads,
    /// It writes it.
    Writes,
}

impl GraphErrors {
    /// Collects mistakes; none of them is no error.
    pub(super) fn refuse(mistakes: Vec<Mistake>) -> Result<(), Self> {
        if mistakes.is_empty() { Ok(()) } else { Err(Self { mistakes }) }
    }

    /// Returns the mistakes: those of actions first, then of the entry, of transitions, and of the whole.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for GraphErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = &*self.mistakes {
            return write!(f, "the graph cannot be built: {only}");
        }
        write!(f, "the graph cannot be built, for {} reasons:", self.mistakes.len())?;
        for mistake in &self.mistakes {
            write!(f, "\n- {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for GraphErrors {}

impl fmt::Display for WayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` -> `{}`", self.from, self.to)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "comes from",
            Self::To => "leads to",
        })
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
        })
    }
}
