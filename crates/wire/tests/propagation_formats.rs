//! Contexts in the formats of other tracing systems: what is written is read as it was, and nothing is half read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use trackway_model::{SpanId, TraceId};
use trackway_wire::propagation::{
    Baggage, Carried, Corrupt, Decision, Flaw, Part, TraceFlags, b3, census, cloud, jaeger, opentracing,
    opentracing_binary,
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

type Found = Result<Option<Carried>, Corrupt>;
type Texts = BTreeMap<String, String>;

fn one(name: &str, text: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), text.to_owned())]
}

fn flaw(found: Found) -> Flaw {
    found.unwrap_err().flaw()
}

fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_flaw_has_its_name() {
    let b3 = |text: &str| flaw(b3::extract(&one("b3", text)));
    assert_eq!(b3("x"), Flaw::Without(Part::Decision));
    assert_eq!(b3(&format!("{}-{SPAN}", &TRACE[1..])), Flaw::Without(Part::TraceId));
    assert_eq!(b3(&format!("{TRACE}-{}", SPAN.to_uppercase())), Flaw::Without(Part::ParentId));
    assert_eq!(b3(&format!("{TRACE}-{SPAN}-d-{SPAN}-")), Flaw::TooLong);
    let cloud = |text: &str| flaw(cloud::extract(&one("X-Cloud-Trace-Context", text)));
    assert_eq!(cloud(&format!("{TRACE}/1;o=+1")), Flaw::Without(Part::Flags));
    assert_eq!(cloud(&format!("{TRACE}/18446744073709551616")), Flaw::Without(Part::ParentId));
    assert_eq!(cloud(&format!("{TRACE}/1;o=1;p=2")), Flaw::Without(Part::Flags));
    let jaeger = |text: &str| flaw(jaeger::extract(&one("uber-trace-id", text)));
    assert_eq!(jaeger("1:2:0:100"), Flaw::Without(Part::Flags));
    assert_eq!(jaeger("1:2:0:1:"), Flaw::TooLong);
    assert_eq!(jaeger(&"%31".repeat(100)), Flaw::TooLong);
    let binary = |digits: &str| flaw(census::decode(&bytes(digits)));
    assert_eq!(binary("01"), Flaw::UnknownVersion);
    assert_eq!(binary("0000aa"), Flaw::CutOff);
    assert_eq!(binary("000201020102"), Flaw::Repeated);
    assert_eq!(binary("000201"), Flaw::Without(Part::TraceId));
    let basic = |digits: &str| flaw(opentracing_binary::decode(&bytes(digits)));
    assert_eq!(basic("000000"), Flaw::CutOff);
    assert_eq!(basic("0000000000"), Flaw::TooLong);
    assert_eq!(basic("00000000"), Flaw::Without(Part::TraceId));
    assert_eq!(basic("00000009090100000000000000"), Flaw::Without(Part::ParentId));
}

#[test]
fn a_flaw_is_told_with_the_header_that_has_it() {
    let told = |found: Found| found.unwrap_err().to_string();
    let twice = [("uber-trace-id", "1:2:0:1"), ("Uber-Trace-Id", "1:2:0:1")];
    assert_eq!(told(jaeger::extract(&twice[..])), "the uber-trace-id header is there twice: \"1:2:0:1\"");
    assert_eq!(told(census::decode(&[1, 255])), "the grpc-trace-bin header is of an unknown version: \"01ff\"");
    let trace_only = one("x-b3-traceid", TRACE);
    assert_eq!(told(b3::extract(&trace_only)), format!("the x-b3-spanid header is without a parent id: {TRACE:?}"));
    assert!(told(b3::extract(&one("b3", &"a".repeat(1 << 20)))).len() < 200, "a megabyte is not repeated");
}

