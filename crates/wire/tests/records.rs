//! Records of runs, line by line.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use proptest::{prelude::*, sample::select};
use trackway_model::{
    Action, AppRecord, Attributes, ChildEvent, ChildRecord, Choice, Dropped, Event, Foreign, Graph, Json, Link, Remark,
    Repeats, Resource, RunFact, RunKey, RunPointer, RunRecord, Scope, SpanId, SpanKind, SpanRecord, StateRecord,
    Status, StatusCode, StepAttribute, StepBegin, StepEnd, StepKey, StreamEvent, StreamMoment, Text, Timestamp,
    TraceId, Transition, Tried, Value,
};
use trackway_wire::records::{Follower, Item, decode, decode_all, decode_run, encode, encode_run};

fn run() -> Arc<RunKey> {
    Arc::new(RunKey { project: "demo".into(), partition: Some("user".into()), app: "chat".into() })
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof![any::<String>(), Just("\0\u{2028}\"\\\n🦀".to_owned())].prop_map(Into::into)
}

fn texts() -> impl Strategy<Value = Vec<Text>> {
    prop::collection::vec(text(), 0..3)
}

fn json() -> impl Strategy<Value = Json> {
    let values =
        ["{}", "[1, 2.50]", r#"{"a":1180591720617411303424,"a":-0.0}"#, r#""\ud800 \u0000 é""#, "1e400", "false"];
    select(values.to_vec()).prop_map(|json| Json(json.into()))
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp)
}

fn trace_id() -> impl Strategy<Value = TraceId> {
    any::<[u8; 16]>().prop_filter_map("an id", TraceId::new)
}

fn span_id() -> impl Strategy<Value = SpanId> {
    any::<[u8; 8]>().prop_filter_map("an id", SpanId::new)
}

fn step() -> impl Strategy<Value = StepKey> {
    (any::<i64>(), any::<u32>()).prop_map(|(sequence, attempt)| StepKey { sequence, attempt })
}

fn maybe<S: Strategy>(strategy: S) -> prop::option::OptionStrategy<S> {
    prop::option::of(strategy)
}

fn pointer() -> impl Strategy<Value = RunPointer> {
    (text(), maybe(text()), maybe(any::<i64>())).prop_map(|(app, partition, sequence)| RunPointer {
        app,
        partition,
        sequence,
    })
}

fn graph() -> impl Strategy<Value = Graph> {
    let action = (text(), texts(), texts(), texts(), texts(), texts(), maybe(text())).prop_map(
        |(name, reads, writes, inputs, optional_inputs, tags, code)| Action {
            name,
            reads,
            writes,
            inputs,
            optional_inputs,
            tags,
            code,
        },
    );
    let transition = (text(), text(), text()).prop_map(|(from, to, condition)| Transition { from, to, condition });
    (maybe(text()), prop::collection::vec(action, 0..3), prop::collection::vec(transition, 0..3))
        .prop_map(|(entrypoint, actions, transitions)| Graph { entrypoint, actions, transitions })
}

fn choice() -> impl Strategy<Value = Choice> {
    let held = prop_oneof![any::<bool>().prop_map(Ok), text().prop_map(Err)];
    let tried = (text(), text(), held).prop_map(|(to, condition, held)| Tried { to, condition, held });
    (maybe(text()), prop::collection::vec(tried, 0..3)).prop_map(|(next, tried)| Choice { next, tried })
}

