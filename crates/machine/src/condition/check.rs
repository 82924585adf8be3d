//! Conditions that the program answers itself.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use trackway_model::Text;

use super::{Condition, Rule};
use crate::{Fault, State};

type Answer = dyn Fn(&State) -> Result<bool, Fault> + Send + Sync;

/// A closure of the program that answers yes or no.
#[derive(Clone)]
pub(super) struct Check {
    pub(super) name: Text,
    reads: Vec<Text>,
    answer: Arc<Answer>,
}

/// What a check may answer: `bool`, or a `Result` of it.
pub trait Verdict {
    /// Returns the answer, or why there is none.
    ///
    /// # Errors
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
pub fn check<V: Verdict>(
    name: impl Into<Text>,
    reads: impl IntoIterator<Item = impl Into<Text>>,
    answer: impl Fn(&State) -> V + Send + Sync + 'static,
) -> Condition {
    Rule::Check(Check {
        name: name.into(),
        reads: reads.into_iter().map(Into::into).collect(),
        answer: Arc::new(move |state| answer(state).verdict()),
    })
    .into()
}

impl Check {
    pub(super) fn holds(&self, state: &State) -> Result<bool, Text> {
        // The state cannot change, so nothing half-done is seen behind a panic.
        match catch_unwind(AssertUnwindSafe(|| (self.answer)(state))) {
            Ok(Ok(held)) => Ok(held),
            Ok(Err(fault)) => Err(Text::from(fault.to_string())),
            Err(_) => Err(Text::literal("the check panicked")),
        }
    }

    pub(super) fn reads(&self) -> &[Text] {
        &self.reads
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).field("reads", &self.reads).finish_non_exhaustive()
    }
}
