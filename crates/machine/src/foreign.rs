//! What other libraries leave in what they record.

use crate::State;

/// What Burr keeps for itself among the fields of a state.
const OF_BURR: [&str; 2] = ["__SEQUENCE_ID", "__PRIOR_STEP"];

/// How the account of an exception of Python begins.
const OF_PYTHON: &str = "Traceback (most recent call last):";

/// Leaves out the fields that nobody's action wrote.
pub(crate) fn own_fields(state: State) -> State {
    OF_BURR.into_iter().filter(|name| state.contains(name)).fold(state.clone(), |state, name| state.remove(name))
}

/// Whether an error was told by another language, in words that nothing here comes to.
pub(crate) fn is_error_of_another_language(text: &str) -> bool {
    text.contains(OF_PYTHON)
}