fn fact() -> impl Strategy<Value = RunFact> {
    let app = (maybe(graph()), maybe(pointer()), maybe(pointer()), maybe(time()))
        .prop_map(|(graph, parent, spawned_by, created)| AppRecord { graph, parent, spawned_by, created });
    let begin = (step(), text(), maybe(time()), maybe(json()), maybe((trace_id(), span_id())))
        .prop_map(|(step, action, time, inputs, span)| StepBegin { step, action, time, inputs, span });
    let end =
        (step(), text(), maybe(time()), maybe(json()), maybe(text()), maybe(json()), any::<bool>(), maybe(choice()));
    let end = end.prop_map(|(step, action, time, result, error, state, is_suspect, choice)| StepEnd {
        step,
        action,
        time,
        result,
        error,
        state,
        is_suspect,
        choice,
    });
    let attribute = (step(), maybe(text()), text(), json(), maybe(json()), maybe(time()))
        .prop_map(|(step, span, key, value, tags, time)| StepAttribute { step, span, key, value, tags, time });
    let moment = prop_oneof![
        Just(StreamMoment::Begin),
        Just(StreamMoment::FirstItem),
        any::<u64>().prop_map(|items| StreamMoment::End { items })
    ];
    let stream = (step(), moment, maybe(time())).prop_map(|(step, moment, time)| StreamEvent { step, moment, time });
    let placed = (maybe(step()), maybe(text()), json(), maybe(time()))
        .prop_map(|(after, next, state, time)| StateRecord { after, next, state, time });
    let event = select(vec![ChildEvent::Fork, ChildEvent::Spawn]);
    let child = (maybe(any::<i64>()), pointer(), event, maybe(time()))
        .prop_map(|(sequence, child, event, time)| ChildRecord { sequence, child, event, time });
    let remark = (text(), text(), text()).prop_map(|(place, what, text)| Remark { place, what, text });
    prop_oneof![
        app.prop_map(RunFact::App),
        begin.prop_map(RunFact::Begin),
        end.prop_map(RunFact::End),
        attribute.prop_map(RunFact::Attribute),
        stream.prop_map(RunFact::Stream),
        placed.prop_map(RunFact::State),
        child.prop_map(RunFact::Child),
        remark.prop_map(RunFact::Remark),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let one = prop_oneof![
        Just(Value::Empty),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(|number| Value::Double(if number.is_nan() { f64::NAN } else { number })),
        select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 3.0]).prop_map(Value::Double),
        text().prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    one.prop_recursive(3, 16, 4, |inner| {
        let map = prop::collection::vec((text(), inner.clone()), 0..4).prop_map(|pairs| Value::Map(Attributes(pairs)));
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::Array), map]
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    prop::collection::vec((text(), value()), 0..4).prop_map(Attributes)
}

fn span() -> impl Strategy<Value = SpanRecord> {
    let kinds = [
        SpanKind::Unspecified,
        SpanKind::Internal,
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Producer,
        SpanKind::Consumer,
    ];
    let codes = select(vec![StatusCode::Unset, StatusCode::Ok, StatusCode::Error]);
    let event = (time(), text(), attributes(), any::<u32>())
        .prop_map(|(time, name, attributes, dropped_attributes)| Event { time, name, attributes, dropped_attributes });
    let link = (maybe(trace_id()), maybe(span_id()), text(), any::<u32>(), attributes(), any::<u32>()).prop_map(
        |(trace_id, span_id, trace_state, flags, attributes, dropped_attributes)| Link {
            trace_id,
            span_id,
            trace_state,
            flags,
            attributes,
            dropped_attributes,
        },
    );
    let source = || (text(), text(), attributes(), any::<u32>(), text());
    let ids = (trace_id(), span_id(), maybe(span_id()), any::<u32>(), text(), text());
    let when = (time(), maybe(time()), select(kinds.to_vec()), codes, text());
    let what = (attributes(), prop::collection::vec(event, 0..3), prop::collection::vec(link, 0..3), any::<[u32; 3]>());
    let whose = (source(), source(), text(), maybe((text(), text(), maybe(text()))), any::<bool>());
    (ids, when, what, whose).prop_map(|(ids, when, what, whose)| {
        let (trace_id, span_id, parent_id, flags, trace_state, name) = ids;
        let (start, end, kind, code, message) = when;
        let (attributes, events, links, [of_attributes, of_events, of_links]) = what;
        let (scope, resource, project, foreign, replaces) = whose;
        let dropped = Dropped { attributes: of_attributes, events: of_events, links: of_links };
        let (scope_name, version, scope_attributes, dropped_attributes, schema_url) = scope;
        let scope = Scope { name: scope_name, version, attributes: scope_attributes, dropped_attributes, schema_url };
        let (_, _, attributes_of_resource, dropped_attributes, schema_url) = resource;
        let resource = Resource { attributes: attributes_of_resource, dropped_attributes, schema_url };
        SpanRecord {
            trace_id,
            span_id,
            parent_id,
            flags,
            trace_state,
            name,
            kind,
            start,
            end,
            attributes,
            events,
            links,
            status: Status { code, message },
            dropped,
            scope: Arc::new(scope),
            resource: Arc::new(resource),
            project,
            data: None,
            foreign: foreign.map(|(id, trace_id, parent_id)| Box::new(Foreign { id, trace_id, parent_id })),
            repeats: if replaces { Repeats::Replace } else { Repeats::Stay },
        }
    })
}

