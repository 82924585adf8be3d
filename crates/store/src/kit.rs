//! What tests inside the crate are made of.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use trackway_model::*;

pub(crate) fn trace_id(number: u128) -> TraceId {
    TraceId::new(number.to_be_bytes()).unwrap()
}

pub(crate) fn span_id(number: u64) -> SpanId {
    SpanId::new(number.to_be_bytes()).unwrap()
}

/// A finished span that is one long and stays beside others of its ids.
pub(crate) fn span(trace: u128, id: u64, start: u64) -> SpanRecord {
    SpanRecord {
        trace_id: trace_id(trace),
        span_id: span_id(id),
        parent_id: None,
        flags: 0,
        trace_state: Text::default(),
        name: "a name that is longer than a text holds inline".into(),
        kind: SpanKind::Internal,
        start: Timestamp(start),
        end: Some(Timestamp(start.saturating_add(1))),
        attributes: Attributes::default(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::default(),
        resource: Arc::default(),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    }
}

/// What programs of a service share.
pub(crate) fn resource(service: &str) -> Arc<Resource> {
    let attributes = [("service.name", Value::from(service))].into_iter().collect();
    Arc::new(Resource { attributes, ..Resource::default() })
}
