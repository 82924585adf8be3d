//! Contexts of other processes, in headers and in bytes.

use std::collections::BTreeMap;

use trackway_wire::propagation::{
    Baggage, Carried, Corrupt, Decision, SpanContext, b3, census, cloud, jaeger, opentracing, opentracing_binary,
};

type Texts = BTreeMap<String, String>;

/// Checks what every format makes of headers, a line each: what is read can be written, and is read again as it was.
pub fn headers(text: &str) {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let headers: Vec<(&str, &str)> = lines.map(|(name, value)| (name.trim(), value)).collect();
    again(b3::extract(&headers), b3::inject_multi, b3::extract, |carried| carried);
    again(b3::extract(&headers), b3::inject_single, b3::extract, |carried| {
        // The parent stands behind the decision, and so not without one.
        let parent_id = carried.parent_id.filter(|_| carried.decision != Decision::Deferred);
        Carried { parent_id, ..carried }
    });
    again(cloud::extract(&headers), cloud::inject, cloud::extract, |carried| {
        Carried { flags: carried.decision.flags(), ..carried }
    });
    again(census::extract_text(&headers), census::inject_text, census::extract_text, |carried| carried);
    // Of baggage that is near its bounds the order decides what is left out.
    again(jaeger::extract(&headers), jaeger::inject, jaeger::extract, without_baggage);
    again(opentracing::extract(&headers), opentracing::inject, opentracing::extract, |carried| {
        right_half(without_baggage(carried))
    });
    if let Ok(Some(context)) = SpanContext::extract(&headers) {
        let mut texts = Texts::new();
        context.inject(&mut texts);
        let read = SpanContext::extract(&texts).expect("what is written is good").expect("it is there");
        assert_eq!((read.trace_id, read.span_id), (context.trace_id, context.span_id));
        assert_eq!(read.trace_state, context.trace_state);
    }
    assert!(Baggage::extract(&headers).iter().count() <= Baggage::MOST_MEMBERS);
}

/// Checks what the formats of bytes make of them.
pub fn bytes(bytes: &[u8]) {
    for (decode, encode) in [
        (census::decode as fn(&[u8]) -> _, census::encode as fn(&Carried, &mut Vec<u8>)),
        (opentracing_binary::decode, opentracing_binary::encode),
    ] {
        let found: Result<Option<Carried>, Corrupt> = decode(bytes);
        let Some(carried) = checked(found) else { continue };
        let mut written = Vec::new();
        encode(&carried, &mut written);
        assert_eq!(decode(&written), Ok(Some(carried)), "{written:02x?}");
    }
}

fn again(
    found: Result<Option<Carried>, Corrupt>,
    inject: fn(&Carried, &mut Texts),
    extract: fn(&Texts) -> Result<Option<Carried>, Corrupt>,
    known: impl Fn(Carried) -> Carried,
) {
    let Some(carried) = checked(found).map(known) else { return };
    // Baggage and a debug id alone are not written by every format.
    if carried.trace_id.is_none() {
        return;
    }
    let mut texts = Texts::new();
    inject(&carried, &mut texts);
    let read = extract(&texts).expect("what is written is good").expect("it is there");
    assert_eq!(read, carried, "{texts:?}");
}

/// Returns what was found, which is never half of something.
fn checked(found: Result<Option<Carried>, Corrupt>) -> Option<Carried> {
    match found {
        Ok(carried) => {
            let carried = carried?;
            assert!(carried.span_id.is_none() || carried.trace_id.is_some(), "{carried:?}");
            assert_eq!(carried.flags.is_sampled(), carried.decision.is_sampled(), "{carried:?}");
            assert!(carried.baggage.iter().count() <= Baggage::MOST_MEMBERS);
            Some(carried)
        }
        Err(corrupt) => {
            assert!(corrupt.to_string().len() < 1000, "a long header is not repeated");
            None
        }
    }
}

fn without_baggage(carried: Carried) -> Carried {
    Carried { baggage: Baggage::default(), ..carried }
}

/// Returns the context as a format has it that sends half of a trace's id; as none where that half is of zeros only.
fn right_half(carried: Carried) -> Carried {
    let half = |id: trackway_model::TraceId| u128::from_be_bytes(id.bytes()) & u128::from(u64::MAX);
    Carried { trace_id: carried.trace_id.and_then(|id| trackway_model::TraceId::new(half(id).to_be_bytes())), ..carried }
}
