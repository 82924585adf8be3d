//! OTLP/HTTP: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, Response, StatusCode, header},
};
use bytes::Bytes;
use trackway_model::Text;
use trackway_wire::otlp::{self, Code, Encoding, Signal};

use super::{
    Format, Ingest, OpenSpans, RETRY_AFTER, Refusal, Request, Reservation, Taken,
    body::{self, Compression},
};
use crate::App;

/// The header that names the project of a request's spans.
pub(super) const PROJECT: &str = "trackway-project";

/// In a request: its spans without an end are announcements of running spans. In an answer: the server takes such.
const OPEN_SPANS: HeaderName = HeaderName::from_static("trackway-open-spans");
/// The only version there is of how spans are announced.
const ANNOUNCED: &str = "1";

pub(crate) async fn traces(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    let mut response = answer(&app.ingest, Signal::Traces, request).await;
    response.headers_mut().insert(OPEN_SPANS, HeaderValue::from_static(ANNOUNCED));
    response
}

pub(crate) async fn logs(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    answer(&app.ingest, Signal::Logs, request).await
}

pub(crate) async fn metrics(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    answer(&app.ingest, Signal::Metrics, request).await
}

async fn answer(ingest: &Ingest, signal: Signal, request: HttpRequest<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let encoding = match encoding(&head.headers) {
        Ok(encoding) => encoding,
        Err(refusal) => {
            drop(ingest.begin());
            ingest.count(&refusal);
            return refused(Encoding::Json, &refusal);
        }
    };
    let project = header_text(&head.headers, PROJECT);
    let is_announcing = header_text(&head.headers, OPEN_SPANS.as_str()).as_deref() == Some(ANNOUNCED);
    let open_spans = if is_announcing { OpenSpans::Announcements } else { OpenSpans::Records };
    match take(ingest, Format::Otlp(signal, encoding), project, open_spans, &head.headers, body).await {
        Ok(taken) => respond(StatusCode::OK, encoding, otlp::success(encoding, signal, &taken.rejected)),
        Err(refusal) => refused(encoding, &refusal),
    }
}

/// Reads a body, and stores what it brings.
pub(super) async fn take(
    ingest: &Ingest,
    format: Format,
    project: Option<Text>,
    open_spans: OpenSpans,
    headers: &HeaderMap,
    body: Body,
) -> Result<Taken, Refusal> {
    let (body, room) = plain(ingest, headers, body).await.inspect_err(|refusal| ingest.count(refusal))?;
    let source = match format {
        Format::Otlp(..) => "otlp-http",
        Format::OpenAiAgents => "openai-agents",
        Format::Records => "records",
    };
    ingest.accept(Request { format, project, open_spans, source, body, room }).await
}

/// Begins a request: reads its body, uncompressed, and the room that this takes.
pub(super) async fn plain(ingest: &Ingest, headers: &HeaderMap, body: Body) -> Result<(Bytes, Reservation), Refusal> {
    let mut room = ingest.begin();
    let limit = ingest.max_body_bytes;
    let compression = header_text(headers, header::CONTENT_ENCODING.as_str()).unwrap_or_default();
    let compression = Compression::named(&compression)?;
    let bytes = body::read(body, limit, &mut room).await?;
    body::inflate(bytes, compression, limit, room).await
}

/// The encoding that the content type names.
fn encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    match essence(headers).as_str() {
        "application/x-protobuf" | "application/protobuf" => Ok(Encoding::Protobuf),
        "application/json" => Ok(Encoding::Json),
        other => Err(Refusal::Unsupported(format!(
            "content type {other:?} is not known here: use application/x-protobuf or application/json"
        ))),
    }
}

/// The content type, whatever its case and parameters; empty when there is none.
pub(super) fn essence(headers: &HeaderMap) -> String {
    let content_type = header_text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A header's value as UTF-8, whatever its bytes.
pub(super) fn header_text(headers: &HeaderMap, name: &str) -> Option<Text> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).trim().into())
}

/// The status, the canonical code and the sentence for a refusal.
pub(crate) fn verdict(refusal: &Refusal) -> (StatusCode, Code, String) {
    match refusal {
        Refusal::Malformed(what) => (StatusCode::BAD_REQUEST, Code::InvalidArgument, what.clone()),
        Refusal::TooLarge(what) => (StatusCode::PAYLOAD_TOO_LARGE, Code::ResourceExhausted, what.clone()),
        Refusal::Slow => {
            (StatusCode::REQUEST_TIMEOUT, Code::Unavailable, "the body stopped coming before its end".into())
        }
        Refusal::Unsupported(what) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Unimplemented, what.clone()),
        Refusal::Busy(what) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, what.clone()),
        Refusal::Failed(what) => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, what.clone()),
    }
}

fn refused(encoding: Encoding, refusal: &Refusal) -> Response<Body> {
    let (status, code, message) = verdict(refusal);
    let mut response = respond(status, encoding, otlp::failure(encoding, code, &message));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()));
    }
    response
}

fn respond(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Body> {
    let content_type = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
