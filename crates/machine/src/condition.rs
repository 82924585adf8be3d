//! What must hold for a transition to be taken.

mod check;
mod compare;
mod name;
mod when;

use std::{
    fmt,
    ops::{BitAnd, BitOr, Not},
    sync::Arc,
};

use trackway_model::Text;

pub use check::{Verdict, check};
pub use when::{When, when};

use crate::{State, near};
use when::Comparison;

/// A question to the state that is answered by yes or no.
///
/// Conditions are made by [`when()`], [`check()`] and `cel`, turned round by `!`, and joined by `&` and `|`, which ask the right one
/// only if the left one leaves it open.
#[derive(Debug, Clone)]
pub struct Condition {
    rule: Rule,
    name: Option<Text>,
}

#[derive(Debug, Clone)]
enum Rule {
    Comparison(Comparison),
    Question(Arc<dyn Question>),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// A question of a kind of its own.
pub(crate) trait Question: fmt::Debug + Send + Sync {
    /// Returns what it asks, as people read it.
    fn name(&self) -> &Text;

    /// Returns the fields of the state that it asks for.
    fn reads(&self) -> &[Text];

    /// Returns what was wrong when it was written.
    fn mistakes(&self) -> &[Text];

    /// Returns the answer, or why nobody can say.
    fn holds(&self, state: &State) -> Result<bool, Text>;
}

impl Condition {
    pub(crate) fn asking(question: impl Question + 'static) -> Self {
        Rule::Question(Arc::new(question)).into()
    }

    /// Gives it a name, for people: pictures of the graph and recorded runs show it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Returns its name: the one that it was given, else what it asks, as people read it.
    pub fn name(&self) -> Text {
        name::of(self)
    }

    /// Returns whether it holds for `state`.
    ///
    /// # Errors
    /// Why nobody can say: a field is missing or of another type, or the program's own check failed.
    pub fn holds(&self, state: &State) -> Result<bool, Text> {
        match &self.rule {
            Rule::Comparison(comparison) => comparison.holds(state),
            Rule::Question(question) => question.holds(state),
            Rule::Not(condition) => condition.holds(state).map(|held| !held),
            Rule::All(conditions) => {
                for condition in conditions {
                    if !condition.holds(state)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Rule::Any(conditions) => {
                for condition in conditions {
                    if condition.holds(state)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Returns the fields of the state that it asks for.
    pub(crate) fn reads(&self) -> Vec<&Text> {
        match &self.rule {
            Rule::Comparison(comparison) => vec![&comparison.field],
            Rule::Question(question) => question.reads().iter().collect(),
            Rule::Not(condition) => condition.reads(),
            Rule::All(conditions) | Rule::Any(conditions) => conditions.iter().flat_map(Self::reads).collect(),
        }
    }

    /// Returns what was wrong when it was written.
    pub(crate) fn mistakes(&self) -> Vec<&Text> {
        match &self.rule {
            Rule::Comparison(comparison) => comparison.mistake().into_iter().collect(),
            Rule::Question(question) => question.mistakes().iter().collect(),
            Rule::Not(condition) => condition.mistakes(),
            Rule::All(conditions) | Rule::Any(conditions) => conditions.iter().flat_map(Self::mistakes).collect(),
        }
    }
}

/// Says that the state lacks a field.
pub(crate) fn no_field(state: &State, field: &str) -> Text {
    let hint = near::hint(field, state.keys().map(|name| &**name));
    Text::from(format!("the state has no field `{field}`{hint}"))
}

impl From<Rule> for Condition {
    fn from(rule: Rule) -> Self {
        Self { rule, name: None }
    }
}

impl Not for Condition {
    type Output = Condition;

    fn not(self) -> Condition {
        Rule::Not(Box::new(self)).into()
    }
}

impl<Right: Into<Condition>> BitAnd<Right> for Condition {
    type Output = Condition;

    fn bitand(mut self, right: Right) -> Condition {
        // One long list instead of a deep tree; a name of its own keeps a part together.
        if let (Rule::All(conditions), None) = (&mut self.rule, &self.name) {
            conditions.push(right.into());
            return self;
        }
        Rule::All(vec![self, right.into()]).into()
    }
}

impl<Right: Into<Condition>> BitOr<Right> for Condition {
    type Output = Condition;

    fn bitor(mut self, right: Right) -> Condition {
        if let (Rule::Any(conditions), None) = (&mut self.rule, &self.name) {
            conditions.push(right.into());
            return self;
        }
        Rule::Any(vec![self, right.into()]).into()
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
