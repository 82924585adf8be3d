//! A step as a test: what it began with, what it was given, and what came of it.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use trackway_model as model;
use trackway_store::{At, Runs, StepStatus};
use utoipa::{IntoParams, ToSchema};

use super::{
    json::Raw,
    param::{InPath, Params},
    problem::Problem,
    run::resolve,
    step::{at, no_step},
};
use crate::{
    App,
    query::{Tested, tested},
};

/// Which step.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CaseParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// The number of the step; when absent, the latest after which there is a state.
    #[param(value_type = Option<i64>)]
    seq: Option<String>,
    /// The how-many-th time that this number began, from 0; the latest when absent.
    #[param(value_type = Option<u32>)]
    attempt: Option<String>,
}

/// A step as a test: an action that begins with this state and these inputs must come to what is expected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestCase {
    project: String,
    #[schema(required)]
    partition: Option<String>,
    app: String,
    seq: i64,
    attempt: u32,
    action: String,
    /// What the step was given beside the state, an object.
    inputs: Raw,
    /// The state that it began with, whole.
    state: Raw,
    expected: Expected,
}

/// What came of a step: a state and perhaps a result, or an error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Expected {
    Ended {
        /// The state afterwards, whole.
        state: Raw,
        /// What it gave; null where that was nothing.
        #[schema(required)]
        result: Option<Raw>,
    },
    Failed {
        /// Why it failed.
        error: String,
    },
}

/// Returns a step as a test, as `trackway test-case` writes it.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/test-case", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), CaseParams),
    responses((status = 200, body = TestCase), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<CaseParams>,
) -> Result<Json<TestCase>, Problem> {
    let at = at(params.seq, params.attempt, "")?;
    let run = resolve(&app, &project, &id, params.partition).await?;
    let tested = app.query.tested(run, at).await?.ok_or_else(|| no_step(at, &id))?;
    case(&tested, at).map(Json).map_err(Problem::not_found)
}

/// Returns a step of a run as a test, the JSON that `GET .../test-case` answers.
///
/// # Errors
/// Why there is none, as a sentence.
pub fn test_case(runs: &dyn Runs, run: &Arc<model::RunKey>, at: At) -> Result<String, String> {
    let tested = tested(runs, run, at).map_err(|error| error.to_string())?;
    let tested = tested.ok_or_else(|| format!("{:?} has no such step.", run.app))?;
    serde_json::to_string(&case(&tested, at)?).map_err(|error| error.to_string())
}

/// Makes a test of a step.
///
/// # Errors
/// A sentence, where too little was told of the step.
fn case(tested: &Tested, at: At) -> Result<TestCase, String> {
    let Tested { run, detail, before, after } = tested;
    let model::StepKey { sequence, attempt } = detail.step.key;
    let before = before.as_ref().ok_or_else(|| {
        format!("Nobody told the state that step {sequence} of {:?} began with, so it makes no test.", run.app)
    })?;
    let expected = match (detail.step.status, &detail.error, after) {
        (_, Some(error), _) => Expected::Failed { error: error.to_string() },
        (StepStatus::Done, None, Some(after)) => {
            Expected::Ended { state: Raw::of(after), result: detail.result.as_ref().map(Raw::of) }
        }
        (StepStatus::Done, ..) => return Err(no_step_state(at, sequence)),
        _ => {
            return Err(format!("Step {sequence} of {:?} has not ended, so nobody can say what it comes to.", run.app));
        }
    };
    Ok(TestCase {
        project: run.project.to_string(),
        partition: run.partition.as_ref().map(ToString::to_string),
        app: run.app.to_string(),
        seq: sequence,
        attempt,
        action: detail.step.action.to_string(),
        inputs: detail.inputs.as_ref().map_or_else(|| Raw::of(&model::Json("{}".into())), Raw::of),
        state: Raw::of(before),
        expected,
    })
}

fn no_step_state(at: At, sequence: i64) -> String {
    match at {
        At::Step(step) => format!("No state was recorded after attempt {} at step {sequence}.", step.attempt),
        _ => format!("No state was recorded after step {sequence}."),
    }
}
