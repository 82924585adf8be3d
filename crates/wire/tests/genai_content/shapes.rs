//! The shapes in which clients that were not recorded have what was said, by their own documentation.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use trackway_model::{DataKind, Dialect};
use trackway_wire::genai::content;

use crate::{
    given::{event, span},
    picture::picture,
};

/// Draws a model call of OpenTelemetry's with these messages in and out.
fn call(input: Json, output: Json) -> String {
    let attributes = json!({"gen_ai.input.messages": input, "gen_ai.output.messages": output});
    picture(&content(&span(Dialect::OpenTelemetry, DataKind::Generation, attributes)))
}

#[test]
fn parts_of_opentelemetry_are_read_from_lists_as_from_json() {
    let messages = json!([{"role": "user", "parts": [
        {"type": "text", "content": "what is this?"},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "aGVsbG8="},
        {"type": "uri", "modality": "video", "mime_type": "video/mp4", "uri": "https://example.com/a.mp4"},
        {"type": "file", "modality": "audio", "file_id": "file_1"}
    ]}, {"role": "assistant", "parts": [
        {"type": "reasoning", "content": "a cat"},
        {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"at": 1}}
    ]}, {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"seen": true}}]},
        {"role": "user", "parts": [{"type": "hologram", "beams": 3}]}]);
    let told = json!({"gen_ai.input.messages": messages.to_string(), "gen_ai.request.top_k": 4.0,
        "gen_ai.request.model": "m", "gen_ai.system_instructions": [{"type": "text", "content": "be brief"}],
        "gen_ai.tool.definitions": [{"type": "function", "name": "look", "parameters": {"type": "object"}}]});
    let text = picture(&content(&span(Dialect::OpenTelemetry, DataKind::Generation, told)));
    assert_snapshot!(text, @r#"
    instructions: "be brief"
    in user: "what is this?" image image/png - 5 bytes video video/mp4 https://example.com/a.mp4 0 bytes audio - file_1 0 bytes
    in assistant: thinks "a cat" calls look({"at":1}) c1
    in tool: - answers "{\"seen\":true}" c1
    in user: other {"beams":3,"type":"hologram"}
    tool look {"type":"object"}
    parameters top_k=4
    "#);
    assert_eq!(call(messages.clone(), json!([])), call(json!(messages.to_string()), json!("")));
}

