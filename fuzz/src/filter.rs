//! Filters of spans as people write them.

use std::sync::Arc;

use trackway_model::{
    Attributes, Dropped, Event, Repeats, Resource, Scope, SpanId, SpanKind, SpanRecord, Status, Text, Timestamp,
    TraceId, Value,
};
use trackway_store::SpanFilter;

/// Checks what is made of a text: a filter that is written as it is read, or a refusal that names a place in the text.
pub fn span_filter(text: &str) {
    let characters = text.chars().count();
    match text.parse::<SpanFilter>() {
        Ok(filter) => {
            let written = filter.to_string();
            // What is written is longer at times, by spaces and quotes, and a long one is refused for its length.
            if written.len() <= SpanFilter::MOST_BYTES {
                let read: SpanFilter = written.parse().unwrap_or_else(|error| panic!("{written}: {error}"));
                assert_eq!(read.to_string(), written, "what is read is written as it was");
                let span = span();
                assert_eq!(filter.matches(&span), read.matches(&span), "{written}");
            }
        }
        Err(error) => {
            assert!(error.start <= error.end && error.end <= characters, "{error:?} of {characters} characters");
            assert!(!error.message.is_empty(), "a refusal says why");
        }
    }
}

/// A span with a little of everything.
fn span() -> SpanRecord {
    let text = |text: &str| Text::from(text);
    let attributes =
        |value: Value| Attributes(vec![(text("a"), value.clone()), (text("b"), Value::Array(vec![value]))]);
    SpanRecord {
        trace_id: TraceId::new([1; 16]).expect("not zero"),
        span_id: SpanId::new([1; 8]).expect("not zero"),
        parent_id: None,
        flags: 0,
        trace_state: text(""),
        name: text("GET /"),
        kind: SpanKind::Server,
        start: Timestamp(1),
        end: Some(Timestamp(1_000_000)),
        attributes: attributes(Value::Int(1)),
        events: vec![Event { name: text("e"), attributes: attributes(Value::Bool(true)), ..Event::default() }],
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::new(Scope { name: text("lib"), attributes: attributes(Value::Double(1.5)), ..Scope::default() }),
        resource: Arc::new(Resource { attributes: attributes(text("1").into()), ..Resource::default() }),
        project: text("default"),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    }
}
