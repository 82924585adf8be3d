//! A trace in a list as JSON.

use serde::Serialize;
use trackway_store as store;
use utoipa::ToSchema;

use super::time::rfc3339;

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
