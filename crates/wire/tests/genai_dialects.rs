//! Spellings that no recording has, made by hand: old releases, rare kinds, other languages' clients.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use trackway_model::{
    Attributes, DataKind, Dialect, Dollars, Dropped, Elapsed, Event, Handoff, Repeats, Scope, SpanData, SpanId,
    SpanKind, SpanRecord, Status, StatusCode, Text, Timestamp, TraceId, Usage, Value,
};
use trackway_wire::genai::recognise;

#[test]
fn opentelemetry_in_its_first_spelling() {
    let data = said(span("chat gpt-4").with([
        ("gen_ai.system", "OpenAI".into()),
        ("gen_ai.request.model", "gpt-4".into()),
        ("gen_ai.usage.prompt_tokens", 12.into()),
        ("gen_ai.usage.completion_tokens", 34.into()),
    ]));
    assert_eq!((data.kind, data.dialect), (DataKind::Generation, Dialect::OpenTelemetry));
    assert_eq!(data.provider.as_deref(), Some("openai"));
    assert_eq!(data.usage, Some(Usage { input: Some(12), output: Some(34), ..Usage::default() }));
}

#[test]
fn opentelemetry_in_its_latest_spelling() {
    let data = said(span("chat claude").with([
        ("gen_ai.operation.name", "chat".into()),
        ("gen_ai.provider.name", "anthropic".into()),
        ("gen_ai.system", "ignored".into()),
        ("gen_ai.agent.name", "Billing agent".into()),
        ("gen_ai.conversation.id", "thread_1".into()),
        ("gen_ai.response.finish_reasons", vec!["stop", "length"].into()),
        ("gen_ai.response.time_to_first_chunk", 0.25.into()),
        ("gen_ai.usage.input_tokens", 100.into()),
        ("gen_ai.usage.output_tokens", 20.into()),
        ("gen_ai.usage.cache_read.input_tokens", 64.into()),
        ("gen_ai.usage.cache_creation.input_tokens", 8.into()),
        ("gen_ai.usage.cache_write.input_tokens", 9.into()),
        ("gen_ai.usage.reasoning.output_tokens", 5.into()),
    ]));
    let usage = data.usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.cache_write), (Some(100), Some(64), Some(8)));
    assert_eq!((usage.output, usage.reasoning), (Some(20), Some(5)));
    assert_eq!(data.provider.as_deref(), Some("anthropic"));
    assert_eq!(data.agent.as_deref(), Some("Billing agent"));
    assert_eq!(data.conversation.as_deref(), Some("thread_1"));
    assert_eq!(data.finish_reasons, ["stop", "length"].map(Text::from));
    assert_eq!(data.first_token, Some(Elapsed(250_000_000)));
}

#[test]
fn operations_of_opentelemetry() {
    let kinds = [
        ("text_completion", DataKind::Generation),
        ("generate_content", DataKind::Generation),
        ("chat_streaming", DataKind::Generation),
        ("embeddings", DataKind::Embedding),
        ("retrieval", DataKind::Retrieval),
        ("invoke_agent", DataKind::Agent),
        ("create_agent", DataKind::Custom),
        ("execute_tool", DataKind::Function),
        ("invoke_workflow", DataKind::Workflow),
        ("something_new", DataKind::Custom),
    ];
    for (operation, kind) in kinds {
        let data = said(span(operation).with([("gen_ai.operation.name", operation.into())]));
        assert_eq!(data.kind, kind, "{operation}");
    }
    let new_words_for_a_model_call =
        [("gen_ai.operation.name", "something_new".into()), ("gen_ai.response.model", "gpt-5".into())];
    assert_eq!(said(span("x").with(new_words_for_a_model_call)).kind, DataKind::Generation);
}

#[test]
fn what_an_attribute_does_not_name_the_span_does() {
    let named =
        |name: &str, operation: &str| said(span(name).with([("gen_ai.operation.name", operation.into())])).subject;
    assert_eq!(named("execute_tool get_weather", "execute_tool").as_deref(), Some("get_weather"));
    assert_eq!(named("invoke_agent Billing", "invoke_agent").as_deref(), Some("Billing"));
    assert_eq!(named("invoke_workflow support", "invoke_workflow").as_deref(), Some("support"));
    assert_eq!(named("execute_tool", "execute_tool"), None);
}

