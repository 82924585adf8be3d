//! Projects and services, deleting, and demo data.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use serde::Serialize;
use trackway_store::{self as store, DeletedRuns};
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
    run_count: u64,
    /// The latest start of a trace or a run.
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
    deleted_runs: u64,
}

/// Lists projects.
#[utoipa::path(get, path = "/api/v1/projects", tag = "projects", responses((status = 200, body = ProjectList)))]
pub(crate) async fn projects(State(app): State<Arc<App>>) -> Result<Json<ProjectList>, Problem> {
    let mut projects: BTreeMap<String, Project> = BTreeMap::new();
    for found in app.query.projects().await? {
        let project = Project {
            name: found.name.to_string(),
            trace_count: found.trace_count,
            span_count: found.span_count,
            run_count: 0,
            last_start: rfc3339(found.last_start),
        };
        projects.insert(project.name.clone(), project);
    }
    for found in app.query.run_projects().await? {
        let (name, last_start) = (found.name.to_string(), rfc3339(found.last_start));
        let unseen =
            || Project { name: name.clone(), trace_count: 0, span_count: 0, run_count: 0, last_start: String::new() };
        let project = projects.entry(name.clone()).or_insert_with(unseen);
        project.run_count = found.run_count;
        // Texts of times are as long as each other, so the later is the greater.
        project.last_start = last_start.max(std::mem::take(&mut project.last_start));
    }
    Ok(Json(ProjectList { projects: projects.into_values().collect() }))
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
    gone(&app, deleted, DeletedRuns::default(), DeletedWhat::Trace(id)).ok_or_else(|| unknown(&id.to_string()))
}

/// Deletes every trace and every run of a project.
#[utoipa::path(delete, path = "/api/v1/projects/{project}", tag = "projects",
    params(("project" = String, Path, description = "the project's name, percent-encoded")),
    responses((status = 200, body = Deleted), (status = 404, body = Problem)))]
pub(crate) async fn delete_project(
    State(app): State<Arc<App>>,
    InPath(name): InPath<String>,
) -> Result<Json<Deleted>, Problem> {
    let runs = app.query.delete_runs(name.clone()).await?;
    let deleted = app.query.delete_project(name.clone()).await?;
    gone(&app, deleted, runs, DeletedWhat::Project(name.clone()))
        .ok_or_else(|| Problem::not_found(format!("There is no project {name:?} here.")))
}

/// Deletes every trace and every run of a project whose name cannot stand in a path, as `..` in a browser.
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

fn gone(app: &App, deleted: store::Deleted, runs: DeletedRuns, what: DeletedWhat) -> Option<Json<Deleted>> {
    let is_gone = deleted.traces > 0 || runs.runs > 0;
    is_gone.then(|| {
        app.live.deleted(what);
        Json(Deleted { deleted_traces: deleted.traces, deleted_spans: deleted.spans, deleted_runs: runs.runs })
    })
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