proptest! {
    #[test]
    fn a_fact_is_what_its_line_says(fact in fact()) {
        let item = Item::Fact(RunRecord { run: run(), fact });
        let line = encode(&item);
        prop_assert!(!line.contains(['\n', '\r']), "{line}");
        prop_assert_eq!(decode(line.as_bytes(), &run()), Ok(item));
    }

    #[test]
    fn a_span_is_what_its_line_says(span in span()) {
        let item = Item::Span(Box::new(span));
        let line = encode(&item);
        prop_assert!(!line.contains(['\n', '\r']), "{line}");
        prop_assert_eq!(decode(line.as_bytes(), &run()), Ok(item));
    }

    #[test]
    fn a_run_is_what_its_line_says(project in text(), partition in maybe(text()), app in text()) {
        let run = RunKey { project, partition, app };
        prop_assert_eq!(decode_run(encode_run(&run).as_bytes()), Ok(run));
    }

    #[test]
    fn no_bytes_break_it(line in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&line, &run()).is_err() && decode_run(&line).is_err());
    }
}

#[test]
fn the_lines_of_the_page_are_what_it_says() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/records.md")).unwrap();
    let (each_by_itself, of_directories) = page.split_once("## Logs of a directory").unwrap();
    let examples = |text: &'_ str| {
        let blocks = text.split("```json\n").skip(1).map(|block| block.split("```").next().unwrap());
        blocks.flat_map(str::lines).filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(examples(each_by_itself).len() >= 9, "an example of every type");
    let mut follower = Follower::new(RunKey::clone(&run()));
    follower.line(1, br#"{"type":"state","state":{"question":"hi","chat":[]}}"#);
    for line in examples(of_directories) {
        for item in follower.line(2, line.as_bytes()) {
            let is_remark = matches!(&item, Item::Fact(it) if matches!(it.fact, RunFact::Remark(_)));
            assert!(!is_remark, "{item:?}");
        }
    }
    for line in examples(each_by_itself) {
        let again = match decode_run(line.as_bytes()) {
            Ok(run) => encode_run(&run),
            Err(_) => encode(&decode(line.as_bytes(), &run()).unwrap_or_else(|what| panic!("{what}: {line}"))),
        };
        assert_eq!(again, line, "the page shows lines as they are written");
    }
}

