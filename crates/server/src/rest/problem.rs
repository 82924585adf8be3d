//! Errors as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;
use trackway_model::RunKey;
use trackway_store::{Error, FilterError};
use utoipa::ToSchema;

use crate::ingest::RETRY_AFTER;

/// How many partitions a sentence names.
const MOST_NAMED: usize = 10;

/// What went wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// A sentence that says what to do.
    detail: String,
    /// Where a run is named that there are several of: their partitions, null for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    partitions: Option<Vec<Option<String>>>,
    /// Where `filter` cannot be read, the place in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
}

/// A piece of a text, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Place {
    /// How many characters stand before it.
    start: usize,
    /// How many stand before what follows it; equal to `start` where something is missing.
    end: usize,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or_default();
        Self {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            partitions: None,
            place: None,
        }
    }

    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// There are several runs with an id, each of another partition.
    pub(crate) fn ambiguous(id: &str, runs: &[Arc<RunKey>]) -> Self {
        let partitions: Vec<_> = runs.iter().map(|run| run.partition.as_ref().map(ToString::to_string)).collect();
        let name = |partition: &Option<String>| partition.as_ref().map_or("none".into(), |it| format!("{it:?}"));
        let names: Vec<_> = partitions.iter().take(MOST_NAMED).map(name).collect();
        let detail = format!(
            "There are {} runs {id:?}, of the partitions {}: say which with ?partition=, and leave it empty for none.",
            runs.len(),
            names.join(", ")
        );
        Self { partitions: Some(partitions), ..Self::new(StatusCode::CONFLICT, detail) }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Cursor { .. } => StatusCode::BAD_REQUEST,
            Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Full { .. } | Error::ReadOnly { .. } => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl From<FilterError> for Problem {
    fn from(FilterError { start, end, message, .. }: FilterError) -> Self {
        let detail = format!("The filter cannot be read at character {}: {message}.", start + 1);
        Self { place: Some(Place { start, end }), ..Self::bad_request(detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::to_vec(&self).unwrap_or_default(); // plain fields always serialize
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        if self.status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()));
        }
        response
    }
}

/// Answers with a problem.
pub(crate) fn response(status: StatusCode, detail: String) -> Response<Body> {
    Problem::new(status, detail).into_response()
}
