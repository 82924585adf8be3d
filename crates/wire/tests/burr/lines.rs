//! Lines that no recording holds: out of order, repeated, broken, unknown, hostile.

use trackway_model::{RunFact, RunKey, StatusCode, Text, Value};
use trackway_wire::burr::{Follower, Item, LONGEST_LINE, Zone};

use crate::{
    given::{ends, facts, feed, follower, read, remarks, run, spans},
    picture::picture,
};

fn begin(sequence: i64, second: u32) -> String {
    format!(
        r#"{{"type":"begin_entry","start_time":"2026-11-20T10:00:{second:02}","action":"a","inputs":{{}},"sequence_id":{sequence}}}"#
    )
}

fn end(sequence: i64, second: u32, state: &str) -> String {
    format!(
        r#"{{"type":"end_entry","end_time":"2026-11-20T10:00:{second:02}","action":"a","result":{{}},"exception":null,"state":{state},"sequence_id":{sequence}}}"#
    )
}

fn begin_span(id: &str, parent: &str, second: u32) -> String {
    let sequence = id.split_once(':').unwrap().0;
    format!(
        r#"{{"type":"begin_span","start_time":"2026-11-20T10:00:{second:02}","action_sequence_id":{sequence},"span_id":"{id}","span_name":"s","parent_span_id":{parent},"span_dependencies":[]}}"#
    )
}

fn end_span(id: &str, second: u32) -> String {
    let sequence = id.split_once(':').unwrap().0;
    format!(
        r#"{{"type":"end_span","end_time":"2026-11-20T10:00:{second:02}","action_sequence_id":{sequence},"span_id":"{id}"}}"#
    )
}

fn attribute(sequence: i64, span: &str, key: &str, value: &str) -> String {
    format!(
        r#"{{"type":"attribute","key":"{key}","action_sequence_id":{sequence},"span_id":{span},"value":{value},"tags":{{}},"time_logged":"2026-11-20T10:00:00Z"}}"#
    )
}

fn keys(items: &[Item]) -> Vec<String> {
    facts(items).iter().map(RunFact::key).collect()
}

fn drawn(lines: &[String]) -> String {
    picture(&run(), &read(&lines.join("\n")))
}

#[test]
fn a_program_that_starts_anew_in_its_log_makes_other_attempts() {
    // It was killed in its second step; the first line of its third life is missing.
    let lines = [
        [begin(0, 0), end(0, 1, "{}"), begin(1, 2), begin_span("1:0", "null", 3)],
        [begin(0, 10), end(0, 11, "{}"), begin(1, 12), end(1, 13, "{}")],
        [end(0, 20, "{}"), begin(1, 21), begin_span("1:0", "null", 22), end(1, 23, "{}")],
    ];
    insta::assert_snapshot!(drawn(&lines.concat()));
}

