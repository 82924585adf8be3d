//! Headers in and out, by the recorded vectors and by the rules that these do not touch.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value as Json;
use trackway_wire::propagation::{Baggage, SpanContext, TraceFlags, TraceState};

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The vectors of these groups in `fixtures/propagation-vectors.json`.
fn vectors(groups: &[&str]) -> Vec<Json> {
    let path = format!("{}/../../fixtures/propagation-vectors.json", env!("CARGO_MANIFEST_DIR"));
    let document: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let all = document["vectors"].as_array().unwrap().iter();
    all.filter(|vector| groups.contains(&vector["group"].as_str().unwrap())).cloned().collect()
}

fn headers(vector: &Json) -> Vec<(String, String)> {
    let headers = vector["input"]["headers"].as_object().into_iter().flatten();
    headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn members(json: &Json) -> Vec<(String, String)> {
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    json.as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

#[test]
fn every_w3c_vector_is_read_as_the_standard_expects() {
    let vectors = vectors(&["w3c-extract", "w3c-tracestate"]);
    assert!(vectors.len() > 50);
    for vector in vectors {
        let expected = &vector["standard_expects"];
        let found = SpanContext::extract(&headers(&vector));
        let id = &vector["id"];
        if expected["reject"] == true {
            assert!(!matches!(found, Ok(Some(_))), "{id}: {found:?}");
            continue;
        }
        let found = found.unwrap().unwrap_or_else(|| panic!("{id} was not read"));
        assert_eq!(found.trace_id.to_string(), expected["trace_id"].as_str().unwrap(), "{id}");
        assert_eq!(found.span_id.to_string(), expected["span_id"].as_str().unwrap(), "{id}");
        assert_eq!(found.flags.is_sampled(), expected["enabled"].as_bool().unwrap(), "{id}");
        let state: Vec<_> = found.trace_state.members().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        match expected["tracestate_any_of"].as_array() {
            Some(any) => assert!(any.iter().any(|list| members(list) == state), "{id}: {state:?}"),
            None => assert_eq!(state, members(&expected["tracestate"]), "{id}"),
        }
    }
}

#[test]
fn a_context_is_written_as_version_00_with_the_flags_that_it_knows() {
    let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what-comes";
    let carrier = vec![("Traceparent", later), ("tracestate", "rojo=1,congo=t61")];
    let context = SpanContext::extract(&carrier).unwrap().unwrap();
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    context.inject(&mut out);
    assert_eq!(out["traceparent"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
    assert_eq!(out["tracestate"], "rojo=1,congo=t61");
    assert!(TraceFlags(2).is_random() && !TraceFlags(2).is_sampled());
}

#[test]
fn absence_is_no_error_and_corruption_says_what_is_wrong() {
    assert_eq!(SpanContext::extract(&[("other", "x")][..]), Ok(None));
    let error = |header: &str| SpanContext::extract(&[("traceparent", header)][..]).unwrap_err().to_string();
    assert_eq!(error("ff-0"), "the traceparent header is without a trace id: \"ff-0\"");
    assert!(error(&TRACEPARENT.to_uppercase()).contains("without a trace id"));
    assert!(error(&format!("{TRACEPARENT}-x")).contains("longer than its version allows"));
    assert!(error(&format!("ff{}", &TRACEPARENT[2..])).contains("forbidden version"));
    let twice = [("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)];
    assert!(SpanContext::extract(&twice[..]).unwrap_err().to_string().contains("there twice"));
    assert!(error(&"x".repeat(1 << 20)).len() < 200, "a megabyte is not repeated");
}

#[test]
fn a_member_that_is_set_comes_first_and_the_list_keeps_its_length() {
    let full: Vec<String> = (0..32).map(|i| format!("k{i}=v")).collect();
    let state = TraceState::parse(&[full.join(",")]).with("k5", "new").with("tw", "1");
    let keys: Vec<_> = state.members().map(|(key, _)| key).collect();
    assert_eq!((keys.len(), &keys[..3]), (32, &["tw", "k5", "k0"][..]));
    assert_eq!(state.get("k5"), Some("new"));
    assert_eq!(state.with("Not a key", "v"), state);
    assert_eq!(state.with("k", "a,b"), state);
}

#[test]
fn baggage_is_percent_encoded_and_its_properties_travel_along() {
    let carrier = [("baggage", "a=1;p=x;q , bad, b=%C3%A4%20%, =x"), ("baggage", "c=3,a=2")];
    let baggage = Baggage::extract(&carrier[..]);
    assert_eq!(baggage.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "ä %"), ("c", "3")]);
    let mut out = Vec::new();
    Baggage::extract(&carrier[..1]).with("d", "100%,\"x\"").inject(&mut out);
    assert_eq!(out, [("baggage".to_owned(), "a=1;p=x;q,b=%C3%A4%20%25,d=100%25%2C%22x%22".to_owned())]);
}

#[test]
fn baggage_stays_within_its_bounds_however_long_the_headers_are() {
    let many: Vec<String> = (0..1000).map(|i| format!("k{i}=v")).collect();
    let carrier = [("baggage", many.join(",")), ("baggage", format!("big={}", "x".repeat(1 << 20)))];
    let baggage = Baggage::extract(&carrier[..]);
    assert_eq!(baggage.iter().count(), Baggage::MOST_MEMBERS);
    assert_eq!(baggage.get("big"), None);
    let mut out = Vec::new();
    let long = Baggage::default().with("long", &"x".repeat(9000)).with("not a token", "x").with("short", "y");
    long.inject(&mut out);
    assert_eq!(out, [("baggage".to_owned(), "short=y".to_owned())]);
}

proptest! {
    #[test]
    fn baggage_survives_its_header(pairs in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..8)) {
        let baggage = pairs.iter().fold(Baggage::default(), |baggage, (key, value)| {
            // Keys are tokens, so make one of any text.
            let key: String = key.bytes().map(|byte| char::from(b'a' + byte % 26)).chain(['k']).collect();
            baggage.with(&key, value)
        });
        let mut carrier = Vec::new();
        baggage.inject(&mut carrier);
        prop_assert_eq!(Baggage::extract(&carrier), baggage);
    }

    #[test]
    fn no_header_makes_the_readers_panic(traceparent: String, tracestate: String, baggage: String) {
        let carrier = [("traceparent", traceparent), ("tracestate", tracestate), ("baggage", baggage)];
        drop(SpanContext::extract(&carrier[..]));
        drop(TraceState::parse(&[&carrier[1].1]));
        drop(Baggage::extract(&carrier[..]));
    }
}
