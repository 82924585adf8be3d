//! Stories of spans made by hand: what recordings do not have.

use std::collections::HashMap;

use axum::http::StatusCode as Http;
use insta::assert_snapshot;
use serde_json::Value as Json;
use trackway_model::{
    Content, DataKind, Dialect, Handoff, Message, Part, Role, SpanData, SpanId, SpanRecord, Status, StatusCode, Text,
    Timestamp, TraceId, Usage,
};
use trackway_store::Span;

use super::{TestServer, server};
use crate::story::{Entry, Story, preview, tell};

/// Spans with what was said in them.
#[derive(Default)]
struct Scene {
    spans: Vec<Span>,
    said: HashMap<SpanId, Content>,
}

impl Scene {
    /// Adds a span with an id of that number; it lasts one second, unless `with` says otherwise.
    fn add(
        &mut self,
        id: u64,
        parent: u64,
        kind: DataKind,
        name: &str,
        start: u64,
        with: impl FnOnce(&mut SpanRecord, &mut SpanData, &mut Content),
    ) -> &mut Self {
        let mut data = SpanData::new(kind, Dialect::OpenAiAgents);
        data.subject = Some(name.into());
        let mut record = SpanRecord {
            trace_id: TraceId::new([1; 16]).unwrap(),
            span_id: SpanId::new(id.to_be_bytes()).unwrap(),
            parent_id: SpanId::new(parent.to_be_bytes()),
            flags: 0,
            trace_state: "".into(),
            name: name.into(),
            kind: Default::default(),
            start: Timestamp(start * 1_000_000_000),
            end: Some(Timestamp((start + 1) * 1_000_000_000)),
            attributes: Default::default(),
            events: Vec::new(),
            links: Vec::new(),
            status: Status::default(),
            dropped: Default::default(),
            scope: Default::default(),
            resource: Default::default(),
            project: "default".into(),
            data: None,
            foreign: None,
            repeats: Default::default(),
        };
        let mut content = Content::default();
        with(&mut record, &mut data, &mut content);
        record.data = Some(Box::new(data));
        self.said.insert(record.span_id, content);
        self.spans.push(Span::stored(record));
        self
    }

    fn plain(&mut self, id: u64, parent: u64, kind: DataKind, name: &str, start: u64) -> &mut Self {
        self.add(id, parent, kind, name, start, |_, _, _| {})
    }

    /// Adds a model call that was told these messages and answered those.
    fn call(&mut self, id: u64, parent: u64, start: u64, input: Vec<Message>, output: Vec<Message>) -> &mut Self {
        self.add(id, parent, DataKind::Generation, "gpt", start, |_, data, content| {
            data.usage = Some(Usage { input: Some(10), output: Some(1), ..Usage::default() });
            (content.input, content.output) = (input, output);
        })
    }

    /// Adds a tool at work; an answer that begins with `!` is how it failed.
    fn tool(&mut self, id: u64, parent: u64, name: &str, start: u64, arguments: &str, result: &str) -> &mut Self {
        self.add(id, parent, DataKind::Function, name, start, |record, _, content| {
            content.arguments = Some(arguments.into());
            match result.strip_prefix('!') {
                Some(failure) => record.status = Status { code: StatusCode::Error, message: failure.into() },
                None if result.is_empty() => {}
                None => content.result = Some(result.into()),
            }
        })
    }

    fn tell(&self) -> Story {
        let mut spans = self.spans.clone();
        spans.sort_by_key(|span| span.record.start);
        tell(&spans, |span| self.said.get(&span.span_id).cloned().unwrap_or_default())
    }

