//! Settings from the environment, as the OpenTelemetry specification
//! [names](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) them.

use std::env;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use trackway_model::Value;

use crate::agents::Capture;
use crate::builder::{Config, Queue};
use crate::limits::Limits;
use crate::propagation::{Propagator, W3c, named};
use crate::sampler::Sampler;
use crate::voice;

/// Applies what the program itself did not set. What cannot be understood is said once, and counts as not set.
pub(crate) fn apply(config: &mut Config) {
    config.disabled |= is_true("OTEL_SDK_DISABLED") || is_true("TRACKWAY_DISABLED");
    if let Some(name) = text("OTEL_SERVICE_NAME") {
        config.set_service_unless_known(&name);
    }
    for (key, value) in pairs(&text(RESOURCE).unwrap_or_default()) {
        if key == "service.name" {
            config.set_service_unless_known(&value);
        } else if !is_ours(&key) {
            config.add_attribute_unless_known(&key, Value::from(value.as_str()));
        }
    }
    config.propagators.complete(propagator());
    config.sampler = config.sampler.take().or_else(sampler);
    config.limits.get_or_insert_with(limits);
    queue(&mut config.queue);
    config.capture = config.capture.or_else(capture);
}

fn propagator() -> Arc<dyn Propagator> {
    const NAME: &str = "OTEL_PROPAGATORS";
    let Some(list) = text(NAME) else { return Arc::new(W3c) };
    let (composite, unknown) = named(&list);
    if !unknown.is_empty() {
        let names = shown(&unknown.join(","));
        complain(
            NAME,
            &format!("has {names}, which is left out: give it tracecontext, baggage, b3, or another one's name"),
        );
    }
    Arc::new(composite)
}

/// An exporter that the environment can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    Otlp,
    Zipkin,
    Console,
}

/// Returns where spans go, unless the program itself says where.
pub(crate) fn exporters() -> Vec<Named> {
    const NAME: &str = "OTEL_TRACES_EXPORTER";
    let Some(names) = text(NAME) else { return vec![Named::Otlp] };
    let mut exporters = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name.to_ascii_lowercase().as_str() {
            "none" => {}
            "otlp" => exporters.push(Named::Otlp),
            "zipkin" => exporters.push(Named::Zipkin),
            "console" => exporters.push(Named::Console),
            _ => {
                let said = format!("has {}, which counts as otlp: give it otlp, zipkin, console or none", shown(name));
                complain(NAME, &said);
                exporters.push(Named::Otlp);
            }
        }
    }
    exporters
}

/// Says which variables of the OTLP exporter ask for what is not there.
#[cfg(feature = "otlp")]
pub(crate) fn refuse_certificates() {
    const NAMES: [&str; 6] = [
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    ];
    for name in NAMES.into_iter().filter(|name| text(name).is_some()) {
        let said = if name.contains("CLIENT") {
            "is not obeyed: nothing shows a server who the client is but the headers of OTEL_EXPORTER_OTLP_HEADERS"
        } else {
            "is not obeyed: certificates are checked against Mozilla's roots, with the feature `tls`"
        };
        complain(name, said);
    }
}

/// Sets what of a batch processor's settings has an equal here.
fn queue(queue: &mut Queue) {
    let milliseconds = |name| number(name).map(Duration::from_millis);
    let spans = |name| number(name).and_then(|spans| usize::try_from(spans).ok());
    queue.batch_age = queue.batch_age.or_else(|| milliseconds("OTEL_BSP_SCHEDULE_DELAY"));
    queue.patience = queue.patience.or_else(|| milliseconds("OTEL_BSP_EXPORT_TIMEOUT"));
    queue.spans = queue.spans.or_else(|| spans("OTEL_BSP_MAX_QUEUE_SIZE"));
    queue.batch_spans = queue.batch_spans.or_else(|| spans("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"));
    // A batch that is larger than the queue would never find room in it.
    if let Some(most) = queue.spans {
        queue.batch_spans = Some(queue.batch_spans.unwrap_or(most).min(most).max(1));
    }
}

fn number(name: &'static str) -> Option<u64> {
    let value = text(name)?;
    let number = value.parse().ok().filter(|number| *number > 0);
    if number.is_none() {
        complain(name, &format!("is {}: give it a number from 1 on", shown(&value)));
    }
    number
}

/// Returns true for what is only known here, whoever started the process.
fn is_ours(key: &str) -> bool {
    key == "process.pid" || key.starts_with("telemetry.sdk.")
}

