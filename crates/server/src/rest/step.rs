//! Steps of a run, and what could not be used of its log.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use trackway_model as model;
use trackway_store::{self as store, At, Order, steps_from};
use utoipa::{IntoParams, ToSchema};

use super::{
    json::Raw,
    param::{InPath, Params, number, page, wrong},
    problem::Problem,
    run::{RunPointer, between, resolve, time},
};
use crate::{App, query::StepPage};

/// How a frame begins in a Python traceback.
const FRAME: &str = "  File \"";

/// Which part of a run's steps.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StepParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// `asc`, the first step first, or `desc`; `asc` when absent.
    order: Option<String>,
    /// At most this many steps, 1 to 1000; 100 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
    /// From this place on, counted from 0 with the first step first; instead of `cursor`.
    #[param(value_type = Option<u64>)]
    from: Option<String>,
}

/// Which attempt at a step.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttemptParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// The how-many-th time that this number began, from 0; the latest when absent.
    #[param(value_type = Option<u32>)]
    attempt: Option<String>,
}

/// Which part of what could not be used.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RemarkParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// At most this many, 1 to 1000; 100 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// A page of steps, in the order of the client's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepList {
    steps: Vec<Step>,
    /// Asks for the steps behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// A step in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Step {
    /// The number that the client gave the step.
    sequence: i64,
    /// The how-many-th time that this number began, from 0.
    attempt: u32,
    action: String,
    #[schema(required)]
    start: Option<String>,
    #[schema(required)]
    end: Option<String>,
    #[schema(required)]
    duration_ns: Option<i64>,
    state: StepState,
    /// Why it failed: one line in a list, all of it where the step alone is asked for.
    #[schema(required)]
    error: Option<String>,
    /// True when the state after it is likely that of before.
    suspect: bool,
    has_result: bool,
    /// True when there is a state after it.
    has_state: bool,
    /// What it was given beside the state; in a list null where that is over 16 KiB.
    #[schema(required)]
    inputs: Option<Raw>,
    /// The fields of the state that it changed.
    changed: Vec<String>,
    /// Attributes of it and of its spans.
    attribute_count: u64,
    /// Spans beside its own; null where the run's trace is too long to count them.
    #[schema(required)]
    span_count: Option<u64>,
    #[schema(required)]
    stream: Option<Stream>,
    /// The runs that it brought forth.
    children: Vec<RunPointer>,
    annotations: u64,
    /// The trace and the span that it ran in.
    #[schema(required)]
    trace_id: Option<String>,
    #[schema(required)]
    span_id: Option<String>,
    /// What comes next, and why; null where the client does not say.
    #[schema(required)]
    choice: Option<Choice>,
    /// True when the state was set by hand between the step before and this one.
    edited: bool,
}

/// Which action comes next, and why.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Choice {
    /// The action; null where the machine ends.
    #[schema(required)]
    next: Option<String>,
    /// The transitions that were tried, in order.
    tried: Vec<Tried>,
}

/// A transition that was tried.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Tried {
    /// The action that it leads to.
    to: String,
    /// The name of its condition.
    condition: String,
    /// Whether the condition holds; null where nobody can say.
    #[schema(required)]
    held: Option<bool>,
    /// Why nobody can say.
    #[schema(required)]
    error: Option<String>,
}

/// How a step stands: a `lost` one has no end, and the run went on without it or its process is silent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StepState {
    Running,
    Done,
    Failed,
    Lost,
}

/// How a step handed out its result piece by piece.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Stream {
    #[schema(required)]
    begin: Option<String>,
    /// From the beginning to the first item.
    #[schema(required)]
    first_item_ns: Option<i64>,
    /// From the beginning to the end.
    #[schema(required)]
    duration_ns: Option<i64>,
    /// How many items came; null until it is over.
    #[schema(required)]
    items: Option<u64>,
}

/// Everything that is known of a step, except for the state after it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepDetail {
    #[serde(flatten)]
    step: Step,
    /// What it gave.
    #[schema(required)]
    result: Option<Raw>,
    attributes: Vec<StepAttribute>,
}