#[test]
fn nothing_is_no_error_in_any_format() {
    let other = one("other", "x");
    let texts = [b3::extract(&other), cloud::extract(&other), jaeger::extract(&other), opentracing::extract(&other)];
    assert!(texts.into_iter().all(|found| found == Ok(None)));
    assert_eq!(census::extract_text(&other), Ok(None));
    // A field that nobody knows ends the reading.
    assert_eq!((census::decode(&[]), census::decode(&[0, 9, 9, 9])), (Ok(None), Ok(None)));
    assert_eq!(opentracing_binary::decode(&[]), Ok(None));
}

#[test]
fn good_headers_count_where_the_single_one_is_broken() {
    let mut headers = one("b3", "garbage");
    headers.extend(one("x-b3-traceid", TRACE));
    headers.extend(one("x-b3-spanid", SPAN));
    assert_eq!(b3::extract(&headers).unwrap().unwrap().trace_id, TRACE.parse().ok());
}

#[test]
fn baggage_in_headers_of_its_own_stays_within_its_bounds() {
    let many: Texts = (0..1000).map(|i| (format!("uberctx-{i}"), "v".to_owned())).collect();
    assert_eq!(jaeger::extract(&many).unwrap().unwrap().baggage.iter().count(), Baggage::MOST_MEMBERS);
    let long: Texts = (0..9).map(|i| (format!("ot-baggage-{i}"), "v".repeat(1000))).collect();
    let bytes: usize = opentracing::extract(&long).unwrap().unwrap().baggage.iter().map(|(_, value)| value.len()).sum();
    assert!(bytes <= Baggage::MOST_BYTES, "{bytes}");
}

#[test]
fn what_could_break_a_header_is_left_out() {
    let baggage = Baggage::default().with("a", "x\r\nset-cookie: y").with("b\n", "z").with("c", "ok");
    let carried = Carried { baggage, ..Carried::default() };
    let mut texts = Texts::new();
    opentracing::inject(&carried, &mut texts);
    jaeger::inject(&carried, &mut texts);
    let lines: Vec<String> = texts.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    assert_eq!(lines, ["ot-baggage-c: ok", "uberctx-a: x%0D%0Aset-cookie%3A%20y", "uberctx-c: ok"]);
}

#[test]
fn of_a_trace_the_right_half_is_sent_where_there_is_no_room_for_more() {
    let trace_id = TRACE.parse().ok();
    let carried = Carried { trace_id, span_id: SPAN.parse().ok(), ..Carried::default() };
    let mut texts = Texts::new();
    opentracing::inject(&carried, &mut texts);
    assert_eq!(texts["ot-tracer-traceid"], "a3ce929d0e0e4736");
    let mut message = Vec::new();
    opentracing_binary::encode(&carried, &mut message);
    let again = opentracing_binary::decode(&message).unwrap().unwrap();
    assert_eq!(again.trace_id.unwrap().to_string(), "0000000000000000a3ce929d0e0e4736");
}

fn any_decision() -> impl Strategy<Value = Decision> {
    prop::sample::select(vec![Decision::Deferred, Decision::Drop, Decision::Record, Decision::Debug])
}

/// A context with a span, without flags beside its decision.
fn any_carried() -> impl Strategy<Value = Carried> {
    let entries = prop::collection::btree_map("[a-z][a-z0-9-]{0,8}", "[ -~é]{0,20}", 0..4);
    (1u128.., 1u64.., prop::option::of(1u64..), any_decision(), entries).prop_map(
        |(trace, span, parent, decision, entries)| Carried {
            trace_id: TraceId::new(trace.to_be_bytes()),
            span_id: SpanId::new(span.to_be_bytes()),
            parent_id: parent.and_then(|parent| SpanId::new(parent.to_be_bytes())),
            decision,
            flags: decision.flags(),
            baggage: entries.iter().fold(Baggage::default(), |baggage, (key, value)| baggage.with(key, value)),
            debug_id: None,
        },
    )
}

fn written(inject: impl FnOnce(&mut Texts)) -> Texts {
    let mut texts = Texts::new();
    inject(&mut texts);
    texts
}

