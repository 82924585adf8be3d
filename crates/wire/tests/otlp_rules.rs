//! The rules of OTLP that a recording of a well-behaved client does not touch.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use trackway_model::{SpanKind, Value};
use trackway_wire::otlp::{Decoded, Encoding, Error, MOST_VALUES, decode_logs, decode_traces};

const TRACE: [u8; 16] = [7; 16];

/// A length-delimited protobuf field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend(bytes);
    out
}

fn span(id: u8, rest: &[u8]) -> Vec<u8> {
    [field(1, &TRACE), field(2, &[id; 8]), field(5, b"s"), rest.to_vec()].concat()
}

fn request(spans: &[Vec<u8>]) -> Vec<u8> {
    let spans: Vec<u8> = spans.iter().flat_map(|span| field(2, span)).collect();
    field(1, &field(2, &spans))
}

fn protobuf(spans: &[Vec<u8>]) -> Decoded {
    decode_traces(Encoding::Protobuf, &request(spans), None, &mut |_| true).unwrap()
}

/// An attribute `k` whose value is `levels` arrays in each other.
fn protobuf_arrays(levels: usize) -> Vec<u8> {
    let value = (0..levels).fold(field(1, b"deep"), |inner, _| field(5, &field(1, &inner)));
    field(9, &[field(1, b"k"), field(2, &value)].concat())
}

/// An attribute `k` whose value is `levels` maps in each other.
fn protobuf_maps(levels: usize) -> Vec<u8> {
    let value = (0..levels)
        .fold(field(1, b"deep"), |inner, _| field(6, &field(1, &[field(1, b"m"), field(2, &inner)].concat())));
    field(9, &[field(1, b"k"), field(2, &value)].concat())
}

fn json(spans: &str) -> Decoded {
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    decode_traces(Encoding::Json, body.as_bytes(), None, &mut |_| true).unwrap()
}

/// One JSON span with these further fields.
fn json_span(fields: &str) -> Decoded {
    json(&format!(r#"{{"traceId":"{}","spanId":"0102030405060708","name":"s"{fields}}}"#, "07".repeat(16)))
}

fn json_value(any: &str) -> Result<Value, String> {
    let decoded = json_span(&format!(r#","attributes":[{{"key":"k","value":{any}}}]"#));
    match decoded.batch.spans.first() {
        Some(span) => Ok(span.attributes.get("k").unwrap().clone()),
        None => Err(decoded.rejected.reasons.concat()),
    }
}

fn json_nested(open: &str, close: &str, levels: usize) -> Result<Value, String> {
    json_value(&format!(r#"{}{{"stringValue":"deep"}}{}"#, open.repeat(levels), close.repeat(levels)))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.first().map_or(0, depth),
        Value::Map(map) => 1 + map.iter().next().map_or(0, |(_, value)| depth(value)),
        _ => 0,
    }
}

#[test]
fn attributes_nest_to_64_levels_and_deeper_ones_cost_their_span_only() {
    for levels in [31, 47, 48, 64] {
        for nested in [protobuf_arrays(levels), protobuf_maps(levels)] {
            let decoded = protobuf(&[span(1, &nested)]);
            assert_eq!(depth(decoded.batch.spans[0].attributes.get("k").unwrap()), levels);
        }
    }
    for levels in [65, 1_000, 20_000] {
        for nested in [protobuf_arrays(levels), protobuf_maps(levels)] {
            let decoded = protobuf(&[span(1, &nested), span(2, &[])]);
            assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 1));
            assert_eq!(decoded.rejected.reasons, ["arrays and maps nest deeper than 64 levels"]);
        }
    }
}

#[test]
fn json_attributes_nest_as_deep_as_protobuf_ones() {
    let shapes =
        [(r#"{"arrayValue":{"values":["#, "]}}"), (r#"{"kvlistValue":{"values":[{"key":"m","value":"#, "}]}}")];
    for (open, close) in shapes {
        for levels in [31, 47, 64] {
            assert_eq!(json_nested(open, close, levels).map(|value| depth(&value)), Ok(levels));
        }
        for levels in [65, 1_000, 200_000] {
            let error = json_nested(open, close, levels).unwrap_err();
            assert!(error.contains("deeper than 64 levels"), "{error}");
        }
    }
}

#[test]
fn more_values_than_memory_should_hold_cost_their_span_only() {
    let many = field(9, &[]).repeat(MOST_VALUES + 1);
    let decoded = protobuf(&[span(1, &many), span(2, &[])]);
    assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 1));
    for (attributes, stored) in [(MOST_VALUES - 8, 1), (MOST_VALUES + 1, 0)] {
        let decoded = json_span(&format!(r#","attributes":[{{}}{}]"#, ",{}".repeat(attributes - 1)));
        assert_eq!(decoded.batch.spans.len(), stored, "{attributes} attributes: {:?}", decoded.rejected);
    }
}

#[test]
fn a_bad_span_is_named_and_the_others_stay() {
    let short = [field(1, &[1; 8]), field(2, &[1; 8]), field(5, b"short")].concat();
    let zero = [field(1, &[0; 16]), field(2, &[1; 8]), field(5, b"zero")].concat();
    let latin = [field(1, &TRACE), field(2, &[1; 8]), field(5, &[0xe9])].concat();
    let decoded = protobuf(&[short, span(3, &[]), zero, latin]);
    assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 3));
    assert_eq!(decoded.rejected.reasons[0], "span \"short\": trace id: 16 hexadecimal digits where an id has 32");
    assert!(decoded.rejected.reasons[1].contains("an id of zeros"));
    assert!(decoded.rejected.reasons[2].contains("UTF-8"), "{}", decoded.rejected.reasons[2]);
}

#[test]
fn a_resource_that_cannot_be_read_costs_its_spans() {
    let spans = field(2, &[field(2, &span(1, &[])), field(2, &span(2, &[]))].concat());
    let broken = field(1, &[field(1, &[0x0a, 9]), spans].concat());
    let body = [broken, request(&[span(3, &[])])].concat();
    let decoded = decode_traces(Encoding::Protobuf, &body, None, &mut |_| true).unwrap();
    assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 2));
}

#[test]
fn what_is_no_request_is_refused_whole() {
    for body in [&[0x08, 1][..], &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], &[0x0f], b"hello"] {
        assert!(decode_traces(Encoding::Protobuf, body, None, &mut |_| true).is_err(), "{body:?}");
    }
    for body in ["", "[]", "{", r#"{"resourceSpans":7}"#, "\u{feff}{}"] {
        assert!(decode_traces(Encoding::Json, body.as_bytes(), None, &mut |_| true).is_err(), "{body:?}");
    }
    assert!(decode_traces(Encoding::Json, b"{\"a\":\"\xff\"}", None, &mut |_| true).is_err());
}

