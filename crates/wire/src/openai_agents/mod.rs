//! What the tracing of the OpenAI Agents SDK sends: `POST /v1/traces/ingest`.
//!
//! A body is `{"data": [...]}` with traces and spans in one list, and it is read item by item: what is wrong with one costs
//! that one. What no JSON may hold but some clients write is repaired: numbers like `NaN`, halves of surrogate pairs,
//! bytes that are no UTF-8.
//!
//! ```
//! use trackway_wire::openai_agents::decode;
//!
//! let body = br#"{"data":[
//!     {"object":"trace","id":"trace_4bf92f3577b34da6a3ce929d0e0e4736","workflow_name":"Support"},
//!     {"object":"trace.span","id":"span_1","trace_id":"trace_4bf92f3577b34da6a3ce929d0e0e4736",
//!      "started_at":"2026-11-20T15:27:46Z","ended_at":"2026-11-20T15:27:47Z",
//!      "span_data":{"type":"agent","name":"Triage"}},
//!     {"object":"trace.span","id":"span_2"}]}"#;
//! let decoded = decode(body, None, Default::default(), &mut |_| true)?;
//! assert_eq!(&*decoded.batch.traces[0].name, "Support");
//! assert_eq!(&*decoded.batch.spans[0].name, "Triage");
//! assert_eq!(decoded.rejected.reasons, ["data[2]: the span span_2 has no trace_id"]);
//! # Ok::<(), trackway_wire::openai_agents::Error>(())
//! ```

mod data;
mod fields;
mod provider;
mod record;
mod scan;
mod time;
mod usage;

use trackway_model::{Attributes, Foreign, SpanData, SpanRecord, Text, Timestamp, TraceRecord, Value, project_of};

pub use crate::decoded::{Afford, DEEPEST, Decoded, Error, MOST_VALUES, Rejected};
use crate::{decoded::pay, json, repair};
pub use data::data;
use fields::{sort, take};
use record::{Origin, RESOURCE};
use scan::{Item, Items};

/// The attribute that holds a span's `span_data` as it came.
pub const SPAN_DATA: &str = "openai.agents.span_data";

/// Reads a request that came at `arrival`; its spans and traces go to the project `asked` for, or else to the default.
///
/// `afford` is asked for the memory of each record before it is made; `&mut |_| true` affords everything.
///
/// # Errors
/// [`Error::Malformed`] when the body holds no list `data`; [`Error::Memory`] when `afford` declined. An item that cannot
/// be read is counted in [`Decoded::rejected`], and the others are returned.
pub fn decode(body: &[u8], asked: Option<&Text>, arrival: Timestamp, afford: Afford<'_>) -> Result<Decoded, Error> {
    let origin = Origin { project: project_of(asked, &RESOURCE), arrival };
    let mut decoded = Decoded::default();
    let mut items = Items::of(body).map_err(Error::Malformed)?;
    let mut index = 0_u64;
    while let Some(item) = items.next() {
        match read(&item, &origin, afford) {
            Ok(Record::Trace(trace)) => decoded.batch.traces.push(trace),
            Ok(Record::Span(span)) => decoded.batch.spans.push(*span),
            Err(Refusal::Memory) => return Err(Error::Memory),
            Err(Refusal::Unfit(what)) => decoded.rejected.add(1, format_args!("data[{index}]: {what}")),
            Err(Refusal::Broken(what)) => {
                decoded.rejected.add(1, format_args!("data[{index}]: {what}"));
                items.resume_after(&item);
            }
        }
        index += 1;
    }
    if items.cut() {
        decoded.rejected.add(1, format_args!("the body ends within its list `data`, after {index} items"));
    }
    Ok(decoded)
}

/// What an item is.
enum Record {
    Trace(TraceRecord),
    Span(Box<SpanRecord>),
}

impl Record {
    fn memory_bytes(&self) -> usize {
        match self {
            Self::Trace(trace) => trace.memory_bytes(),
            Self::Span(span) => span.memory_bytes(),
        }
    }
}

/// Why there is no record of an item.
enum Refusal {
    /// It is no JSON, and so where it ends is a guess.
    Broken(String),
    /// It is JSON, and no trace or span.
    Unfit(String),
    /// The caller cannot afford its memory.
    Memory,
}

fn read(item: &Item<'_>, origin: &Origin, afford: Afford<'_>) -> Result<Record, Refusal> {
    if item.cut {
        return Err(Refusal::Broken("the body ends within it".into()));
    }
    if let Some(what) = beyond_limits(item) {
        return Err(if json::is_json(item.text) { Refusal::Unfit(what) } else { Refusal::Broken(what) });
    }
    let expected = memory_bytes(item);
    pay(afford, expected).map_err(|_| Refusal::Memory)?;
    let fields = match value(item, afford)? {
        Value::Map(fields) => fields,
        other => return Err(Refusal::Unfit(format!("it is {}, where a trace or a span belongs", sort(&other)))),
    };
    let record = record(fields, origin).map_err(Refusal::Unfit)?;
    // A long name is in the record more than once.
    match record.memory_bytes().checked_sub(expected) {
        None | Some(0) => Ok(record),
        Some(more) => pay(afford, more).map(|()| record).map_err(|_| Refusal::Memory),
    }
}

/// Reads an item, and if it is no JSON, what can be made of it.
fn value(item: &Item<'_>, afford: Afford<'_>) -> Result<Value, Refusal> {
    if let Ok(value) = json::read(item.text, json::Wide::Refuse) {
        return Ok(value);
    }
    // The repaired text, and the same without its bytes that are no UTF-8.
    pay(afford, 2 * item.text.len()).map_err(|_| Refusal::Memory)?;
    let repaired = repair::repaired(item.text);
    json::read(repaired.as_bytes(), json::Wide::Round)
        .map_err(|error| Refusal::Broken(format!("it is no JSON: {error}")))
}

fn beyond_limits(item: &Item<'_>) -> Option<String> {
    // The item itself is a level of the text, and none of its attributes.
    if item.levels > DEEPEST + 1 {
        return Some(format!("it nests deeper than {DEEPEST} levels"));
    }
    (item.values > MOST_VALUES).then(|| format!("it holds more than {MOST_VALUES} values"))
}

/// Returns about how many bytes of memory the record takes that an item becomes.
fn memory_bytes(item: &Item<'_>) -> usize {
    let record = size_of::<SpanRecord>() + size_of::<SpanData>() + size_of::<Foreign>();
    record + item.text.len() + item.values * size_of::<(Text, Value)>()
}

fn record(mut fields: Attributes, origin: &Origin) -> Result<Record, String> {
    let object = take(&mut fields, "object");
    let is_span = match object.as_text() {
        Some("trace") => false,
        Some("trace.span") => true,
        // A kind of span that a later SDK has.
        _ if has(&fields, "id") && has(&fields, "trace_id") => true,
        Some(other) => return Err(format!("its object is {other:?}, and neither \"trace\" nor \"trace.span\"")),
        None => return Err("its object is neither \"trace\" nor \"trace.span\"".into()),
    };
    if is_span {
        record::span(fields, origin).map(|span| Record::Span(Box::new(span)))
    } else {
        record::trace(fields, origin).map(Record::Trace)
    }
}

fn has(fields: &Attributes, key: &str) -> bool {
    fields.get(key).is_some()
}