proptest! {
    #[test]
    fn b3_survives_both_of_its_forms(carried in any_carried()) {
        let expected = Carried { baggage: Baggage::default(), ..carried.clone() };
        let multi = written(|texts| b3::inject_multi(&carried, texts));
        prop_assert_eq!(b3::extract(&multi).unwrap().unwrap(), expected.clone());
        let single = written(|texts| b3::inject_single(&carried, texts));
        // The parent stands behind the decision, and so not without one.
        let parent_id = expected.parent_id.filter(|_| carried.decision != Decision::Deferred);
        prop_assert_eq!(b3::extract(&single).unwrap().unwrap(), Carried { parent_id, ..expected });
    }

    #[test]
    fn jaeger_survives_its_headers(carried in any_carried()) {
        let decision = if carried.decision == Decision::Deferred { Decision::Drop } else { carried.decision };
        let headers = written(|texts| jaeger::inject(&carried, texts));
        let found = jaeger::extract(&headers).unwrap().unwrap();
        let order = |carried: &Carried| carried.baggage.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect::<Texts>();
        prop_assert_eq!(order(&found), order(&carried));
        prop_assert_eq!(Carried { baggage: Baggage::default(), ..found }, Carried { decision, baggage: Baggage::default(), ..carried });
    }

    #[test]
    fn a_whole_byte_of_flags_survives(carried in any_carried(), flags: u8, has_span: bool) {
        let flags = TraceFlags(flags);
        let span_id = carried.span_id.filter(|_| has_span);
        let carried = Carried { span_id, parent_id: None, decision: flags.into(), flags, baggage: Baggage::default(), ..carried };
        let mut message = Vec::new();
        census::encode(&carried, &mut message);
        prop_assert_eq!(census::decode(&message).unwrap().unwrap(), carried.clone());
        let texts = written(|texts| census::inject_text(&carried, texts));
        prop_assert_eq!(census::extract_text(&texts).unwrap().unwrap(), carried.clone());
        let headers = written(|texts| cloud::inject(&carried, texts));
        let flags = carried.decision.flags();
        prop_assert_eq!(cloud::extract(&headers).unwrap().unwrap(), Carried { flags, ..carried });
    }

    #[test]
    fn opentracing_survives_its_texts_and_its_bytes(carried in any_carried(), trace in 1u64..) {
        let trace_id = TraceId::new(u128::from(trace).to_be_bytes());
        let decision = if carried.decision == Decision::Debug { Decision::Record } else { carried.decision };
        let carried = Carried { trace_id, parent_id: None, decision, ..carried };
        let texts = written(|texts| opentracing::inject(&carried, texts));
        prop_assert_eq!(opentracing::extract(&texts).unwrap().unwrap(), carried.clone());
        let mut message = Vec::new();
        opentracing_binary::encode(&carried, &mut message);
        let decision = if decision == Decision::Deferred { Decision::Drop } else { decision };
        prop_assert_eq!(opentracing_binary::decode(&message).unwrap().unwrap(), Carried { decision, ..carried });
    }

    #[test]
    fn no_text_and_no_bytes_make_the_readers_panic(text: String, short in "[0-9a-f:/;=o%d-]{0,80}", message: Vec<u8>) {
        let names = ["b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-cloud-trace-context", "uber-trace-id",
            "jaeger-baggage", "uberctx-x", "opencensus-trace-traceid", "ot-tracer-traceid", "ot-baggage-x"];
        for text in [&text, &short] {
            for name in names {
                let carrier = one(name, text);
                for found in [b3::extract(&carrier), cloud::extract(&carrier), jaeger::extract(&carrier),
                    census::extract_text(&carrier), opentracing::extract(&carrier)] {
                    if let Ok(Some(carried)) = found {
                        prop_assert!(carried.span_id.is_none() || carried.trace_id.is_some());
                    }
                }
            }
        }
        drop(census::decode(&message));
        drop(opentracing_binary::decode(&message));
    }
}