#[test]
fn empty_requests_are_fine() {
    for body in [&[][..], &field(1, &[]), &field(1, &field(2, &[]))] {
        assert_eq!(decode_traces(Encoding::Protobuf, body, None, &mut |_| true), Ok(Decoded::default()));
    }
    for body in ["{}", r#"{"resourceSpans":null}"#, r#"{"resourceSpans":[{"scopeSpans":[{"spans":null}]}]}"#] {
        assert_eq!(decode_traces(Encoding::Json, body.as_bytes(), None, &mut |_| true), Ok(Decoded::default()));
    }
}

#[test]
fn unknown_fields_are_ignored_at_every_level() {
    let future = span(1, &field(15, &field(9, b"new")));
    assert_eq!(protobuf(&[future]).batch.spans.len(), 1);
    let body = r#"{"new":1,"resource_spans":[1],"resourceSpans":[{"new":[],"scopeSpans":[{"new":{},"spans":[
        {"traceId":"07070707070707070707070707070707","spanId":"0102030405060708","span_id":4,"new":[{"deep":{}}],
         "status":{"new":1},"events":[{"new":null}]}]}]}]}"#;
    let decoded = decode_traces(Encoding::Json, body.as_bytes(), None, &mut |_| true).unwrap();
    assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 0));
}

#[test]
fn what_is_wrong_in_the_json_envelope_costs_its_part_only() {
    let good =
        format!(r#"{{"scopeSpans":[{{"spans":[{{"traceId":"{}","spanId":"0102030405060708"}}]}}]}}"#, "07".repeat(16));
    for bad in [r#"{"schemaUrl":3}"#, "7", "[]", r#"{"scopeSpans":7}"#, r#"{"scopeSpans":[7]}"#, r#"{"resource":7}"#] {
        let body = format!(r#"{{"resourceSpans":[{bad},{good}]}}"#);
        let decoded = decode_traces(Encoding::Json, body.as_bytes(), None, &mut |_| true).unwrap();
        assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 1), "{bad}");
    }
    for fine in ["null", r#"{"scopes":5,"items":[]}"#, r#"{"scopeLogs":[],"scopeSpans":null}"#] {
        let body = format!(r#"{{"resourceSpans":[{fine},{good}],"spans":[]}}"#);
        let decoded = decode_traces(Encoding::Json, body.as_bytes(), None, &mut |_| true).unwrap();
        assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 0), "{fine}");
    }
    let list = format!(r#"[[{good}]]"#);
    assert!(decode_traces(Encoding::Json, list.as_bytes(), None, &mut |_| true).is_err(), "a list is no request");
}

#[test]
fn a_small_body_that_swells_is_given_up_when_its_records_are_too_dear() {
    let swelling = span(1, &field(13, &[]).repeat(MOST_VALUES));
    let json = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"links":[{{}}{}]}}]}}]}}]}}"#,
        ",{}".repeat(100_000)
    );
    for (encoding, body) in [(Encoding::Protobuf, request(&[swelling])), (Encoding::Json, json.into_bytes())] {
        let mut left = 4 * body.len();
        let mut afford = |bytes: usize| left.checked_sub(bytes).map(|rest| left = rest).is_some();
        assert_eq!(decode_traces(encoding, &body, None, &mut afford), Err(Error::Memory), "{encoding:?}");
    }
}

