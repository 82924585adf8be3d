//! A recorded request as if it were sent now.

use prost::Message;

use super::{Error, message};

/// The whole of an `ExportTraceServiceRequest`, for rewriting it.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<message::Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<message::InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<message::Span>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

/// Returns a recorded protobuf request moved in time so that its last span ends at `end` (nanoseconds since 1970), with
/// trace ids changed by `salt`, so that the same recording can be sent twice.
///
/// # Errors
/// [`Error::Malformed`] when the bytes are no such request. Only for requests that are trusted to be shallow.
pub fn replay(request: &[u8], end: u64, salt: u128) -> Result<Vec<u8>, Error> {
    let mut request = Request::decode(request).map_err(|error| Error::Malformed(error.to_string()))?;
    let last = spans_of(&mut request).map(|span| span.end_time_unix_nano.max(span.start_time_unix_nano)).max();
    let shift = i128::from(end) - i128::from(last.unwrap_or(end));
    for span in spans_of(&mut request) {
        move_span(span, shift, salt);
    }
    Ok(request.encode_to_vec())
}

fn spans_of(request: &mut Request) -> impl Iterator<Item = &mut message::Span> {
    request.resource_spans.iter_mut().flat_map(|group| &mut group.scope_spans).flat_map(|group| &mut group.spans)
}

fn move_span(span: &mut message::Span, shift: i128, salt: u128) {
    let moved = |time: u64| match time {
        // Absent stays absent.
        0 => 0,
        time => u64::try_from(i128::from(time) + shift).unwrap_or(time),
    };
    span.start_time_unix_nano = moved(span.start_time_unix_nano);
    span.end_time_unix_nano = moved(span.end_time_unix_nano);
    salted(&mut span.trace_id, salt);
    for event in &mut span.events {
        event.time_unix_nano = moved(event.time_unix_nano);
    }
    for link in &mut span.links {
        salted(&mut link.trace_id, salt);
    }
}

fn salted(trace_id: &mut [u8], salt: u128) {
    for (byte, salt) in trace_id.iter_mut().zip(salt.to_be_bytes()) {
        *byte ^= salt;
    }
}