    fn entries(&self) -> String {
        let story = self.tell();
        story.entries.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn nodes(&self) -> String {
        let line = |node: &crate::story::Node| {
            let marks = [(node.failed, " failed"), (node.survived, " survived"), (node.failed_below, " failed-below")];
            let marks: String = marks.into_iter().filter_map(|(is, mark)| is.then_some(mark)).collect();
            let entry = node.entry.map_or(String::new(), |entry| format!(" -> {entry}"));
            format!("{:width$}{:?} {}{marks}{entry}", "", node.kind, node.title, width = node.depth as usize * 2)
        };
        self.tell().nodes.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn line(entry: &Entry) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    match entry {
        Entry::Fold { call, count, same_as, .. } => format!("[{call}] {count} messages as in {same_as}"),
        Entry::Message { call, role, parts, is_output, .. } => {
            let parts: Vec<String> = parts.iter().map(part).collect();
            format!("[{call}] {}{}: {}", role.name(), if *is_output { " says" } else { "" }, parts.join(" | "))
        }
        Entry::Tool(tool) => format!(
            "tool {}({}) {:?} attempt {}{}{}",
            tool.name,
            tool.arguments.as_deref().unwrap_or_default(),
            tool.state,
            tool.attempt,
            tool.result.as_ref().map_or(String::new(), |result| format!(" = {result}")),
            tool.error.as_ref().map_or(String::new(), |error| format!(" ! {error}")),
        ),
        Entry::Handoff { from, to, .. } => {
            format!("handoff {} -> {}", from.as_deref().unwrap_or("?"), to.as_deref().unwrap_or("?"))
        }
        Entry::Guardrail { name, triggered, .. } => format!("guardrail {name} {triggered:?}"),
        Entry::Call { call, .. } => format!("[{call}] ---"),
        Entry::Missing { call, reason, .. } => format!("[{call}] missing {reason:?}"),
        Entry::Error { name, message, survived, .. } => {
            format!("error {name}: {message}{}", if *survived { " (survived)" } else { "" })
        }
        Entry::Work { kind, title, .. } => format!("work {kind:?} {title}"),
    }
}

fn user(text: &str) -> Message {
    Message::text(Role::User, text)
}

fn system(text: &str) -> Message {
    Message::text(Role::System, text)
}

fn says(text: &str) -> Message {
    Message::text(Role::Assistant, text)
}

fn asks(calls: &[(&str, &str, &str)]) -> Message {
    let call = |(id, name, arguments): &(&str, &str, &str)| Part::ToolCall {
        id: Some(*id).filter(|id| !id.is_empty()).map(Text::from),
        name: (*name).into(),
        arguments: (*arguments).into(),
    };
    Message { parts: calls.iter().map(call).collect(), ..says("") }
}

fn answers(id: &str, result: &str) -> Message {
    let part = Part::ToolResult { id: Some(id.into()), name: None, result: result.into() };
    Message { role: Role::Tool, parts: vec![part], ..says("") }
}

#[test]
fn what_was_said_before_is_folded_and_what_a_tool_answered_is_said_once() {
    let mut scene = Scene::default();
    let asked = vec![system("Be kind."), user("Weather?")];
    scene.plain(1, 0, DataKind::Agent, "Ann", 0);
    scene.call(2, 1, 1, asked.clone(), vec![asks(&[("a", "weather", "{\"city\": \"Ulm\"}"), ("b", "time", "{}")])]);
    scene.tool(3, 1, "time", 2, "{}", "noon").tool(4, 1, "weather", 2, "{\"city\":\"Ulm\"}", "rain");
    // The second client sends each call in a message of its own.
    let mut again = asked;
    again.extend([
        asks(&[("a", "weather", "{\"city\":\"Ulm\"}")]),
        asks(&[("b", "time", "{}")]),
        answers("a", "rain"),
        answers("b", "noon"),
    ]);
    again.push(user("Hurry."));
    scene.call(5, 1, 4, again, vec![says("Rain at noon.")]);
    assert_snapshot!(scene.entries(), @r#"
    [1] system: Be kind.
    [1] user: Weather?
    tool weather({"city": "Ulm"}) Done attempt 1 = rain
    tool time({}) Done attempt 1 = noon
    [1] ---
    [2] 4 messages as in 1
    [2] user: Hurry.
    [2] assistant says: Rain at noon.
    [2] ---
    "#);
}

#[test]
fn instructions_are_shown_when_they_change() {
    let mut scene = Scene::default();
    scene.plain(1, 0, DataKind::Agent, "Ann", 0).plain(2, 0, DataKind::Agent, "Bob", 2);
    scene.call(3, 1, 1, vec![system("You are Ann."), user("Hi")], vec![asks(&[("a", "transfer_to_bob_b_", "{}")])]);
    scene.add(4, 1, DataKind::Handoff, "handoff to Bob B.", 2, |_, data, _| {
        data.handoff = Some(Handoff { from: Some("Ann".into()), to: Some("Bob B.".into()) });
    });
    let told = vec![
        system("You are Bob."),
        user("Hi"),
        asks(&[("a", "transfer_to_bob_b_", "{}")]),
        answers("a", r#"{"assistant": "Bob B."}"#),
    ];
    scene.call(5, 2, 3, told.clone(), vec![says("Hello.")]);
    scene.call(6, 2, 5, [told, vec![says("Hello."), user("More.")]].concat(), vec![says("Sure.")]);
    assert_snapshot!(scene.entries(), @r"
    [1] system: You are Ann.
    [1] user: Hi
    handoff Ann -> Bob B.
    [1] ---
    [2] 3 messages as in 1
    [2] system: You are Bob.
    [2] assistant says: Hello.
    [2] ---
    [3] 5 messages as in 2
    [3] user: More.
    [3] assistant says: Sure.
    [3] ---
    ");
}

#[test]
fn tries_of_one_tool_call_are_counted_and_pair_in_order() {
    let mut scene = Scene::default();
    scene.plain(1, 0, DataKind::Agent, "Ann", 0);
    for (number, result) in [(0, "!timeout"), (1, "!timeout"), (2, "done")] {
        let start = number * 4 + 1;
        scene.call(10 + number, 1, start, vec![user("Go")], vec![asks(&[("", "try", "{\"n\": 1}")])]);
        scene.tool(20 + number, 1, "try", start + 1, "{\"n\":1}", result);
    }
    scene.call(30, 1, 20, vec![user("Go")], vec![asks(&[("", "try", "{\"n\": 1}")])]);
    assert_snapshot!(scene.entries(), @r#"
    [1] user: Go
    tool try({"n": 1}) Failed attempt 1 ! timeout
    [1] ---
    [2] 1 messages as in 1
    tool try({"n": 1}) Failed attempt 2 ! timeout
    [2] ---
    [3] 1 messages as in 2
    tool try({"n": 1}) Done attempt 3 = done
    [3] ---
    [4] 1 messages as in 3
    tool try({"n": 1}) Waiting attempt 1
    [4] ---
    "#);
    assert_snapshot!(scene.nodes(), @r"
    Agent Ann -> 0
      Generation gpt -> 0
      Function try failed survived -> 1
      Generation gpt -> 3
      Function try failed survived -> 4
      Generation gpt -> 6
      Function try -> 7
      Generation gpt -> 9
    ");
}

#[test]
fn a_tool_that_had_to_ask_somebody_first_is_one_tool_call() {
    let mut scene = Scene::default();
    scene.plain(1, 0, DataKind::Agent, "Ann", 0).plain(2, 0, DataKind::Agent, "Ann", 10);
    scene.tool(3, 1, "delete", 1, "{\"path\":\"a\"}", "");
    assert_snapshot!(scene.entries(), @r#"
    tool delete({"path":"a"}) Waiting attempt 1
    "#);
    scene.tool(4, 2, "delete", 11, "{\"path\":\"a\"}", "gone");
    assert_snapshot!(scene.entries(), @r#"
    tool delete({"path":"a"}) Done attempt 1 = gone
    "#);
    assert_snapshot!(scene.nodes(), @r"
    Agent Ann -> 0
      Function delete -> 0
    Agent Ann -> 0
      Function delete -> 0
    ");
}

#[test]
fn a_failure_is_said_once_and_rolls_up_to_what_is_above_it() {
    let mut scene = Scene::default();
    let fail = |message: &'static str| {
        move |record: &mut SpanRecord, _: &mut SpanData, _: &mut Content| {
            record.status = Status { code: StatusCode::Error, message: message.into() };
            record.end = Some(Timestamp(9_000_000_000));
        }
    };
    scene.plain(1, 0, DataKind::Task, "task", 0).add(2, 1, DataKind::Agent, "Ann", 0, fail("Error in agent run"));
    scene.plain(3, 2, DataKind::Turn, "turn 1", 1).call(4, 3, 1, vec![user("Go")], vec![asks(&[("a", "try", "{}")])]);
    scene.tool(5, 3, "try", 2, "{}", "!broken");
    scene.plain(6, 2, DataKind::Turn, "turn 2", 3).call(7, 6, 3, vec![user("Go")], vec![says("Hm.")]);
    scene.add(8, 6, DataKind::Generation, "gpt", 4, fail("no such model"));
    assert_snapshot!(scene.nodes(), @r"
    Agent Ann failed failed-below -> 0
      Generation gpt -> 0
      Function try failed survived -> 1
      Generation gpt -> 3
      Generation gpt failed -> 6
    ");
    assert_snapshot!(scene.entries(), @r"
    [1] user: Go
    tool try({}) Failed attempt 1 ! broken
    [1] ---
    [2] 1 messages as in 1
    [2] assistant says: Hm.
    [2] ---
    error gpt: no such model
    [3] ---
    ");
}

#[test]
fn an_agent_that_is_a_tool_speaks_between_the_call_and_what_comes_after() {
    let mut scene = Scene::default();
    scene.plain(1, 0, DataKind::Agent, "Ann", 0);
    scene.call(2, 1, 1, vec![user("Translate hello")], vec![asks(&[("a", "spanish", "{\"input\":\"hello\"}")])]);
    scene.tool(3, 1, "spanish", 2, "{\"input\":\"hello\"}", "hola");
    scene.plain(4, 3, DataKind::Task, "task", 2).plain(5, 4, DataKind::Agent, "Spanish", 2);
    scene.call(6, 5, 2, vec![user("hello")], vec![says("hola")]);
    scene.plain(7, 3, DataKind::Custom, "db.query", 3);
    let again =
        vec![user("Translate hello"), asks(&[("a", "spanish", "{\"input\": \"hello\"}")]), answers("a", "hola")];
    scene.call(8, 1, 5, again, vec![says("It is hola.")]);
    assert_snapshot!(scene.entries(), @r#"
    [1] user: Translate hello
    tool spanish({"input":"hello"}) Done attempt 1 = hola
    [1] ---
    [2] user: hello
    [2] assistant says: hola
    [2] ---
    work Custom db.query
    [3] 2 messages as in 1
    [3] assistant says: It is hola.
    [3] ---
    "#);
    assert_snapshot!(scene.nodes(), @r"
    Agent Ann -> 0
      Generation gpt -> 0
      Function spanish -> 1
        Agent Spanish -> 3
          Generation gpt -> 3
        Custom db.query -> 6
      Generation gpt -> 7
    ");
    let agents = scene.tell().agents;
    let sums: Vec<_> = agents.iter().map(|agent| (&*agent.name, agent.model_calls, agent.usage.input)).collect();
    assert_eq!(sums, [("Ann", 2, Some(20)), ("Spanish", 1, Some(10))]);
}

#[test]
fn a_history_from_before_the_trace_is_told_with_its_tools() {
    let mut scene = Scene::default();
    let past = vec![user("Weather?"), asks(&[("a", "weather", "{}")]), answers("a", "rain"), says("Rain.")];
    scene.call(1, 0, 1, [past, vec![answers("lost", "snow"), user("And now?")]].concat(), vec![says("Sun.")]);
    assert_snapshot!(scene.entries(), @r#"
    [1] user: Weather?
    tool weather({}) Done attempt 1 = rain
    [1] assistant: Rain.
    [1] tool: ToolResult { id: Some("lost"), name: None, result: "snow" }
    [1] user: And now?
    [1] assistant says: Sun.
    [1] ---
    "#);
    let spans = scene.spans.clone();
    let short = preview(&spans, |span| scene.said[&span.span_id].clone());
    assert_eq!((short.first.as_deref(), short.last.as_deref()), (Some("And now?"), Some("Sun.")));
}

#[test]
fn long_texts_are_cut_at_a_character() {
    let mut scene = Scene::default();
    let long = "ä".repeat(10_000);
    scene.call(1, 0, 1, vec![user(&format!("x{long}"))], vec![says("Long.")]);
    let story = scene.tell();
    let Entry::Message { parts, text_bytes, .. } = &story.entries[0] else { panic!("{:?}", story.entries) };
    let [Part::Text(text)] = &parts[..] else { panic!("{parts:?}") };
    assert_eq!((text.len(), *text_bytes), ((16 << 10) - 1, Some(20_001)));
}

#[test]
fn no_more_than_ten_thousand_spans_are_told_of_and_circles_end() {
    let mut scene = Scene::default();
    scene.plain(1, 2, DataKind::Agent, "Ann", 0).plain(2, 1, DataKind::Agent, "Bob", 0);
    let mut said = vec![user("Go")];
    for number in 0..3_500_u64 {
        let (id, name) = (format!("{number}"), "try");
        scene.call(10 + number * 3, 1, number * 3, said.clone(), vec![asks(&[(&id, name, "{\"n\": 1}")])]);
        scene.tool(11 + number * 3, 1, name, number * 3 + 1, "{\"n\":1}", "");
        scene.plain(12 + number * 3, 11 + number * 3, DataKind::Custom, "db", number * 3 + 1);
        if number % 35 == 0 {
            said.extend([asks(&[(&id, name, "{}")]), answers(&id, "done")]);
        }
    }
    let story = scene.tell();
    assert_eq!((story.cut, story.nodes.len()), (true, 10_000));
}

/// Posts traces of a conversation as the Agents SDK sends them: a generation each, the later one told of all before.
async fn converse(server: &TestServer) {
    for number in 1..=3 {
        let past: String =
            (1..number).map(|past| format!(r#"{{"role":"user","content":"question {past}"}},"#)).collect();
        let id = format!("{number:032x}");
        let body = format!(
            r#"{{"data":[{{"object":"trace","id":"trace_{id}","workflow_name":"Support","group_id":"thread/1","metadata":null}},
            {{"object":"trace.span","id":"span_{number}","trace_id":"trace_{id}","parent_id":null,
              "started_at":"2026-11-20T15:27:0{number}Z","ended_at":"2026-11-20T15:27:0{number}.5Z","error":null,
              "span_data":{{"type":"generation","model":"m","usage":{{"input_tokens":10,"output_tokens":1}},
                "input":[{past}{{"role":"user","content":"question {number}"}}],
                "output":[{{"role":"assistant","content":"answer {number}"}}]}}}}]}}"#
        );
        let headers = [("content-type", "application/json")];
        let answer = server.send("POST", "/v1/traces/ingest", &headers, body).await;
        assert_eq!(answer.status, Http::NO_CONTENT, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_story_is_answered_by_either_id() {
    let server = server();
    converse(&server).await;
    let own = server.get(&format!("/api/v1/traces/trace_{:032x}/story", 2)).await.json();
    assert_eq!(server.get(&format!("/api/v1/traces/{:032x}/story", 2)).await.json(), own);
    let types: Vec<_> = own["entries"].as_array().unwrap().iter().map(|entry| entry["type"].clone()).collect();
    assert_eq!(types, ["message", "message", "message", "call"]);
    assert_eq!(own["entries"][2]["parts"][0]["text"], "answer 2");
    assert_eq!(
        (&own["nodes"][0]["entry"], &own["calls"][0]["model"], &own["trace"]["group_id"]),
        (&Json::from(0), &Json::from("m"), &Json::from("thread/1"))
    );
    assert_eq!(server.get(&format!("/api/v1/traces/{:032x}/story", 9)).await.status, Http::NOT_FOUND);
}

#[tokio::test]
async fn a_conversation_lists_its_traces_the_oldest_first() {
    let server = server();
    converse(&server).await;
    let first = server.get("/api/v1/groups/thread%2F1?limit=2").await.json();
    let said = |page: &Json| {
        let traces = page["traces"].as_array().unwrap().iter();
        traces.map(|trace| format!("{}: {}", trace["first"], trace["last"])).collect::<Vec<_>>().join(", ")
    };
    assert_snapshot!(said(&first), @r#""question 1": "answer 1", "question 2": "answer 2""#);
    assert_eq!((&first["totals"]["model_calls"], &first["totals"]["usage"]["input_tokens"]), (&3.into(), &30.into()));
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/groups/thread%2F1?limit=2&cursor={next}")).await.json();
    assert_snapshot!(said(&second), @r#""question 3": "answer 3""#);
    assert_eq!((&second["totals"], &second["next"]), (&first["totals"], &Json::Null));
    assert_eq!(server.get("/api/v1/groups/thread%2F1?cursor=mine").await.status, Http::BAD_REQUEST);
    assert_eq!(server.get("/api/v1/groups/thread%2F1?project=other").await.status, Http::NOT_FOUND);
    assert_eq!(server.get("/api/v1/groups/unknown").await.status, Http::NOT_FOUND);
}
