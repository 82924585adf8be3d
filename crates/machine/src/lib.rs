#![doc = include_str!("../GUIDE.md")]

#[cfg(not(unix))]
compile_error!(
    "this crate runs on Unix: it keeps runs in files with modes, and reads them at places, as other systems do not"
);

#[doc(hidden)]
pub mod __private;
mod action;
mod application;
mod blocking;
mod builtin;
mod call;
#[cfg(feature = "cel")]
mod cel;
mod closure;
mod codecs;
mod condition;
mod de;
mod error;
mod fact;
mod fault;
mod foreign;
mod function;
mod graph;
mod halt;
mod handover;
mod hook;
mod json;
mod key;
mod list;
mod loading;
mod map;
mod near;
mod node;
mod number;
mod outcome;
pub mod persister;
mod schema;
mod ser;
mod span;
mod state;
mod state_error;
mod stats;
mod step;
pub mod testing;
mod tracing;
pub mod tracker;
mod value;
mod value_error;
mod view;
mod voice;

#[cfg(feature = "cel")]
pub use self::cel::cel;
pub use action::{Action, Inputs, Outcome, Spec, Work};
pub use application::{Application, Builder, Halted, Iterate, Next, RunCall, SettleCall, StepCall, Stepped, Why};
pub use builtin::{Input, Output};
pub use call::Call;
pub use closure::{Draft, action};
pub use codecs::Codecs;
pub use condition::{Condition, Verdict, When, check, when};
pub use error::{Error, InputError, Panicked};
pub use fact::{Begun, Change, Choice, Ended, Entry, Fact, Failed, Noted, Place, Placed, Tried};
pub use fault::Fault;
pub use function::{Declared, Function};
pub use graph::{Access, End, Graph, GraphBuilder, GraphErrors, Mistake, Target, Targets, Undecided, WayName};
pub use halt::{Halt, after, before, never};
pub use hook::{Event, Hook, IntoReaction, Method, Reaction};
pub use key::{Collects, Fits, Gives, Key, Takes};
pub use list::List;
pub use loading::{At, LoadError, Loader, Saved, Status, Wanted, load_state};
pub use map::Map;
pub use node::Node;
pub use number::Number;
pub use outcome::{IntoOutcome, IntoState};
pub use schema::{Field, Schema};
pub use span::{ActionSpan, StepSpan, StepSpanBuilder};
pub use state::State;
pub use state_error::StateError;
pub use stats::Stats;
pub use step::Step;
pub use tracker::{Durability, Tracker, TrackerReport};
#[cfg(feature = "macros")]
pub use trackway_macros::{Schema, action};
pub use trackway_model::{
    AppRecord, ChildEvent, ChildRecord, RunKey, RunPointer, SpanId, SpanKind, StatusCode, StepKey, Text, Timestamp,
    TraceId,
};
pub use value::Value;
pub use value_error::ValueError;
pub use view::Left;

/// Pages and snippets whose Rust is compiled, and run where it can be, with the doc tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/first-state-machine.md")]
    struct FirstStateMachine;

    #[doc = include_str!("../../../docs/reload-a-past-state.md")]
    struct ReloadAPastState;

    #[doc = include_str!("../../../docs/coming-from-burr.md")]
    struct ComingFromBurr;

    // What the first page of the server and the README show.
    #[doc = concat!("```no_run\n", include_str!("../../../ui/src/snippets/machine/main.rs"), "\n```")]
    struct Snippet;
}