#[test]
fn two_programs_in_one_log_end_the_step_that_began_last() {
    let lines = [begin(0, 0), begin(0, 1), end(0, 2, r#"{"n":1}"#), end(0, 3, r#"{"n":2}"#), end(0, 4, r#"{"n":3}"#)];
    let items = read(&lines.join("\n"));
    assert_eq!(keys(&items), ["0.0:begin", "0.1:begin", "0.1:end", "0.0:end", "0.2:end"]);
}

#[test]
fn an_end_of_another_action_is_not_the_end_of_this_one() {
    let other = end(0, 1, "{}").replace(r#""action":"a""#, r#""action":"b""#);
    let items = read(&[begin(0, 0), other, end(0, 2, "{}")].join("\n"));
    assert_eq!(keys(&items), ["0.0:begin", "0.1:end", "0.0:end"]);
}

#[test]
fn an_end_without_a_begin_is_a_step_and_a_later_begin_finds_it() {
    let items = read(&end(3, 5, r#"{"n":1}"#));
    assert_eq!(keys(&items), ["3.0:end"]);
    let span = &spans(&items)[0];
    assert_eq!((&*span.name, span.parent_id, span.end), ("a", None, Some(span.start)));

    let items = read(&[end(3, 5, "{}"), begin(3, 4), begin(3, 6)].join("\n"));
    assert_eq!(keys(&items), ["3.0:end", "3.0:begin", "3.1:begin"]);
    assert_eq!(spans(&items)[0].duration().unwrap().0, 1_000_000_000);
}

#[test]
fn lines_of_any_order_make_the_same_tree() {
    let of_span = |id: &str| {
        let quoted = format!("{id:?}");
        [begin(0, 0), begin_span(id, "null", 1), attribute(0, &quoted, "k", "1"), end_span(id, 2), end(0, 3, "{}")]
    };
    // The first span has the id that OpenTelemetry's tracker gives the step, whose end without begin is nothing odd.
    for (id, odd) in [("0:0", vec![]), ("0:1", vec!["log.jsonl:2: no span 0:1 has begun"])] {
        let in_order = of_span(id);
        let mut shuffled = in_order.clone();
        shuffled.swap(1, 3);
        let items = read(&shuffled.join("\n"));
        assert_eq!(remarks(&items), odd);
        assert_eq!(spans(&items), spans(&read(&in_order.join("\n"))));
    }

    let in_order = of_span("0:0");
    // Spans of a step whose begin was torn stand below a step that nobody named yet.
    let before = read(&in_order[1..4].join("\n"));
    assert_eq!(&*spans(&before)[0].name, "step 0");
    let late = [&in_order[1..4], &in_order[..1], &in_order[4..]].concat();
    assert_eq!(spans(&read(&late.join("\n"))), spans(&read(&in_order.join("\n"))));
}

#[test]
fn spans_of_one_id_are_told_apart() {
    let lines = [
        begin(0, 0),
        begin_span("0:0", "null", 1),
        begin_span("0:0.0", r#""0:0""#, 2),
        begin_span("0:0", "null", 3),
        begin_span("0:0.0", r#""0:0""#, 4),
        attribute(0, r#""0:0""#, "of", r#""the second""#),
        end_span("0:0.0", 5),
        end_span("0:0", 6),
        attribute(0, r#""0:0""#, "of", r#""the first""#),
        begin_span("0:7.1", r#""0:7""#, 7),
        end(0, 8, "{}"),
        end_span("0:0", 9),
        end_span("0:0", 10),
    ];
    insta::assert_snapshot!(drawn(&lines));
}

#[test]
fn broken_lines_cost_themselves() {
    let torn = &begin(9, 0)[..40];
    let numberless = begin(0, 0).replace(r#""sequence_id":0"#, r#""sequence_id":"zero""#);
    let odd = r#"{"type":"begin_dream","dream":1}"#;
    let nan = end(0, 1, r#"{"n":NaN}"#);
    let lines = [&begin(0, 0), torn, "[1]", "null", &numberless, odd, "{}", &nan, &end(0, 2, "{}")].join("\n");
    let items = read(&lines);
    let others: Vec<String> = keys(&items).into_iter().filter(|key| !key.starts_with("remark")).collect();
    assert_eq!(others, ["0.0:begin", "0.0:end"]);
    insta::assert_snapshot!(remarks(&items).join("\n"));
    let RunFact::Remark(remark) = &facts(&items)[5] else { panic!("the sixth line is unknown") };
    assert_eq!(remark.text, odd.into(), "an unknown line is kept");
}

#[test]
fn blank_endless_and_binary_lines_are_remarks() {
    let mut follower = follower();
    assert_eq!(remarks(&follower.log_line(1, b" \r")), ["log.jsonl:1: it is blank"]);
    let binary = [begin(0, 0).replace(r#""a""#, "\"\u{1}A\"").as_bytes(), b"\xff"].concat();
    assert_eq!(remarks(&follower.log_line(2, &binary)).len(), 1);
    let mut bytes = begin(0, 0).into_bytes();
    let at = bytes.windows(3).position(|three| three == br#""a""#).unwrap();
    bytes[at + 1] = 0xff;
    let items = follower.log_line(3, &bytes);
    assert_eq!(keys(&items), ["0.0:begin", "remark:log.jsonl:3"]);
    assert_eq!(&*spans(&items)[0].name, "\u{fffd}");
    let long = vec![b' '; LONGEST_LINE + 1];
    let items = follower.log_line(4, &long);
    let RunFact::Remark(remark) = &facts(&items)[0] else { panic!("a remark") };
    assert_eq!((&*remark.what, remark.text.len()), ("it is longer than 67108864 bytes", 512));
}

#[test]
fn a_remark_cuts_no_character() {
    let mut follower = follower();
    for before in 0..4 {
        let line = [" ".repeat(before), "🦀".repeat(200)].concat();
        let items = follower.log_line(1, line.as_bytes());
        let RunFact::Remark(remark) = &facts(&items)[0] else { panic!("a remark") };
        assert!(line.starts_with(&*remark.text) && remark.text.len() > 508, "{}", remark.text);
    }
}

#[test]
fn an_unknown_field_is_told_once() {
    let more = begin(0, 0).replace('{', r#"{"mood":{"good":true},"#).replacen(
        r#""inputs":{"mood":{"good":true},}"#,
        r#""inputs":{}"#,
        1,
    );
    let again = more.replace(r#""sequence_id":0"#, r#""sequence_id":1"#);
    let items = read(&[more, again].join("\n"));
    assert_eq!(remarks(&items), [r#"log.jsonl:1:mood: the field "mood" of begin_entry is unknown here"#]);
    let RunFact::Remark(remark) = &facts(&items)[1] else { panic!("a remark") };
    assert_eq!(&*remark.text, r#"{"good":true}"#);
}

#[test]
fn numbers_and_texts_come_as_they_were_written() {
    let value =
        r#"{"big":1180591720617411303424,"wide":[-0.0,1e300,null],"text":"\u0000 🦀 \ud83e\udd80","half":"\ud800"}"#;
    let items = read(
        &[
            begin(0, 0),
            attribute(0, "null", "k", value),
            attribute(0, "null", "big", "18446744073709551616"),
            end(0, 1, value),
        ]
        .join("\n"),
    );
    assert_eq!(&*ends(&items)[0].state.as_ref().unwrap().0, value);
    let RunFact::Attribute(attribute) = &facts(&items)[1] else { panic!("an attribute") };
    assert_eq!(&*attribute.value.0, value);
    let span = &spans(&items)[0];
    assert_eq!(span.attributes.text("big"), Some("18446744073709551616"));
    let Some(Value::Map(map)) = span.attributes.get("k") else { panic!("a map") };
    assert_eq!(map.text("big"), Some("1180591720617411303424"));
    assert_eq!((map.text("text"), map.text("half")), (Some("\0 🦀 🦀"), Some("\u{fffd}")));
}

#[test]
fn a_value_that_is_too_deep_or_too_wide_is_a_text_of_the_span() {
    let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let deeper = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let wide = format!("[{}1]", "1,".repeat(200_000));
    for value in [deep, deeper, wide] {
        let items = read(&[begin(0, 0), attribute(0, "null", "k", &value)].join("\n"));
        assert_eq!(spans(&items)[0].attributes.text("k"), Some(&*value));
    }
    let lines: Vec<String> = (0..2_000).map(|n| attribute(0, "null", &format!("k{n}"), "[1,2]")).collect();
    let items = read(&[begin(0, 0), lines.join("\n")].join("\n"));
    let span = &spans(&items)[0];
    assert_eq!(span.attributes.len() as u64 + u64::from(span.dropped.attributes), 2_004);
    assert_eq!((span.attributes.len(), facts(&items).len()), (1_024, 2_001));
}

#[test]
fn a_step_that_is_over_is_let_go_of_after_sixteen_others() {
    let mut lines = vec![begin(0, 0), begin_span("0:0", "null", 0), end(0, 1, "{}")];
    lines.extend((1..=16).flat_map(|n| [begin(n, 1), end(n, 2, "{}")]));
    let before = lines.len();
    lines.insert(before - 2, attribute(0, r#""0:0""#, "late", "1"));
    lines.extend([
        attribute(0, r#""0:0""#, "too late", "1"),
        end_span("0:0", 3),
        r#"{"type":"end_stream","action_sequence_id":0,"span_id":null,"end_time":"2026-11-20T10:00:09Z","items_streamed":4}"#.into(),
    ]);
    let items = read(&lines.join("\n"));
    let of_first: Vec<String> = keys(&items).into_iter().filter(|key| key.starts_with("0.")).collect();
    let expected = ["0.0:begin", "0.0:end", "0.0:attribute:0:0:late", "0.0:attribute:0:0:too late", "0.0:stream:end"];
    assert_eq!(of_first, expected, "facts are told however late");
    assert_eq!(remarks(&items), ["log.jsonl:38: its step is over long since"]);
    assert_eq!(spans(&items)[1].attributes.get("late"), Some(&Value::Int(1)));
}

#[test]
fn what_programs_that_die_leave_open_is_bounded() {
    let mut follower = follower();
    let lines: Vec<String> = (0..1_000).map(|n| begin(n, 0)).collect();
    feed(&mut follower, &lines.join("\n"));
    assert_eq!(keys(&feed(&mut follower, &end(999, 1, "{}"))), ["999.0:end"]);
    assert_eq!(keys(&feed(&mut follower, &end(0, 1, "{}"))), ["0.1:end"], "nobody remembers that it was open");
}

#[test]
fn a_failure_is_the_status_of_its_step() {
    let line = end(0, 1, "{}").replace(r#""result":{},"exception":null"#, r#""result":null,"exception":"Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: no\n""#);
    let items = read(&[begin(0, 0), line].join("\n"));
    let span = &spans(&items)[0];
    assert_eq!((span.status.code, &*span.status.message), (StatusCode::Error, "ValueError: no"));
    let event = &span.events[0];
    assert_eq!((&*event.name, Some(event.time)), ("exception", span.end));
    assert_eq!(
        (event.attributes.text("exception.type"), event.attributes.text("exception.message")),
        (Some("ValueError"), Some("no"))
    );
    assert!(event.attributes.text("exception.stacktrace").unwrap().contains("a.py"));
    assert!(!ends(&items)[0].is_suspect, "what fails leaves the state of before");
}

#[test]
fn files_that_are_broken_or_say_more_are_remarks() {
    let mut follower = follower();
    assert_eq!(
        remarks(&follower.graph(b"")),
        ["graph.json: it is no JSON object: EOF while parsing a value at line 1 column 0"]
    );
    assert_eq!(remarks(&follower.graph(b"{}")), ["graph.json: it holds no actions"]);
    let items = follower.metadata(br#"{"type":"application_metadata","partition_key":null,"parent_pointer":{"app_id":"p","sequence_id":null},"spawning_parent_pointer":null,"owner":"me"}"#);
    assert_eq!(remarks(&items), [r#"metadata.json:owner: the field "owner" of metadata.json is unknown here"#]);
    let items = follower.child_line(7, br#"{"type":"child_application_data","child":null,"event_type":"fork"}"#);
    assert_eq!(remarks(&items), ["children.jsonl:7: it names no child"]);
    let items = follower
        .child_line(8, br#"{"child":{"app_id":"c"},"event_time":"nonsense","event_type":"fork","sequence_id":null}"#);
    let RunFact::Child(child) = &facts(&items)[0] else { panic!("a child") };
    assert_eq!((&*child.child.app, child.sequence, child.time), ("c", None, None));
}

#[test]
fn projects_partitions_and_ids_of_any_letters_are_names_and_nothing_else() {
    for app in ["../../x", "a/b", "\0", "žluťoučký 🦀", ""] {
        let run =
            RunKey { project: "demo:x".into(), partition: Some("pk/with spaces & ü".into()), app: Text::from(app) };
        let mut follower = Follower::new(run, Zone::Named(jiff::tz::TimeZone::UTC));
        let items = follower.log_line(1, begin(0, 0).as_bytes());
        let span = &spans(&items)[0];
        assert_eq!((span.service(), span.attributes.text("trackway.app.id")), ("demo:x", Some(app)));
        assert_eq!(span.trace_id, follower.run_id());
    }
}
