//! [OTLP](https://opentelemetry.io/docs/specs/otlp/) 1.11: traces, logs and metrics as protobuf and as JSON.
//!
//! A request is read item by item: what is wrong with one span costs that span, and the answer says so. Only a body that
//! is no OTLP at all is refused whole.
//!
//! ```
//! use trackway_wire::otlp::{Encoding, decode_traces};
//!
//! let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[
//!     {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"GET /"},
//!     {"traceId":"nonsense","spanId":"00f067aa0ba902b8","name":"lost"}]}]}]}"#;
//! let decoded = decode_traces(Encoding::Json, body, None, &mut |_| true)?;
//! assert_eq!(decoded.batch.spans[0].name.as_ref(), "GET /");
//! assert_eq!(decoded.rejected.count, 1);
//! # Ok::<(), trackway_wire::otlp::Error>(())
//! ```

mod answer;
mod fields;
mod json;
mod known;
mod log;
mod message;
mod protobuf;
mod replay;
mod shape;
mod texts;
mod values;
mod write;

pub use answer::{Code, Signal, failure, failure_with_retry, retry_info, success};
pub use replay::replay;
pub use texts::texts;
pub use write::encode_traces;

use trackway_model::Text;

use crate::decoded::pay;
pub use crate::decoded::{Afford, DEEPEST, Decoded, Error, MOST_VALUES, Rejected};

/// How the messages of a request are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Binary protobuf.
    Protobuf,
    /// The JSON mapping of OTLP: hexadecimal ids, enums as numbers.
    Json,
}

/// What is wrong with an item, or with the envelope around the items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Malformed(String);

impl From<Malformed> for Error {
    fn from(Malformed(what): Malformed) -> Self {
        Self::Malformed(what)
    }
}

/// Reads an `ExportTraceServiceRequest`; its spans go to the project `asked` for, or where their resource says.
///
/// `afford` is asked for the memory of each record before it is made, so that a small body that swells into large records
/// is given up in time; `&mut |_| true` affords everything.
///
/// # Errors
/// [`Error::Malformed`] when the body as a whole is no such request; [`Error::Memory`] when `afford` declined. A span that
/// cannot be read is counted in [`Decoded::rejected`], and the others are returned.
pub fn decode_traces(
    encoding: Encoding,
    body: &[u8],
    asked: Option<&Text>,
    afford: Afford<'_>,
) -> Result<Decoded, Error> {
    match encoding {
        Encoding::Protobuf => protobuf::traces(body, asked, afford),
        Encoding::Json => json::traces(body, asked, afford),
    }
}

/// Reads an `ExportLogsServiceRequest`; records with a trace context become events of their span.
///
/// # Errors
/// As [`decode_traces`].
pub fn decode_logs(encoding: Encoding, body: &[u8], afford: Afford<'_>) -> Result<Decoded, Error> {
    match encoding {
        Encoding::Protobuf => protobuf::logs(body, afford),
        Encoding::Json => json::logs(body, afford),
    }
}

/// Counts the metrics of an `ExportMetricsServiceRequest`, which Trackway does not keep.
///
/// # Errors
/// [`Error::Malformed`] when the body as a whole is no such request.
pub fn count_metrics(encoding: Encoding, body: &[u8]) -> Result<u64, Error> {
    match encoding {
        Encoding::Protobuf => Ok(protobuf::metrics(body)?),
        Encoding::Json => Ok(json::metrics(body)?),
    }
}
