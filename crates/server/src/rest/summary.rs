//! A trace in a list as JSON.

use serde::Serialize;
use trackway_store as store;
use utoipa::ToSchema;

use super::{
    agent::{Cost, Usage, text},
    time::rfc3339,
    value::{Attribute, attributes},
};

/// A trace in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct TraceSummary {
    /// 32 hexadecimal digits.
    trace_id: String,
    /// The root span's name; the earliest span's while the root has not come.
    root_name: String,
    /// False while no span without a parent has come.
    has_root: bool,
    /// The root span's service; the earliest span's while the root has not come.
    service: String,
    /// The project that the trace lists under.
    project: String,
    /// The earliest start of a span.
    start: String,
    /// From the earliest start to the latest end.
    duration_ns: i64,
    /// How the trace stands.
    status: TraceStatus,
    span_count: u64,
    error_count: u64,
    /// Spans without an end.
    open_count: u64,
    /// The services that take part, the busiest first.
    services: Vec<ServiceShare>,
    /// At most six of the longest spans, one that failed among them, by start: the trace as a tiny picture.
    outline: Vec<Outline>,
    /// The trace's id as its client tells of the whole trace; null where it does not, or uses those of W3C.
    #[schema(required)]
    original_id: Option<String>,
    /// The conversation, session, thread or group that the trace belongs to.
    #[schema(required)]
    group_id: Option<String>,
    /// What else the client tells of the whole trace.
    metadata: Vec<Attribute>,
    /// What made the trace fail; null where nothing did, or where its agents went on after all that failed.
    #[schema(required)]
    failure: Option<Failure>,
    /// What the agents did and used; null where no span is an agent's.
    #[schema(required)]
    agents: Option<AgentTotals>,
}

/// The span that made a trace fail.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Failure {
    /// 16 hexadecimal digits.
    span_id: String,
    /// The span's title, or else its name.
    name: String,
    /// What the client said of the error.
    message: String,
}

/// What the agents of a trace, or of several, did and used.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct AgentTotals {
    model_calls: u64,
    tool_calls: u64,
    handoffs: u64,
    guardrails_triggered: u64,
    /// Those that took part, at most 32, in the order of their first span.
    agents: Vec<String>,
    /// Those that were called, at most 32, in the order of their first call.
    models: Vec<String>,
    /// Each token once.
    usage: Usage,
    /// What the model calls cost as far as that is known; null when it is known of none.
    #[schema(required)]
    cost: Option<Cost>,
    /// Model calls without a price, but for those that failed or still run and tell of no usage.
    unpriced_calls: u64,
}

/// How a trace stands: `running` and `lost` have open spans, and all of those of a `lost` one are lost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TraceStatus {
    Running,
    Lost,
    Error,
    Ok,
}

/// A service's part in a trace.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct ServiceShare {
    name: String,
    span_count: u64,
}

/// One bar of a trace's tiny picture.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Outline {
    /// 16 hexadecimal digits.
    span_id: String,
    /// From the trace's start to the span's.
    offset_ns: i64,
    /// Null while the span is open.
    #[schema(required)]
    duration_ns: Option<i64>,
    service: String,
    error: bool,
}

impl From<&store::TraceSummary> for TraceSummary {
    fn from(summary: &store::TraceSummary) -> Self {
        let share =
            |(name, count): &(trackway_model::Text, u64)| ServiceShare { name: name.to_string(), span_count: *count };
        Self {
            trace_id: summary.trace_id.to_string(),
            root_name: summary.root_name.to_string(),
            has_root: summary.has_root,
            service: summary.service.to_string(),
            project: summary.project.to_string(),
            start: rfc3339(summary.start),
            duration_ns: summary.duration.0,
            status: match summary.status {
                store::TraceStatus::Running => TraceStatus::Running,
                store::TraceStatus::Lost => TraceStatus::Lost,
                store::TraceStatus::Error => TraceStatus::Error,
                store::TraceStatus::Ok => TraceStatus::Ok,
            },
            span_count: summary.span_count,
            error_count: summary.error_count,
            open_count: summary.open_count,
            services: summary.services.iter().map(share).collect(),
            outline: summary.outline.iter().map(Outline::from).collect(),
            original_id: summary.about.as_ref().map(|about| about.original_id.to_string()),
            group_id: text(&summary.group),
            metadata: summary.about.as_ref().map(|about| attributes(&about.metadata)).unwrap_or_default(),
            failure: summary.failure.as_ref().map(Failure::from),
            agents: summary.agents.as_deref().map(AgentTotals::from),
        }
    }
}

impl From<&store::Failure> for Failure {
    fn from(failure: &store::Failure) -> Self {
        Self {
            span_id: failure.span_id.to_string(),
            name: failure.name.to_string(),
            message: failure.message.to_string(),
        }
    }
}

impl From<&store::AgentTotals> for AgentTotals {
    fn from(totals: &store::AgentTotals) -> Self {
        Self {
            model_calls: totals.model_calls,
            tool_calls: totals.tool_calls,
            handoffs: totals.handoffs,
            guardrails_triggered: totals.guardrails_triggered,
            agents: totals.agents.iter().map(ToString::to_string).collect(),
            models: totals.models.iter().map(ToString::to_string).collect(),
            usage: Usage::from(&totals.usage),
            cost: totals.cost.as_ref().map(Cost::from),
            unpriced_calls: totals.unpriced_calls,
        }
    }
}

impl From<&store::Outline> for Outline {
    fn from(bar: &store::Outline) -> Self {
        Self {
            span_id: bar.span_id.to_string(),
            offset_ns: bar.offset.0,
            duration_ns: bar.duration.map(|duration| duration.0),
            service: bar.service.to_string(),
            error: bar.error,
        }
    }
}
