//! The nouns of Trackway: ids, times, values, and the [`SpanRecord`].
//!
//! Everything that a client sends becomes these types at the door, and everything that is shown comes from them.
//! This crate does no I/O, starts no thread and reads no clock; whoever needs a time or an id passes it in.
//!
//! ```
//! use trackway_model::{Attributes, SpanId, TraceId, Value};
//!
//! let trace: TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".parse()?;
//! assert_eq!(trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
//! assert!(SpanId::new([0; 8]).is_none(), "an all-zero id is no id");
//!
//! let attributes: Attributes = [("http.request.method", Value::from("GET"))].into_iter().collect();
//! assert_eq!(attributes.text("http.request.method"), Some("GET"));
//! # Ok::<(), trackway_model::IdError>(())
//! ```

mod agent;
mod annotation;
mod batch;
mod category;
mod content;
mod fate;
mod foreign;
mod id;
pub mod keys;
mod project;
mod run;
mod span;
mod state;
mod text;
mod time;
mod value;

pub use agent::{Cost, DataKind, Dialect, Dollars, Handoff, SpanData, Usage};
pub use annotation::Annotation;
pub use batch::{Batch, SpanEvent};
pub use category::Category;
pub use content::{Content, Message, Missing, Part, Role, ToolDefinition};
pub use fate::survived;
pub use foreign::{Foreign, TraceRecord};
pub use id::{IdError, SpanId, TraceId};
pub use project::{DEFAULT_PROJECT, project_of};
pub use run::{
    Action, AppRecord, ChildEvent, ChildRecord, Choice, Graph, Json, Remark, RunFact, RunKey, RunPointer, RunRecord,
    StateRecord, StepAttribute, StepBegin, StepEnd, StepKey, StreamEvent, StreamMoment, Transition, Tried,
};
pub use span::{Dropped, Event, Link, Repeats, Resource, Scope, SpanKind, SpanRecord, Status, StatusCode};
pub use state::{Change, Delta, State};
pub use text::Text;
pub use time::{Elapsed, Timestamp};
pub use value::{Attributes, Value};
