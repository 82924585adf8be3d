//! The state after a step, and what differs between two states.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use trackway_model as model;
use trackway_store::At;
use utoipa::{IntoParams, ToSchema};

use super::{
    json::Raw,
    param::{InPath, Params, wrong},
    problem::Problem,
    run::resolve,
    step::{at, no_step},
};
use crate::{
    App,
    difference::{self, Difference, Object, differences},
    query::{Before, Side, StateAt, States},
};

/// Which state.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StateParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// The number of the step, -1 for before the first; when absent, the latest after which there is a state.
    #[param(value_type = Option<i64>)]
    seq: Option<String>,
    /// The how-many-th time that this number began, from 0; the latest when absent.
    #[param(value_type = Option<u32>)]
    attempt: Option<String>,
    /// `after` the step, or `before` it: what it began with, which somebody may have set by hand; `latest`, without a number:
    /// what the next step will begin with, which somebody may have set by hand after the last; `after` when absent.
    when: Option<String>,
    /// Only this field, and all of it.
    key: Option<String>,
}

/// Which states.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// The number of the step before; -1 for what there was before the first, which is nothing where nobody told. When
    /// absent, what `to` began with.
    #[param(value_type = Option<i64>)]
    from: Option<String>,
    /// The how-many-th time that this number began, from 0; the latest when absent.
    #[param(value_type = Option<u32>)]
    from_attempt: Option<String>,
    /// The number of the step after; when absent, the latest after which there is a state.
    #[param(value_type = Option<i64>)]
    to: Option<String>,
    /// The how-many-th time that this number began, from 0; the latest when absent.
    #[param(value_type = Option<u32>)]
    to_attempt: Option<String>,
}

/// The state on one side of a step; before the first, `seq` is -1.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunState {
    seq: i64,
    attempt: u32,
    action: String,
    /// The fields; of one that is over 64 KiB only `{"$cut":true,"bytes":n}`, unless `key` asks for it.
    state: Raw,
    /// The action that was set by hand to come next; only with `when=latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What differs between two states.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Diff {
    /// Null for what there was before the first step.
    #[schema(required)]
    from: Option<DiffStep>,
    to: DiffStep,
    /// What is there after in its order, then what is gone.
    changes: Vec<Change>,
}

/// A step whose state is compared.
#[derive(Debug, Serialize, ToSchema)]
struct DiffStep {
    sequence: i64,
    attempt: u32,
    action: String,
}

/// One thing that differs. Values over 64 KiB are `{"$cut":true,"bytes":n}`.
#[derive(Debug, Serialize, ToSchema)]
struct Change {
    /// The field of the state.
    key: String,
    /// Where in the field, by names of objects; absent for all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path: Vec<String>,
    op: Op,
    /// What it was; absent for `add` and `append`.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Raw>,
    /// What it is; for `append` a list of the new items; absent for `remove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Raw>,
    /// How many items a list had that `append` added to.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
}

/// How a thing differs: `append` is a list that has more items at its end.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Op {
    Add,
    Remove,
    Replace,
    Append,
}

