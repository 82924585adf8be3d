//! OTLP/gRPC: the three `Export` methods, each one message in and one message out.
//!
//! The framing of a unary call is five bytes and a trailer, written here by hand, so that both transports read, bound and
//! inflate their bodies through the same functions (docs/decisions/0001-grpc-by-hand.md).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, Response, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use trackway_wire::otlp::{self, Code, Encoding, Signal};

use super::{
    Format, Ingest, OpenSpans, RETRY_AFTER, Refusal, Request, Taken,
    body::{self, Compression},
    http::{PROJECT, header_text, verdict},
};
use crate::{App, rest::problem};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// Where some clients, Python's among them, look for the delay instead.
const RETRY_INFO: HeaderName = HeaderName::from_static("google.rpc.retryinfo-bin");
/// A flag that tells whether the message is compressed, and the message's length.
const PREFIX: usize = 5;

pub(crate) async fn traces(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    answer(&app.ingest, Signal::Traces, request).await
}

pub(crate) async fn logs(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    answer(&app.ingest, Signal::Logs, request).await
}

pub(crate) async fn metrics(State(app): State<Arc<App>>, request: HttpRequest<Body>) -> Response<Body> {
    answer(&app.ingest, Signal::Metrics, request).await
}

/// True for a request that expects an answer in gRPC.
pub(crate) fn is_call(request: &HttpRequest<Body>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    // gRPC-Web has a framing of its own.
    let rest = content_type.and_then(|content_type| content_type.strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"+") || rest.starts_with(b";"))
}

/// Answers a call of a method that is not there.
pub(crate) fn unknown(path: &str) -> Response<Body> {
    failed(
        Code::Unimplemented,
        &format!("there is no method {path}; OTLP's Export methods of traces, logs and metrics are"),
    )
}

async fn answer(ingest: &Ingest, signal: Signal, request: HttpRequest<Body>) -> Response<Body> {
    if !is_call(&request) {
        drop(ingest.begin());
        ingest.count(&Refusal::Unsupported(String::new()));
        let detail = "This path takes gRPC calls; OTLP over HTTP goes to /v1/traces.";
        return problem::response(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail.into());
    }
    let (head, body) = request.into_parts();
    match take(ingest, signal, &head.headers, body).await {
        Ok(taken) => succeed(&otlp::success(Encoding::Protobuf, signal, &taken.rejected)),
        Err(refusal) => refuse(&refusal),
    }
}

async fn take(ingest: &Ingest, signal: Signal, headers: &HeaderMap, body: Body) -> Result<Taken, Refusal> {
    let mut room = ingest.begin();
    let limit = ingest.max_body_bytes;
    let message = async {
        let framed = body::read(body, limit.saturating_add(PREFIX), &mut room).await;
        let framed = framed.map_err(|refusal| match refusal {
            Refusal::TooLarge(_) => body::over(limit),
            other => other,
        })?;
        let (message, compressed) = unframe(framed, limit)?;
        let compression = match (compressed, header_text(headers, "grpc-encoding")) {
            (false, _) => Compression::None,
            (true, Some(name)) => Compression::named(&name)?,
            (true, None) => {
                return Err(Refusal::Malformed("the message is compressed, and grpc-encoding names no way".into()));
            }
        };
        body::inflate(message, compression, limit, room).await
    };
    let (body, room) = message.await.inspect_err(|refusal| ingest.count(refusal))?;
    let project = header_text(headers, PROJECT);
    let (format, open_spans) = (Format::Otlp(signal, Encoding::Protobuf), OpenSpans::Records);
    ingest.accept(Request { format, project, open_spans, source: "otlp-grpc", body, room }).await
}

/// The only message of a unary call, and whether it is compressed.
fn unframe(mut framed: Bytes, limit: usize) -> Result<(Bytes, bool), Refusal> {
    if framed.len() < PREFIX {
        return Err(Refusal::Malformed("the call has no message".into()));
    }
    let compressed = match framed.get_u8() {
        0 => false,
        1 => true,
        other => return Err(Refusal::Malformed(format!("a message cannot begin with the byte {other}"))),
    };
    let length = framed.get_u32() as usize;
    if length > limit {
        return Err(body::over(limit));
    }
    if length != framed.len() {
        let what = format!("the message says {length} bytes and has {}", framed.len());
        return Err(Refusal::Malformed(what));
    }
    Ok((framed, compressed))
}

fn succeed(message: &[u8]) -> Response<Body> {
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(framed.freeze()).with_trailers(async move { Some(Ok(trailers)) });
    respond(Body::new(body))
}

fn refuse(refusal: &Refusal) -> Response<Body> {
    let (_, code, message) = verdict(refusal);
    failed(code, &message)
}

/// An answer without a message: the trailers are the headers.
fn failed(code: Code, message: &str) -> Response<Body> {
    let mut response = respond(Body::empty());
    let headers = response.headers_mut();
    headers.insert(STATUS, HeaderValue::from(code as u16));
    if let Ok(text) = HeaderValue::from_str(&percent_encoded(message)) {
        headers.insert(MESSAGE, text);
    }
    if code == Code::Unavailable {
        let details = otlp::failure_with_retry(code, message, RETRY_AFTER);
        for (name, bytes) in [(DETAILS, details), (RETRY_INFO, otlp::retry_info(RETRY_AFTER))] {
            if let Ok(text) = HeaderValue::from_str(&STANDARD_NO_PAD.encode(bytes)) {
                headers.insert(name, text);
            }
        }
    }
    response
}

fn respond(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// Encodes a message as gRPC wants it: printable ASCII but `%` stands for itself.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
