//! What kind of work a span is, for the eye.

use crate::{SpanKind, SpanRecord, keys};

/// The kind of work that a span does, read from the conventions its attributes follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// A call of a language model, or another span of the GenAI conventions.
    GenAi,
    /// A query to a database.
    Database,
    /// A message through a queue.
    Messaging,
    /// A remote procedure call.
    Rpc,
    /// A request over HTTP.
    Http,
    /// Anything else.
    Function,
}

impl Category {
    /// Reads the category of a span; the most specific convention wins, since a model or a database is often called over HTTP.
    pub fn of(span: &SpanRecord) -> Self {
        let has = |prefix| span.attributes.has_prefix(prefix);
        if span.data.is_some()
            || has("gen_ai.")
            || has("llm.")
            || span.attributes.get(keys::OPENINFERENCE_KIND).is_some()
        {
            Self::GenAi
        } else if has("db.") {
            Self::Database
        } else if has("messaging.") || matches!(span.kind, SpanKind::Producer | SpanKind::Consumer) {
            Self::Messaging
        } else if has("rpc.") {
            Self::Rpc
        } else if has("http.") {
            Self::Http
        } else {
            Self::Function
        }
    }
}