#[test]
fn a_line_that_is_none_says_why() {
    let why = |line: &str| decode(line.as_bytes(), &run()).unwrap_err();
    assert_eq!(why(""), "EOF while parsing a value at line 1 column 0");
    assert_eq!(why("{}"), "missing field `type` at line 1 column 2");
    assert_eq!(why(r#"{"type":"step"}"#), r#""step" is no type of line"#);
    assert_eq!(why(r#"{"type":"begin","action":"a"}"#), "missing field `sequence` at line 1 column 29");
    assert_eq!(why(r#"{"type":"run","project":"p","app":"a"}"#), "a line that names a run comes first, and only there");
    assert!(
        why(r#"{"type":"end","sequence":0,"action":"a","time":"1960-01-01T00:00:00Z"}"#)
            .starts_with("a time lies between 1970 and 2554")
    );
    assert!(decode_run(br#"{"type":"end"}"#).unwrap_err().contains(r#"of the type "end""#));
}

#[test]
fn json_over_several_lines_becomes_one() {
    let state = Some(Json("{\n  \"n\": 1\r\n}".into()));
    let step = StepKey { sequence: 0, attempt: 0 };
    let action = "a".into();
    let end = StepEnd { step, action, time: None, result: None, error: None, state, is_suspect: false, choice: None };
    let line = encode(&Item::Fact(RunRecord { run: run(), fact: RunFact::End(end) }));
    assert_eq!(line, r#"{"type":"end","sequence":0,"attempt":0,"action":"a","state":{   "n": 1  }}"#);
}

#[test]
fn deep_values_and_states_are_read_or_refused_and_never_overflow() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let end = format!(r#"{{"type":"end","sequence":0,"action":"a","state":{deep}}}"#);
    assert!(decode(end.as_bytes(), &run()).is_ok(), "JSON of a client is not looked into");
    let nested = |levels: usize| {
        let [open, close] = [r#"{"type":"array","value":["#, "]}"].map(|part| part.repeat(levels));
        format!(r#"{open}{{"type":"empty"}}{close}"#)
    };
    let span = |levels| {
        let value = nested(levels);
        let value = value.strip_prefix('{').unwrap();
        let line = format!(
            r#"{{"type":"span","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","name":"n","start":"2026-11-20T00:00:00Z","project":"p","attributes":[{{"key":"k",{value}]}}"#
        );
        decode(line.as_bytes(), &run())
    };
    assert!(span(30).is_ok());
    assert!(span(100_000).is_err());
}

#[test]
fn a_span_of_too_many_values_is_refused() {
    let span = |values: usize| {
        let values = r#"{"type":"bool","value":true},"#.repeat(values);
        let line = format!(
            r#"{{"type":"span","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","name":"n","start":"2026-11-20T00:00:00Z","project":"p","attributes":[{{"key":"k","type":"array","value":[{}]}}]}}"#,
            values.trim_end_matches(',')
        );
        decode(line.as_bytes(), &run()).map(|_| ())
    };
    assert_eq!(span(131_071), Ok(()));
    assert_eq!(span(131_072), Err("it holds more than 131072 values".into()));
}

#[test]
fn a_step_whose_span_nothing_else_tells_of_is_told_with_it() {
    let span =
        r#""span":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","told_here":true}"#;
    let line = |rest: &str| format!(r#"{{"type":"{rest},{span}}}"#);
    let told = |line: &str| decode_all(line.as_bytes(), &run()).unwrap().1.unwrap();
    let begun = told(&line(r#"begin","sequence":3,"attempt":1,"action":"ask","time":"2026-11-20T15:26:38Z""#));
    let ended = told(&line(
        r#"end","sequence":3,"attempt":1,"action":"ask","begun":"2026-11-20T15:26:38Z","time":"2026-11-20T15:26:40Z","error":"no\nwhy""#,
    ));
    assert_eq!((begun.span_id, begun.end, begun.repeats), (ended.span_id, None, Repeats::Replace));
    assert_eq!((ended.start, &*ended.status.message, ended.status.code), (begun.start, "no", StatusCode::Error));
    assert_eq!(ended.end.unwrap().0 - ended.start.0, 2_000_000_000);
    let keys: Vec<_> = ended.attributes.iter().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(
        keys.join(" "),
        "trackway.project trackway.app.id trackway.app.partition trackway.step.sequence trackway.step.attempt"
    );
    let elsewhere = line(r#"begin","sequence":3,"action":"ask""#).replace("true", "false");
    assert_eq!(decode_all(elsewhere.as_bytes(), &run()).unwrap().1, None);
    let delta = r#"{"type":"end","sequence":3,"action":"ask","delta":{}}"#;
    assert!(decode_all(delta.as_bytes(), &run()).unwrap_err().starts_with("a delta says nothing"));
}
