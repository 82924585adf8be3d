//! Every type of span, as the SDK's helpers make it: what this library exports is what the SDK exported.

use serde_json::Value as Json;
use trackway::agents::{
    Agent, Audio, Custom, Function, Generation, Guardrail, Handoff, McpTools, Response, Speech, SpeechGroup, Task,
    Transcription, Turn, Usage,
};
use trackway::testing::{Spans, tracer};
use trackway::{Attributes, SpanData, Timestamp, Tracer, Value};

/// Finishes a span of each type, with what the recorded helpers were given.
pub(crate) fn all(tracer: &Tracer) {
    fn end<D: SpanData>(tracer: &Tracer, data: D) {
        tracer.span_of(data).start().finish();
    }
    let map = |pairs: &[(&str, Value)]| pairs.iter().cloned().collect::<Attributes>();
    let message = |role: &str, text: &str| {
        Value::Array(vec![Value::Map(map(&[("role", role.into()), ("content", text.into())]))])
    };
    let used = Usage { input: Some(1), output: Some(2), ..Usage::default() };
    end(tracer, Agent::new("agent").handoffs(["x"]).tools(["t"]).output_type("str"));
    let of_task = Usage { requests: Some(1), total: Some(3), ..used };
    end(tracer, Task::new("job").usage(of_task));
    end(tracer, Turn::new(1, "agent"));
    end(tracer, Function::new("fn").input(r#"{"a":1}"#).output("res"));
    end(tracer, Function::new("fn2").output("{'not': 'str'}").server("srv"));
    let call = Generation::new("m").setting("temperature", 0).usage(used);
    end(tracer, call.input(message("user", "hi")).output(message("assistant", "yo")));
    end(tracer, Response::new());
    end(tracer, Handoff::from("a").to("b"));
    let nested = Value::Array(vec![Value::Int(1), Value::Int(2), Value::Map(map(&[("y", Value::Empty)]))]);
    end(tracer, Custom::new("c").with("x", nested));
    end(tracer, Guardrail::new("g").triggered(true));
    let heard = Transcription::new("whisper").setting("temperature", 0);
    end(tracer, heard.input(Audio::pcm("UENN")).output("hello"));
    let first = Timestamp(1_767_225_600_123_456_000);
    let spoken = Speech::new("tts-1").setting("voice", "alloy").first_content_at(first);
    end(tracer, spoken.input("hi").output(Audio::pcm("UENN")));
    end(tracer, SpeechGroup::new().input("say hi"));
    end(tracer, McpTools::new("srv").tools(["a", "b"]));
}

pub(crate) fn exported(spans: &Spans) -> Vec<Json> {
    spans.finished().iter().map(|span| serde_json::from_str(&trackway::agents::export(span)).unwrap()).collect()
}

#[test]
fn all_span_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/openai-agents/native-python-helpers.json");
    let recorded: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let items = recorded["scenarios"]["all_span_types"][0]["body"]["data"].as_array().unwrap();
    let sent: Vec<&Json> = items.iter().map(|item| &item["span_data"]).collect();

    let (tracer, spans) = tracer();
    all(&tracer);
    let ours = exported(&spans);
    assert_eq!(ours.len(), 14);
    for span in &ours {
        let mut data = span["span_data"].clone();
        // The SDK fills this in with zeros that nobody counted, or leaves it out, as its caller does.
        if data["data"]["sdk_span_type"] == "task" {
            let usage = data["data"]["usage"].as_object_mut().unwrap();
            usage.retain(|key, _| !key.contains("cache"));
        }
        assert!(sent.contains(&&data), "{data}");
        let keys: Vec<&str> = span.as_object().unwrap().keys().map(String::as_str).collect();
        for key in ["object", "id", "trace_id", "parent_id", "started_at", "ended_at", "span_data", "error"] {
            assert!(keys.contains(&key), "{key} of {span}");
        }
    }
}

#[test]
fn messages_become_those_of_the_chat_api() {
    use trackway::agents::{Message, Part, Role};
    let (tracer, spans) = tracer();
    let call = Part::ToolCall { id: Some("c1".into()), name: "get".into(), arguments: r#"{"id":7}"#.into() };
    let result = Part::ToolResult { id: Some("c1".into()), name: None, result: "found".into() };
    let of = |role, parts| Message { role, name: None, parts, finish_reason: None };
    let input = vec![
        Message::text(Role::User, "Where?"),
        of(Role::Assistant, vec![Part::Text("Let me see.".into()), call]),
        of(Role::Tool, vec![result]),
    ];
    tracer.span_of(Generation::new("m").instructions("Be brief.").input(input).output("Here.")).start().finish();
    let data = &exported(&spans)[0]["span_data"];
    let expected = serde_json::json!([
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where?"},
        {"role": "assistant", "content": "Let me see.", "tool_calls":
            [{"id": "c1", "type": "function", "function": {"name": "get", "arguments": "{\"id\":7}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ]);
    assert_eq!(data["input"], expected);
    assert_eq!(data["output"], serde_json::json!([{"role": "assistant", "content": "Here."}]));
}

#[test]
fn a_handoff_is_resolved_while_it_runs() {
    let (tracer, spans) = tracer();
    let mut handoff = tracer.span_of(Handoff::from("triage")).start();
    assert!(handoff.export().unwrap().contains(r#""to_agent":null"#));
    handoff.data_mut().to("billing");
    handoff.finish();
    assert_eq!(&*spans.finished()[0].name, "handoff to billing");
    assert_eq!(exported(&spans)[0]["span_data"]["to_agent"], "billing");
}

#[test]
fn a_span_of_no_agent_is_a_custom_one() {
    let (tracer, spans) = tracer();
    tracer.span("work").attribute("n", 1).start().finish();
    let expected = serde_json::json!({"type": "custom", "name": "work", "data": {"n": 1}});
    assert_eq!(exported(&spans)[0]["span_data"], expected);
}

#[test]
fn times_and_ids_are_in_the_form_of_the_sdk() {
    let (tracer, spans) = tracer();
    tracer.trace("t").run(|_| tracer.span("s").start().finish());
    let span = &exported(&spans)[0];
    assert_eq!(span["trace_id"], "trace_00000000000000000000000000000001");
    assert_eq!(span["id"], "span_000000000000000000000001");
    assert_eq!(span["started_at"], "2020-01-01T00:00:00+00:00");
}

#[test]
fn metadata_of_an_agent_is_beside_its_data() {
    let (tracer, spans) = tracer();
    tracer.span_of(Agent::new("a").metadata("team", "alpha")).start().finish();
    tracer.span_of(Turn::new(2, "a").metadata("n", 1)).start().finish();
    tracer.span_of(Task::new("t").metadata("n", 2)).start().finish();
    let told: Vec<Json> = exported(&spans).iter().map(|span| span["metadata"].clone()).collect();
    assert_eq!(told, [serde_json::json!({"team": "alpha"}), serde_json::json!({"n": 1}), serde_json::json!({"n": 2})]);
}

#[test]
fn disabled_spans_and_what_is_inside_them_are_not_recorded() {
    let (tracer, spans) = tracer();
    let off = tracer.span_of(Custom::new("c")).sampler(trackway::Sampler::always_off()).start();
    tracer.span("inside").child_of(&off).start().finish();
    assert_eq!((off.is_recording(), &*off.original_id()), (false, "no-op"));
    drop(off);
    assert!(spans.finished().is_empty());
}

#[test]
fn the_parent_is_the_active_span_or_the_one_that_is_named() {
    let (tracer, spans) = tracer();
    tracer.trace("t").run(|trace| {
        let _agent = tracer.span_of(Agent::new("a")).enter();
        tracer.span_of(Custom::new("inside")).start().finish();
        tracer.span_of(Custom::new("beside")).child_of(trace).start().finish();
    });
    let agent = spans.named("invoke_agent a").unwrap();
    assert_eq!(spans.named("inside").unwrap().parent_id, Some(agent.span_id));
    let beside = spans.named("beside").unwrap();
    assert_eq!((beside.parent_id, beside.trace_id), (None, agent.trace_id));
}

#[test]
fn the_console_shows_them() {
    use std::sync::{Arc, Mutex};
    #[derive(Clone, Default)]
    struct Shown(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Shown {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let shown = Shown::default();
    let console = trackway::export::Console::to(shown.clone());
    let (tracer, _spans) = trackway::testing::tracer_of(Tracer::builder().exporter(console));
    tracer.span_of(Agent::new("triage")).start().finish();
    let text = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("invoke_agent triage"), "{text}");
}
