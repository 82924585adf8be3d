//! What people say of runs.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trackway_model::{self as model, RunKey, Text};
use trackway_store::{AnnotationQuery, At};
use utoipa::{IntoParams, ToSchema};

use super::{
    json::Raw,
    param::{InPath, Params, body, number, page},
    problem::Problem,
    run::{PartitionParams, resolve, time},
    step::no_step,
};
use crate::App;

/// Which annotations of a run.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnnotationParams {
    /// The partition of the run; empty for none. When absent, the run may be of any, if there is only one.
    partition: Option<String>,
    /// Of the step with this number.
    #[param(value_type = Option<i64>)]
    sequence: Option<String>,
    /// Of this attempt at it.
    #[param(value_type = Option<u32>)]
    attempt: Option<String>,
    /// At most this many, 1 to 1000; 100 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// Which part of a project's annotations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProjectAnnotationParams {
    /// At most this many, 1 to 1000; 100 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// A page of annotations, in the order in which they were made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnnotationList {
    annotations: Vec<Annotation>,
    /// Asks for the annotations behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// What somebody says of a step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Annotation {
    /// Unique in its project.
    id: u64,
    app_id: String,
    #[schema(required)]
    partition_key: Option<String>,
    /// The number of the step.
    sequence: i64,
    /// The attempt at it; null for the latest.
    #[schema(required)]
    attempt: Option<u32>,
    /// The span in the step, by the id that its client gave it; null for the step itself.
    #[schema(required)]
    span_id: Option<String>,
    /// The step's action.
    step_name: String,
    tags: Vec<String>,
    /// The judgements.
    #[schema(value_type = Vec<Observation>)]
    observations: Raw,
    #[schema(required)]
    created: Option<String>,
    #[schema(required)]
    updated: Option<String>,
}

/// What an annotation is to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnnotationText {
    /// The number of the step.
    sequence: i64,
    /// The attempt at it; absent for the latest.
    attempt: Option<u32>,
    /// The span in the step, by the id that its client gave it.
    span_id: Option<String>,
    /// The step's action; when absent, what the step says.
    step_name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// The judgements.
    #[schema(value_type = Vec<Observation>, required = false)]
    observations: Option<Box<RawValue>>,
}

/// A judgement.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct Observation {
    /// Anything, by name: a note, the answer that was expected.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    data_fields: serde_json::Map<String, serde_json::Value>,
    /// True for good, false for bad.
    #[schema(required)]
    thumbs_up_thumbs_down: Option<bool>,
    /// Which parts of the step are meant.
    #[serde(default)]
    data_pointers: Vec<serde_json::Value>,
}

/// Lists what people say of a run.
#[utoipa::path(get, path = "/api/v1/projects/{project}/apps/{app}/annotations", tag = "annotations",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), AnnotationParams),
    responses((status = 200, body = AnnotationList), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<AnnotationParams>,
) -> Result<Json<AnnotationList>, Problem> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let sequence = some(params.sequence).map(|text| number::<i64>("sequence", &text)).transpose()?;
    let attempt = some(params.attempt).map(|text| number::<u32>("attempt", &text)).transpose()?;
    if sequence.is_none() && attempt.is_some() {
        return Err(Problem::bad_request("attempt says nothing without sequence, the number of a step."));
    }
    let page = page(params.limit.as_deref(), 100, 1_000, params.cursor)?;
    let run = resolve(&app, &project, &id, params.partition).await?;
    let step = sequence.zip(attempt).map(|(sequence, attempt)| model::StepKey { sequence, attempt });
    let query = AnnotationQuery { project, run: Some(RunKey::clone(&run)), sequence, step };
    let page = app.query.annotations(query, page).await?;
    Ok(Json(AnnotationList { annotations: page.items.iter().map(Annotation::from).collect(), next: page.next }))
}

/// Lists what people say of a project's runs.
#[utoipa::path(get, path = "/api/v1/projects/{project}/annotations", tag = "annotations",
    params(("project" = String, Path, description = "the project's name, percent-encoded"), ProjectAnnotationParams),
    responses((status = 200, body = AnnotationList), (status = 400, body = Problem)))]
pub(crate) async fn of_project(
    State(app): State<Arc<App>>,
    InPath(project): InPath<String>,
    Params(params): Params<ProjectAnnotationParams>,
) -> Result<Json<AnnotationList>, Problem> {
    let page = page(params.limit.as_deref(), 100, 1_000, params.cursor)?;
    let page = app.query.annotations(AnnotationQuery { project, ..AnnotationQuery::default() }, page).await?;
    Ok(Json(AnnotationList { annotations: page.items.iter().map(Annotation::from).collect(), next: page.next }))
}

