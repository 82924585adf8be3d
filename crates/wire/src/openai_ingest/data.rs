//! The `span_data` of each type.

use trackway_model::{Attributes, SpanRecord, Text, Timestamp, Value, keys};

use super::{ERROR_DATA, below, map, messages, or_null, time, usage};

/// The attribute that holds a span's `span_data` as it came.
const SPAN_DATA: &str = "openai.agents.span_data";

/// Returns what a span says of itself, in the SDK's words.
pub(super) fn data(span: &SpanRecord) -> Value {
    let all = &span.attributes;
    if let Some(sent) = all.get(SPAN_DATA) {
        return sent.clone();
    }
    let text = |key: &str| or_null(all.get(key).cloned());
    let kind = kind(all);
    let type_of = ("type", Value::from(kind));
    match kind {
        "agent" => map([
            type_of,
            ("name", text("gen_ai.agent.name")),
            ("handoffs", text("trackway.agent.handoffs")),
            ("tools", tools(all)),
            ("output_type", text("trackway.agent.output_type")),
        ]),
        "task" => frame("task", all, [("name", text("gen_ai.workflow.name"))]),
        "turn" => frame("turn", all, [("turn", text("gen_ai.agent.turn")), ("agent_name", text("gen_ai.agent.name"))]),
        "generation" => map([
            type_of,
            ("input", asked(all)),
            ("output", messages::list(all.get("gen_ai.output.messages"))),
            ("model", text("gen_ai.request.model")),
            ("model_config", settings(all)),
            ("usage", or_null(usage::of_call(all))),
        ]),
        "response" => {
            map([type_of, ("response_id", text("gen_ai.response.id")), ("usage", or_null(usage::of_call(all)))])
        }
        "function" => map([
            type_of,
            ("name", text("gen_ai.tool.name")),
            ("input", text("gen_ai.tool.call.arguments")),
            ("output", text("gen_ai.tool.call.result")),
            ("mcp_data", or_null(all.get("mcp.server.name").map(|server| map([("server", server.clone())])))),
        ]),
        "handoff" => map([
            type_of,
            ("from_agent", text("gen_ai.handoff.from_agent")),
            ("to_agent", text("gen_ai.handoff.to_agent")),
        ]),
        "guardrail" => {
            let triggered = all.get("gen_ai.guardrail.triggered").cloned().unwrap_or(Value::Bool(false));
            map([type_of, ("name", text("gen_ai.guardrail.name")), ("triggered", triggered)])
        }
        "mcp_tools" => map([type_of, ("server", text("mcp.server.name")), ("result", tools(all))]),
        "transcription" => map([
            type_of,
            ("input", messages::sound(all.get("gen_ai.input.messages"))),
            ("output", messages::text(all.get("gen_ai.output.messages"))),
            ("model", text("gen_ai.request.model")),
            ("model_config", settings(all)),
        ]),
        "speech" => map([
            type_of,
            ("input", messages::text(all.get("gen_ai.input.messages"))),
            ("output", messages::sound(all.get("gen_ai.output.messages"))),
            ("model", text("gen_ai.request.model")),
            ("model_config", settings(all)),
            ("first_content_at", first_content(all)),
        ]),
        "speech_group" => map([type_of, ("input", messages::text(all.get("gen_ai.input.messages")))]),
        _ => map([type_of, ("name", Value::Text(span.name.clone())), ("data", Value::Map(others(all)))]),
    }
}

/// Returns the SDK's word for what a span is.
fn kind(all: &Attributes) -> &'static str {
    const KINDS: [&str; 12] = [
        "agent",
        "task",
        "turn",
        "generation",
        "response",
        "function",
        "handoff",
        "guardrail",
        "mcp_tools",
        "transcription",
        "speech",
        "speech_group",
    ];
    if let Some(kind) = all.text(keys::TRACKWAY_SPAN_KIND) {
        return KINDS.into_iter().find(|known| *known == kind).unwrap_or("custom");
    }
    match all.text("gen_ai.operation.name") {
        Some("chat" | "text_completion" | "generate_content") => "generation",
        Some("invoke_agent") => "agent",
        Some("execute_tool") => "function",
        _ => "custom",
    }
}

/// Returns what the SDK sends as a custom span, and knows by a word in it.
fn frame<const N: usize>(kind: &'static str, all: &Attributes, fields: [(&'static str, Value); N]) -> Value {
    let mut own = Attributes::default();
    own.push("sdk_span_type", kind);
    own.0.extend(fields.into_iter().map(|(key, value)| (Text::literal(key), value)));
    let used = if kind == "task" { usage::of_task(all) } else { usage::of_turn(all) };
    if let Some(used) = used {
        own.push("usage", used);
    }
    map([("type", Value::from("custom")), ("name", Value::from(kind)), ("data", Value::Map(own))])
}

/// Returns the names of tools; null where nobody said.
fn tools(all: &Attributes) -> Value {
    let Some(Value::Array(definitions)) = all.get("gen_ai.tool.definitions") else { return Value::Empty };
    let name = |definition: &Value| match definition {
        Value::Map(fields) => or_null(fields.get("name").cloned()),
        other => other.clone(),
    };
    Value::Array(definitions.iter().map(name).collect())
}

/// Returns the settings of a model call; null where there are none.
fn settings(all: &Attributes) -> Value {
    let mut settings = below(all, "gen_ai.request.");
    settings.0.retain(|(name, _)| &**name != "model");
    if settings.is_empty() { Value::Empty } else { Value::Map(settings) }
}

/// Returns what a model was asked: what it was told to be is the first message.
fn asked(all: &Attributes) -> Value {
    let mut asked = messages::list(all.get("gen_ai.input.messages"));
    let told = messages::parts_text(all.get("gen_ai.system_instructions"));
    if let (Value::Array(list), Some(told)) = (&mut asked, told) {
        list.insert(0, map([("role", Value::from("system")), ("content", Value::Text(told))]));
    }
    asked
}

fn first_content(all: &Attributes) -> Value {
    match all.get("trackway.response.first_content_at") {
        Some(Value::Int(time)) => {
            u64::try_from(*time).map(|time| time::written(Timestamp(time)).into()).unwrap_or_default()
        }
        _ => Value::Empty,
    }
}

/// Returns the attributes that are the span's own.
fn others(all: &Attributes) -> Attributes {
    let is_about_trace = |key: &str| key.starts_with("trackway.trace.") || key == "gen_ai.conversation.id";
    let is_own = |key: &str| key != keys::TRACKWAY_SPAN_KIND && key != ERROR_DATA && !is_about_trace(key);
    all.iter().filter(|(key, _)| is_own(key)).map(|(key, value)| (key, value.clone())).collect()
}
