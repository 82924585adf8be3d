//! Spans of agents and records of whole traces: short ways to make and show them, and how the tests' format has them.

use trackway_model::*;
use trackway_store::*;

use super::{
    With,
    codec::{hex, unhex},
    span, trace_id,
};

/// Every kind of work.
pub const KINDS: [DataKind; 18] = [
    DataKind::Workflow,
    DataKind::Task,
    DataKind::Agent,
    DataKind::Turn,
    DataKind::Generation,
    DataKind::Response,
    DataKind::Function,
    DataKind::Handoff,
    DataKind::Guardrail,
    DataKind::McpTools,
    DataKind::Transcription,
    DataKind::Speech,
    DataKind::SpeechGroup,
    DataKind::Retrieval,
    DataKind::Rerank,
    DataKind::Embedding,
    DataKind::Evaluation,
    DataKind::Custom,
];

/// A change to what is known of an agent's span, chained.
pub trait WithData {
    fn is(self, kind: DataKind) -> Self;
    fn data(self, change: impl FnOnce(&mut SpanData)) -> Self;
    fn used(self, input: u64, output: u64) -> Self;
    fn replaces(self) -> Self;
    fn original(self, id: &str, parent: Option<&str>) -> Self;
}

impl WithData for SpanRecord {
    fn is(self, kind: DataKind) -> Self {
        self.with(|it| it.data = Some(Box::new(SpanData::new(kind, Dialect::OpenAiAgents))))
    }

    fn data(self, change: impl FnOnce(&mut SpanData)) -> Self {
        self.with(|it| change(it.data.as_mut().unwrap()))
    }

    fn used(self, input: u64, output: u64) -> Self {
        self.data(|it| it.usage = Some(Usage { input: Some(input), output: Some(output), ..Usage::default() }))
    }

    fn replaces(self) -> Self {
        self.with(|it| it.repeats = Repeats::Replace)
    }

    fn original(self, id: &str, parent: Option<&str>) -> Self {
        let trace_id = format!("trace of {}", self.trace_id).as_str().into();
        let foreign = Foreign { id: id.into(), trace_id, parent_id: parent.map(Text::from) };
        self.with(|it| it.foreign = Some(Box::new(foreign)))
    }
}

