//! Bodies of the Agents SDK's format that are sound, odd, broken or hostile, and what is saved of each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod agents;

use agents::{ARRIVAL, item, items, read, span};
use proptest::prelude::*;
use trackway_model::{Attributes, DataKind, SpanRecord, Value};
use trackway_wire::openai_agents::{DEEPEST, Decoded, Error, MOST_VALUES, SPAN_DATA, decode};

fn reasons(body: &str) -> Vec<String> {
    read(body).rejected.reasons
}

/// What is wrong with the only item of a body.
fn reason(item: &str) -> String {
    let decoded = items(&[item.to_owned()]);
    assert_eq!((decoded.rejected.count, decoded.batch.spans.len(), decoded.batch.traces.len()), (1, 0, 0), "{item}");
    decoded.rejected.reasons[0].clone()
}

#[test]
fn a_body_that_is_no_list_teaches_what_one_looks_like() {
    for (body, what) in [
        ("", "this one is empty"),
        ("<html>", r#"this one begins with "<html>""#),
        (r#"[{"object":"trace"}]"#, r#"this one begins with "[{\"object\":\"trac""#),
        ("{}", "this one has no field `data`"),
        (r#"{"spans":[{"data":[1]}]}"#, "this one has no field `data`"),
        (r#"{"data":{"object":"trace"}}"#, r#"the `data` of this one begins with "{\"object\":\"trace""#),
        (r#"{"data":"#, "the `data` of this one is empty"),
    ] {
        let Err(Error::Malformed(said)) = decode(body.as_bytes(), None, ARRIVAL, &mut |_| true) else {
            panic!("{body}")
        };
        assert_eq!(said, format!(r#"a body of traces is {{"data": [...]}} with a list of traces and spans; {what}"#));
    }
}

#[test]
fn other_fields_of_a_body_and_odd_commas_do_no_harm() {
    let spans = [item("a", ""), item("b", "")];
    let body =
        format!("\u{feff}{{\"v\":[{{\"data\":[]}}],\"x\":1.5,\n\"data\" : [,{},,\n{}], \"y\":2}}", spans[0], spans[1]);
    assert_eq!(read(body), items(&spans));
    assert_eq!(read(r#"{"data":[]}"#), Decoded::default());
}

#[test]
fn nine_bad_items_cost_none_of_their_neighbours() {
    let bad = [
        r#"{"object":"trace.span","id":nonsense,"trace_id":"t"}"#.to_owned(),
        "null".to_owned(),
        r#""a text""#.to_owned(),
        r#"{"object":"trace.span","id":"","trace_id":"t"}"#.to_owned(),
        r#"{"object":"trace.span","id":"s"}"#.to_owned(),
        r#"{"object":"trace","workflow_name":"no id"}"#.to_owned(),
        item("deep", &format!(r#","span_data":{}1{}"#, "[".repeat(DEEPEST + 1), "]".repeat(DEEPEST + 1))),
        item("wide", &format!(r#","span_data":[{}1]"#, "1,".repeat(MOST_VALUES))),
        r#"{"object":"trace.span","id":"no end","trace_id":"t","span_data":{"type":"custom""#.to_owned(),
    ];
    let mut all: Vec<String> = (0..119).map(|n| item(&format!("good {n}"), "")).collect();
    for (n, bad) in bad.iter().enumerate() {
        all.insert(n * 14 + 3, bad.clone());
    }
    assert_eq!(all.len(), 128);
    let decoded = items(&all);
    assert_eq!((decoded.batch.spans.len(), decoded.rejected.count), (119, 9));
    let alone: Vec<String> = all.iter().filter(|item| item.contains("good")).cloned().collect();
    assert_eq!(decoded.batch, items(&alone).batch);
    assert_eq!(decoded.rejected.reasons[1], "data[17]: it is null, where a trace or a span belongs");
}

#[test]
fn every_refusal_names_the_item_and_what_is_wrong() {
    assert_eq!(reason("12"), "data[0]: it is a number, where a trace or a span belongs");
    assert_eq!(reason(r#"{"object":"trace","id":null}"#), "data[0]: the trace has no id");
    assert_eq!(reason(r#"{"object":"trace.span","id":["s"]}"#), "data[0]: the id of the span is a list, and no text");
    assert_eq!(
        reason(r#"{"object":"trace.span","id":"s","trace_id":{}}"#),
        "data[0]: the trace_id of the span s is an object, and no text"
    );
    assert_eq!(
        reason(r#"{"object":"session","id":"s"}"#),
        "data[0]: its object is \"session\", and neither \"trace\" nor \"trace.span\""
    );
    assert_eq!(reason(r#"{"id":"s"}"#), "data[0]: its object is neither \"trace\" nor \"trace.span\"");
    assert_eq!(reason(&item("s", r#","x":tru"#)), "data[0]: it is no JSON: expected ident at line 1 column 55");
    let levels = |n: usize| item("s", &format!(r#","span_data":{}1{}"#, "[".repeat(n), "]".repeat(n)));
    assert_eq!(reason(&levels(DEEPEST + 1)), "data[0]: it nests deeper than 64 levels");
    assert_eq!(items(&[levels(DEEPEST)]).batch.spans.len(), 1);
    // The object, its three ids, `span_data`, and the numbers in it.
    let numbers = |n: usize| item("s", &format!(r#","span_data":[{}1]"#, "1,".repeat(n - 1)));
    assert_eq!(reason(&numbers(MOST_VALUES - 4)), "data[0]: it holds more than 131072 values");
    assert_eq!(items(&[numbers(MOST_VALUES - 6)]).batch.spans.len(), 1);
}

#[test]
fn a_body_that_was_cut_loses_what_was_cut_and_says_so() {
    let whole = format!(r#"{{"data":[{},{}]}}"#, item("a", ""), item("b", r#","span_data":{"type":"agent"}"#));
    for cut in r#"{"data":["#.len()..whole.len() - 1 {
        let decoded = read(&whole[..cut]);
        assert_eq!(decoded.rejected.count, 1, "{}", &whole[..cut]);
        assert!(decoded.batch.spans.len() < 2 || cut == whole.len() - 2, "{}", &whole[..cut]);
    }
    assert_eq!(reasons(&whole[..whole.len() - 9]), ["data[1]: the body ends within it"]);
    assert_eq!(reasons(&whole[..whole.len() - 2]), ["the body ends within its list `data`, after 2 items"]);
    assert_eq!(read(&whole[..whole.len() - 1]), read(&whole));
}

#[test]
fn an_item_that_lacks_a_bracket_or_a_quote_does_not_take_the_next_ones_with_it() {
    let good = [item("a", ""), item("b", ""), item("c", "")];
    for broken in [
        r#"{"object":"trace.span","id":"x","trace_id":"t""#,
        r#"{"object":"trace.span","id":"x","trace_id":"t"}}"#,
        r#"{"object":"trace.span","id":"x,"trace_id":"t"}"#,
        r#"{"object":"trace.span","id":"x,"trace_id":"t","span_data":[}"#,
        r#"{"object":"trace.span","id":"x"]","trace_id":"t"}"#,
    ] {
        let decoded = items(&[good[0].clone(), broken.to_owned(), good[1].clone(), good[2].clone()]);
        let ids: Vec<&str> = decoded.batch.spans.iter().map(|span| &*span.foreign.as_ref().unwrap().id).collect();
        assert!(ids.ends_with(&["b", "c"]) && ids[0] == "a", "{broken} left {ids:?}");
    }
    // Nor do the next ones when all together are more than one may be.
    let large: Vec<String> =
        (0..4).map(|n| item(&n.to_string(), &format!(r#","span_data":[{}1]"#, "1,".repeat(MOST_VALUES / 3)))).collect();
    let decoded = items(&[r#"{"object":"trace","id":"x""#.to_owned(), large.join(",")]);
    assert_eq!((decoded.batch, decoded.rejected.count), (items(&large).batch, 1));
    // What looks like an item inside a sound one is not taken for one.
    let copied = span(&format!(r#","span_data":{{"type":"custom","data":{{"sent":[{}]}}}}"#, good.join(",")));
    assert_eq!(copied.data.unwrap().kind, DataKind::Custom);
}

#[test]
fn a_body_full_of_broken_items_is_given_up_in_time() {
    let body = format!(r#"{{"data":[{}"#, r#"{"object":"trace","x":["#.repeat(200_000));
    assert!(read(body).rejected.count < 100);
}

#[test]
fn what_json_lacks_is_repaired() {
    let body = b"{\"data\":[{\"object\":\"trace.span\",\"id\":\"a\\ud83d\\ude00\\ud800z\",\"trace_id\":\"t\xff\",\"span_data\":\
        {\"type\":\"custom\",\"name\":\"tab\there\",\"data\":[NaN,-Infinity,1e999,\"NaN \\q\",\"\\u12\"]}}]}";
    let decoded = read(body);
    assert_eq!(decoded.rejected.reasons, [""; 0]);
    let span = &decoded.batch.spans[0];
    let original = span.foreign.as_ref().unwrap();
    assert_eq!((&*original.id, &*original.trace_id, &*span.name), ("a😀\u{fffd}z", "t\u{fffd}", "tab\there"));
    let Some(Value::Map(told)) = span.attributes.get(SPAN_DATA) else { panic!() };
    let texts = ["NaN", "-Infinity", "1e999", "NaN \\q", "\\u12"];
    assert_eq!(told.get("data"), Some(&Value::from(texts.to_vec())));
}

#[test]
fn numbers_keep_their_digits() {
    let told = span(
        r#","span_data":{"a":9223372036854775807,"b":9223372036854775808,"c":-9223372036854775809,
        "d":123456789012345678901234567890,"e":1.0,"f":1e30,"g":-7}"#,
    );
    let Some(Value::Map(told)) = told.attributes.get(SPAN_DATA) else { panic!() };
    let expected: Attributes = [
        ("a", Value::Int(i64::MAX)),
        ("b", Value::from("9223372036854775808")),
        ("c", Value::from("-9223372036854775809")),
        ("d", Value::from("123456789012345678901234567890")),
        ("e", Value::Double(1.0)),
        ("f", Value::Double(1e30)),
        ("g", Value::Int(-7)),
    ]
    .into_iter()
    .collect();
    assert_eq!(told, &expected);
}

#[test]
fn a_huge_field_is_kept_whole() {
    let text = "ä".repeat(5 << 20);
    let span = span(&format!(r#","span_data":{{"type":"function","name":"f","input":"{text}"}}"#));
    let Some(Value::Map(told)) = span.attributes.get(SPAN_DATA) else { panic!() };
    assert_eq!(told.text("input").map(str::len), Some(text.len()));
}

#[test]
fn memory_is_asked_for_before_a_record_is_made() {
    let numbers = format!(r#","span_data":[{}1]"#, "1,".repeat(100_000));
    let names = format!(r#","span_data":{{"type":"mcp_tools","server":"{}"}}"#, "s".repeat(100_000));
    for fields in [numbers, names] {
        let body = format!(r#"{{"data":[{}]}}"#, item("s", &fields));
        let mut asked = 0;
        let decoded = decode(body.as_bytes(), None, ARRIVAL, &mut |bytes| {
            asked += bytes;
            true
        });
        assert!(asked >= decoded.unwrap().batch.spans[0].memory_bytes(), "asked for {asked}");
        assert_eq!(decode(body.as_bytes(), None, ARRIVAL, &mut |_| false), Err(Error::Memory));
    }
}

/// Text that is nearly a body.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(r#"{"object":"trace","id":"t"}"#.to_owned()),
        Just(item("s", r#","span_data":{"type":"generation","output":[{"id":1,"choices":[{}]}]}"#)),
        Just(item("s", r#","started_at":"2026-11-20T00:00:01Z","error":{"message":NaN}"#)),
        r#"[-\[\]{},"\\:1e]{1,4}|\\ud800|[ -~]{0,6}"#,
    ];
    (prop::collection::vec(piece, 0..12), prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(pieces, tail)| {
        let mut body = format!(r#"{{"data":[{}"#, pieces.concat()).into_bytes();
        body.extend(tail);
        body
    })
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), nearly()]) {
        let mut asked = 0;
        if let Ok(decoded) = decode(&bytes, None, ARRIVAL, &mut |bytes| { asked += bytes; true }) {
            prop_assert_eq!(decoded.rejected.count > 0, !decoded.rejected.reasons.is_empty());
            let needed: usize = decoded.batch.spans.iter().map(SpanRecord::memory_bytes).sum();
            prop_assert!(needed <= asked, "{needed} needed, {asked} asked for");
        }
    }

    #[test]
    fn the_order_of_items_does_not_matter(
        order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle(),
        broken in 0..12_usize,
    ) {
        let mut all: Vec<String> = (0..12).map(|n| item(&n.to_string(), r#","span_data":{"type":"agent"}"#)).collect();
        all[broken] = r#"{"object":"trace.span","id":"x","trace_id":"t","span_data":{"type":"agent"#.into();
        let shuffled: Vec<String> = order.iter().map(|&n| all[n].clone()).collect();
        let sorted = |decoded: Decoded| {
            let mut spans = decoded.batch.spans;
            spans.sort_by_key(|span| span.span_id);
            (spans, decoded.rejected.count)
        };
        prop_assert_eq!(sorted(items(&shuffled)), sorted(items(&all)));
    }
}
