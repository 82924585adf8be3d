//! What spans of agents say of themselves: OpenTelemetry's conventions for generative AI in all their spellings, and
//! those of OpenInference, OpenLLMetry, Logfire, Langfuse, Vercel's AI SDK and Burr, read into one form.
//!
//! [`recognise()`] reads the few facts that are kept in memory, and [`content()`] what was said, when somebody asks for it;
//! [`trace()`] reads what the root of a trace tells of all of it.

mod content;
mod read;
mod recognise;

pub use content::content;
pub use recognise::{recognise, trace};
