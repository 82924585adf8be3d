//! The formats that come in, their names on the disk, and how a frame of each becomes records.

use trackway_model::{SpanRecord, Value};
use trackway_store::Frame;
use trackway_wire::{
    genai, openai_agents,
    otlp::{self, Decoded, Encoding, Error, Signal},
};

use super::records;
use crate::prices::Prices;

/// What a body holds, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A request of OTLP.
    Otlp(Signal, Encoding),
    /// What the tracing of the OpenAI Agents SDK sends.
    OpenAiAgents,
    /// Runs and their spans, a line each; in the log the spans only.
    Records,
}

/// The content types in the log. They are on people's disks: a name may be added, and never changed.
const NAMES: [(&str, Format); 6] = [
    ("otlp.traces.protobuf", Format::Otlp(Signal::Traces, Encoding::Protobuf)),
    ("otlp.traces.json", Format::Otlp(Signal::Traces, Encoding::Json)),
    ("otlp.logs.protobuf", Format::Otlp(Signal::Logs, Encoding::Protobuf)),
    ("otlp.logs.json", Format::Otlp(Signal::Logs, Encoding::Json)),
    ("openai-agents.json", Format::OpenAiAgents),
    ("records.ndjson", Format::Records),
];

impl Format {
    /// Returns the content type that frames of the format have in the log; empty for what is never written.
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// Reads a frame; `afford` is asked for the memory of each record before that is made.
///
/// Replay reads the log through here as well, so that what was stored is shown alike after every start.
pub(super) fn decode(frame: &Frame, prices: &Prices, afford: &mut dyn FnMut(usize) -> bool) -> Result<Decoded, Error> {
    let Some(format) = Format::named(&frame.content_type) else {
        return Err(Error::Malformed(format!("{:?} is a content type of a newer version", frame.content_type)));
    };
    let mut decoded = match format {
        Format::Otlp(Signal::Traces, encoding) => {
            let mut decoded = otlp::decode_traces(encoding, &frame.body, frame.project.as_ref(), afford)?;
            recognise(&mut decoded.batch.spans, afford)?;
            traces(&mut decoded, afford)?;
            decoded
        }
        Format::Records => {
            let mut decoded = records::decode(&frame.body, afford)?;
            recognise(&mut decoded.batch.spans, afford)?;
            decoded
        }
        Format::Otlp(Signal::Logs | Signal::Metrics, encoding) => otlp::decode_logs(encoding, &frame.body, afford)?,
        Format::OpenAiAgents => openai_agents::decode(&frame.body, frame.project.as_ref(), frame.arrival, afford)?,
    };
    decoded.batch.spans.iter_mut().for_each(|span| prices.price(span));
    Ok(decoded)
}

/// Adds to spans of a run what reading a frame of them adds.
pub(super) fn finish(
    spans: &mut [SpanRecord],
    prices: &Prices,
    afford: &mut dyn FnMut(usize) -> bool,
) -> Result<(), Error> {
    recognise(spans, afford)?;
    spans.iter_mut().for_each(|span| prices.price(span));
    Ok(())
}

/// Reads what the roots of traces tell of these.
fn traces(decoded: &mut Decoded, afford: &mut dyn FnMut(usize) -> bool) -> Result<(), Error> {
    for trace in decoded.batch.spans.iter().filter_map(genai::trace) {
        if !afford(trace.memory_bytes()) {
            return Err(Error::Memory);
        }
        decoded.batch.traces.push(trace);
    }
    Ok(())
}

/// Reads what spans of agents say of themselves.
fn recognise(spans: &mut [SpanRecord], afford: &mut dyn FnMut(usize) -> bool) -> Result<(), Error> {
    for span in spans {
        // A span that came by that way once keeps what it came with, and can come again by any other.
        match span.attributes.get(openai_agents::SPAN_DATA) {
            Some(Value::Map(told)) => span.data = Some(Box::new(openai_agents::data(told, Some(span.start)))),
            _ => genai::recognise(span),
        }
        if span.data.as_ref().is_some_and(|data| !afford(data.memory_bytes())) {
            return Err(Error::Memory);
        }
    }
    Ok(())
}