#[test]
fn messages_of_every_provider_are_one_kind_of_message() {
    let anthropic = call(
        json!([{"role": "user", "content": [{"type": "text", "text": "look"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "aGVsbG8="}}]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "tool_use", "id": "t1", "name": "get", "input": {"id": 42}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1",
            "content": [{"type": "text", "text": "99.5"}]}]}]),
        json!({"id": "msg_1", "type": "message", "role": "assistant", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "It is 99.5"}], "usage": {"input_tokens": 1}}),
    );
    assert_snapshot!(anthropic, @r#"
    in user: "look" image image/jpeg - 5 bytes
    in assistant: thinks "hm" calls get({"id":42}) t1
    in tool: - answers "99.5" t1
    out assistant: "It is 99.5" [end_turn]
    "#);
    let gemini = call(
        json!({"systemInstruction": {"parts": [{"text": "be brief"}]}, "generationConfig": {"temperature": 0.1},
            "tools": [{"functionDeclarations": [{"name": "get", "description": "Gets."}]}],
            "contents": [{"role": "user", "parts": [{"text": "look"},
            {"inlineData": {"mimeType": "image/png", "data": "aGVsbG8="}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "get", "args": {"id": 42}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "get", "response": {"total": 99.5}}}]}]}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "hm", "thought": true},
            {"text": "It is 99.5"}]}, "finishReason": "STOP"}]}),
    );
    assert_snapshot!(gemini, @r#"
    instructions: "be brief"
    in user: "look" image image/png - 5 bytes
    in assistant: calls get({"id":42}) -
    in tool: get answers "{\"total\":99.5}" -
    out assistant: thinks "hm" "It is 99.5" [STOP]
    tool get "Gets."
    parameters temperature=0.1
    "#);
    let bedrock = call(
        json!({"system": [{"text": "be brief"}], "inferenceConfig": {"maxTokens": 9},
            "toolConfig": {"tools": [{"toolSpec": {"name": "get", "inputSchema": {"json": {"type": "object"}}}}]},
            "messages": [{"role": "user", "content": [{"text": "look"},
            {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "get", "input": {"id": 42}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": "99.5"}]}}]}]}),
        json!({"output": {"message": {"role": "assistant", "content": [{"text": "It is 99.5"}]}}, "stopReason": "end_turn"}),
    );
    assert_snapshot!(bedrock, @r#"
    instructions: "be brief"
    in user: "look" image png - 5 bytes
    in assistant: calls get({"id":42}) t1
    in tool: - answers "99.5" t1
    out assistant: "It is 99.5" [end_turn]
    tool get {"type":"object"}
    parameters maxTokens=9
    "#);
}

#[test]
fn chat_completions_have_what_openai_adds_to_them() {
    let text = call(
        json!([{"role": "developer", "content": "be brief"}, {"role": "user", "name": "ann", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "input_audio", "input_audio": {"data": "aGVsbG8=", "format": "wav"}},
            {"type": "file", "file": {"file_id": "file_1"}}]},
            {"role": "assistant", "content": null, "function_call": {"name": "old", "arguments": "{}"}},
            {"role": "function", "name": "old", "content": "ok"},
            {"role": "assistant", "reasoning_content": "hm", "content": "",
                "tool_calls": [{"id": "c1", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]}]),
        json!({"object": "chat.completion", "choices": [
            {"message": {"role": "assistant", "content": null, "refusal": "no"}, "finish_reason": "stop"},
            {"message": {"role": "assistant", "content": "yes"}, "finish_reason": "length"}]}),
    );
    assert_snapshot!(text, @r#"
    in system: "be brief"
    in user (ann): image image/png - 5 bytes image - https://example.com/a.png 0 bytes audio wav - 5 bytes file - file_1 0 bytes
    in assistant: calls old({}) -
    in tool: old answers "ok" -
    in assistant: thinks "hm" calls sql(select 1) c1
    in tool: - answers "1\n2" c1
    out assistant: refuses "no" [stop]
    out assistant: "yes" [length]
    "#);
}

#[test]
fn what_a_tool_shows_stands_beside_what_it_says() {
    let text = call(
        json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [
            {"type": "text", "text": "a cat"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}}]}]},
            {"type": "computer_call_output", "call_id": "c1",
                "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,aGVsbG8="}},
            {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "v1", "toolName": "draw", "output":
                {"type": "content", "value": [{"type": "media", "data": "aGVsbG8=", "mediaType": "image/png"}]}}]},
            {"role": "tool", "tool_call_id": "o1", "content": [{"type": "text", "text": "a"}, {"type": "chart", "rows": 3}]}]),
        json!({"role": "assistant", "content": [{"type": "tool_use", "id": "t2", "name": "look", "input": {}}],
            "tool_calls": [{"id": "t2", "name": "look", "args": {}}]}),
    );
    assert_snapshot!(text, @r#"
    in tool: - answers "a cat" t1 image image/png - 5 bytes
    in tool: - answers "" c1 image image/png - 5 bytes
    in tool: draw answers "" v1 image image/png - 5 bytes
    in tool: - answers "[{\"text\":\"a\",\"type\":\"text\"},{\"rows\":3,\"type\":\"chart\"}]" o1
    out assistant: calls look({}) t2
    "#);
}

