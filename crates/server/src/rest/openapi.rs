//! The OpenAPI document of `/api/v1`.

use axum::Json;
use utoipa::OpenApi;

use super::{
    activity, annotation, case, change, group, imported, live, manage, records, run, state, step, story, trace, upkeep,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Trackway",
        description = "What agents and services did, as Trackway recorded it. Times are RFC 3339 in UTC with nine decimals; \
            durations are whole nanoseconds; 64-bit integers in attributes are texts of digits. Errors are RFC 9457 problem details.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        state::health, state::stats, state::state, upkeep::flush, upkeep::compact, live::live, manage::load_demo, document,
        trace::list, trace::one, trace::span, story::story, group::group, manage::delete_trace,
        activity::list, run::list, run::one, run::delete, step::list, step::one, change::state, change::diff, case::one,
        step::remarks, records::post, annotation::list, annotation::create, annotation::revise, annotation::delete,
        annotation::of_project, imported::annotations, manage::projects, manage::delete_project, manage::delete_named_project, manage::services,
    ),
    tags(
        (name = "traces", description = "Traces and their spans"),
        (name = "agents", description = "What agents did and said"),
        (name = "runs", description = "Runs of state machines, their steps and states"),
        (name = "annotations", description = "What people say of runs"),
        (name = "projects", description = "Projects and services"),
        (name = "server", description = "The server itself"),
    )
)]
pub(crate) struct Document;

/// Returns this document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "server", responses((status = 200, description = "OpenAPI 3.1")))]
pub(crate) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