/// What was said of a step, or of a span in it.
#[derive(Debug, Serialize, ToSchema)]
struct StepAttribute {
    key: String,
    value: Raw,
    /// The span, by the id that its client gave it; null for the step itself.
    #[schema(required)]
    span: Option<String>,
    #[schema(required)]
    tags: Option<Raw>,
    #[schema(required)]
    time: Option<String>,
}

/// A page of what could not be used of a run's log, in the order in which it came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemarkList {
    remarks: Vec<Remark>,
    /// Asks for what is behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// Something that could not be used.
#[derive(Debug, Serialize, ToSchema)]
struct Remark {
    /// A file, and a line where it has lines.
    place: String,
    /// What is the matter with it.
    what: String,
    /// The beginning of it, as it came.
    text: String,
}

/// Lists the steps of a run.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/steps", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), StepParams),
    responses((status = 200, body = StepList), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<StepParams>,
) -> Result<Json<StepList>, Problem> {
    let order = match params.order.as_deref() {
        None | Some("" | "asc") => Order::Ascending,
        Some("desc") => Order::Descending,
        Some(other) => return Err(wrong("order", other, "asc or desc")),
    };
    let cursor = match params.from.filter(|from| !from.is_empty()) {
        None => params.cursor,
        Some(from) if order == Order::Ascending && params.cursor.is_none() => {
            steps_from(from.parse().map_err(|_| wrong("from", &from, "a place, counted from 0"))?)
        }
        Some(from) => return Err(wrong("from", &from, "with order=asc and without a cursor")),
    };
    let page = page(params.limit.as_deref(), 100, 1_000, cursor)?;
    let run = resolve(&app, &project, &id, params.partition).await?;
    let StepPage { steps, spans, next } = app.query.steps(run, order, page).await?;
    let steps = steps.iter().zip(spans).map(|(step, spans)| Step::of(step, spans)).collect();
    Ok(Json(StepList { steps, next }))
}

/// Returns a step with its result and what was said of it.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/steps/{sequence}", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"),
        ("sequence" = i64, Path, description = "the step's number"), AttemptParams),
    responses((status = 200, body = StepDetail), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    InPath((project, id, sequence)): InPath<(String, String, String)>,
    Params(params): Params<AttemptParams>,
) -> Result<Json<StepDetail>, Problem> {
    let at = at(Some(sequence), params.attempt, "")?;
    let run = resolve(&app, &project, &id, params.partition).await?;
    let found = app.query.step(run, at).await?;
    let (detail, spans) = found.ok_or_else(|| no_step(at, &id))?;
    Ok(Json(StepDetail::of(&detail, spans)))
}

/// Lists what could not be used of a run's log.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/remarks", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), RemarkParams),
    responses((status = 200, body = RemarkList), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn remarks(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<RemarkParams>,
) -> Result<Json<RemarkList>, Problem> {
    let page = page(params.limit.as_deref(), 100, 1_000, params.cursor)?;
    let run = resolve(&app, &project, &id, params.partition).await?;
    let page = app.query.remarks(run, page).await?;
    let remark = |it: &model::Remark| Remark {
        place: it.place.to_string(),
        what: it.what.to_string(),
        text: it.text.to_string(),
    };
    Ok(Json(RemarkList { remarks: page.items.iter().map(remark).collect(), next: page.next }))
}

/// Reads which step is meant; an absent number is that of the latest step after which there is a state. `of` stands before
/// the names of the parameters.
pub(super) fn at(sequence: Option<String>, attempt: Option<String>, of: &str) -> Result<At, Problem> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let attempt = some(attempt).map(|text| number::<u32>(&format!("{of}attempt"), &text)).transpose()?;
    let Some(sequence) = some(sequence) else {
        return match attempt {
            None => Ok(At::LatestState),
            Some(_) => Err(Problem::bad_request(format!("{of}attempt says nothing without the number of a step."))),
        };
    };
    let sequence = number(if of.is_empty() { "seq" } else { of.trim_end_matches('_') }, &sequence)?;
    Ok(attempt.map_or(At::Sequence(sequence), |attempt| At::Step(model::StepKey { sequence, attempt })))
}