#[test]
fn facts_in_events_fill_what_the_span_leaves_out() {
    let attributes = [
        ("gen_ai.response.finish_reasons", Value::from(vec!["stop"])),
        ("gen_ai.request.model", "of the event".into()),
    ];
    let mut record = span("chat").with([("gen_ai.request.model", "of the span".into())]);
    record.events =
        vec![Event { name: "gen_ai.choice".into(), attributes: attributes.into_iter().collect(), ..Event::default() }];
    let data = said(record);
    assert_eq!(data.request_model.as_deref(), Some("of the span"));
    assert_eq!(data.finish_reasons, ["stop"].map(Text::from));
}

#[test]
fn agents_of_rust_crates() {
    let rig = said(
        span("chat_streaming")
            .with([("gen_ai.operation.name", "chat_streaming".into()), ("gen_ai.usage.reasoning_tokens", 7.into())]),
    );
    assert_eq!((rig.kind, rig.usage.unwrap().reasoning), (DataKind::Generation, Some(7)));
    let adk = said(span("call_llm").with([
        ("gcp.vertex.agent.session_id", "s1".into()),
        ("gcp.vertex.agent.llm_request", "{}".into()),
        ("gen_ai.request.model", "gemini-2.5-flash".into()),
        ("gen_ai.usage.cache_read_tokens", 3.into()),
        ("gen_ai.usage.thinking_tokens", 4.into()),
    ]));
    let usage = adk.usage.unwrap();
    assert_eq!((adk.kind, adk.conversation.as_deref()), (DataKind::Generation, Some("s1")));
    assert_eq!((usage.cache_read, usage.reasoning), (Some(3), Some(4)));
}

#[test]
fn a_span_that_only_travels_with_an_agent_is_none() {
    let decorated = [
        vec![("http.request.method", "POST".into()), ("gen_ai.agent.name", "Billing".into())],
        vec![("http.request.method", "POST".into()), ("traceloop.workflow.name", "support".into())],
        vec![("langfuse.trace.name", "support".into()), ("session.id", "s".into())],
        vec![("logfire.msg", "hello".into()), ("logfire.span_type", "span".into()), ("name", "x".into())],
        vec![("db.system", "postgresql".into()), ("aisle", 7.into())],
    ];
    for attributes in decorated {
        let mut record = span("POST").with(attributes);
        let before = record.clone();
        recognise(&mut record);
        assert_eq!(record, before);
    }
}

#[test]
fn mcp_as_the_python_package_sends_it() {
    let client = said(
        span("MCP send tools/call add")
            .of("mcp-python-sdk")
            .with([("mcp.method.name", "tools/call".into()), ("jsonrpc.request.id", "4".into())]),
    );
    assert_eq!((client.kind, client.subject.as_deref()), (DataKind::Function, Some("add")));
    let server = said(span("tools/call add").of("mcp-python-sdk").with([
        ("mcp.method.name", "tools/call".into()),
        ("gen_ai.operation.name", "execute_tool".into()),
        ("gen_ai.tool.name", "add".into()),
    ]));
    assert_eq!((server.kind, server.subject.as_deref()), (DataKind::Function, Some("add")));
    let method = |method: &str| said(span(method).with([("mcp.method.name", method.into())])).kind;
    assert_eq!(method("tools/list"), DataKind::McpTools);
    assert_eq!(method("resources/read"), DataKind::Custom);
    assert_eq!(method("notifications/initialized"), DataKind::Custom);
}

#[test]
fn openinference() {
    let data = said(span("ChatOpenAI").under_another().with([
        ("openinference.span.kind", "LLM".into()),
        ("llm.provider", "openai".into()),
        ("llm.model_name", "gpt-4.1".into()),
        ("llm.token_count.prompt", 100.into()),
        ("llm.token_count.completion", 20.into()),
        ("llm.token_count.prompt_details.cache_read", 60.into()),
        ("llm.token_count.prompt_details.audio", 6.into()),
        ("llm.cost.prompt", 0.001.into()),
        ("llm.cost.completion", 0.002.into()),
        ("llm.cost.total", 0.003.into()),
        ("session.id", "s1".into()),
        ("user.id", "u1".into()),
    ]));
    let (usage, cost) = (data.usage.unwrap(), data.cost.unwrap());
    assert_eq!((data.kind, data.dialect), (DataKind::Generation, Dialect::OpenInference));
    assert_eq!((usage.input, usage.cache_read, usage.audio_input), (Some(100), Some(60), Some(6)));
    assert_eq!((cost.total, cost.input), (Dollars(3_000_000_000), Some(Dollars(1_000_000_000))));
    assert_eq!(&*cost.source, "client");
    assert_eq!((data.conversation.as_deref(), data.user.as_deref()), (Some("s1"), Some("u1")));
}