impl With for TraceRecord {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// What a client tells of a whole trace.
pub fn told(trace: u128, name: &str) -> TraceRecord {
    TraceRecord {
        trace_id: trace_id(trace),
        original_id: format!("trace_{trace}").as_str().into(),
        name: name.into(),
        group: None,
        metadata: Attributes::default(),
        project: "default".into(),
    }
}

pub fn telling(records: impl IntoIterator<Item = TraceRecord>) -> Batch {
    Batch { traces: records.into_iter().collect(), ..Batch::default() }
}

/// A cost of so many dollars.
pub fn dollars(amount: u64, source: &str) -> Cost {
    Cost { total: Dollars(amount * Dollars::ONE.0), input: None, output: None, source: source.into() }
}

/// Shows what the agents of a trace did.
pub fn run_line(trace: &TraceSummary) -> String {
    let failure = trace.failure.as_ref().map_or("ok".into(), |it| format!("failed in {}: {}", it.name, it.message));
    let Some(totals) = &trace.agents else { return format!("{:?}, {failure}, no agents", trace.status) };
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    format!(
        "{:?}, {failure}, {} calls {} tools {} handoffs {} tripped, {} by {}, {}/{}/{} tokens {} requests, {} {} unpriced",
        trace.status,
        totals.model_calls,
        totals.tool_calls,
        totals.handoffs,
        totals.guardrails_triggered,
        totals.models.join("+"),
        totals.agents.join("+"),
        number(totals.usage.input),
        number(totals.usage.output),
        number(totals.usage.total),
        number(totals.usage.requests),
        totals.cost.as_ref().map_or("free".into(), |cost| format!("${} {}", cost.total.as_f64(), cost.source)),
        totals.unpriced_calls,
    )
}

fn optional(text: Option<&Text>) -> String {
    text.map_or("-".into(), |text| hex(text))
}

fn read_optional(text: &str) -> Option<Text> {
    (text != "-").then(|| unhex(text).into())
}

fn number(number: Option<u64>) -> String {
    number.map_or("-".into(), |number| number.to_string())
}

pub fn write_data(data: Option<&SpanData>) -> String {
    let Some(data) = data else { return "-".into() };
    let kind = KINDS.iter().position(|kind| *kind == data.kind).unwrap();
    let triggered = data.triggered.map(u64::from);
    let texts = [&data.title, &data.subject, &data.agent, &data.request_model, &data.conversation];
    let usage = data.usage.map(|it| [it.input, it.output, it.requests].map(number).join("/"));
    let cost = data.cost.as_ref();
    let cost = cost.map(|it| format!("{}/{}/{}", it.total.0, number(it.input.map(|it| it.0)), hex(&it.source)));
    let mut fields = vec![kind.to_string()];
    fields.extend(texts.map(|text| optional(text.as_ref())));
    fields.extend([number(triggered), usage.unwrap_or("-".into()), cost.unwrap_or("-".into())]);
    fields.join(":")
}

pub fn read_data(text: &str) -> Option<SpanData> {
    let fields: Vec<_> = text.split(':').collect();
    let [kind, title, subject, agent, model, conversation, triggered, usage, cost] = fields[..] else { return None };
    let mut data = SpanData::new(KINDS[kind.parse::<usize>().unwrap()], Dialect::OpenAiAgents);
    data.title = read_optional(title);
    data.subject = read_optional(subject);
    data.agent = read_optional(agent);
    data.request_model = read_optional(model);
    data.conversation = read_optional(conversation);
    data.triggered = triggered.parse::<u64>().ok().map(|number| number == 1);
    if let [input, output, requests] = usage.split('/').map(|number| number.parse().ok()).collect::<Vec<_>>()[..] {
        data.usage = Some(Usage { input, output, requests, ..Usage::default() });
    }
    if let [total, input, source] = cost.split('/').collect::<Vec<_>>()[..] {
        let input = input.parse().ok().map(Dollars);
        data.cost =
            Some(Cost { total: Dollars(total.parse().unwrap()), input, output: None, source: unhex(source).into() });
    }
    Some(data)
}

pub fn write_foreign(foreign: Option<&Foreign>) -> String {
    let write = |it: &Foreign| format!("{}:{}:{}", hex(&it.id), hex(&it.trace_id), optional(it.parent_id.as_ref()));
    foreign.map_or("-".into(), write)
}

pub fn read_foreign(text: &str) -> Option<Foreign> {
    let fields: Vec<_> = text.split(':').collect();
    let [id, trace_id, parent_id] = fields[..] else { return None };
    let (id, trace_id) = (unhex(id).into(), unhex(trace_id).into());
    Some(Foreign { id, trace_id, parent_id: read_optional(parent_id) })
}

pub fn write_record(record: &TraceRecord) -> String {
    let metadata = record.metadata.iter().map(|(key, value)| match value {
        Value::Text(value) => format!("{}:{}", hex(key), hex(value)),
        other => panic!("the format of the tests has no {other:?}"),
    });
    let metadata: Vec<_> = metadata.collect();
    let (id, name, project) = (hex(&record.original_id), hex(&record.name), hex(&record.project));
    let group = optional(record.group.as_ref());
    format!("{} {id} {name} {project} {group} [{}]", record.trace_id, metadata.join(","))
}

pub fn read_record(fields: &[&str]) -> TraceRecord {
    let [trace, id, name, project, group, metadata] = *fields else { panic!("{fields:?} is no record of a trace") };
    let metadata = metadata.trim_matches(['[', ']']).split(',').filter_map(|it| it.split_once(':'));
    TraceRecord {
        trace_id: trace.parse().unwrap(),
        original_id: unhex(id).into(),
        name: unhex(name).into(),
        group: read_optional(group),
        metadata: metadata.map(|(key, value)| (Text::from(unhex(key)), Value::from(&*unhex(value)))).collect(),
        project: unhex(project).into(),
    }
}

/// A span of an agent, ten times its id long after the start, below another.
pub fn work(trace: u128, id: u64, parent: u64, kind: DataKind) -> SpanRecord {
    let span = span(trace, id).is(kind);
    span.with(|it| it.parent_id = SpanId::new(parent.to_be_bytes()))
}
