//! Projects and services, deleting, and demo data.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use trackway_store as store;
use utoipa::ToSchema;

use super::{
    param::{InPath, Params, ProjectParams, trace_id},
    problem::Problem,
    time::rfc3339,
    trace::unknown,
};
use crate::{
    App,
    demo::{self, Demo},
    ingest::http::verdict,
    live::DeletedWhat,
};

/// The projects by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProjectList {
    projects: Vec<Project>,
}

/// A project and what lists under it.
#[derive(Debug, Serialize, ToSchema)]
struct Project {
    name: String,
    trace_count: u64,
    span_count: u64,
    /// The latest start of a trace.
    last_start: String,
}

/// The services by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceList {
    services: Vec<Service>,
}

/// A service and what it does.
#[derive(Debug, Serialize, ToSchema)]
struct Service {
    name: String,
    span_count: u64,
    error_count: u64,
    /// The names of its spans, in order.
    operations: Vec<String>,
}

/// What a deletion removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    deleted_traces: u64,
    deleted_spans: u64,
}

/// Lists projects.
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects", responses((status = 200, body = ProjectList)))]
pub(crate) async fn projects(State(app): State<Arc<App>>) -> Result<Json<ProjectList>, Problem> {
    let project = |project: store::Project| Project {
        name: project.name.to_string(),
        trace_count: project.trace_count,
        span_count: project.span_count,
        last_start: rfc3339(project.last_start),
    };
    Ok(Json(ProjectList { projects: app.query.projects().await?.into_iter().map(project).collect() }))
}

/// Lists services with their operations.
#[utoipa::path(get, path = "/api/v1/services", tag = "projects", params(ProjectParams),
    responses((status = 200, body = ServiceList)))]
pub(crate) async fn services(
    State(app): State<Arc<App>>,
    Params(params): Params<ProjectParams>,
) -> Result<Json<ServiceList>, Problem> {
    let service = |service: store::Service| Service {
        name: service.name.to_string(),
        span_count: service.span_count,
        error_count: service.error_count,
        operations: service.operations.iter().map(ToString::to_string).collect(),
    };
    let project = params.project.filter(|name| !name.is_empty());
    Ok(Json(ServiceList { services: app.query.services(project).await?.into_iter().map(service).collect() }))
}

/// Deletes a trace.
#[utoipa::path(delete, path = "/api/v1/traces/{trace_id}", tag = "traces",
    params(("trace_id" = String, Path, description = "32 hexadecimal digits, or the client's own id")),
    responses((status = 200, body = Deleted), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn delete_trace(
    State(app): State<Arc<App>>,
    InPath(id): InPath<String>,
) -> Result<Json<Deleted>, Problem> {
    let id = trace_id(&id)?;
    let deleted = app.query.delete_trace(id).await?;
    gone(&app, deleted, DeletedWhat::Trace(id)).ok_or_else(|| unknown(&id.to_string()))
}

/// Deletes every trace of a project.
#[utoipa::path(delete, path = "/api/v1/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "the project's name, percent-encoded")),
    responses((status = 200, body = Deleted), (status = 404, body = Problem)))]
pub(crate) async fn delete_project(
    State(app): State<Arc<App>>,
    InPath(name): InPath<String>,
) -> Result<Json<Deleted>, Problem> {
    let deleted = app.query.delete_project(name.clone()).await?;
    gone(&app, deleted, DeletedWhat::Project(name.clone()))
        .ok_or_else(|| Problem::not_found(format!("There is no project {name:?} here.")))
}

/// Deletes every trace of a project whose name cannot stand in a path, as `..` in a browser.
#[utoipa::path(delete, path = "/api/v1/projects", tag = "projects", params(ProjectParams),
    responses((status = 200, body = Deleted), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn delete_named_project(
    app: State<Arc<App>>,
    Params(params): Params<ProjectParams>,
) -> Result<Json<Deleted>, Problem> {
    match params.project.filter(|name| !name.is_empty()) {
        Some(name) => delete_project(app, InPath(name)).await,
        None => Err(Problem::bad_request("Name the project to delete: ?project=shop.")),
    }
}

fn gone(app: &App, deleted: store::Deleted, what: DeletedWhat) -> Option<Json<Deleted>> {
    app.live.deleted(what, deleted);
    (deleted.traces > 0).then_some(Json(Deleted { deleted_traces: deleted.traces, deleted_spans: deleted.spans }))
}

/// Loads recorded traces, as if they were sent now.
#[utoipa::path(post, path = "/api/v1/demo", tag = "server",
    responses((status = 200, body = Demo), (status = 503, body = Problem)))]
pub(crate) async fn load_demo(State(app): State<Arc<App>>) -> Result<Json<Demo>, Problem> {
    let loaded = demo::load(&app.ingest, (app.clock)()).await;
    loaded.map(Json).map_err(|refusal| {
        let (status, _, message) = verdict(&refusal);
        Problem::new(status, message)
    })
}