#[test]
fn items_of_the_responses_api_are_messages_and_one_answer() {
    let text = call(
        json!({"model": "m", "input": [{"role": "user", "content": [{"type": "input_text", "text": "look"},
            {"type": "input_image", "image_url": "data:image/png;base64,aGVsbG8=", "detail": "low"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGVsbG8="}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "x"},
            {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "x"},
            {"type": "function_call", "callId": "c1", "name": "get", "arguments": "{}"},
            {"type": "function_call_result", "callId": "c1", "name": "get", "output": {"type": "text", "text": "99.5"}},
            {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "a"}]},
            {"type": "item_reference", "id": "msg_1"}]}),
        json!({"object": "response", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
            "instructions": "be brief", "temperature": 0.5, "metadata": {"a": "b"}, "text": {"format": {"type": "text"}},
            "reasoning": {"effort": "low", "summary": null}, "tools": [{"type": "web_search_preview"}],
            "output": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "search"}]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "cats"}},
            {"type": "mcp_call", "id": "mcp_1", "name": "add", "server_label": "calc", "arguments": "{\"a\":1}", "output": "3"},
            {"type": "image_generation_call", "id": "ig_1", "result": "aGVsbG8="},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done", "annotations": []},
            {"type": "refusal", "refusal": "no more"}]}]}),
    );
    assert_snapshot!(text, @r#"
    instructions: "be brief"
    in user: "look" image image/png - 5 bytes file application/pdf a.pdf 5 bytes
    in assistant: thinks "hm"
    in assistant: calls get({}) c1
    in tool: get answers "99.5" c1
    in tool: - answers "a" c2
    in assistant: other {"id":"msg_1","type":"item_reference"}
    out assistant: thinks "search" calls web_search({"query":"cats","type":"search"}) ws_1 calls add({"a":1}) mcp_1 add answers "3" mcp_1 image - - 5 bytes "done" refuses "no more" [max_output_tokens]
    tool web_search_preview
    parameters reasoning=Map(Attributes([("effort", Text("low"))])) temperature=0.5
    "#);
}

