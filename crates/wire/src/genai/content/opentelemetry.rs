//! OpenTelemetry's conventions for generative AI, from the first events to the latest attributes.

use trackway_model::{Attributes, Content, SpanRecord};

use super::{events, exchange, json, messages, parameters, tools};

/// Reads what was said out of a span's attributes, else out of its events.
pub(super) fn read(span: &SpanRecord) -> Content {
    let mut content = of(&span.attributes);
    for details in events::details(&span.events) {
        super::add(&mut content, of(details));
    }
    if content.input.is_empty() && content.output.is_empty() {
        (content.input, content.output) = events::of_span(&span.events);
    }
    content
}

fn of(attributes: &Attributes) -> Content {
    let mut content = Content::default();
    let find = |keys: &[&str]| json::attribute(attributes, keys);
    if let Some(input) = find(&["gen_ai.input.messages", "gen_ai.prompt", "gcp.vertex.agent.llm_request"]) {
        exchange::request(input, &mut content);
    }
    if let Some(output) = find(&["gen_ai.output.messages", "gen_ai.completion", "gcp.vertex.agent.llm_response"]) {
        exchange::answer(output, &mut content);
    }
    if let Some(told) = find(&["gen_ai.system_instructions"]) {
        content.instructions = messages::plain_text(&json::open(told));
    }
    if let Some(offered) = find(&["gen_ai.tool.definitions"]) {
        content.tools = tools::read(offered);
    }
    let asked = parameters::below(attributes, "gen_ai.request.", &["model"]);
    if !asked.is_empty() {
        content.parameters = asked;
    }
    const GIVEN: [&str; 3] =
        ["gen_ai.tool.call.arguments", "gcp.vertex.agent.tool_call_args", "gen_ai.retrieval.query.text"];
    const FOUND: [&str; 3] =
        ["gen_ai.tool.call.result", "gcp.vertex.agent.tool_response", "gen_ai.retrieval.documents"];
    (content.arguments, content.result) = (json::said(find(&GIVEN)), json::said(find(&FOUND)));
    content
}
