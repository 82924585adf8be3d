//! Formats by the names that OpenTelemetry gives them in `OTEL_PROPAGATORS`.

use super::{B3, CloudTrace, Composite, Jaeger, OpenTracingText, W3cBaggage, W3cTraceContext};

/// Returns what writes and reads the formats of a list like `tracecontext,baggage`, each once; with it the names that are of no
/// format here.
pub(crate) fn named(list: &str) -> (Composite, Vec<&str>) {
    let mut composite = Composite::new();
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    for name in list.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let lower = name.to_ascii_lowercase();
        if known.contains(&lower) {
            continue;
        }
        composite = match lower.as_str() {
            "tracecontext" => composite.and(W3cTraceContext),
            "baggage" => composite.and(W3cBaggage),
            "b3" => composite.and(B3::single()),
            "b3multi" => composite.and(B3::multi()),
            "jaeger" => composite.and(Jaeger),
            "ottrace" => composite.and(OpenTracingText),
            "gcp" => composite.and(CloudTrace),
            "none" => composite,
            _ => {
                unknown.push(name);
                composite
            }
        };
        known.push(lower);
    }
    (composite, unknown)
}