#[test]
fn kinds_of_openinference() {
    let kind = |kind: &str| said(span("x").under_another().with([("openinference.span.kind", kind.into())])).kind;
    let kinds = ["RETRIEVER", "RERANKER", "EMBEDDING", "EVALUATOR", "PROMPT", "CHAIN", "chain", "NEW"].map(kind);
    let expected = [
        DataKind::Retrieval,
        DataKind::Rerank,
        DataKind::Embedding,
        DataKind::Evaluation,
        DataKind::Custom,
        DataKind::Custom,
        DataKind::Custom,
        DataKind::Custom,
    ];
    assert_eq!(kinds, expected);
    let root = said(span("LangGraph").with([("openinference.span.kind", "CHAIN".into())]));
    assert_eq!((root.kind, root.subject.as_deref()), (DataKind::Workflow, Some("LangGraph")));
}

#[test]
fn the_work_of_others_keeps_its_dialect_when_logfire_or_langfuse_adds_to_it() {
    let data = said(span("ChatOpenAI").with([
        ("logfire.msg", "ChatOpenAI".into()),
        ("langfuse.environment", "test".into()),
        ("gen_ai.system", "openai".into()),
        ("openinference.span.kind", "LLM".into()),
    ]));
    assert_eq!((data.dialect, data.title), (Dialect::OpenInference, None));
}

#[test]
fn openllmetry_in_its_old_spelling() {
    let data = said(span("openai.chat").of("opentelemetry.instrumentation.openai.v1").with([
        ("llm.request.type", "chat".into()),
        ("gen_ai.system", "Azure".into()),
        ("gen_ai.request.model", "gpt-4o".into()),
        ("gen_ai.prompt.0.content", "hello?".into()),
        ("gen_ai.usage.prompt_tokens", 12.into()),
        ("gen_ai.usage.completion_tokens", 34.into()),
        ("llm.usage.total_tokens", 46.into()),
        ("gen_ai.usage.cache_read_input_tokens", 10.into()),
        ("traceloop.association.properties.thread_id", "t1".into()),
        ("traceloop.association.properties.user_id", "u1".into()),
    ]));
    let usage = data.usage.unwrap();
    assert_eq!((data.kind, data.dialect), (DataKind::Generation, Dialect::OpenLlmetry));
    assert_eq!((usage.input, usage.total, usage.cache_read), (Some(12), Some(46), Some(10)));
    assert_eq!((data.conversation.as_deref(), data.user.as_deref()), (Some("t1"), Some("u1")));
}

#[test]
fn decorated_functions_of_openllmetry() {
    let decorated = |kind: &str, name: &str| {
        let data =
            said(span(name).with([("traceloop.span.kind", kind.into()), ("traceloop.entity.name", "work".into())]));
        (data.kind, data.subject)
    };
    let named = || Some(Text::from("work"));
    assert_eq!(decorated("workflow", "work.workflow"), (DataKind::Workflow, named()));
    assert_eq!(decorated("task", "work.task"), (DataKind::Custom, named()));
    assert_eq!(decorated("agent", "work.agent"), (DataKind::Agent, named()));
    assert_eq!(decorated("tool", "work.tool"), (DataKind::Function, named()));
    let handoff = said(span("A → B.handoff").with([
        ("traceloop.span.kind", "handoff".into()),
        ("gen_ai.handoff.from_agent", "A".into()),
        ("gen_ai.handoff.to_agent", "unknown".into()),
    ]));
    assert_eq!(handoff.handoff, Some(Handoff { from: Some("A".into()), to: None }));
}

#[test]
fn logfire_with_pydantic_ai() {
    let agent = said(span("agent run").of("pydantic-ai").with([
        ("logfire.msg", "support run".into()),
        ("agent_name", "support".into()),
        ("model_name", "gpt-4o".into()),
        ("gen_ai.usage.input_tokens", 240.into()),
    ]));
    assert_eq!((agent.kind, agent.dialect), (DataKind::Agent, Dialect::Logfire));
    assert_eq!((agent.subject.as_deref(), agent.title.as_deref()), (Some("support"), Some("support run")));
    let tool = said(span("running tool").of("pydantic-ai").with([
        ("gen_ai.tool.name", "add".into()),
        ("gen_ai.tool.call.id", "c1".into()),
        ("gen_ai.agent.name", "support".into()),
    ]));
    assert_eq!((tool.kind, tool.call_id.as_deref()), (DataKind::Function, Some("c1")));
    let chat = said(span("chat gpt-4o").of("pydantic-ai").with([
        ("gen_ai.operation.name", "chat".into()),
        ("operation.cost", 0.5.into()),
        ("gen_ai.usage.details.reasoning_tokens", 9.into()),
    ]));
    assert_eq!(chat.cost.unwrap().total, Dollars(500_000_000_000));
    assert_eq!(chat.usage.unwrap().reasoning, Some(9));
}

