//! What agents do, as values with types: [`Tracer::span_of`](crate::Tracer::span_of) begins a span of one.
//!
//! A span of these records what it is about in
//! [OpenTelemetry's conventions for generative AI](https://opentelemetry.io/docs/specs/semconv/gen-ai/), so that every
//! backend understands it. Trackway shows them as it shows what the OpenAI Agents SDK sends: agents, turns, model calls
//! with their messages and cost, tools, handoffs, guardrails and voice.
//!
//! ```
//! use trackway::agents::{Agent, Function, Generation, Usage};
//!
//! let (tracer, spans) = trackway::testing::tracer();
//! let run = tracer.trace("support-triage").group("thread_123").metadata("customer", "ACME").start();
//! let agent = tracer.span_of(Agent::new("triage").tools(["lookup_order"])).child_of(&run).start();
//!
//! let mut call = tracer.span_of(Generation::new("model-x").input("Where is my order?")).child_of(&agent).start();
//! call.data_mut().output("On its way.").usage(Usage { input: Some(3702), output: Some(169), ..Usage::default() });
//! call.finish();
//!
//! let tool = tracer.span_of(Function::new("lookup_order").input(r#"{"id":7}"#)).child_of(&agent).start();
//! tool.set_error("no such order");
//! # drop((tool, agent, run));
//! # assert_eq!(spans.finished().len(), 3);
//! ```

mod calls;
mod custom;
mod fields;
mod frames;
mod messages;
pub(crate) mod original;
#[cfg(feature = "openai-agents")]
mod state;
mod tools;
mod trace;
mod voice;

pub use trackway_model::{Message, Part, Role, TraceRecord, Usage};

#[cfg(feature = "openai-agents")]
pub use self::state::{NotAState, Secret, TraceState, export};
pub(crate) use self::trace::{Begun, Run, facts};
pub use self::{
    calls::{Generation, Response},
    custom::Custom,
    frames::{Agent, Task, Turn},
    messages::Messages,
    original::{new_group_id, new_span_id, new_trace_id},
    tools::{Function, Guardrail, Handoff, McpTools},
    trace::{Trace, TraceBuilder, current_trace},
    voice::{Audio, Speech, SpeechGroup, Transcription},
};

/// How much of what was said is recorded: the messages of model calls, what tools were called with and answered, sound.
///
/// Names, models, settings, usage and verdicts are recorded always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Capture {
    /// None of it; messages of errors are left out too.
    Nothing,
    /// All but sound.
    NoAudio,
    /// All of it.
    #[default]
    Everything,
}
