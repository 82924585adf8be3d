//! Conditions in the Common Expression Language.

mod expression;
mod parse;
mod reads;
mod rounds;
mod values;

use trackway_model::Text;

use crate::Condition;
use expression::Expression;

/// Returns a condition that an expression in [CEL](https://cel.dev) answers.
///
/// The fields of the state are variables, and the map `state` has all of them, which serves to ask whether a field is there, and
/// for names that are no identifiers. The condition's name is the expression itself.
///
/// ```
/// use trackway_machine::{State, cel};
///
/// let state = State::default().set("count", 3).set("chat", ["hello", "bye"]);
/// assert_eq!(cel("count < 10 && size(chat) > 1").holds(&state), Ok(true));
/// assert_eq!(cel("has(state.limit) && count > limit").holds(&state), Ok(false));
/// assert_eq!(cel("chat.exists(line, line.startsWith('by'))").holds(&state), Ok(true));
/// ```
///
/// It is read when it is written here, so that [`GraphBuilder::build`](crate::GraphBuilder::build) tells what is wrong with it: what
/// cannot be parsed, and functions that there are none of. What can only be told later (a missing field, an answer that is neither
/// true nor false) makes the condition fail.
///
/// # Bounds
///
/// An expression does no harm. It has at most 4,096 bytes and goes 32 levels deep. Whoever asks it waits for at most 100,000 rounds
/// of its loops (`all`, `exists`, `exists_one`, `filter`, `map`), counted together however they are nested, and begins no round
/// after a second: then the condition fails. There are no other loops in the language, no variables to assign, and nothing to call
/// but its own functions; `matches` takes time in proportion to the text. What an expression takes of memory is bounded by its
/// rounds and the size of the fields that it names; other fields are not looked at. A panic of the interpreter is an error of the
/// condition, unless the program is built to abort on panics.
pub fn cel(source: impl Into<Text>) -> Condition {
    Condition::asking(Expression::new(source.into()))
}