/// Says something of a step.
#[utoipa::path(post, path = "/api/v1/projects/{project}/apps/{app}/annotations", tag = "annotations",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"), PartitionParams),
    request_body = AnnotationText,
    responses((status = 201, body = Annotation), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<PartitionParams>,
    sent: Body,
) -> Result<Response<Body>, Problem> {
    let text = body::<AnnotationText>(sent).await?;
    let run = resolve(&app, &project, &id, params.partition).await?;
    let annotation = read(&app, &run, &id, 0, text).await?;
    let annotation = app.query.annotate(annotation).await?;
    app.live.note_run(&run);
    Ok((StatusCode::CREATED, Json(Annotation::from(&annotation))).into_response())
}

/// Says it anew.
#[utoipa::path(put, path = "/api/v1/projects/{project}/apps/{app}/annotations/{id}", tag = "annotations",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"),
        ("id" = u64, Path, description = "the annotation's number"), PartitionParams),
    request_body = AnnotationText,
    responses((status = 200, body = Annotation), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn revise(
    State(app): State<Arc<App>>,
    InPath((project, app_id, id)): InPath<(String, String, String)>,
    Params(params): Params<PartitionParams>,
    sent: Body,
) -> Result<Json<Annotation>, Problem> {
    let text = body::<AnnotationText>(sent).await?;
    let run = resolve(&app, &project, &app_id, params.partition).await?;
    let id = own(&app, &run, &id).await?;
    let annotation = read(&app, &run, &app_id, id, text).await?;
    let annotation = app.query.revise_annotation(annotation).await?.ok_or_else(|| unknown(id))?;
    app.live.note_run(&run);
    Ok(Json(Annotation::from(&annotation)))
}

/// Takes it back.
#[utoipa::path(delete, path = "/api/v1/projects/{project}/apps/{app}/annotations/{id}", tag = "annotations",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded, or the run's 32 hexadecimal digits"),
        ("id" = u64, Path, description = "the annotation's number"), PartitionParams),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    InPath((project, app_id, id)): InPath<(String, String, String)>,
    Params(params): Params<PartitionParams>,
) -> Result<StatusCode, Problem> {
    let run = resolve(&app, &project, &app_id, params.partition).await?;
    let id = own(&app, &run, &id).await?;
    if !app.query.delete_annotation(run.project.to_string(), id).await? {
        return Err(unknown(id));
    }
    app.live.note_run(&run);
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the number of an annotation of this run.
async fn own(app: &App, run: &RunKey, id: &str) -> Result<u64, Problem> {
    let id = number("id", id)?;
    let found = app.query.annotation(run.project.to_string(), id).await?;
    found.filter(|annotation| *annotation.run == *run).map(|_| id).ok_or_else(|| unknown(id))
}

fn unknown(id: u64) -> Problem {
    Problem::not_found(format!("This run has no annotation {id}. It may have been deleted."))
}

/// Reads what an annotation is to say; the step must be there.
async fn read(
    app: &App,
    run: &Arc<RunKey>,
    app_id: &str,
    id: u64,
    said: AnnotationText,
) -> Result<model::Annotation, Problem> {
    let AnnotationText { sequence, attempt, span_id, step_name, tags, observations } = said;
    let at = attempt.map_or(At::Sequence(sequence), |attempt| At::Step(model::StepKey { sequence, attempt }));
    let (step, _) = app.query.step(Arc::clone(run), at).await?.ok_or_else(|| no_step(at, app_id))?;
    let observations = observations.map_or("[]".into(), |it| it.get().to_owned());
    if let Err(error) = serde_json::from_str::<Vec<Observation>>(&observations) {
        return Err(Problem::bad_request(format!(
            "observations is not a list of objects with data_fields, thumbs_up_thumbs_down and data_pointers: {error}."
        )));
    }
    Ok(model::Annotation {
        id,
        run: Arc::clone(run),
        sequence,
        attempt,
        span: span_id.filter(|span| !span.is_empty()).map(Text::from),
        step_name: step_name.map_or(step.step.action, Text::from),
        tags: tags.into_iter().map(Text::from).collect(),
        observations: model::Json(observations.into()),
        created: None,
        updated: None,
    })
}

impl From<&model::Annotation> for Annotation {
    fn from(annotation: &model::Annotation) -> Self {
        Self {
            id: annotation.id,
            app_id: annotation.run.app.to_string(),
            partition_key: annotation.run.partition.as_ref().map(ToString::to_string),
            sequence: annotation.sequence,
            attempt: annotation.attempt,
            span_id: annotation.span.as_ref().map(ToString::to_string),
            step_name: annotation.step_name.to_string(),
            tags: annotation.tags.iter().map(ToString::to_string).collect(),
            observations: Raw::of(&annotation.observations),
            created: time(annotation.created),
            updated: time(annotation.updated),
        }
    }
}
