//! Settings from the environment, as the OpenTelemetry specification
//! [names](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) them.

use std::env;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use trackway_model::Value;

use crate::builder::Config;
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

/// Returns false where spans are to go nowhere, unless the program itself says where.
#[cfg(feature = "otlp")]
pub(crate) fn wants_exporter() -> bool {
    const NAME: &str = "OTEL_TRACES_EXPORTER";
    let Some(name) = text(NAME) else { return true };
    let is_none = name.eq_ignore_ascii_case("none");
    if !is_none && !name.eq_ignore_ascii_case("otlp") {
        complain(NAME, &format!("is {}, which counts as otlp: give it otlp or none", shown(&name)));
    }
    !is_none
}

/// Returns true for what is only known here, whoever started the process.
fn is_ours(key: &str) -> bool {
    key == "process.pid" || key.starts_with("telemetry.sdk.")
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    for name in ["OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"] {
        set(&mut limits.attributes, name);
    }
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
            complain(NAME, &format!("is {}: give it always_on, traceidratio, or another one's name", shown(&name)));
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
