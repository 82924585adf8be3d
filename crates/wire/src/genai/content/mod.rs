//! What was said in a span of an agent.

use trackway_model::{Content, SpanRecord};

/// Reads what was said in a span that has [`SpanRecord::data`]; empty for others.
pub fn content(_span: &SpanRecord) -> Content {
    Content::default()
}