/// Reads how much agents' content is recorded; `None` where nobody says.
fn capture() -> Option<Capture> {
    const NAME: &str = "OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA";
    let value = text(NAME)?.to_ascii_lowercase();
    match value.as_str() {
        "1" | "true" | "yes" | "on" => Some(Capture::Everything),
        "0" | "false" | "no" | "off" => Some(Capture::Nothing),
        // What somebody wanted to keep in must not leave for a misspelling.
        _ => {
            complain(NAME, &format!("is {}, which counts as false: give it true or false", shown(&value)));
            Some(Capture::Nothing)
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    set(&mut limits.attributes, "OTEL_ATTRIBUTE_COUNT_LIMIT");
    limits = limits.attributes(limits.attributes);
    set(&mut limits.attributes, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT");
    set(&mut limits.event_attributes, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT");
    set(&mut limits.link_attributes, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT");
    for name in ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT"] {
        set(&mut limits.value_bytes, name);
    }
    set(&mut limits.events, "OTEL_SPAN_EVENT_COUNT_LIMIT");
    set(&mut limits.links, "OTEL_SPAN_LINK_COUNT_LIMIT");
    limits
}

const RESOURCE: &str = "OTEL_RESOURCE_ATTRIBUTES";

fn text(name: &'static str) -> Option<String> {
    let value = env::var_os(name)?;
    match value.to_str() {
        Some(value) => Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
        None => {
            complain(name, "is not UTF-8");
            None
        }
    }
}

fn is_true(name: &'static str) -> bool {
    let Some(value) = text(name) else { return false };
    let is_true = value == "1" || value.eq_ignore_ascii_case("true");
    if !is_true && value != "0" && !value.eq_ignore_ascii_case("false") {
        complain(name, &format!("is {}, which counts as false: give it true or false", shown(&value)));
    }
    is_true
}

fn set<T: FromStr>(limit: &mut T, name: &'static str) {
    let Some(value) = text(name) else { return };
    match value.parse() {
        Ok(value) => *limit = value,
        Err(_) => complain(name, &format!("is {}: give it a number from 0 on", shown(&value))),
    }
}

fn sampler() -> Option<Sampler> {
    const NAME: &str = "OTEL_TRACES_SAMPLER";
    let name = text(NAME)?;
    Some(match name.to_ascii_lowercase().as_str() {
        "always_on" => Sampler::always_on(),
        "always_off" => Sampler::always_off(),
        "traceidratio" => Sampler::probability(share()).ignoring_parent(),
        "parentbased_always_on" => Sampler::always_on().parent_based(),
        "parentbased_always_off" => Sampler::always_off().parent_based(),
        "parentbased_traceidratio" => Sampler::probability(share()),
        _ => {
            complain(
                NAME,
                &format!(
                    "is {}: give it always_on, always_off, traceidratio, or one of these after parentbased_",
                    shown(&name)
                ),
            );
            return None;
        }
    })
}

fn share() -> f64 {
    const NAME: &str = "OTEL_TRACES_SAMPLER_ARG";
    let Some(value) = text(NAME) else { return 1.0 };
    let share: Option<f64> = value.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.unwrap_or_else(|| {
        complain(NAME, &format!("is {}, which counts as 1: give it a number from 0 to 1", shown(&value)));
        1.0
    })
}

/// Reads `key=value,key=value`, percent-decoded, as W3C Baggage writes it.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').map(|(key, value)| (key.trim(), decode(value.trim()))) {
            Some((key, value)) if !key.is_empty() => pairs.push((key.to_owned(), value)),
            // The rest may be a secret; it is not shown.
            _ => complain(RESOURCE, "is not a list like key=value,key2=value2, and what is none is left out"),
        }
    }
    pairs
}

/// Returns a value as a line can show it.
fn shown(value: &str) -> String {
    const MOST: usize = 64;
    let end = value.char_indices().nth(MOST).map_or(value.len(), |(end, _)| end);
    format!("{:?}", value.get(..end).unwrap_or_default())
}

/// Says what is wrong with a variable, once for each.
fn complain(name: &'static str, what: &str) {
    static TOLD: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.contains(&name) {
        return;
    }
    told.push(name);
    voice::say(&format!("{name} {what}"));
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_attributes_are_percent_decoded() {
        let read = pairs("a=1, b = x%2Cy%20z ,=no,broken,c=100%");
        let expected = [("a", "1"), ("b", "x,y z"), ("c", "100%")];
        assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
