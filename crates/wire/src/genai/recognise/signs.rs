//! Whose words a span uses: by the library that recorded it, or else by the beginnings of its attributes' names.

use trackway_model::{Attributes, Dialect, Event, SpanRecord};

/// Libraries that always use the same words. A name that ends in a dot or a slash stands for all that begin so.
const SCOPES: &[(&str, Dialect)] = &[
    ("openinference.", Dialect::OpenInference),
    ("@arizeai/", Dialect::OpenInference),
    ("langfuse-sdk", Dialect::Langfuse),
    ("@traceloop/", Dialect::OpenLlmetry),
    ("opentelemetry.instrumentation.openai.v0", Dialect::OpenLlmetry),
    ("opentelemetry.instrumentation.openai.v1", Dialect::OpenLlmetry),
    ("traceloop.tracer", Dialect::OpenLlmetry),
    ("logfire.", Dialect::Logfire),
    ("pydantic-ai", Dialect::Logfire),
    ("mcp-python-sdk", Dialect::OpenTelemetry),
];

/// The library that bridges Burr to OpenTelemetry, whose spans have no attributes of their own.
const BURR: &str = "burr.integrations.";

/// How names begin, and whose they are; of several on a span, the first of this list decides.
///
/// Many clients send OpenTelemetry's names beside their own, and some decorate the spans of others.
const SIGNS: &[(&str, Dialect)] = &[
    ("openinference.", Dialect::OpenInference),
    ("langfuse.observation.", Dialect::Langfuse),
    ("langfuse.type", Dialect::Langfuse),
    ("langfuse.model", Dialect::Langfuse),
    ("traceloop.", Dialect::OpenLlmetry),
    ("ai.operationId", Dialect::Vercel),
    ("ai.model.", Dialect::Vercel),
    ("ai.toolCall.", Dialect::Vercel),
    ("ai.usage.", Dialect::Vercel),
    ("ai.response.", Dialect::Vercel),
    ("logfire.", Dialect::Logfire),
    ("__burr_", Dialect::Burr),
    ("llm.request.type", Dialect::OpenLlmetry),
    ("llm.usage.", Dialect::OpenLlmetry),
    ("llm.is_streaming", Dialect::OpenLlmetry),
    ("llm.headers", Dialect::OpenLlmetry),
    ("gen_ai.prompt.0.", Dialect::OpenLlmetry),
    ("gen_ai.completion.0.", Dialect::OpenLlmetry),
    ("llm.", Dialect::OpenInference),
    ("gen_ai.", Dialect::OpenTelemetry),
    ("mcp.method.", Dialect::OpenTelemetry),
    ("gcp.vertex.agent.", Dialect::OpenTelemetry),
    ("trackway.span.kind", Dialect::OpenTelemetry),
];

/// The bytes that a sign begins with: most attributes of most spans begin with another.
const FIRST_BYTES: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < SIGNS.len() {
        #[allow(clippy::indexing_slicing, reason = "worked out when compiled; a wrong index would not compile")]
        let byte = SIGNS[at].0.as_bytes()[0];
        #[allow(clippy::indexing_slicing, reason = "a byte is below 256")]
        {
            first[byte as usize] = true;
        }
        at += 1;
    }
    first
};

/// Returns whose words a span uses; `None` for a span that uses nobody's.
pub(super) fn dialect(span: &SpanRecord) -> Option<Dialect> {
    if span.scope.name.starts_with(BURR) {
        return Some(Dialect::Burr);
    }
    let of_events = span.events.iter().filter_map(of_event);
    let best = of_attributes(&span.attributes).into_iter().chain(of_events).min()?;
    let (_, by_name) = SIGNS.get(best)?;
    Some(by_scope(&span.scope.name).unwrap_or(*by_name))
}

/// Returns true when an event says something of its span as an agent's.
pub(super) fn is_told(event: &Event) -> bool {
    of_event(event).is_some()
}

/// Finds the best sign of an event; exceptions, which are most events, have none.
fn of_event(event: &Event) -> Option<usize> {
    of_attributes(&event.attributes)
}

/// Finds the best sign of a list of attributes.
fn of_attributes(attributes: &Attributes) -> Option<usize> {
    let mut best = None;
    for (key, _) in attributes.iter() {
        let Some(first) = key.bytes().next() else { continue };
        if FIRST_BYTES.get(usize::from(first)) != Some(&true) {
            continue;
        }
        let known = best.unwrap_or(SIGNS.len());
        let is_it = |sign: &str| sign.bytes().next() == Some(first) && key.starts_with(sign);
        let better = SIGNS.iter().take(known).position(|(sign, _)| is_it(sign));
        best = better.or(best);
    }
    best
}

/// Returns whose words a library always uses.
fn by_scope(name: &str) -> Option<Dialect> {
    let is_it = |scope: &str| name == scope || scope.ends_with(['.', '/']) && name.starts_with(scope);
    SCOPES.iter().find(|(scope, _)| is_it(scope)).map(|(_, dialect)| *dialect)
}
