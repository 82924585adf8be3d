//! Where to send, and how: from the environment and from the program.

use std::{env, time::Duration};

use super::Compression;
use crate::environment;
use crate::export::{
    Failure,
    http::{self, Setting, Target},
};

/// The largest request, before compression, that the specification lets a server be expected to take, in bytes.
pub(super) const LARGEST_REQUEST: usize = 64 << 20;

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:7241/v1/traces";

pub(super) struct Settings {
    pub(super) http: http::Settings,
    compression: Option<Compression>,
}

impl Settings {
    pub(super) fn from_env() -> Self {
        environment::refuse_certificates();
        Self::from(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads the variables from `lookup`.
    fn from(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| {
            ["OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"].into_iter().find_map(|prefix| {
                let name = format!("{prefix}{name}");
                lookup(&name).filter(|value| !value.trim().is_empty()).map(|value| (name, value.trim().to_owned()))
            })
        };
        let mut settings = Self { http: http::Settings::new(DEFAULT_ENDPOINT), compression: None };
        let http = &mut settings.http;
        match get("ENDPOINT") {
            Some((name, url)) if name.contains("TRACES") => http.set_endpoint(&url),
            Some((_, url)) => http.set_endpoint(&format!("{}/v1/traces", url.trim_end_matches('/'))),
            None => {}
        }
        if let Some((name, _)) = get("ENDPOINT") {
            http.name_first_fault(&name);
        }
        if let Some((name, protocol)) = get("PROTOCOL")
            && protocol != "http/protobuf"
        {
            let fault = format!("{name} is {protocol:?}, but this exporter speaks http/protobuf: set it to that");
            http.fault(Setting::Endpoint, fault);
        }
        if let Some((name, pairs)) = get("HEADERS") {
            for pair in pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
                match pair.split_once('=').and_then(|(key, value)| Some((key.trim(), percent_decoded(value.trim())?))) {
                    Some((key, value)) => http.set_header(key, &value),
                    // The pair may be a key to something; it is not shown.
                    None => {
                        let fault = format!("{name} is not a list like key=value,key2=value2, percent-encoded");
                        http.fault(Setting::Headers, fault);
                    }
                }
            }
        }
        if let Some((name, text)) = get("TIMEOUT") {
            match text.parse() {
                Ok(milliseconds) => http.set_timeout(Duration::from_millis(milliseconds)),
                Err(_) => {
                    let fault = format!("{name} is {text:?}: give it a number of milliseconds, like 10000");
                    http.fault(Setting::Timeout, fault);
                }
            }
        }
        match get("COMPRESSION") {
            Some((_, text)) if text == "gzip" => settings.set_compression(Compression::Gzip),
            Some((_, text)) if text == "none" => settings.set_compression(Compression::None),
            Some((name, text)) => {
                http.fault(Setting::Compression, format!("{name} is {text:?}: give it gzip or none"));
            }
            None => {}
        }
        settings
    }

    pub(super) fn set_compression(&mut self, compression: Compression) {
        self.http.forget(Setting::Compression);
        self.compression = Some(compression);
    }

    pub(super) fn compression(&self, target: &Target) -> Compression {
        let usual = if target.is_loopback { Compression::None } else { Compression::Gzip };
        self.compression.unwrap_or(usual)
    }

    /// Returns where to send, unless a setting is wrong.
    pub(super) fn target(&self) -> Result<&Target, Failure> {
        self.http.target()
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        Settings::from(|name| {
            variables
                .iter()
                .find(|(key, _)| name == format!("OTEL_EXPORTER_OTLP_{key}"))
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn outcome(variables: &[(&str, &str)]) -> String {
        let settings = settings(variables);
        settings.target().map_or_else(|fault| fault.to_string(), |target| target.uri.to_string())
    }

    #[test]
    fn the_environment_says_where() {
        assert_eq!(outcome(&[]), "http://127.0.0.1:7241/v1/traces");
        assert_eq!(outcome(&[("ENDPOINT", " ")]), "http://127.0.0.1:7241/v1/traces");
        assert_eq!(outcome(&[("ENDPOINT", "http://a:1/b/")]), "http://a:1/b/v1/traces");
        assert_eq!(outcome(&[("ENDPOINT", "http://a:1"), ("TRACES_ENDPOINT", "http://c/d")]), "http://c/d");
    }

    #[test]
    fn a_wrong_setting_says_what_to_do() {
        for (variable, value, says) in [
            ("ENDPOINT", "u:secret@:", "is not a URL"),
            ("ENDPOINT", "u:secret@localhost:4318", "localhost:4318/v1/traces"),
            ("ENDPOINT", "ftp://u:secret@host", "neither http:// nor https://"),
            ("PROTOCOL", "grpc", "http/protobuf"),
            ("HEADERS", "secret", "key=value"),
            ("HEADERS", "a=%e", "key=value"),
            ("HEADERS", "b c=secret", "not the name of an HTTP header"),
            ("HEADERS", "a=secret%0A", "characters"),
            ("TIMEOUT", "10s", "milliseconds"),
            ("TIMEOUT", "0", "give it more"),
            ("COMPRESSION", "zstd", "gzip or none"),
        ] {
            let said = outcome(&[(variable, value)]);
            assert!(said.contains(says) && !said.contains("secret"), "{variable}={value}: {said}");
        }
        assert_eq!(outcome(&[("ENDPOINT", "https://a")]).contains("feature `tls`"), !cfg!(feature = "tls"));
    }

    #[test]
    fn the_program_mends_what_the_environment_broke() {
        let mut settings = settings(&[("ENDPOINT", "nowhere"), ("TIMEOUT", "x"), ("PROTOCOL", "grpc")]);
        settings.http.set_endpoint("http://[::1]:4318/v1/traces");
        settings.http.set_timeout(Duration::from_secs(1));
        assert!(settings.target().is_ok_and(|target| target.is_loopback));
    }

    #[test]
    fn headers_are_decoded_and_the_last_one_counts() {
        let mut settings = settings(&[("HEADERS", "authorization=Basic%20YQ%3D%3D, x = 1 ,x=2")]);
        settings.http.set_header("Authorization", "Bearer b");
        assert_eq!(settings.http.headers.get("x").unwrap(), "2");
        assert_eq!(settings.http.headers.get("authorization").unwrap(), "Bearer b");
    }

    #[test]
    fn only_what_leaves_the_machine_is_compressed() {
        for (url, expected) in [
            ("http://LOCALHOST:1/x", Compression::None),
            ("http://127.9.9.9/x", Compression::None),
            ("http://[::1]/x", Compression::None),
            ("http://localhost.example/x", Compression::Gzip),
            ("http://10.0.0.1/x", Compression::Gzip),
        ] {
            let settings = settings(&[("TRACES_ENDPOINT", url)]);
            assert_eq!(settings.compression(settings.target().unwrap()), expected, "{url}");
        }
    }
}
