//! State machines whose every step is recorded.
//!
//! An application is a graph of actions that read and write one immutable state. Each step it takes is told to its trackers
//! before the next one begins, so that a run can be watched, loaded, resumed where it stopped, and forked at any step.

mod action;
mod fact;
mod fault;
mod list;
mod map;
mod number;
mod state;
mod step;
mod value;

pub use action::{Action, Inputs, Outcome, Spec, Work};
pub use fact::{Begun, Change, Choice, Ended, Entry, Fact, Failed, Noted, Place, Placed, Tried};
pub use fault::Fault;
pub use list::List;
pub use map::Map;
pub use number::Number;
pub use state::State;
pub use step::Step;
pub use value::Value;
