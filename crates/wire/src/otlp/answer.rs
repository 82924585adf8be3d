//! What an OTLP server answers: success, partial success, and `google.rpc.Status`.

use std::time::Duration;

use prost::Message;
use serde_json::json;

use super::{Encoding, Rejected};

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Data points.
    Metrics,
}

/// The [canonical codes](https://grpc.io/docs/guides/status-codes/) that an OTLP server uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request can never succeed as it is.
    InvalidArgument = 3,
    /// The request is over a limit.
    ResourceExhausted = 8,
    /// There is no such method or encoding.
    Unimplemented = 12,
    /// The server failed.
    Internal = 13,
    /// The server cannot take the request now; it should come again.
    Unavailable = 14,
    /// The sender is not admitted.
    PermissionDenied = 7,
}

#[derive(Clone, PartialEq, Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<ProtoDuration>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// Returns the body of a successful answer, which names what was rejected, if anything was.
pub fn success(encoding: Encoding, signal: Signal, rejected: &Rejected) -> Vec<u8> {
    let partial = (rejected.count > 0).then(|| PartialSuccess {
        rejected: i64::try_from(rejected.count).unwrap_or(i64::MAX),
        error_message: rejected.reasons.join("; "),
    });
    match (encoding, partial) {
        (Encoding::Protobuf, partial_success) => ExportResponse { partial_success }.encode_to_vec(),
        (Encoding::Json, None) => b"{}".to_vec(),
        (Encoding::Json, Some(partial)) => {
            let count = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            };
            let rejected = partial.rejected.to_string();
            json!({"partialSuccess": {count: rejected, "errorMessage": partial.error_message}}).to_string().into_bytes()
        }
    }
}

/// Returns the body of a refusal: a `google.rpc.Status`.
pub fn failure(encoding: Encoding, code: Code, message: &str) -> Vec<u8> {
    match encoding {
        Encoding::Protobuf => status(code, message, Vec::new()).encode_to_vec(),
        Encoding::Json => json!({"code": code as i32, "message": message}).to_string().into_bytes(),
    }
}

/// Returns the body of a refusal that asks to come again after `delay`, for gRPC's `grpc-status-details-bin`.
pub fn failure_with_retry(code: Code, message: &str, delay: Duration) -> Vec<u8> {
    let detail = Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".into(), value: retry_info(delay) };
    status(code, message, vec![detail]).encode_to_vec()
}

/// Returns a `google.rpc.RetryInfo`.
pub fn retry_info(delay: Duration) -> Vec<u8> {
    let seconds = i64::try_from(delay.as_secs()).unwrap_or(i64::MAX);
    let nanos = i32::try_from(delay.subsec_nanos()).unwrap_or(0);
    RetryInfo { retry_delay: Some(ProtoDuration { seconds, nanos }) }.encode_to_vec()
}

fn status(code: Code, message: &str, details: Vec<Any>) -> Status {
    Status { code: code as i32, message: message.into(), details }
}
