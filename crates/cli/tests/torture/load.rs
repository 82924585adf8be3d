//! What is sent: requests that are the same in every run, and of which each says by its number what must be found.
//!
//! A span's name is `work REQUEST.INDEX`, and both its text and its trace follow from that, so whoever reads a span knows
//! whether it is right.

use crate::pace::Random;

/// The ways in that a request can take; `number % 4` of a request.
pub(crate) const WAYS: u64 = 4;
const PROTOBUF: u64 = 0;
const JSON: u64 = 1;
const AGENTS: u64 = 2;
const RUNS: u64 = 3;

/// Spans of a request by OTLP or from agents.
pub(crate) const SPANS: u64 = 12;
/// Of these, so many are in the trace of the request; the others share one with the requests around.
const OWN: u64 = 8;
/// So many requests share a trace.
const SHARING: u64 = 64;
/// Steps of a request of a run, each of which is a span too.
pub(crate) const STEPS: u64 = 2;
/// Requests that tell of one run; every fourth number is one.
const REQUESTS_OF_RUN: u64 = 8;
/// The span that this request opened is ended by the one so many numbers later.
pub(crate) const ENDED_LATER: u64 = 16;
/// 21 November 2026, 07:00; a span each microsecond.
const FIRST: u64 = 1_795_244_400_000_000_000;

/// One request.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Makes a request by its number.
pub(crate) fn request(number: u64) -> Request {
    match number % WAYS {
        PROTOBUF => Request {
            path: "/v1/traces".into(),
            content_type: "application/x-protobuf",
            body: protobuf::request(number),
        },
        JSON => {
            Request { path: "/v1/traces".into(), content_type: "application/json", body: json(number).into_bytes() }
        }
        AGENTS => Request {
            path: "/v1/traces/ingest".into(),
            content_type: "application/json",
            body: agents(number).into_bytes(),
        },
        _ => Request {
            path: format!("/api/v1/projects/torture/apps/{}/records", app(number)),
            content_type: "application/x-ndjson",
            body: records(number).into_bytes(),
        },
    }
}

/// Returns true for a request that tells of a run.
pub(crate) fn is_run(number: u64) -> bool {
    number % WAYS == RUNS
}

/// Returns how many spans a request tells of, those that it only ends left out.
pub(crate) fn spans(number: u64) -> u64 {
    if is_run(number) { STEPS } else { SPANS }
}

/// The trace of a span, as a path of REST names it.
pub(crate) fn trace(number: u64, index: u64) -> String {
    match number % WAYS {
        AGENTS => format!("trace_{:032x}", 5u128 << 100 | u128::from(number)),
        RUNS => format!("{:032x}", 3u128 << 100 | u128::from(number / (WAYS * REQUESTS_OF_RUN))),
        _ if index < OWN => format!("{:032x}", 1u128 << 100 | u128::from(number)),
        _ => format!("{:032x}", 2u128 << 100 | u128::from(number / SHARING)),
    }
}

/// The run that a request tells of.
pub(crate) fn app(number: u64) -> String {
    format!("run-{}", number / (WAYS * REQUESTS_OF_RUN))
}

/// The number of a step in its run.
pub(crate) fn sequence(number: u64, index: u64) -> u64 {
    number / WAYS % REQUESTS_OF_RUN * STEPS + index
}

/// The text that a span has in an attribute, and a step in its state.
pub(crate) fn text(number: u64, index: u64) -> String {
    let mut random = Random(number << 8 | index);
    let words = 2 + random.below(12);
    let mut text = format!("text of {number} and {index}");
    for _ in 0..words {
        text.push_str(&format!(" {:x}", random.next()));
    }
    text
}

/// Returns true when the span must be shown as running as long as nobody has ended it.
pub(crate) fn begins_open(number: u64, index: u64) -> bool {
    number % WAYS == JSON && index == 0
}

fn span_id(number: u64, index: u64) -> u64 {
    number << 8 | index | 1 << 60
}

fn start(number: u64, index: u64) -> u64 {
    FIRST + (number * 16 + index) * 1_000
}

fn json(number: u64) -> String {
    let mut spans: Vec<String> =
        (0..SPANS).map(|index| json_span(number, index, !begins_open(number, index))).collect();
    if number >= ENDED_LATER {
        spans.push(json_span(number - ENDED_LATER, 0, true));
    }
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","))
}

