//! Parameters of questions.

use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Query},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use trackway_model::{Elapsed, SpanId, Timestamp, TraceId};
use trackway_store::{PageRequest, TraceQuery, TraceStatus};
use trackway_wire::foreign;
use utoipa::IntoParams;

use super::{
    problem::Problem,
    time::{parse_duration, parse_time},
};

/// The most bytes of a body that people write.
const MOST_BODY_BYTES: usize = 1 << 20;

/// The query string, read into `T`; what is wrong with it is a [`Problem`].
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(params)| Self(params)).map_err(|error| Problem::bad_request(error.body_text()))
    }
}

/// The parts of the path; what is wrong with them is a [`Problem`].
pub(crate) struct InPath<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(parts)| Self(parts)).map_err(|error| Problem::bad_request(error.body_text()))
    }
}

/// Which traces, and which part of their list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TraceParams {
    /// The trace lists under this project.
    project: Option<String>,
    /// A span of this service takes part in the trace.
    service: Option<String>,
    /// The name of some span contains this text, whatever the case.
    name: Option<String>,
    /// The trace belongs to this conversation, session, thread or group.
    group: Option<String>,
    /// `ok`, `error`, `running` or `lost`.
    status: Option<String>,
    /// The trace lasts at least this long: `5ms`, `1.5s`.
    min_duration: Option<String>,
    /// The trace lasts at most this long.
    max_duration: Option<String>,
    /// The trace starts at this time or later: RFC 3339, or relative to now as `-1h`.
    start: Option<String>,
    /// The trace starts before this time.
    end: Option<String>,
    /// Some one span of the trace is as this says: `{ service = "api" && duration > 100ms && .http.status_code >= 500 }`, in
    /// TraceQL's words. docs/search.md tells all of it.
    filter: Option<String>,
    /// At most this many traces, 1 to 1000; 50 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// Which part of a trace's spans, and how much of each.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpanParams {
    /// `tree` leaves out what a waterfall does not show.
    pub(crate) fields: Option<String>,
    /// At most this many spans, 1 to 10000; 1000 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// Which part of a conversation.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GroupParams {
    /// The traces list under this project.
    project: Option<String>,
    /// At most this many traces, 1 to 200; 50 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next` of the answer before.
    cursor: Option<String>,
}

/// Of which project.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProjectParams {
    /// The project; all when absent.
    pub(crate) project: Option<String>,
}

impl TraceParams {
    pub(crate) fn read(self, now: Timestamp) -> Result<(TraceQuery, PageRequest), Problem> {
        let time = |name: &str, text: Option<String>| {
            let read = |text: String| {
                parse_time(&text, now).ok_or_else(|| {
                    wrong(name, &text, "a time: use RFC 3339 as 2026-11-21T07:00:00Z, or a distance from now as -1h")
                })
            };
            text.filter(|text| !text.is_empty()).map(read).transpose()
        };
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let query = TraceQuery {
            project: some(self.project),
            service: some(self.service),
            group: some(self.group),
            name: some(self.name),
            status: some(self.status).map(|text| status(&text)).transpose()?,
            min_duration: some(self.min_duration).map(|text| duration("min_duration", &text)).transpose()?,
            max_duration: some(self.max_duration).map(|text| duration("max_duration", &text)).transpose()?,
            start: time("start", self.start)?,
            end: time("end", self.end)?,
            spans: some(self.filter).map(|text| text.parse()).transpose()?,
        };
        Ok((query, page(self.limit.as_deref(), 50, 1_000, self.cursor)?))
    }
}

impl GroupParams {
    pub(crate) fn read(self, group: String) -> Result<(TraceQuery, PageRequest), Problem> {
        let project = self.project.filter(|project| !project.is_empty());
        let query = TraceQuery { project, group: Some(group), ..TraceQuery::default() };
        Ok((query, page(self.limit.as_deref(), 50, 200, self.cursor)?))
    }
}

impl SpanParams {
    pub(crate) fn page(&self) -> Result<PageRequest, Problem> {
        page(self.limit.as_deref(), 1_000, 10_000, self.cursor.clone())
    }
}

pub(super) fn page(
    limit: Option<&str>,
    usual: usize,
    most: usize,
    cursor: Option<String>,
) -> Result<PageRequest, Problem> {
    let limit = match limit {
        None | Some("") => usual,
        Some(text) => {
            let number = text.parse().ok().filter(|limit| (1..=most).contains(limit));
            number.ok_or_else(|| wrong("limit", text, &format!("a number from 1 to {most}")))?
        }
    };
    Ok(PageRequest { limit, cursor: cursor.filter(|cursor| !cursor.is_empty()) })
}

fn duration(name: &str, text: &str) -> Result<Elapsed, Problem> {
    parse_duration(text).ok_or_else(|| wrong(name, text, "a duration: use 5ms or 1.5s"))
}

fn status(text: &str) -> Result<TraceStatus, Problem> {
    match text {
        "ok" => Ok(TraceStatus::Ok),
        "error" => Ok(TraceStatus::Error),
        "running" => Ok(TraceStatus::Running),
        "lost" => Ok(TraceStatus::Lost),
        other => Err(wrong("status", other, "one of ok, error, running and lost")),
    }
}

/// Reads a small body of JSON.
pub(super) async fn body<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    let bytes = axum::body::to_bytes(body, MOST_BODY_BYTES).await.map_err(|_| {
        let what = format!("The body broke off, or is over {MOST_BODY_BYTES} bytes.");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, what)
    })?;
    serde_json::from_slice(&bytes).map_err(|error| Problem::bad_request(format!("The body cannot be read: {error}.")))
}

/// Reads a trace id from a path: 32 hexadecimal digits, or the id that a client with ids of its own gave the trace.
pub(crate) fn trace_id(text: &str) -> Result<TraceId, Problem> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(error) if is_hex(text, 32) || text.is_empty() => {
            Err(Problem::bad_request(format!("{text:?} is not a trace id: {error}.")))
        }
        Err(_) => Ok(foreign::trace_id(text)),
    }
}

/// Reads a span id of 16 hexadecimal digits from a path; `None` for one that must be the client's own.
pub(crate) fn span_id(text: &str) -> Result<Option<SpanId>, Problem> {
    match text.parse() {
        Ok(id) => Ok(Some(id)),
        Err(error) if is_hex(text, 16) || text.is_empty() => {
            Err(Problem::bad_request(format!("{text:?} is not a span id: {error}.")))
        }
        Err(_) => Ok(None),
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Reads a whole number.
pub(super) fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| wrong(name, text, "a whole number in its range"))
}

/// The answer to a parameter that cannot be read.
pub(super) fn wrong(name: &str, given: &str, expected: &str) -> Problem {
    Problem::bad_request(format!("{name}={given} is not {expected}."))
}
