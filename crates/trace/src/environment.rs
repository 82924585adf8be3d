//! Settings from the environment, as the OpenTelemetry specification
//! [names](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/) them.

use std::env;
use std::str::FromStr;

use trackway_model::Value;

use crate::builder::Config;
use crate::limits::Limits;
use crate::sampler::Sampler;

/// Applies what the program itself did not set.
pub(crate) fn apply(config: &mut Config) {
    let is_true = |name: &str| text(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"));
    config.disabled |= is_true("OTEL_SDK_DISABLED") || is_true("TRACKWAY_DISABLED");
    if let Some(name) = text("OTEL_SERVICE_NAME") {
        config.set_service_unless_known(&name);
    }
    for (key, value) in pairs(&text("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default()) {
        if key == "service.name" {
            config.set_service_unless_known(&value);
        } else {
            config.add_attribute_unless_known(&key, Value::from(value.as_str()));
        }
    }
    if config.sampler == Sampler::default()
        && let Some(sampler) = sampler()
    {
        config.sampler = sampler;
    }
    if config.limits == Limits::default() {
        let limits = &mut config.limits;
        set(&mut limits.attributes, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT");
        set(&mut limits.value_bytes, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT");
        set(&mut limits.events, "OTEL_SPAN_EVENT_COUNT_LIMIT");
        set(&mut limits.links, "OTEL_SPAN_LINK_COUNT_LIMIT");
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn set<T: FromStr>(limit: &mut T, name: &str) {
    if let Some(value) = text(name).and_then(|value| value.parse().ok()) {
        *limit = value;
    }
}

fn sampler() -> Option<Sampler> {
    let share = || text("OTEL_TRACES_SAMPLER_ARG").and_then(|share| share.parse().ok()).unwrap_or(1.0);
    Some(match text("OTEL_TRACES_SAMPLER")?.as_str() {
        "always_on" => Sampler::always_on(),
        "always_off" => Sampler::always_off(),
        "traceidratio" => Sampler::probability(share()).ignoring_parent(),
        "parentbased_always_on" => Sampler::always_on().parent_based(),
        "parentbased_always_off" => Sampler::always_off().parent_based(),
        "parentbased_traceidratio" => Sampler::probability(share()),
        _ => return None,
    })
}

/// Reads `key=value,key=value`, percent-decoded, as W3C Baggage writes it.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), decode(value.trim()))).filter(|(key, _)| !key.is_empty()).collect()
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
