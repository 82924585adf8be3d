#![doc = include_str!("../GUIDE.md")]

#[cfg(not(unix))]
compile_error!(
    "this crate runs on Unix: it keeps runs in files with modes, and reads them at places, as other systems do not"
);

#[doc(hidden)]
pub mod __private;
mod action;
mod active;
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
#[cfg(feature = "macros")]
mod traced;
mod tracing;
pub mod tracker;
mod value;
mod value_error;
mod view;
mod voice;

#[cfg(feature = "cel")]
pub use self::cel::cel;
pub use action::{Action, Inputs, Outcome, Spec, Work};
pub use active::{Active, active};
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
/// Times every call of a function as a span of the step that it is called in: with a place in the run, told to hooks and
/// trackers, whether a tracer records it or not. Outside of steps it is the span that [`trackway::trace`] makes, whose
/// options and rules it has.
///
/// ```
/// use trackway_machine::{ActionSpan, Fact, Graph, State, action, state, trace, tracker::Memory};
///
/// #[trace(skip(key), ret)]
/// fn complete(prompt: &str, key: &str) -> usize {
///     prompt.len() + key.len()
/// }
///
/// let answer = action("answer").run_sync(|state: State, _| {
///     complete("why?", "secret");
///     state
/// });
/// let memory = Memory::default();
/// let graph = Graph::new([answer]).build()?;
/// graph.start(state! {}).project("demo").tracker(memory.clone()).build()?.step().blocking()?;
/// let span = memory.entries().into_iter().find_map(|entry| match entry.fact {
///     Fact::Span(span) => Some(span),
///     _ => None,
/// });
/// let span = span.ok_or("no span")?;
/// assert_eq!(span.attributes.text("trackway.span.ordinal"), Some("0:0"));
/// assert_eq!((span.attributes.text("prompt"), span.attributes.get("key")), (Some("\"why?\""), None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "macros")]
pub use trackway_macros::trace_in_step as trace;
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