/// The answer where a step is not there.
pub(super) fn no_step(at: At, run: &str) -> Problem {
    Problem::not_found(match at {
        At::Latest | At::LatestState => format!("The run {run:?} has no state after any step yet."),
        At::Sequence(sequence) if sequence < 0 => {
            format!("There is nothing before the first step of the run {run:?}: its steps are numbered from 0.")
        }
        At::Sequence(sequence) => format!("The run {run:?} has no step {sequence}. It may not have come that far yet."),
        At::Step(step) => {
            format!(
                "The run {run:?} has no attempt {} at a step {}; attempts count from 0.",
                step.attempt, step.sequence
            )
        }
    })
}

impl Step {
    /// A step as a list shows it.
    pub(super) fn of(step: &store::Step, spans: Option<u64>) -> Self {
        let stream = step.stream.as_ref();
        Self {
            sequence: step.key.sequence,
            attempt: step.key.attempt,
            action: step.action.to_string(),
            start: time(step.start),
            end: time(step.end),
            duration_ns: between(step.start, step.end),
            state: match step.status {
                store::StepStatus::Running => StepState::Running,
                store::StepStatus::Done => StepState::Done,
                store::StepStatus::Failed => StepState::Failed,
                store::StepStatus::Lost => StepState::Lost,
            },
            error: step.error.as_deref().map(|error| gist(error).to_owned()),
            suspect: step.is_suspect,
            has_result: step.has_result,
            has_state: step.has_state,
            inputs: step.inputs.as_ref().map(Raw::of),
            changed: step.changed.iter().map(ToString::to_string).collect(),
            attribute_count: step.attribute_count,
            span_count: spans,
            stream: stream.map(|stream| Stream {
                begin: time(stream.begin),
                first_item_ns: between(stream.begin, stream.first_item),
                duration_ns: between(stream.begin, stream.end),
                items: stream.items,
            }),
            children: step.children.iter().map(RunPointer::from).collect(),
            annotations: step.annotation_count,
            trace_id: step.span.map(|(trace, _)| trace.to_string()),
            span_id: step.span.map(|(_, span)| span.to_string()),
            choice: step.choice.as_ref().map(Choice::of),
            edited: step.is_edited,
        }
    }
}

impl Choice {
    fn of(choice: &model::Choice) -> Self {
        let tried = |it: &model::Tried| Tried {
            to: it.to.to_string(),
            condition: it.condition.to_string(),
            held: it.held.as_ref().ok().copied(),
            error: it.held.as_ref().err().map(ToString::to_string),
        };
        Self { next: choice.next.as_ref().map(ToString::to_string), tried: choice.tried.iter().map(tried).collect() }
    }
}

/// The line of an error that says what it is: the first, but of a Python traceback the one behind its last frame, which
/// names the exception.
fn gist(error: &str) -> &str {
    let lines = || error.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let behind_frames = lines().rev().take_while(|line| !line.starts_with(FRAME)).collect::<Vec<_>>();
    let is_traceback = behind_frames.len() < lines().count();
    let exception = behind_frames.into_iter().rev().find(|line| !line.starts_with(char::is_whitespace));
    exception.filter(|_| is_traceback).or_else(|| lines().next()).unwrap_or_default().trim()
}

impl StepDetail {
    fn of(detail: &store::StepDetail, spans: Option<u64>) -> Self {
        let mut step = Step::of(&detail.step, spans);
        step.inputs = detail.inputs.as_ref().map(Raw::of);
        step.error = detail.error.as_ref().map(ToString::to_string);
        let attribute = |it: &model::StepAttribute| StepAttribute {
            key: it.key.to_string(),
            value: Raw::of(&it.value),
            span: it.span.as_ref().map(ToString::to_string),
            tags: it.tags.as_ref().map(Raw::of),
            time: time(it.time),
        };
        Self {
            step,
            result: detail.result.as_ref().map(Raw::of),
            attributes: detail.attributes.iter().map(attribute).collect(),
        }
    }
}