fn json_span(number: u64, index: u64, is_finished: bool) -> String {
    let begun = start(number, index);
    let end = if is_finished { format!(r#","endTimeUnixNano":"{}""#, begun + 500) } else { String::new() };
    format!(
        r#"{{"traceId":"{}","spanId":"{:016x}","name":"work {number}.{index}","startTimeUnixNano":"{begun}"{end},
            "attributes":[{{"key":"text","value":{{"stringValue":"{}"}}}}]}}"#,
        trace(number, index),
        span_id(number, index),
        text(number, index)
    )
}

fn agents(number: u64) -> String {
    let spans = (0..SPANS).map(|index| {
        format!(
            r#"{{"object":"trace.span","id":"span_{:024x}","trace_id":"{}","started_at":"2026-11-21T07:00:00.{:09}Z",
                "ended_at":"2026-11-21T08:00:00Z","span_data":{{"type":"custom","name":"work {number}.{index}","data":{{"text":"{}"}}}}}}"#,
            span_id(number, index),
            trace(number, index),
            index * 1_000,
            text(number, index)
        )
    });
    let trace = format!(r#"{{"object":"trace","id":"{}","workflow_name":"Torture"}}"#, trace(number, 0));
    format!(r#"{{"data":[{}]}}"#, std::iter::once(trace).chain(spans).collect::<Vec<_>>().join(","))
}

fn records(number: u64) -> String {
    let mut lines = String::new();
    for index in 0..STEPS {
        let sequence = sequence(number, index);
        let span = format!(
            r#""span":{{"trace_id":"{}","span_id":"{:016x}","told_here":true}}"#,
            trace(number, index),
            span_id(number, index)
        );
        let begun = format!("2026-11-21T07:00:00.{:09}Z", sequence * 1_000);
        lines.push_str(&format!(
            r#"{{"type":"begin","sequence":{sequence},"action":"work {number}.{index}","time":"{begun}",{span}}}"#
        ));
        lines.push('\n');
        lines.push_str(&format!(
            r#"{{"type":"end","sequence":{sequence},"action":"work {number}.{index}","time":"2026-11-21T08:00:00Z","begun":"{begun}",{span},"state":{{"number":{number},"text":"{}"}}}}"#,
            text(number, index)
        ));
        lines.push('\n');
    }
    lines
}

/// OTLP's protobuf, as far as it is needed here.
pub(crate) mod protobuf {
    use super::{SPANS, span_id, start, text, trace};

    /// One span in a request's bytes.
    pub(crate) struct Span<'a> {
        pub(crate) trace: [u8; 16],
        pub(crate) id: u64,
        pub(crate) name: &'a str,
        pub(crate) start: u64,
        pub(crate) text: Option<&'a str>,
    }

    pub(super) fn request(number: u64) -> Vec<u8> {
        let spans = (0..SPANS).map(|index| {
            let (name, text) = (format!("work {number}.{index}"), text(number, index));
            let trace = u128::from_str_radix(&trace(number, index), 16).unwrap().to_be_bytes();
            let id = span_id(number, index);
            span(&Span { trace, id, name: &name, start: start(number, index), text: Some(&text) })
        });
        enveloped(spans)
    }

    /// Puts spans into the bytes of a request: `ResourceSpans`, `ScopeSpans`, `Span`.
    pub(crate) fn enveloped(spans: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
        let mut scope = Vec::new();
        for span in spans {
            bytes(&mut scope, 2, &span);
        }
        let (mut resource, mut request) = (Vec::new(), Vec::new());
        bytes(&mut resource, 2, &scope);
        bytes(&mut request, 1, &resource);
        request
    }

    pub(crate) fn span(span: &Span<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        bytes(&mut out, 1, &span.trace);
        bytes(&mut out, 2, &span.id.to_be_bytes());
        bytes(&mut out, 5, span.name.as_bytes());
        fixed(&mut out, 7, span.start);
        fixed(&mut out, 8, span.start + 500);
        if let Some(text) = span.text {
            let (mut value, mut pair) = (Vec::new(), Vec::new());
            bytes(&mut value, 1, text.as_bytes());
            bytes(&mut pair, 1, b"text");
            bytes(&mut pair, 2, &value);
            bytes(&mut out, 9, &pair);
        }
        out
    }

    fn bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
        varint(out, field << 3 | 2);
        varint(out, value.len() as u64);
        out.extend_from_slice(value);
    }

    fn fixed(out: &mut Vec<u8>, field: u64, value: u64) {
        varint(out, field << 3 | 1);
        out.extend_from_slice(&value.to_le_bytes());
    }

    fn varint(out: &mut Vec<u8>, mut value: u64) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }
}
