//! Runs of state machines: their list, one of them, and its end.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use trackway_model::{self as model, RunKey, Timestamp};
use trackway_store::{self as store, PageRequest, RunQuery};
use trackway_wire::foreign;
use utoipa::{IntoParams, ToSchema};

use super::{
    agent::text,
    param::{InPath, Params, page},
    problem::Problem,
    summary::AgentTotals,
    time::rfc3339,
};
use crate::{App, live::DeletedWhat, query::RunPage};

/// Which part of a list of runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunParams {
    /// The run is of this partition; of none when this is there and empty.
    partition: Option<String>,
    /// At most this many runs, 1 to 1000; 50 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// Of which partition a run is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartitionParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    pub(super) partition: Option<String>,
}

/// A page of runs, the newest start first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunList {
    apps: Vec<RunSummary>,
    /// Asks for the runs behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct RunSummary {
    project: String,
    /// The application's id as its client gave it.
    app_id: String,
    /// The partition as its client gave it; null for a run of none.
    #[schema(required)]
    partition_key: Option<String>,
    /// 32 hexadecimal digits that project, partition and application id give.
    run_id: String,
    /// The run's place in lists: its first time, or when it came while no time is known.
    start: String,
    /// The earliest time that is known; null when none is.
    #[schema(required)]
    first_written: Option<String>,
    /// The latest.
    #[schema(required)]
    last_written: Option<String>,
    /// From the first to the last.
    #[schema(required)]
    duration_ns: Option<i64>,
    status: RunStatus,
    /// Every attempt counted.
    step_count: u64,
    error_count: u64,
    /// Steps whose state is likely that of before.
    suspect_count: u64,
    #[schema(required)]
    last_action: Option<String>,
    #[schema(required)]
    last_sequence: Option<i64>,
    #[schema(required)]
    last_attempt: Option<u32>,
    /// The run that this one goes on from.
    #[schema(required)]
    parent: Option<RunPointer>,
    /// The run, and the step of it, that started this one.
    #[schema(required)]
    spawned_by: Option<RunPointer>,
    /// Runs that this one started.
    child_count: u64,
    /// Runs that go on from this one.
    fork_count: u64,
    /// Things in its log that could not be used.
    remark_count: u64,
    annotation_count: u64,
    /// At most 24 of the steps, evenly: the run as a tiny picture.
    trail: Vec<Trail>,
}

/// How a run stands: the last step of a `lost` one has no end, and nothing was heard of the run for ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RunStatus {
    Running,
    Ok,
    Error,
    Lost,
}

/// Points at a run of the same project, and perhaps at a step of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct RunPointer {
    app_id: String,
    #[schema(required)]
    partition_key: Option<String>,
    #[schema(required)]
    sequence: Option<i64>,
}

/// A step in the tiny picture of a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct Trail {
    sequence: i64,
    attempt: u32,
    /// Null while it is not known.
    #[schema(required)]
    duration_ns: Option<i64>,
    failed: bool,
}

/// A run with what stands around it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    app: RunSummary,
    #[schema(required)]
    graph: Option<Graph>,
    /// Where the run comes from, the nearest first.
    parents: Vec<Forebear>,
    /// What the run brought forth.
    children: Vec<Child>,
    totals: RunTotals,
    /// The trace of the run's spans; null when it has none.
    #[schema(required)]
    trace_id: Option<String>,
    /// What was done with each action.
    action_counts: BTreeMap<String, ActionCount>,
    /// Which actions followed which, and how often.
    taken: Vec<Taken>,
    /// The states that were set by something other than a step, the first hundred.
    placements: Vec<Placement>,
}

/// That the state was set by something other than a step: at the start, by a fork, by hand.
#[derive(Debug, Serialize, ToSchema)]
struct Placement {
    /// The step after which that was; null before the first.
    #[schema(required)]
    after: Option<PlacedAfter>,
    /// The action that comes next, where that was set too.
    #[schema(required)]
    next: Option<String>,
    #[schema(required)]
    time: Option<String>,
}

/// An attempt at a step.
#[derive(Debug, Serialize, ToSchema)]
struct PlacedAfter {
    seq: i64,
    attempt: u32,
}

/// A run that another comes from.
#[derive(Debug, Serialize, ToSchema)]
struct Forebear {
    #[serde(flatten)]
    pointer: RunPointer,
    /// Null when nothing else is known of it.
    #[schema(required)]
    app: Option<RunSummary>,
}

/// A run that another brought forth.
#[derive(Debug, Serialize, ToSchema)]
struct Child {
    pointer: RunPointer,
    /// Null when nothing else is known of it.
    #[schema(required)]
    app: Option<RunSummary>,
    event: ChildEvent,
    /// The step that did.
    #[schema(required)]
    sequence: Option<i64>,
    #[schema(required)]
    time: Option<String>,
}