/// Returns the state after a step, the one that it began with, or the latest.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/state", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), StateParams),
    responses((status = 200, body = RunState), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn state(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<StateParams>,
) -> Result<Json<RunState>, Problem> {
    let at = at(params.seq, params.attempt, "")?;
    let side = match params.when.as_deref() {
        None | Some("" | "after") => Side::After,
        Some("before") => Side::Before,
        Some("latest") if at == At::LatestState => Side::Since,
        Some("latest") => return Err(Problem::bad_request("when=latest is the state now: a step is not to be named.")),
        Some(other) => return Err(wrong("when", other, "before, after or latest")),
    };
    let run = resolve(&app, &project, &id, params.partition).await?;
    let found = match at {
        At::Sequence(-1) => StateAt::first(app.query.first_state(run).await?),
        _ => app.query.state(run, at, side).await?.ok_or_else(|| no_step(at, &id))?,
    };
    let text = text(&found, side)?;
    let state = match (object(&text.0), params.key) {
        (Some(state), None) => Raw::object(&state),
        (Some(state), Some(key)) => {
            let field = state.0.iter().rev().find(|(name, _)| *name == key);
            let missing = || Problem::not_found(format!("The state {} has no field {key:?}.", place(found.step, side)));
            Raw::field(&key, field.ok_or_else(missing)?.1)
        }
        (None, _) => Raw::cut(&text.0),
    };
    let StateAt { step, action, next, .. } = &found;
    let next = next.as_deref().map(str::to_owned);
    Ok(Json(RunState { seq: step.sequence, attempt: step.attempt, action: action.to_string(), state, next }))
}

/// Returns what differs between the states after two steps.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/diff", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), DiffParams),
    responses((status = 200, body = Diff), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn diff(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<DiffParams>,
) -> Result<Json<Diff>, Problem> {
    let to = at(params.to, params.to_attempt, "to_")?;
    let from = match at(params.from, params.from_attempt, "from_")? {
        At::Latest | At::LatestState => Before::Previous,
        At::Sequence(sequence) if sequence < 0 => Before::Nothing,
        at => Before::At(at),
    };
    let run = resolve(&app, &project, &id, params.partition).await?;
    let States { before, after } = match app.query.states(Arc::clone(&run), from, to).await? {
        Some(states) => states,
        None => return Err(missing(&app, run, from, to, &id).await?),
    };
    let after_text = text(&after, Side::After)?;
    let before_text = before.as_ref().map(|before| text(before, Side::After)).transpose()?;
    let nothing = Object(Vec::new());
    let old = before_text.as_ref().map_or(Some(nothing), |text| object(&text.0));
    let changes = match old.zip(object(&after_text.0)) {
        Some((old, new)) => differences(&old, &new).into_iter().map(Change::of).collect(),
        None => Vec::new(),
    };
    let from = before.as_ref().filter(|before| before.step.sequence >= 0).map(DiffStep::of);
    Ok(Json(Diff { from, to: DiffStep::of(&after), changes }))
}

/// Which of two steps is not there.
async fn missing(app: &App, run: Arc<model::RunKey>, from: Before, to: At, id: &str) -> Result<Problem, Problem> {
    let has_to = app.query.state(run, to, Side::After).await?.is_some();
    Ok(match from {
        Before::At(from) if has_to => no_step(from, id),
        _ => no_step(to, id),
    })
}

fn text(found: &StateAt, side: Side) -> Result<&model::Json, Problem> {
    found.state.as_ref().ok_or_else(|| {
        let model::StepKey { sequence, attempt } = found.step;
        Problem::not_found(match side {
            _ if sequence < 0 => "No state was recorded before the first step: the client did not say.".into(),
            Side::Before => format!("No state was recorded before attempt {attempt} at step {sequence}."),
            Side::After | Side::Since => format!(
                "No state was recorded after attempt {attempt} at step {sequence}: it has not ended, or its client did not say."
            ),
        })
    })
}

/// Names where a state stands.
fn place(step: model::StepKey, side: Side) -> String {
    match side {
        _ if step.sequence < 0 => "before the first step".into(),
        Side::Before => format!("before step {}", step.sequence),
        Side::After | Side::Since => format!("after step {}", step.sequence),
    }
}

fn object(text: &str) -> Option<Object<'_>> {
    difference::object(text)
}

impl DiffStep {
    fn of(found: &StateAt) -> Self {
        let model::StepKey { sequence, attempt } = found.step;
        Self { sequence, attempt, action: found.action.to_string() }
    }
}

impl Change {
    fn of(Difference { path, change }: Difference<'_>) -> Self {
        let mut names = path.into_iter().map(std::borrow::Cow::into_owned);
        let key = names.next().unwrap_or_default();
        let path = names.collect();
        let (op, before, after, at) = match change {
            difference::Change::Add(new) => (Op::Add, None, Some(Raw::cut(new.get())), None),
            difference::Change::Remove(old) => (Op::Remove, Some(Raw::cut(old.get())), None, None),
            difference::Change::Replace(old, new) => {
                (Op::Replace, Some(Raw::cut(old.get())), Some(Raw::cut(new.get())), None)
            }
            difference::Change::Append(at, items) => (Op::Append, None, Some(Raw::list(&items)), Some(at as u64)),
        };
        Self { key, path, op, before, after, at }
    }
}
