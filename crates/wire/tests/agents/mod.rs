//! Small requests of the OpenAI Agents SDK.

use trackway_model::{SpanRecord, Timestamp};
use trackway_wire::openai_agents::{Decoded, decode};

/// When every request comes.
pub(crate) const ARRIVAL: Timestamp = Timestamp(7_000_000_000);

/// Decodes a body.
pub(crate) fn read(body: impl AsRef<[u8]>) -> Decoded {
    decode(body.as_ref(), None, ARRIVAL, &mut |_| true).unwrap()
}

/// Decodes a body of these items.
pub(crate) fn items(items: &[String]) -> Decoded {
    read(format!(r#"{{"data":[{}]}}"#, items.join(",")))
}

/// A span with these further fields.
pub(crate) fn item(id: &str, fields: &str) -> String {
    format!(r#"{{"object":"trace.span","id":"{id}","trace_id":"t"{fields}}}"#)
}

/// The only record of a span with these further fields.
pub(crate) fn span(fields: &str) -> SpanRecord {
    let mut decoded = items(&[item("s", fields)]);
    assert_eq!(decoded.rejected.reasons, [""; 0]);
    decoded.batch.spans.remove(0)
}
