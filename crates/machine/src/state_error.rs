//! Why a state is not what somebody wants of it.

use trackway_model::Text;

use crate::ValueError;

/// Why a state cannot be read or written as somebody wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A field that is asked for is not there.
    #[error("the state has no field `{key}`; {}", said(.has))]
    Missing {
        /// The field.
        key: Text,
        /// Those that can be read.
        has: Vec<Text>,
    },
    /// A field holds something other than what is asked for.
    #[error("field `{key}` of the state cannot be read as {wanted}: {reason}")]
    Unreadable {
        /// The field.
        key: Text,
        /// The type that is asked for.
        wanted: Text,
        /// Why it does not fit.
        reason: ValueError,
    },
    /// What is to be written has no form as a value.
    #[error("field `{key}` of the state cannot be written: {reason}")]
    Unwritable {
        /// The field.
        key: Text,
        /// Why.
        reason: ValueError,
    },
    /// Items are to be put behind something that has none.
    #[error("field `{key}` of the state is {found}, and only a list takes items")]
    NoList {
        /// The field.
        key: Text,
        /// What it is.
        found: &'static str,
    },
    /// Something is to be counted up that is no whole number, or a larger one than 128 bits hold.
    #[error("field `{key}` of the state is {found}, and only a whole number can be counted up")]
    NoCount {
        /// The field.
        key: Text,
        /// What it is.
        found: Text,
    },
    /// An action reads a field that it does not declare.
    #[error("action `{action}` reads `{key}`, which is not among its reads; add it there")]
    UndeclaredRead {
        /// The action.
        action: Text,
        /// The field.
        key: Text,
    },
    /// An action changes a field that it does not declare.
    #[error("action `{action}` writes `{key}`, which is not among its writes; add it there")]
    UndeclaredWrite {
        /// The action.
        action: Text,
        /// The field.
        key: Text,
    },
    /// An action declares a field that it did not write.
    #[error("action `{action}` declares that it writes `{key}`, and the state that it returned has no such field")]
    Unwritten {
        /// The action.
        action: Text,
        /// The field.
        key: Text,
    },
    /// The graph's schema does not have a field.
    #[error("the schema {schema} has no field `{key}`{hint}")]
    NotInSchema {
        /// The field.
        key: Text,
        /// The name of the schema.
        schema: Text,
        /// What may have been meant.
        hint: String,
    },
    /// A text is not the JSON of a state.
    #[error("this is not the JSON of a state: {reason}")]
    NoState {
        /// Why.
        reason: ValueError,
    },
}

/// Names at most so many fields.
const MOST_NAMED: usize = 8;

fn said(has: &[Text]) -> String {
    if has.is_empty() {
        return "it has none that can be read here".to_owned();
    }
    let named: Vec<_> = has.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    let others = has.len().saturating_sub(MOST_NAMED);
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!("it has {}{more}", named.join(", "))
}