#[test]
fn json_numbers_come_as_text_or_number_and_are_exact() {
    assert_eq!(json_value(r#"{"intValue":"9007199254740993"}"#), Ok(Value::Int(9_007_199_254_740_993)));
    assert_eq!(json_value(r#"{"intValue":9007199254740993}"#), Ok(Value::Int(9_007_199_254_740_993)));
    assert_eq!(json_value(r#"{"intValue":"-9223372036854775808"}"#), Ok(Value::Int(i64::MIN)));
    assert!(json_value(r#"{"intValue":"9223372036854775808"}"#).is_err());
    assert_eq!(json_value(r#"{"doubleValue":"NaN"}"#), Ok(Value::Double(f64::NAN)));
    assert_eq!(json_value(r#"{"doubleValue":"-Infinity"}"#), Ok(Value::Double(f64::NEG_INFINITY)));
    assert_eq!(json_value(r#"{"doubleValue":1}"#), Ok(Value::Double(1.0)));
    assert_eq!(json_value(r#"{"bytesValue":"-_8"}"#), Ok(Value::Bytes([0xfb, 0xff].into())));
    assert_eq!(json_value(r#"{"stringValue":""}"#), Ok(Value::from("")));
    assert_eq!(json_value("{}"), Ok(Value::Empty));
    let decoded = json_span(r#","startTimeUnixNano":"18446744073709551615","endTimeUnixNano":7"#);
    assert_eq!(decoded.batch.spans[0].start.0, u64::MAX);
}

#[test]
fn json_null_is_absence_and_enums_are_numbers() {
    let decoded =
        json_span(r#","kind":3,"parentSpanId":null,"attributes":null,"status":null,"events":null,"flags":null"#);
    assert_eq!(decoded.batch.spans[0].kind, SpanKind::Client);
    let named = json_span(r#","kind":"SPAN_KIND_CLIENT""#);
    assert_eq!(named.rejected.reasons, [r#"span "s": kind is not a whole number in range: "SPAN_KIND_CLIENT""#]);
}

#[test]
fn json_ids_are_hexadecimal_of_any_case_and_never_base64() {
    let span = |id: &str| json(&format!(r#"{{"traceId":"{id}","spanId":"0A0B0C0D0E0F0102"}}"#));
    assert_eq!(span(&"AB".repeat(16)).batch.spans[0].trace_id.to_string(), "ab".repeat(16));
    assert_eq!(span("S/kvNXezTaajzpKdDg5HNg==").rejected.count, 1);
    assert_eq!(span("").rejected.count, 1);
}

#[test]
fn a_lone_surrogate_or_a_repeated_key_costs_no_more_than_its_span() {
    let bad = format!(r#"{{"traceId":"{}","spanId":"0102030405060708","name":"\ud800"}}"#, "07".repeat(16));
    let good = bad.replace(r"\ud800", "fine");
    let decoded = json(&format!("{bad},{good}"));
    assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (1, 1));
    assert_eq!(json_span(r#","name":"twice""#).batch.spans.len(), 1);
}

#[test]
fn a_log_record_becomes_an_event_of_its_span_and_one_without_a_span_is_ignored() {
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
        {"traceId":"07070707070707070707070707070707","spanId":"0102030405060708","observedTimeUnixNano":"5",
         "severityNumber":17,"severityText":"ERROR","body":{"stringValue":"declined"},
         "attributes":[{"key":"code","value":{"intValue":"51"}}]},
        {"body":{"stringValue":"starting"}}]}]}]}"#;
    let decoded = decode_logs(Encoding::Json, body.as_bytes(), &mut |_| true).unwrap();
    assert_eq!((decoded.batch.events.len(), decoded.ignored), (1, 1));
    let event = &decoded.batch.events[0].event;
    assert_eq!((event.time.0, &*event.name), (5, "log"));
    let keys: Vec<_> = event.attributes.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["severity_text", "severity_number", "body", "code"]);
}

proptest! {
    #[test]
    fn a_json_double_is_read_to_its_last_bit(double in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
        prop_assert_eq!(json_value(&format!(r#"{{"doubleValue":{double:?}}}"#)), Ok(Value::Double(double)));
    }

    #[test]
    fn no_bytes_make_the_decoders_panic(body: Vec<u8>) {
        for encoding in [Encoding::Protobuf, Encoding::Json] {
            drop(decode_traces(encoding, &body, None, &mut |_| true));
            drop(decode_logs(encoding, &body, &mut |_| true));
        }
    }

    #[test]
    fn no_changed_byte_makes_the_decoder_panic_or_lose_more_than_it_says(at in 0usize..400, byte: u8) {
        let mut body = request(&[span(1, &protobuf_maps(3)), span(2, &protobuf_arrays(3))]);
        let at = at % body.len();
        body[at] = byte;
        if let Ok(decoded) = decode_traces(Encoding::Protobuf, &body, None, &mut |_| true) {
            prop_assert!(decoded.batch.spans.len() as u64 + decoded.rejected.count <= 4);
        }
    }
}
