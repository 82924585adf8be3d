//! State machines whose every step is recorded.
//!
//! An application is a graph of actions that read and write one immutable state. Each step it takes is told to its trackers
//! before the next one begins, so that a run can be watched, loaded, resumed where it stopped, and forked at any step.

mod action;
mod builtin;
mod closure;
mod condition;
mod fact;
mod fault;
mod function;
mod graph;
mod list;
mod loading;
mod map;
mod node;
mod number;
mod outcome;
mod state;
mod step;
pub mod tracker;
mod value;

pub use action::{Action, Inputs, Outcome, Spec, Work};
pub use builtin::{Input, Output};
pub use closure::{Draft, action};
pub use condition::{Condition, Verdict, When, check, when};
pub use fact::{Begun, Change, Choice, Ended, Entry, Fact, Failed, Noted, Place, Placed, Tried};
pub use fault::Fault;
pub use function::{Declared, Function};
pub use graph::{Graph, GraphBuilder, GraphErrors, Mistake, Target, Targets, Undecided};
pub use list::List;
pub use loading::{At, LoadError, Loader, Saved, Status, Wanted};
pub use map::Map;
pub use node::Node;
pub use number::Number;
pub use outcome::{IntoOutcome, IntoState};
pub use state::State;
pub use step::Step;
pub use tracker::{Durability, Tracker, TrackerReport};
pub use value::Value;
