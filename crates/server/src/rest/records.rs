//! The door of runs over HTTP.

use std::sync::Arc;

use axum::{Json, body::Body, extract::State, http::HeaderMap};
use serde::Serialize;
use trackway_model::RunKey;
use utoipa::ToSchema;

use super::{
    param::{InPath, Params},
    problem::Problem,
    run::{PartitionParams, partition},
};
use crate::{
    App,
    ingest::{http::verdict, records},
};

/// What became of the lines that were sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recorded {
    /// The keys of what is durable now, in the order of the lines.
    acked: Vec<String>,
    /// The lines that could not be read; at most the first thousand.
    rejected: Vec<RejectedLine>,
    /// How many there are of them.
    rejected_count: u64,
}

/// A line that could not be read.
#[derive(Debug, Serialize, ToSchema)]
struct RejectedLine {
    /// Its number, from 1.
    line: u64,
    /// What is wrong with it.
    reason: String,
}

/// Stores facts and spans of a run: a JSON object a line, as docs/records.md describes them.
///
/// A line that cannot be read costs no other. The answer comes when all the others are durable; sending them again changes
/// nothing.
#[utoipa::path(post, path = "/api/v1/projects/{project}/apps/{app}/records", tag = "runs",
    params(("project" = String, Path, description = "the project's name, percent-encoded"),
        ("app" = String, Path, description = "the application's id, percent-encoded"),
        ("partition" = Option<String>, Query, description = "the partition of the run; none when absent or empty")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Recorded), (status = 400, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    InPath((project, id)): InPath<(String, String)>,
    Params(params): Params<PartitionParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Recorded>, Problem> {
    let partition = partition(params.partition).flatten().map(Into::into);
    let run = Arc::new(RunKey { project: project.into(), partition, app: id.into() });
    let recorded = records::accept(&app, &run, &headers, body).await.map_err(|refusal| {
        let (status, _, message) = verdict(&refusal);
        Problem::new(status, message)
    })?;
    let line = |it: records::RejectedLine| RejectedLine { line: it.line, reason: it.reason };
    Ok(Json(Recorded {
        acked: recorded.acked,
        rejected: recorded.rejected.into_iter().map(line).collect(),
        rejected_count: recorded.rejected_count,
    }))
}