#[test]
fn messages_in_events_count_where_the_span_has_none() {
    let mut named = span(Dialect::OpenTelemetry, DataKind::Generation, json!({}));
    named.events = vec![
        event("gen_ai.system.message", json!({"gen_ai.system": "openai", "content": "be brief"})),
        event("gen_ai.user.message", json!({"body": {"content": "look"}})),
        event(
            "log",
            json!({"event.name": "gen_ai.assistant.message", "body": {"tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "get", "arguments": "{}"}}]}}),
        ),
        event("gen_ai.tool.message", json!({"gen_ai.event.content": "{\"id\":\"c1\",\"content\":\"99.5\"}"})),
        event("exception", json!({"exception.type": "no message"})),
        event(
            "gen_ai.choice",
            json!({"body": {"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "It is 99.5"}}}),
        ),
    ];
    assert_snapshot!(picture(&content(&named)), @r#"
    in system: "be brief"
    in user: "look"
    in assistant: calls get({}) c1
    in tool: - answers "99.5" c1
    out assistant: "It is 99.5" [stop]
    "#);
    let mut whole = span(Dialect::OpenTelemetry, DataKind::Generation, json!({}));
    whole.events = vec![event(
        "gen_ai.client.inference.operation.details",
        json!({"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "look"}]}],
            "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "seen"}], "finish_reason": "stop"}]}),
    )];
    assert_snapshot!(picture(&content(&whole)), @r#"
    in user: "look"
    out assistant: "seen" [stop]
    "#);
}

#[test]
fn flattened_lists_come_in_any_order_and_with_gaps() {
    let attributes = json!({
        "llm.input_messages.1000000000.message.content": "last", "llm.input_messages.1000000000.message.role": "user",
        "llm.input_messages.10.message.role": "assistant",
        "llm.input_messages.10.message.tool_calls.7.tool_call.function.name": "b",
        "llm.input_messages.10.message.tool_calls.3.tool_call.function.name": "a",
        "llm.input_messages.10.message.tool_calls.3.tool_call.function.arguments": "{\"x\":1}",
        "llm.input_messages.2.message.role": "user",
        "llm.input_messages.2.message.contents.1.message_content.image.image.url": "https://example.com/a.png",
        "llm.input_messages.2.message.contents.1.message_content.type": "image",
        "llm.input_messages.2.message.contents.0.message_content.text": "first",
        "llm.input_messages.2.message.contents.0.message_content.type": "text",
        "llm.input_messages.no.message.content": "no number",
        "llm.input_messages.99999999999999999999999.message.content": "too large a number",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.function_call_name": "old",
        "llm.tools.1.tool.json_schema": "{\"name\":\"b\",\"input_schema\":{\"type\":\"object\"}}",
        "llm.tools.0.tool.json_schema": "{\"type\":\"function\",\"function\":{\"name\":\"a\"}}",
        "llm.invocation_parameters": "{\"temperature\":0,\"messages\":[{\"role\":\"user\"}],\"stop\":[\"x\"],\"top_p\":null}",
    });
    let text = picture(&content(&span(Dialect::OpenInference, DataKind::Generation, attributes)));
    assert_snapshot!(text, @r#"
    in user: "first" image - https://example.com/a.png 0 bytes
    in assistant: calls a({"x":1}) - calls b({}) -
    in user: "last"
    out assistant: calls old({}) -
    tool a
    tool b {"type":"object"}
    parameters temperature=0 stop=Array([Text("x")])
    "#);
}

#[test]
fn openllmetry_of_old_has_prompts_by_number() {
    let attributes = json!({
        "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": "be brief",
        "gen_ai.prompt.1.role": "user",
        "gen_ai.prompt.1.content": "[{\"type\":\"text\",\"text\":\"look\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://example.com/a.png\"}}]",
        "gen_ai.prompt.2.role": "assistant", "gen_ai.prompt.2.tool_calls.0.id": "c1",
        "gen_ai.prompt.2.tool_calls.0.name": "get", "gen_ai.prompt.2.tool_calls.0.arguments": "{\"id\":42}",
        "gen_ai.prompt.3.role": "tool", "gen_ai.prompt.3.tool_call_id": "c1", "gen_ai.prompt.3.content": "[1,2]",
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "seen", "gen_ai.completion.0.finish_reason": "stop",
        "llm.request.functions.0.name": "get", "llm.request.functions.0.description": "Gets.",
        "llm.request.functions.0.parameters": "{\"type\":\"object\"}",
        "gen_ai.request.temperature": 0.5, "llm.top_k": 3,
    });
    assert_snapshot!(picture(&content(&span(Dialect::OpenLlmetry, DataKind::Generation, attributes))), @r#"
    in system: "be brief"
    in user: "look" image - https://example.com/a.png 0 bytes
    in assistant: calls get({"id":42}) c1
    in tool: - answers "[1,2]" c1
    out assistant: "seen" [stop]
    tool get "Gets." {"type":"object"}
    parameters temperature=0.5 top_k=3
    "#);
    let tool = json!({"traceloop.entity.input": "{\"args\":[],\"kwargs\":{\"id\":42}}", "traceloop.entity.output": "\"a text\""});
    assert_snapshot!(picture(&content(&span(Dialect::OpenLlmetry, DataKind::Function, tool))), @r#"
    arguments: "{\"id\":42}"
    result: "a text"
    "#);
}

#[test]
fn logfire_splits_its_events_where_nothing_else_is_there() {
    let events = json!([{"event.name": "gen_ai.system.message", "content": "be brief", "role": "system"},
        {"event.name": "gen_ai.user.message", "content": "look", "role": "user"},
        {"event.name": "gen_ai.assistant.message", "role": "assistant", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "get", "arguments": {"id": 42}}}]},
        {"event.name": "gen_ai.tool.message", "role": "tool", "id": "c1", "name": "get", "content": "99.5"},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "It is 99.5"}}]);
    let events = json!({"events": events.to_string()});
    assert_snapshot!(picture(&content(&span(Dialect::Logfire, DataKind::Generation, events))), @r#"
    in system: "be brief"
    in user: "look"
    in assistant: calls get({"id":42}) c1
    in tool: get answers "99.5" c1
    out assistant: "It is 99.5"
    "#);
    let plain = json!({
        "request_data": "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"model\":\"m\",\"temperature\":0.3}",
        "response_data": "{\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},\"usage\":{\"total_tokens\":2}}"});
    assert_snapshot!(picture(&content(&span(Dialect::Logfire, DataKind::Generation, plain))), @r#"
    in user: "hi"
    out assistant: "hello"
    parameters temperature=0.3
    "#);
    let streamed = json!({"request_data": "{\"messages\":[]}", "response_data": "{\"combined_chunk_content\":\"hello\",\"chunk_count\":2}"});
    assert_snapshot!(picture(&content(&span(Dialect::Logfire, DataKind::Generation, streamed))), @r#"
      out assistant: "hello"
    "#);
}

#[test]
fn frameworks_wrap_messages_in_objects_of_their_own() {
    let langchain = call(
        json!({"messages": [[{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
            "kwargs": {"content": "look", "type": "human"}}, {"type": "ai", "data": {"content": "at what?"}},
            {"type": "ai", "content": "", "tool_calls": [{"name": "get", "args": {"id": 42}, "id": "c1", "type": "tool_call"}]},
            {"type": "tool", "content": "99.5", "tool_call_id": "c1", "name": "get"}]]}),
        json!({"generations": [[{"text": "It is 99.5", "generation_info": {"finish_reason": "stop"}}]], "llm_output": null}),
    );
    assert_snapshot!(langchain, @r#"
    in user: "look"
    in assistant: "at what?"
    in assistant: calls get({"id":42}) c1
    in tool: get answers "99.5" c1
    out assistant: "It is 99.5" [stop]
    "#);
    let vercel = json!({"ai.prompt": "{\"system\":\"be brief\",\"prompt\":\"look\"}", "ai.response.reasoning": "hm",
        "ai.response.object": "{\"total\":99.5}", "ai.response.finishReason": "stop",
        "ai.response.toolCalls": "[{\"toolCallId\":\"c1\",\"toolName\":\"get\",\"args\":\"{}\"}]",
        "ai.prompt.tools": ["{\"type\":\"function\",\"name\":\"get\",\"parameters\":{\"type\":\"object\"}}"],
        "ai.settings.maxRetries": 2, "gen_ai.request.temperature": 0.5, "gen_ai.request.model": "m"});
    assert_snapshot!(picture(&content(&span(Dialect::Vercel, DataKind::Generation, vercel))), @r#"
    instructions: "be brief"
    in user: "look"
    out assistant: thinks "hm" "{\"total\":99.5}" calls get({}) c1 [stop]
    tool get {"type":"object"}
    parameters temperature=0.5 maxRetries=2
    "#);
    let pydantic = json!({"pydantic_ai.all_messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"hi\"}]}]",
        "final_result": "hello"});
    assert_snapshot!(picture(&content(&span(Dialect::Logfire, DataKind::Agent, pydantic))), @r#"
    in user: "hi"
    result: "hello"
    "#);
    let older = json!({"llm.prompts.0.prompt.text": "say", "llm.choices.0.completion.text": "said"});
    assert_snapshot!(picture(&content(&span(Dialect::OpenInference, DataKind::Generation, older))), @r#"
    in user: "say"
    out assistant: "said"
    "#);
}

#[test]
fn work_that_is_no_model_call_has_what_it_was_given_and_what_it_found() {
    let search = json!({"input.value": "invoice 42", "retrieval.documents.1.document.content": "second",
        "retrieval.documents.0.document.content": "first", "retrieval.documents.0.document.score": 0.9});
    assert_snapshot!(picture(&content(&span(Dialect::OpenInference, DataKind::Retrieval, search))), @r#"
    arguments: "invoice 42"
    result: "[{\"content\":\"first\",\"score\":0.9},{\"content\":\"second\"}]"
    "#);
    let embedding = json!({"embedding.embeddings.0.embedding.text": "a", "embedding.embeddings.1.embedding.text": "b",
        "embedding.embeddings.0.embedding.vector": [0.1]});
    assert_snapshot!(picture(&content(&span(Dialect::OpenInference, DataKind::Embedding, embedding))), @r#"
      arguments: "[\"a\",\"b\"]"
    "#);
    let agent =
        json!({"gen_ai.input.messages": "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"hi\"}]}]"});
    assert_snapshot!(picture(&content(&span(Dialect::OpenTelemetry, DataKind::Agent, agent))), @r#"
      in user: "hi"
    "#);
}

#[test]
fn what_is_no_message_is_a_text_as_it_came() {
    assert_snapshot!(call(json!("[{\"role\": \"user\", \"conte"), json!("plain words")), @r#"
    in user: "[{\"role\": \"user\", \"conte"
    out assistant: "plain words"
    "#);
    assert_snapshot!(call(json!(r#"[{"role": "user", "content": "half \ud83d", "score": NaN}]"#), json!("{not JSON}")), @r#"
    in user: "half �"
    out assistant: "{not JSON}"
    "#);
    assert_snapshot!(call(json!({"question": "which?"}), json!([1, "two", null, {"content": "three"}, {"text": "four", "language": "en"}])), @r#"
    in user: "{\"question\":\"which?\"}"
    out assistant: "1"
    out assistant: "two"
    out assistant: "three"
    out assistant: "{\"language\":\"en\",\"text\":\"four\"}"
    "#);
    assert_snapshot!(call(json!([{"role": "critic", "content": {"score": 1}}]), json!([])), @r#"
      in critic: other {"score":1}
    "#);
    // A message whose text is JSON stays one: only what stands for the messages themselves is opened.
    assert_snapshot!(call(json!([{"role": "user", "content": "{\"role\":\"system\",\"content\":\"no\"}"}]), json!([])), @r#"
      in user: "{\"role\":\"system\",\"content\":\"no\"}"
    "#);
}

#[test]
fn an_open_call_is_not_said_to_miss_anything() {
    let mut call = span(Dialect::OpenTelemetry, DataKind::Generation, json!({}));
    assert_snapshot!(picture(&content(&call)), @r"
      missing NotRecorded
    ");
    call.end = None;
    assert!(content(&call).is_empty());
    call.data = None;
    assert!(content(&call).is_empty());
    let tool = span(Dialect::OpenTelemetry, DataKind::Function, json!({}));
    assert!(content(&tool).is_empty());
}

#[test]
fn sounds_are_counted_and_never_written() {
    let data = json!({"openai.agents.span_data": {"type": "transcription", "input": {"data": "aGVsbG8=", "format": "pcm"},
        "output": "hello", "model": "whisper", "model_config": {"language": null, "temperature": 0}}});
    let text = picture(&content(&span(Dialect::OpenAiAgents, DataKind::Transcription, data)));
    assert_snapshot!(text, @r#"
    in user: audio pcm - 5 bytes
    parameters temperature=0
    result: "hello"
    "#);
    let silent = json!({"openai.agents.span_data": {"type": "speech", "input": "hello", "output": {"data": "", "format": "pcm"}}});
    assert_snapshot!(picture(&content(&span(Dialect::OpenAiAgents, DataKind::Speech, silent))), @r#"
      arguments: "hello"
    "#);
}

#[test]
fn hostile_shapes_cost_no_more_than_their_bytes() {
    let deep = "[".repeat(100_000);
    assert!(call(json!(deep), json!([])).contains(&deep), "too deep to be read, so a text as it came");
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_snapshot!(call(json!(nested), json!([])), @"  missing NotRecorded");
    let path = format!("gen_ai.prompt.0{}", ".0".repeat(10_000));
    let attributes = json!({path: "deep", "gen_ai.prompt.18446744073709551615.content": "far"});
    let said = picture(&content(&span(Dialect::OpenLlmetry, DataKind::Generation, attributes)));
    assert_snapshot!(said.lines().last().unwrap(), @r#"  in user: "far""#);
}
