#![no_main]

use arbitrary::Arbitrary;
use prost::Message;
use trackway_fuzz::{
    check, json,
    message::{AnyValue, KeyValue, Request},
};
use trackway_wire::otlp::{Encoding, decode_traces};

#[derive(Debug, Arbitrary)]
struct Case {
    request: Request,
    style: json::Style,
    project: Option<String>,
    /// How many arrays or maps the first attribute of the first span is wrapped in: the limit is 64.
    wrapped: Option<(Levels, bool)>,
}

#[derive(Debug, Arbitrary)]
struct Levels(#[arbitrary(with = |u: &mut arbitrary::Unstructured<'_>| u.int_in_range(0..=66))] usize);

libfuzzer_sys::fuzz_target!(|case: Case| {
    let Case { mut request, style, project, wrapped } = case;
    let mut spans = request.resource_spans.iter_mut().flat_map(|group| &mut group.scope_spans);
    if let (Some((Levels(levels), in_maps)), Some(span)) = (wrapped, spans.find_map(|group| group.spans.first_mut())) {
        let value = AnyValue { value: None }.wrapped(levels, in_maps);
        span.attributes.push(KeyValue { key: "wrapped".into(), value: Some(value) });
    }
    let project = project.map(Into::into);
    let sent: usize = request.resource_spans.iter().flat_map(|group| &group.scope_spans).map(|it| it.spans.len()).sum();

    let protobuf = decode_traces(Encoding::Protobuf, &request.encode_to_vec(), project.as_ref()).expect("OTLP");
    let text = json::write(&request, style);
    let json = decode_traces(Encoding::Json, &text, project.as_ref()).expect("OTLP");

    let text = String::from_utf8_lossy(&text);
    assert_eq!(protobuf.batch, json.batch, "{text}");
    assert_eq!(protobuf.rejected.count, json.rejected.count, "{text}");
    assert_eq!(protobuf.batch.spans.len() as u64 + protobuf.rejected.count, sent as u64, "no span goes unmentioned");
    check::batch(&protobuf.batch);
});
