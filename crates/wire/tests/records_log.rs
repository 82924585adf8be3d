//! The log of a directory, line by line.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt::Write;

use proptest::{collection::vec, prelude::*, sample::select};
use trackway_model::{Choice, RunFact, RunKey, SpanRecord, StepKey};
use trackway_wire::records::{Follower, Item, Origin};

fn follower() -> Follower {
    Follower::new(RunKey { project: "folder".into(), partition: None, app: "name".into() })
}

fn read(log: &str) -> Vec<Item> {
    let mut follower = follower();
    (1..).zip(log.lines()).flat_map(|(number, line)| follower.line(number, line.as_bytes())).collect()
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../fixtures/machine/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn at(step: StepKey) -> String {
    format!("{}.{}", step.sequence, step.attempt)
}

fn chosen(choice: &Choice) -> String {
    let tried = choice.tried.iter().map(|it| format!("{} if {}: {:?}", it.to, it.condition, it.held));
    format!(" -> {} of [{}]", choice.next.as_deref().unwrap_or("nothing"), tried.collect::<Vec<_>>().join(", "))
}

fn of_span(span: &SpanRecord) -> String {
    let took = span.end.map(|end| (end.0 - span.start.0) / 1_000_000);
    let parent = span.parent_id.map_or("-".into(), |id| id.to_string());
    let events = span.events.len();
    format!("span {} {} in {parent} {took:?} {:?} {events} events", span.span_id, span.name, span.status)
}

/// A line for each item.
fn picture(items: &[Item]) -> String {
    let mut out = String::new();
    for item in items {
        match item {
            Item::Span(span) => writeln!(out, "  {}", of_span(span)).unwrap(),
            Item::Fact(record) => match &record.fact {
                RunFact::End(end) => {
                    let state = end.state.as_ref().map_or("no state", |state| &state.0);
                    let error = end.error.as_ref().map(|error| format!(" {error:?}")).unwrap_or_default();
                    let choice = end.choice.as_ref().map(chosen).unwrap_or_default();
                    writeln!(out, "{} end {}{error} {state}{choice}", at(end.step), end.action).unwrap();
                }
                RunFact::State(placed) => {
                    let after = placed.after.map_or("nothing".into(), at);
                    writeln!(out, "after {after}: {} next {:?}", placed.state.0, placed.next).unwrap();
                }
                RunFact::Remark(remark) => writeln!(out, "REMARK {}: {}", remark.place, remark.what).unwrap(),
                other => writeln!(out, "{}", other.key()).unwrap(),
            },
        }
    }
    out
}

#[test]
fn a_log_is_told_with_whole_states_choices_and_spans() {
    let items = read(&fixture("chat.ndjson"));
    insta::assert_snapshot!(picture(&items), @r#"
    app
    after nothing: {"chat":[],"turns":0,"mood":"good"} next Some("ask")
    0.0:begin
      span 00f067aa0ba902b0 ask in - None Status { code: Unset, message: "" } 0 events
    0.0:attribute::words
    0.0 end ask {"chat":["hi"],"turns":0,"mood":"good","question":"hi"} -> answer of [answer if default: Ok(true)]
      span 00f067aa0ba902b0 ask in - Some(100) Status { code: Ok, message: "" } 0 events
    1.0:begin
      span 00f067aa0ba902b1 answer in - None Status { code: Unset, message: "" } 0 events
    1.0 end answer "the model is busy\ncaused by: 429" {"chat":["hi"],"turns":0,"mood":"good","question":"hi"}
      span 00f067aa0ba902b1 answer in - Some(100) Status { code: Error, message: "the model is busy" } 1 events
    2.0:begin
      span 00f067aa0ba902b2 answer in - None Status { code: Unset, message: "" } 0 events
      span 00f067aa0ba902c0 load in 00f067aa0ba902b2 Some(10) Status { code: Unset, message: "" } 0 events
    2.0 end answer {"chat":["hi","hello","you"],"turns":1,"question":"hi","answer":"hello"} -> ask of [ask if turns < 3: Ok(true)]
      span 00f067aa0ba902b2 answer in - Some(200) Status { code: Ok, message: "" } 0 events
    after 2.0: {"chat":["hi","hello"],"turns":1,"question":"why?"} next Some("answer")
    3.0:begin
    3.0 end answer {"chat":["hi","how are you"],"turns":3,"question":"why?"} -> nothing of [ask if turns < 3: Ok(false), stop if tired: Err("there is no field \"tired\"")]
    "#);
    let Item::Fact(record) = &items[0] else { panic!("a fact") };
    assert_eq!(
        (&*record.run.project, record.run.partition.as_deref(), &*record.run.app),
        ("demo", Some("ann"), "chat")
    );
    let Item::Span(span) = &items[3] else { panic!("the span of the first step") };
    assert_eq!(span.attributes.text("trackway.app.partition"), Some("ann"));
}

#[test]
fn what_cannot_be_used_is_a_remark_and_costs_no_state_but_those_that_build_on_it() {
    insta::assert_snapshot!(picture(&read(&fixture("damaged.ndjson"))), @r#"
    0.0 end a no state
    REMARK log.ndjson:2: it has a delta, and no state was told before it
    1.0 end a {"n":1,"list":[1]}
    REMARK log.ndjson:4: "later" is no type of line
    2.0 end a {"n":2,"list":[1,2]}
    REMARK log.ndjson:6: EOF while parsing a string at line 1 column 57
    4.0 end a no state
    REMARK log.ndjson:7: it has a delta, and the state before it is not known: a line above cannot be used
    5.0 end a {"n":5,"list":[]}
    6.0 end a {"n":5,"list":[1,2]}
    7.0 end a no state
    REMARK log.ndjson:10: its delta appends to the field "n", which is no list
    8.0 end a no state
    REMARK log.ndjson:11: it has a delta, and the state before it is not known: a line above cannot be used
    REMARK log.ndjson:12: it names another run, in the middle of a log
    REMARK log.ndjson:13: it tells the state after the step twice, whole and as a delta
    "#);
}

#[test]
fn a_log_that_does_not_say_whose_it_is_is_that_of_its_folder() {
    let mut follower = follower();
    let items = follower.line(1, br#"{"type":"end","sequence":0,"action":"a"}"#);
    assert_eq!((items.len(), &*follower.run().app), (1, "name"));
    let mut follower = self::follower().listed_under("mine".into());
    assert!(follower.line(1, br#"{"type":"run","project":"theirs","app":"chat"}"#).is_empty());
    assert_eq!((&*follower.run().project, &*follower.run().app), ("mine", "chat"));
}

#[test]
fn names_are_the_same_however_they_are_escaped() {
    let log = concat!(
        r#"{"type":"end","sequence":0,"action":"a","state":{"a\"b":[],"é":1}}"#,
        "\n",
        r#"{"type":"end","sequence":1,"action":"a","delta":{"set":{"\u00e9":2},"append":{"a\u0022b":[{"x":"]}"}]}}}"#,
        "\n",
        r#"{"type":"end","sequence":2,"action":"a","delta":{"remove":["a\u0022b"]}}"#,
    );
    insta::assert_snapshot!(picture(&read(log)), @r#"
    0.0 end a {"a\"b":[],"é":1}
    1.0 end a {"a\"b":[{"x":"]}"}],"é":2}
    2.0 end a {"é":2}
    "#);
}

/// A change of one field, as a delta tells it and as it is done.
#[derive(Debug, Clone)]
enum Deed {
    Set(&'static str, i64),
    Append(&'static str, i64),
    Remove(&'static str),
}

fn deed() -> impl Strategy<Value = Deed> {
    let name = || select(vec!["a", "b", "c"]);
    prop_oneof![
        (name(), 0..9i64).prop_map(|(name, value)| Deed::Set(name, value)),
        (name(), 0..9i64).prop_map(|(name, value)| Deed::Append(name, value)),
        name().prop_map(Deed::Remove),
    ]
}

proptest! {
    #[test]
    fn deltas_make_the_states_that_they_were_made_of(deeds in vec(deed(), 1..60)) {
        let mut state = serde_json::Map::new();
        let mut follower = follower();
        follower.line(1, br#"{"type":"state","state":{}}"#);
        for (number, deed) in (2..).zip(deeds) {
            let delta = match deed {
                Deed::Set(name, value) => {
                    state.insert(name.into(), vec![value].into());
                    format!(r#"{{"set":{{"{name}":[{value}]}}}}"#)
                }
                Deed::Append(name, value) => match state.get_mut(name).and_then(|list| list.as_array_mut()) {
                    Some(list) => {
                        list.push(value.into());
                        format!(r#"{{"append":{{"{name}":[{value}]}}}}"#)
                    }
                    None => "{}".into(),
                },
                Deed::Remove(name) => match state.remove(name) {
                    Some(_) => format!(r#"{{"remove":["{name}"]}}"#),
                    None => "{}".into(),
                },
            };
            let line = format!(r#"{{"type":"end","sequence":{number},"action":"a","delta":{delta}}}"#);
            let items = follower.line(number, line.as_bytes());
            let Item::Fact(record) = &items[0] else { panic!("a fact") };
            let RunFact::End(end) = &record.fact else { panic!("an end: {record:?}") };
            let told: serde_json::Value = serde_json::from_str(&end.state.as_ref().unwrap().0).unwrap();
            prop_assert_eq!(told, serde_json::Value::Object(state.clone()));
        }
    }

    #[test]
    fn no_bytes_break_it(lines in vec(vec(any::<u8>(), 0..60), 0..9)) {
        let mut follower = follower();
        for (number, line) in (1..).zip(&lines) {
            let items = follower.line(number, line);
            prop_assert!(matches!(&items[..], [Item::Fact(it)] if matches!(it.fact, RunFact::Remark(_))));
        }
    }
}

#[test]
fn spans_of_a_log_tell_once_where_they_come_from_and_name_their_step_shortly() {
    let log = r#"{"type":"run","project":"demo","app":"chat","partition":"ada"}
{"type":"span","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","name":"load","start":"2026-11-20T00:00:00Z","step":{"sequence":3,"attempt":1},"attributes":[{"key":"rows","type":"int","value":2}],"scope":{"name":"parser"},"resource":{"attributes":[{"key":"service.name","type":"string","value":"bot"}]}}
{"type":"span","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b8","name":"parse","start":"2026-11-20T00:00:01Z"}
{"type":"span","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b9","name":"elsewhere","start":"2026-11-20T00:00:02Z","project":"other","scope":{"name":"printer"}}"#;
    let spans: Vec<SpanRecord> = read(log)
        .into_iter()
        .map(|item| match item {
            Item::Span(span) => *span,
            Item::Fact(fact) => panic!("{fact:?}"),
        })
        .collect();
    let told: Vec<String> = spans
        .iter()
        .map(|SpanRecord { name, project, scope, resource, attributes, .. }| {
            let [resource, attributes] = [&resource.attributes, attributes]
                .map(|all| all.iter().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join(" "));
            format!("{name} of {project} by {} in {resource}: {attributes}", scope.name)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    load of demo by parser in service.name=Text("bot"): trackway.project=Text("demo") trackway.app.id=Text("chat") trackway.app.partition=Text("ada") trackway.step.sequence=Int(3) trackway.step.attempt=Int(1) rows=Int(2)
    parse of demo by parser in service.name=Text("bot"): 
    elsewhere of other by printer in service.name=Text("bot"): 
    "#);

    let run = RunKey { project: "demo".into(), partition: Some("ada".into()), app: "chat".into() };
    let mut origin = Origin::default();
    let lines: Vec<String> = spans.iter().map(|span| origin.encode(&run, span)).collect();
    let mut again = Follower::new(run.clone());
    let read: Vec<Item> = (2..).zip(&lines).flat_map(|(number, line)| again.line(number, line.as_bytes())).collect();
    assert_eq!(read, spans.into_iter().map(|span| Item::Span(Box::new(span))).collect::<Vec<_>>());
    assert_eq!(lines.iter().filter(|line| line.contains("parser")).count(), 1, "{lines:?}");
    assert!(
        lines[0].contains(r#""step":{"sequence":3,"attempt":1}"#) && !lines[0].contains("trackway."),
        "{}",
        lines[0]
    );
}
