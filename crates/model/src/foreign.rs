//! What clients tell that OpenTelemetry has no place for: ids of their own, and facts of a whole trace.

use crate::{Attributes, Text, TraceId};

/// The ids of a span whose client does not use W3C's, as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The span's id.
    pub id: Text,
    /// Its trace's id.
    pub trace_id: Text,
    /// Its parent's id, which may be of a span in another trace.
    pub parent_id: Option<Text>,
}

/// What a client tells of a whole trace, apart from its spans; the latest of a trace counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceRecord {
    /// The trace.
    pub trace_id: TraceId,
    /// The trace's id as the client gave it.
    pub original_id: Text,
    /// What the client calls the trace: its workflow's name.
    pub name: Text,
    /// The conversation that the trace belongs to.
    pub group: Option<Text>,
    /// What else the client tells of it.
    pub metadata: Attributes,
    /// The project that the trace is listed under.
    pub project: Text,
}

impl Foreign {
    /// Returns about how many bytes of memory it takes.
    pub fn memory_bytes(&self) -> usize {
        let parent = self.parent_id.as_ref().map_or(0, Text::heap_bytes);
        size_of::<Self>() + self.id.heap_bytes() + self.trace_id.heap_bytes() + parent
    }
}

impl TraceRecord {
    /// Returns about how many bytes of memory it takes.
    pub fn memory_bytes(&self) -> usize {
        let group = self.group.as_ref().map_or(0, Text::heap_bytes);
        let texts = self.original_id.heap_bytes() + self.name.heap_bytes() + self.project.heap_bytes() + group;
        size_of::<Self>() + texts + self.metadata.heap_bytes()
    }
}
