#![no_main]

use arbitrary::Arbitrary;
use prost::Message;
use trackway_fuzz::{
    check, json,
    message::{Any, AnyValue, KeyValue, Request, ResourceSpans, ScopeSpans, Span},
};
use trackway_wire::otlp::{Encoding, decode_traces};

#[derive(Debug, Arbitrary)]
struct Case {
    style: json::Style,
    project: Option<String>,
    /// How many arrays or maps an attribute lies in: the limit is 64.
    wrapped: Option<(Levels, bool)>,
    /// Values that reach a span by a short way, whatever the rest of the input makes.
    values: Vec<Any>,
    request: Request,
}

/// A request of one span that has these values.
fn of_values(values: Vec<AnyValue>) -> ResourceSpans {
    let attributes = values.into_iter().map(|value| KeyValue { key: "k".into(), value: Some(value) }).collect();
    let span = Span { trace_id: vec![1; 16], span_id: vec![1; 8], attributes, ..Span::default() };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    ResourceSpans { scope_spans, ..ResourceSpans::default() }
}

#[derive(Debug, Arbitrary)]
struct Levels(#[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| u.int_in_range(0..=66))] usize);

libfuzzer_sys::fuzz_target!(|case: Case| {
    let Case { style, project, wrapped, values, mut request } = case;
    let mut values: Vec<_> = values.into_iter().map(|value| AnyValue { value: Some(value) }).collect();
    if let Some((Levels(levels), in_maps)) = wrapped {
        values.push(AnyValue { value: None }.wrapped(levels, in_maps));
    }
    request.resource_spans.push(of_values(values));
    let project = project.map(Into::into);
    let sent: usize = request.resource_spans.iter().flat_map(|group| &group.scope_spans).map(|it| it.spans.len()).sum();

    let protobuf =
        decode_traces(Encoding::Protobuf, &request.encode_to_vec(), project.as_ref(), &mut |_| true).expect("OTLP");
    let text = json::write(&request, style);
    let json = decode_traces(Encoding::Json, &text, project.as_ref(), &mut |_| true).expect("OTLP");

    let text = String::from_utf8_lossy(&text);
    assert_eq!(protobuf.batch, json.batch, "{text}");
    assert_eq!(protobuf.rejected.count, json.rejected.count, "{text}");
    assert_eq!(protobuf.batch.spans.len() as u64 + protobuf.rejected.count, sent as u64, "no span goes unmentioned");
    check::batch(&protobuf.batch);
});
