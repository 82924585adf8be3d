//! Conditions that the program answers itself.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use trackway_model::Text;

use super::{Condition, Question};
use crate::{Fault, Panicked, State};

/// A closure of the program that answers yes or no.
struct Check<Answer> {
    name: Text,
    reads: Vec<Text>,
    answer: Answer,
}

/// What a check may answer: `bool`, or a `Result` of it.
pub trait Verdict {
    /// Returns the answer, or why there is none.
    ///
    /// # Errors
    ///
    /// The check's own error.
    fn verdict(self) -> Result<bool, Fault>;
}

impl Verdict for bool {
    fn verdict(self) -> Result<bool, Fault> {
        Ok(self)
    }
}

impl<E: Into<Fault>> Verdict for Result<bool, E> {
    fn verdict(self) -> Result<bool, Fault> {
        self.map_err(Into::into)
    }
}

/// Returns a condition that a closure answers: its name, the fields of the state that it reads, and the closure.
///
/// A field that it reads need not be there: the closure decides what that means. An error or a panic in it is recorded, and
/// nothing is chosen.
///
/// ```
/// use trackway_machine::{State, StateError, check};
///
/// let is_long = check("is_long", ["text"], |state: &State| {
///     Ok::<_, StateError>(state.get::<String>("text")?.len() > 5)
/// });
/// assert_eq!(is_long.holds(&State::default().set("text", "a long text")), Ok(true));
/// assert!(is_long.holds(&State::default()).is_err());
/// ```
pub fn check<V: Verdict>(
    name: impl Into<Text>,
    reads: impl IntoIterator<Item = impl AsRef<str>>,
    answer: impl Fn(&State) -> V + Send + Sync + 'static,
) -> Condition {
    let reads = reads.into_iter().map(|field| Text::from(field.as_ref())).collect();
    Condition::asking(Check { name: name.into(), reads, answer: move |state: &State| answer(state).verdict() })
}

impl<Answer: Fn(&State) -> Result<bool, Fault> + Send + Sync> Question for Check<Answer> {
    fn name(&self) -> &Text {
        &self.name
    }

    fn reads(&self) -> &[Text] {
        &self.reads
    }

    fn mistakes(&self) -> &[Text] {
        &[]
    }

    fn holds(&self, state: &State) -> Result<bool, Text> {
        // The state cannot change, so nothing half-done is seen behind a panic.
        match catch_unwind(AssertUnwindSafe(|| (self.answer)(state))) {
            Ok(answer) => answer.map_err(|fault| Text::from(fault.to_string())),
            Err(panic) => Err(Text::from(format!("the check {}", Panicked::of(&*panic)))),
        }
    }
}

impl<Answer> fmt::Debug for Check<Answer> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).field("reads", &self.reads).finish_non_exhaustive()
    }
}