/// `fork`: goes on from the run's state; `spawn`: is a part of its work.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChildEvent {
    Fork,
    Spawn,
}

/// What a run did all together.
#[derive(Debug, Serialize, ToSchema)]
struct RunTotals {
    steps: u64,
    errors: u64,
    /// How long its steps took together.
    duration_ns: i64,
    /// What its agents did and used; null where no span is an agent's.
    #[schema(required)]
    agents: Option<AgentTotals>,
}

/// What was done with an action.
#[derive(Debug, Serialize, ToSchema)]
struct ActionCount {
    visits: u64,
    errors: u64,
    duration_ns: i64,
}

/// How often one action followed another.
#[derive(Debug, Serialize, ToSchema)]
struct Taken {
    from: String,
    to: String,
    count: u64,
}

/// A state machine.
#[derive(Debug, Serialize, ToSchema)]
struct Graph {
    /// The action that comes first.
    #[schema(required)]
    entrypoint: Option<String>,
    actions: Vec<Action>,
    /// Of those that leave an action the first whose condition holds is taken.
    transitions: Vec<Transition>,
}

/// An action of a state machine.
#[derive(Debug, Serialize, ToSchema)]
struct Action {
    name: String,
    /// Fields of the state.
    reads: Vec<String>,
    /// Fields of the state.
    writes: Vec<String>,
    /// What it must be given.
    inputs: Vec<String>,
    /// What it can do without.
    optional_inputs: Vec<String>,
    tags: Vec<String>,
    /// Its source.
    #[schema(required)]
    code: Option<String>,
}

/// What can follow an action.
#[derive(Debug, Serialize, ToSchema)]
struct Transition {
    from: String,
    to: String,
    /// The name of the condition, `default` for one that always holds.
    condition: String,
}

/// What the deletion of a run removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedRun {
    deleted_steps: u64,
    deleted_spans: u64,
}

/// Lists the runs of a project, the newest first.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"), RunParams),
    responses((status = 200, body = RunList), (status = 400, body = Problem)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    InPath(project): InPath<String>,
    Params(params): Params<RunParams>,
) -> Result<Json<RunList>, Problem> {
    let page: PageRequest = page(params.limit.as_deref(), 50, 1_000, params.cursor)?;
    let query = RunQuery { project: Some(project), partition: partition(params.partition), ..RunQuery::default() };
    let page = app.query.runs(query, page).await?;
    Ok(Json(RunList { apps: page.items.iter().map(RunSummary::from).collect(), next: page.next }))
}

/// Returns a run with its state machine, where it comes from and what it brought forth.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), PartitionParams),
    responses((status = 200, body = Run), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<PartitionParams>,
) -> Result<Json<Run>, Problem> {
    let run = resolve(&app, &project, &id, params.partition).await?;
    let found = app.query.run(run).await?.ok_or_else(|| unknown(&project, &id))?;
    Ok(Json(Run::from(&found)))
}

/// Deletes a run with its annotations and its spans.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/apps/{app}", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), PartitionParams),
    responses((status = 200, body = DeletedRun), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<PartitionParams>,
) -> Result<Json<DeletedRun>, Problem> {
    let run = resolve(&app, &project, &id, params.partition).await?;
    let (runs, spans) = app.query.delete_run(Arc::clone(&run)).await?;
    if spans.traces > 0 {
        app.live.deleted(DeletedWhat::Trace(foreign::run_id(&run)));
    }
    if runs.runs == 0 {
        return Err(unknown(&project, &id));
    }
    app.live.deleted_run(run);
    Ok(Json(DeletedRun { deleted_steps: runs.steps, deleted_spans: spans.spans }))
}

/// Finds the run that is meant.
pub(super) async fn resolve(
    app: &App,
    project: &str,
    id: &str,
    partition: Option<String>,
) -> Result<Arc<RunKey>, Problem> {
    let found = app.query.find_runs(project.to_owned(), id.to_owned(), self::partition(partition)).await?;
    match found.as_slice() {
        [] => Err(unknown(project, id)),
        [run] => Ok(Arc::clone(run)),
        several => Err(Problem::ambiguous(id, several)),
    }
}

/// Reads a partition: an empty one is none, and an absent one any.
pub(super) fn partition(text: Option<String>) -> Option<Option<String>> {
    text.map(|text| Some(text).filter(|text| !text.is_empty()))
}

fn unknown(project: &str, id: &str) -> Problem {
    Problem::not_found(format!(
        "There is no run {id:?} in the project {project:?} here. Its records may not have come yet, it may be of another \
         partition, or it was deleted."
    ))
}

pub(super) fn time(time: Option<Timestamp>) -> Option<String> {
    time.map(rfc3339)
}

/// How long it is from one time to another; absent while either is not known.
pub(super) fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<i64> {
    let (from, to) = from.zip(to)?;
    i64::try_from(i128::from(to.0) - i128::from(from.0)).ok()
}

