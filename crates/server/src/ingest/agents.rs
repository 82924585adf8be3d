//! `POST /v1/traces/ingest`: the door of the OpenAI Agents SDK's own tracing.
//!
//! Its clients drop what is refused with most 4xx and come again after a 5xx, two times within seconds. So whatever may
//! be better soon is 503, and an answer is given only when all is durable. Any key is let in: the exporter insists on
//! having one, and Trackway has nobody to tell apart.

use std::sync::Arc;

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Request as HttpRequest, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;

use super::{
    Format, Ingest, OpenSpans, RETRY_AFTER, Refusal, Taken,
    http::{PROJECT, essence, header_text, take, verdict},
};
use crate::{App, rest::problem};

/// The header in which the Python SDK names a project.
const OPENAI_PROJECT: &str = "openai-project";

/// What became of the items that could not be read.
#[derive(Debug, Serialize)]
struct Partial {
    rejected: u64,
    errors: Vec<String>,
}

pub(crate) async fn ingest(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    match accept(&app.ingest, &head.headers, body).await {
        Ok(Taken { rejected, .. }) if rejected.count == 0 => StatusCode::NO_CONTENT.into_response(),
        Ok(Taken { rejected, .. }) => {
            Json(Partial { rejected: rejected.count, errors: rejected.reasons }).into_response()
        }
        Err(refusal) => refused(&refusal),
    }
}

async fn accept(ingest: &Ingest, headers: &HeaderMap, body: Body) -> Result<Taken, Refusal> {
    let content_type = essence(headers);
    if !matches!(content_type.as_str(), "" | "application/json") {
        drop(ingest.begin());
        let refusal =
            Refusal::Unsupported(format!("content type {content_type:?} is not known here: use application/json"));
        ingest.count(&refusal);
        return Err(refusal);
    }
    let project = header_text(headers, PROJECT).filter(|name| !name.is_empty());
    let project = project.or_else(|| header_text(headers, OPENAI_PROJECT));
    take(ingest, Format::OpenAiAgents, project, OpenSpans::Records, headers, body).await
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let (status, _, message) = verdict(refusal);
    let mut response = problem::response(status, message);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()));
    }
    response
}
