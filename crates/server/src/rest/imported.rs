//! Annotations that another program numbered.

use std::sync::Arc;

use axum::{Json, body::Body, extract::State, http::StatusCode};
use jiff::tz::TimeZone;
use serde::Serialize;
use trackway_model::Text;
use trackway_wire::burr;
use utoipa::ToSchema;

use super::{param::InPath, problem::Problem};
use crate::{
    App,
    ingest::{Refusal, run_apart},
    watch::Door,
};

/// The most bytes of a file of annotations.
const MOST_BYTES: usize = 64 << 20;

/// What became of annotations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// How many are stored now, those that were there already included.
    accepted: usize,
    /// The lines that could not be read.
    rejected: Vec<UnreadLine>,
}

/// A line that could not be read.
#[derive(Debug, Serialize, ToSchema)]
struct UnreadLine {
    /// `annotations.jsonl` and its number, from 1.
    place: String,
    /// What is wrong with it.
    reason: String,
}

/// Stores annotations of a project as Burr's `annotations.jsonl` holds them, a JSON object a line.
///
/// They are known by their numbers: sending them again changes nothing, what was changed later replaces what was there, and
/// what was deleted here stays deleted.
#[utoipa::path(post, path = "/api/v1/projects/{project}/annotations", tag = "annotations",
    params(("project" = String, Path, description = "the project's name, percent-encoded")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = Imported), (status = 413, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn annotations(
    State(app): State<Arc<App>>,
    InPath(project): InPath<String>,
    body: Body,
) -> Result<Json<Imported>, Problem> {
    let bytes = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The body broke off, or is over {MOST_BYTES} bytes."))
    })?;
    let zone = app.timezone.clone().unwrap_or_else(TimeZone::system);
    let project = Text::from(project);
    let read = run_apart(move || burr::annotations(&project, &zone, &bytes)).await;
    let busy = |what: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, what);
    let burr::Annotations { annotations, remarks } = read.map_err(|_: Refusal| busy("The reading failed.".into()))?;
    let accepted = annotations.len();
    app.annotate(annotations).await.map_err(busy)?;
    let unread = |it: trackway_model::Remark| UnreadLine { place: it.place.to_string(), reason: it.what.to_string() };
    Ok(Json(Imported { accepted, rejected: remarks.into_iter().map(unread).collect() }))
}