fn texts(list: &[model::Text]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl From<&store::RunSummary> for RunSummary {
    fn from(run: &store::RunSummary) -> Self {
        Self {
            project: run.key.project.to_string(),
            app_id: run.key.app.to_string(),
            partition_key: text(&run.key.partition),
            run_id: foreign::run_id(&run.key).to_string(),
            start: rfc3339(run.start),
            first_written: time(run.first),
            last_written: time(run.last),
            duration_ns: between(run.first, run.last),
            status: match run.status {
                store::RunStatus::Running => RunStatus::Running,
                store::RunStatus::Lost => RunStatus::Lost,
                store::RunStatus::Failed => RunStatus::Error,
                store::RunStatus::Ok => RunStatus::Ok,
            },
            step_count: run.step_count,
            error_count: run.error_count,
            suspect_count: run.suspect_count,
            last_action: text(&run.last_action),
            last_sequence: run.last_step.map(|step| step.sequence),
            last_attempt: run.last_step.map(|step| step.attempt),
            parent: run.parent.as_ref().map(RunPointer::from),
            spawned_by: run.spawned_by.as_ref().map(RunPointer::from),
            child_count: run.child_count,
            fork_count: run.fork_count,
            remark_count: run.remark_count,
            annotation_count: run.annotation_count,
            trail: run.trail.iter().map(Trail::from).collect(),
        }
    }
}

impl From<&model::RunPointer> for RunPointer {
    fn from(pointer: &model::RunPointer) -> Self {
        Self { app_id: pointer.app.to_string(), partition_key: text(&pointer.partition), sequence: pointer.sequence }
    }
}

impl From<&store::Trail> for Trail {
    fn from(trail: &store::Trail) -> Self {
        Self {
            sequence: trail.step.sequence,
            attempt: trail.step.attempt,
            duration_ns: trail.duration.map(|duration| duration.0),
            failed: trail.failed,
        }
    }
}

impl From<&RunPage> for Run {
    fn from(page: &RunPage) -> Self {
        let RunPage { run, lineage, children, trace } = page;
        let app = |run: &Option<store::RunSummary>| run.as_ref().map(RunSummary::from);
        let count = |of: &store::ActionTotals| {
            let counts = ActionCount { visits: of.visits, errors: of.errors, duration_ns: of.duration.0 };
            (of.action.to_string(), counts)
        };
        let taken = |of: &store::Taken| Taken { from: of.from.to_string(), to: of.to.to_string(), count: of.count };
        Self {
            app: RunSummary::from(&run.summary),
            graph: run.app.graph.as_ref().map(Graph::from),
            parents: lineage.iter().map(|(at, run)| Forebear { pointer: at.into(), app: app(run) }).collect(),
            children: children.iter().map(|(child, run)| Child::of(child, app(run))).collect(),
            totals: RunTotals {
                steps: run.summary.step_count,
                errors: run.summary.error_count,
                duration_ns: run.actions.iter().fold(0, |sum: i64, of| sum.saturating_add(of.duration.0)),
                agents: trace.as_ref().and_then(|trace| trace.agents.as_deref()).map(AgentTotals::from),
            },
            trace_id: trace.as_ref().map(|trace| trace.trace_id.to_string()),
            action_counts: run.actions.iter().map(count).collect(),
            taken: run.taken.iter().map(taken).collect(),
            placements: run.placements.iter().map(Placement::from).collect(),
        }
    }
}

impl From<&store::Placement> for Placement {
    fn from(placement: &store::Placement) -> Self {
        Self {
            after: placement.after.map(|step| PlacedAfter { seq: step.sequence, attempt: step.attempt }),
            next: text(&placement.next),
            time: time(placement.time),
        }
    }
}

impl Child {
    fn of(child: &store::Child, app: Option<RunSummary>) -> Self {
        Self {
            pointer: RunPointer::from(&child.run),
            app,
            event: match child.event {
                model::ChildEvent::Fork => ChildEvent::Fork,
                model::ChildEvent::Spawn => ChildEvent::Spawn,
            },
            sequence: child.sequence,
            time: time(child.time),
        }
    }
}

impl From<&model::Graph> for Graph {
    fn from(graph: &model::Graph) -> Self {
        let action = |action: &model::Action| Action {
            name: action.name.to_string(),
            reads: texts(&action.reads),
            writes: texts(&action.writes),
            inputs: texts(&action.inputs),
            optional_inputs: texts(&action.optional_inputs),
            tags: texts(&action.tags),
            code: text(&action.code),
        };
        let transition = |way: &model::Transition| Transition {
            from: way.from.to_string(),
            to: way.to.to_string(),
            condition: way.condition.to_string(),
        };
        Self {
            entrypoint: text(&graph.entrypoint),
            actions: graph.actions.iter().map(action).collect(),
            transitions: graph.transitions.iter().map(transition).collect(),
        }
    }
}