#[test]
fn the_message_after_a_streamed_answer_is_no_second_call() {
    let message = |usage: Option<i64>| {
        let usage = usage.map(|tokens| ("gen_ai.usage.input_tokens", Value::from(tokens)));
        let attributes = [
            ("logfire.span_type", "log".into()),
            ("logfire.msg", "streaming response from 'gpt-4' took 0.10s".into()),
            ("gen_ai.request.model", "gpt-4".into()),
        ];
        said(span("streaming response").of("logfire.openai").with(attributes.into_iter().chain(usage))).kind
    };
    assert_eq!(message(None), DataKind::Custom);
    assert_eq!(message(Some(12)), DataKind::Generation);
}

#[test]
fn a_pending_span_of_logfire_becomes_the_open_span_of_no_agent_too() {
    let mut record = span("hello")
        .under_another()
        .of("logfire")
        .with([("logfire.span_type", "pending_span".into()), ("logfire.pending_parent_id", "0000000000000000".into())]);
    let real = record.parent_id.unwrap();
    recognise(&mut record);
    assert_eq!((record.span_id, record.parent_id, record.end), (real, None, None));
    assert!(record.data.is_none());
    let once = record.clone();
    recognise(&mut record);
    assert_eq!(record, once);
}

#[test]
fn langfuse_whose_parts_of_usage_do_not_overlap() {
    let details = r#"{"input":10,"output":20,"cache_read_input_tokens":60,"cache_creation_input_tokens":5}"#;
    let data = said(span("ask").under_another().with([
        ("langfuse.observation.type", "generation".into()),
        ("langfuse.observation.usage_details", details.into()),
        ("langfuse.observation.cost_details", r#"{"input":0.001,"output":0.002}"#.into()),
        ("langfuse.observation.completion_start_time", "\"1970-01-01T00:00:01.5Z\"".into()),
    ]));
    let (usage, cost) = (data.usage.unwrap(), data.cost.unwrap());
    assert_eq!((usage.input, usage.cache_read, usage.cache_write), (Some(75), Some(60), Some(5)));
    assert_eq!((cost.total, cost.output), (Dollars(3_000_000_000), Some(Dollars(2_000_000_000))));
    assert_eq!(data.first_token, Some(Elapsed(500_000_000)));
}

#[test]
fn langfuse_calls_a_span_failed_by_its_level() {
    let mut record = span("ask").with([
        ("langfuse.observation.type", "span".into()),
        ("langfuse.observation.level", "ERROR".into()),
        ("langfuse.observation.status_message", "no answer".into()),
    ]);
    recognise(&mut record);
    assert_eq!((record.status.code, &*record.status.message), (StatusCode::Error, "no answer"));
}

#[test]
fn a_plain_observation_of_langfuse_that_calls_a_model_is_that_call() {
    let attributes = [("langfuse.observation.type", "span".into()), ("gen_ai.operation.name", "chat".into())];
    let data = said(span("chat").with(attributes));
    assert_eq!((data.kind, data.dialect), (DataKind::Generation, Dialect::Langfuse));
}

#[test]
fn vercel_in_its_old_spelling() {
    let data = said(span("ai.generateText.doGenerate").under_another().with([
        ("ai.operationId", "ai.generateText.doGenerate".into()),
        ("ai.model.provider", "anthropic.messages".into()),
        ("ai.model.id", "claude-sonnet-4".into()),
        ("ai.usage.promptTokens", 10.into()),
        ("ai.usage.completionTokens", 20.into()),
        ("ai.usage.cachedInputTokens", 4.into()),
        ("ai.finishReason", "stop".into()),
        ("ai.stream.msToFirstChunk", 1.5.into()),
    ]));
    let usage = data.usage.unwrap();
    assert_eq!((data.kind, data.provider.as_deref()), (DataKind::Generation, Some("anthropic")));
    assert_eq!((usage.input, usage.output, usage.cache_read), (Some(14), Some(20), Some(4)), "the cache lies outside");
    assert_eq!((data.finish_reasons, data.first_token), (vec!["stop".into()], Some(Elapsed(1_500_000))));
}

#[test]
fn calls_of_vercel_hold_the_models_and_are_no_model_calls() {
    let kind = |operation: &str, name: Option<&str>| {
        let name = name.map(|name| ("ai.telemetry.functionId", Value::from(name)));
        said(span(operation).with([("ai.operationId", operation.into())].into_iter().chain(name))).kind
    };
    assert_eq!(kind("ai.streamText", Some("billing")), DataKind::Agent);
    assert_eq!(kind("ai.streamText", None), DataKind::Workflow);
    assert_eq!(kind("ai.embedMany", Some("billing")), DataKind::Workflow);
    assert_eq!(kind("ai.embedMany.doEmbed", Some("billing")), DataKind::Embedding);
    assert_eq!(kind("ai.streamObject.doStream", None), DataKind::Generation);
    assert_eq!(kind("ai.rerank.doRerank", None), DataKind::Rerank);
}

#[test]
fn burr_is_known_by_the_library_that_bridges_it() {
    let data = said(
        span("answer")
            .of("burr.integrations.opentelemetry")
            .with([("app_id", "app-1".into()), ("sequence_id", 3.into())]),
    );
    assert_eq!((data.kind, data.dialect), (DataKind::Custom, Dialect::Burr));
    assert_eq!((data.subject.as_deref(), data.conversation.as_deref()), (Some("answer"), Some("app-1")));
    let traced = said(span("helper").of("anything").with([("__burr_function", "helper".into())]));
    assert_eq!((traced.kind, traced.dialect), (DataKind::Custom, Dialect::Burr));
}

#[test]
fn a_cache_outside_the_input_is_known_by_the_numbers() {
    let input = |input: i64, total: Option<i64>| {
        let total = total.map(|total| ("gen_ai.usage.total_tokens", Value::from(total)));
        let attributes = [
            ("gen_ai.operation.name", "chat".into()),
            ("gen_ai.usage.input_tokens", input.into()),
            ("gen_ai.usage.output_tokens", 10.into()),
            ("gen_ai.usage.cache_read.input_tokens", 100.into()),
        ];
        let usage = said(span("chat").with(attributes.into_iter().chain(total))).usage.unwrap();
        (usage.input.unwrap(), usage.total)
    };
    assert_eq!(input(120, None), (120, None), "a part of it");
    assert_eq!(input(20, None), (120, None), "more than it");
    assert_eq!(input(120, Some(230)), (220, Some(230)), "the sum counts it apart");
    assert_eq!(input(20, Some(30)), (120, Some(130)), "more than it, whatever the sum");
}

#[test]
fn numbers_that_are_none_are_left_out() {
    let data = said(span("chat").with([
        ("gen_ai.operation.name", "chat".into()),
        ("gen_ai.usage.input_tokens", (-1).into()),
        ("gen_ai.usage.output_tokens", f64::NAN.into()),
        ("gen_ai.usage.total_tokens", "1e400".into()),
        ("operation.cost", (-0.5).into()),
        ("gen_ai.response.time_to_first_chunk", f64::INFINITY.into()),
        ("gen_ai.response.id", "".into()),
    ]));
    assert_eq!((data.usage, data.cost, data.first_token, data.response_id), (None, None, None, None));
}

/// Reads what a span of an agent says of itself.
fn said(mut span: SpanRecord) -> SpanData {
    let attributes = span.attributes.clone();
    recognise(&mut span);
    assert_eq!(span.attributes, attributes, "they stay as they came");
    *span.data.unwrap()
}

/// Makes a root that lasts from the first second to the second.
fn span(name: &str) -> SpanRecord {
    SpanRecord {
        trace_id: TraceId::new([1; 16]).unwrap(),
        span_id: SpanId::new([1; 8]).unwrap(),
        parent_id: None,
        flags: 0,
        trace_state: Text::default(),
        name: name.into(),
        kind: SpanKind::Internal,
        start: Timestamp(1_000_000_000),
        end: Some(Timestamp(2_000_000_000)),
        attributes: Attributes::default(),
        events: Vec::new(),
        links: Vec::new(),
        status: Status::default(),
        dropped: Dropped::default(),
        scope: Arc::default(),
        resource: Arc::default(),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: Repeats::Stay,
    }
}

/// A span under construction.
trait Made {
    fn with<'a>(self, attributes: impl IntoIterator<Item = (&'a str, Value)>) -> Self;
    fn of(self, scope: &str) -> Self;
    fn under_another(self) -> Self;
}

impl Made for SpanRecord {
    fn with<'a>(mut self, attributes: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        self.attributes = Attributes::from_iter(attributes);
        self
    }

    fn of(mut self, scope: &str) -> Self {
        self.scope = Arc::new(Scope { name: scope.into(), ..Scope::default() });
        self
    }

    fn under_another(mut self) -> Self {
        self.parent_id = SpanId::new([2; 8]);
        self
    }
}
