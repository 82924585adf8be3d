//! What holds of every answer of a decoder, whatever came in.

use trackway_model::{Attributes, Batch, SpanRecord, Timestamp, TraceRecord, Value};
use trackway_wire::{
    openai_agents,
    otlp::{
        DEEPEST, Decoded, Encoding, Error, MOST_VALUES, Rejected, Signal, count_metrics, decode_logs, decode_traces,
        failure, success,
    },
};

/// The least bytes that an item takes: an empty message with its tag, or a digit with its comma.
const LEAST_ITEM: usize = 2;
/// The least bytes that an accepted item takes: its two ids with their tags.
const LEAST_ACCEPTED: usize = 18 + 10;
/// The least bytes that a record of an agent takes: `{"id":1,"trace_id":1}`.
const LEAST_RECORD: usize = 21;

/// Checks what [`decode_traces`] makes of a body.
pub fn traces(encoding: Encoding, body: &[u8]) {
    let answer = decode_traces(encoding, body, None, &mut |_| true);
    assert_eq!(answer, decode_traces(encoding, body, None, &mut |_| true), "replay must give what acceptance gave");
    let Some(decoded) = taken(encoding, answer) else { return };
    assert!(decoded.batch.events.is_empty() && decoded.ignored == 0, "a trace request brings spans only");
    common(encoding, Signal::Traces, &decoded, body);
}

/// Checks what [`decode_logs`] makes of a body.
pub fn logs(encoding: Encoding, body: &[u8]) {
    let answer = decode_logs(encoding, body, &mut |_| true);
    assert_eq!(answer, decode_logs(encoding, body, &mut |_| true), "replay must give what acceptance gave");
    let Some(decoded) = taken(encoding, answer) else { return };
    assert!(decoded.batch.spans.is_empty(), "a log request brings events only");
    common(encoding, Signal::Logs, &decoded, body);
}

/// Checks what [`count_metrics`] makes of a body.
pub fn metrics(encoding: Encoding, body: &[u8]) {
    if let Some(count) = taken(encoding, count_metrics(encoding, body)) {
        assert!(count as usize * LEAST_ITEM <= body.len(), "{count} metrics in {} bytes", body.len());
    }
}

/// Checks what [`openai_agents::decode`] makes of a body.
pub fn agents(body: &[u8]) {
    let mut afforded = 0;
    let answer = openai_agents::decode(body, None, Timestamp(1), &mut |bytes| {
        afforded += bytes;
        true
    });
    let again = openai_agents::decode(body, None, Timestamp(1), &mut |_| true);
    assert_eq!(answer, again, "replay must give what acceptance gave");
    let Ok(decoded) = answer.inspect_err(|error| assert!(!error.to_string().is_empty(), "a refusal says why")) else {
        return;
    };
    let Decoded { batch, rejected, ignored } = &decoded;
    assert!(batch.events.is_empty() && *ignored == 0, "a request of agents brings spans and traces only");
    let records = batch.spans.len() + batch.traces.len();
    let least = records.saturating_mul(LEAST_RECORD).saturating_add(rejected.count as usize);
    assert!(least <= body.len(), "{records} records and {} rejected, of {} bytes", rejected.count, body.len());
    self::rejected(rejected);
    self::batch(batch);

    let spans: usize = batch.spans.iter().map(SpanRecord::memory_bytes).sum();
    let traces: usize = batch.traces.iter().map(TraceRecord::memory_bytes).sum();
    assert!(spans + traces <= afforded, "{} bytes of records, {afforded} asked for", spans + traces);
}

/// Returns what was taken; of a refusal, checks that it can be told to the client.
fn taken<T>(encoding: Encoding, answer: Result<T, Error>) -> Option<T> {
    let refuse = |error: &Error| {
        let message = error.to_string();
        assert!(!message.is_empty(), "a refusal says why");
        assert!(!failure(encoding, trackway_wire::otlp::Code::InvalidArgument, &message).is_empty());
    };
    answer.inspect_err(refuse).ok()
}

fn common(encoding: Encoding, signal: Signal, decoded: &Decoded, body: &[u8]) {
    let Decoded { batch, rejected, ignored } = decoded;
    let accepted = batch.spans.len() + batch.events.len();
    let others = rejected.count as usize + *ignored as usize;
    let least = accepted.saturating_mul(LEAST_ACCEPTED).saturating_add(others.saturating_mul(LEAST_ITEM));
    assert!(least <= body.len(), "{accepted} items accepted and {others} not, of {} bytes", body.len());

    self::rejected(rejected);
    assert!(encoding == Encoding::Protobuf || !success(encoding, signal, rejected).is_empty());
    self::batch(batch);
}

fn rejected(rejected: &Rejected) {
    assert_eq!(rejected.count > 0, !rejected.reasons.is_empty(), "whatever is rejected has a reason");
    assert!(rejected.reasons.len() <= 3, "{} reasons", rejected.reasons.len());
    for reason in &rejected.reasons {
        assert!((1..=300).contains(&reason.chars().count()), "a reason of {} characters", reason.chars().count());
    }
}

/// Checks that no value of a batch is deeper or larger than the decoders promise.
pub fn batch(batch: &Batch) {
    for span in &batch.spans {
        within_limits("a resource", [&span.resource.attributes]);
        within_limits("a scope", [&span.scope.attributes]);
        within_limits("a span", attributes_of(span));
    }
    for event in &batch.events {
        within_limits("a log record", [&event.event.attributes]);
    }
    for trace in &batch.traces {
        within_limits("a trace", [&trace.metadata]);
    }
}

fn attributes_of(span: &SpanRecord) -> impl Iterator<Item = &Attributes> {
    let events = span.events.iter().map(|event| &event.attributes);
    let links = span.links.iter().map(|link| &link.attributes);
    std::iter::once(&span.attributes).chain(events).chain(links)
}

fn within_limits<'a>(what: &str, lists: impl IntoIterator<Item = &'a Attributes>) {
    let mut values = 0;
    for (_, value) in lists.into_iter().flat_map(Attributes::iter) {
        let levels = depth(value, &mut values);
        assert!(levels <= DEEPEST, "{what} nests {levels} levels deep");
    }
    assert!(values <= MOST_VALUES, "{what} holds {values} values");
}

/// How many arrays and maps lie in each other; counts every value on the way.
fn depth(value: &Value, values: &mut usize) -> usize {
    *values += 1;
    match value {
        Value::Array(list) => 1 + list.iter().map(|value| depth(value, values)).max().unwrap_or(0),
        Value::Map(map) => 1 + map.iter().map(|(_, value)| depth(value, values)).max().unwrap_or(0),
        _ => 0,
    }
}
