//! Where to send, and how: from the environment and from the program.

use std::{env, net::IpAddr, time::Duration};

use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::Compression;
use crate::export::Failure;

/// The largest request, before compression, that the specification lets a server be expected to take, in bytes.
pub(super) const LARGEST_REQUEST: usize = 64 << 20;

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:7241/v1/traces";

pub(super) struct Settings {
    target: Target,
    pub(super) headers: HeaderMap,
    pub(super) timeout: Duration,
    compression: Option<Compression>,
    /// What is wrong with a setting; gone when that setting is set anew.
    faults: Vec<(Setting, String)>,
}

pub(super) struct Target {
    pub(super) uri: Uri,
    /// The URL without what may be secret in it.
    pub(super) shown: String,
    pub(super) is_loopback: bool,
    pub(super) is_default: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Setting {
    Endpoint,
    Headers,
    Timeout,
    Compression,
}

impl Settings {
    pub(super) fn from_env() -> Self {
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
        let mut settings = Self {
            target: Target {
                uri: Uri::from_static(DEFAULT_ENDPOINT),
                shown: DEFAULT_ENDPOINT.into(),
                is_loopback: true,
                is_default: true,
            },
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(10),
            compression: None,
            faults: Vec::new(),
        };
        match get("ENDPOINT") {
            Some((name, url)) if name.contains("TRACES") => settings.set_endpoint(&url),
            Some((_, url)) => settings.set_endpoint(&format!("{}/v1/traces", url.trim_end_matches('/'))),
            None => {}
        }
        if let (Some((name, _)), Some((_, fault))) = (get("ENDPOINT"), settings.faults.first_mut()) {
            *fault = format!("{name}: {fault}");
        }
        if let Some((name, protocol)) = get("PROTOCOL")
            && protocol != "http/protobuf"
        {
            let fault = format!("{name} is {protocol:?}, but this exporter speaks http/protobuf: set it to that");
            settings.faults.push((Setting::Endpoint, fault));
        }
        if let Some((name, pairs)) = get("HEADERS") {
            for pair in pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
                match pair.split_once('=').and_then(|(key, value)| Some((key.trim(), percent_decoded(value.trim())?))) {
                    Some((key, value)) => settings.set_header(key, &value),
                    // The pair may be a key to something; it is not shown.
                    None => {
                        let fault = format!("{name} is not a list like key=value,key2=value2, percent-encoded");
                        settings.faults.push((Setting::Headers, fault));
                    }
                }
            }
        }
        if let Some((name, text)) = get("TIMEOUT") {
            match text.parse() {
                Ok(milliseconds) => settings.set_timeout(Duration::from_millis(milliseconds)),
                Err(_) => {
                    let fault = format!("{name} is {text:?}: give it a number of milliseconds, like 10000");
                    settings.faults.push((Setting::Timeout, fault));
                }
            }
        }
        match get("COMPRESSION") {
            Some((_, text)) if text == "gzip" => settings.set_compression(Compression::Gzip),
            Some((_, text)) if text == "none" => settings.set_compression(Compression::None),
            Some((name, text)) => {
                settings.faults.push((Setting::Compression, format!("{name} is {text:?}: give it gzip or none")));
            }
            None => {}
        }
        settings
    }

    pub(super) fn set_endpoint(&mut self, url: &str) {
        self.forget(Setting::Endpoint);
        match target(url) {
            Ok(target) => self.target = target,
            Err(fault) => self.faults.push((Setting::Endpoint, fault)),
        }
    }

    pub(super) fn set_header(&mut self, name: &str, value: &str) {
        let parsed_name = HeaderName::try_from(name);
        match (parsed_name, HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.faults.push((Setting::Headers, format!("{name:?} is not the name of an HTTP header"))),
            (_, Err(_)) => {
                let fault = format!("the value of the header {name:?} holds characters that HTTP does not allow");
                self.faults.push((Setting::Headers, fault));
            }
        }
    }

    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.forget(Setting::Timeout);
        if timeout.is_zero() {
            self.faults.push((Setting::Timeout, "a timeout of 0 lets no request through: give it more".into()));
        }
        self.timeout = timeout;
    }

    pub(super) fn set_compression(&mut self, compression: Compression) {
        self.forget(Setting::Compression);
        self.compression = Some(compression);
    }

    pub(super) fn compression(&self, target: &Target) -> Compression {
        let usual = if target.is_loopback { Compression::None } else { Compression::Gzip };
        self.compression.unwrap_or(usual)
    }

    /// Returns where to send, unless a setting is wrong.
    pub(super) fn target(&self) -> Result<&Target, Failure> {
        match self.faults.first() {
            None => Ok(&self.target),
            Some((_, fault)) => Err(Failure::Never { reason: fault.clone() }),
        }
    }

    fn forget(&mut self, setting: Setting) {
        self.faults.retain(|(faulty, _)| *faulty != setting);
    }
}

fn target(url: &str) -> Result<Target, String> {
    let uri: Uri =
        url.parse().map_err(|_| format!("{:?} is not a URL: give one like {DEFAULT_ENDPOINT}", shown(url)))?;
    let host = uri.host().unwrap_or_default();
    if host.is_empty() || uri.scheme_str().is_none() {
        return Err(format!("{:?} is not a whole URL: did you mean http://{}?", shown(url), shown(url)));
    }
    match uri.scheme_str() {
        Some("http") => {}
        Some("https") if cfg!(feature = "tls") => {}
        Some("https") => {
            return Err(format!("{} needs TLS: build the crate `trackway` with its feature `tls`", shown(url)));
        }
        _ => return Err(format!("{:?} begins with neither http:// nor https://", shown(url))),
    }
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    Ok(Target { is_loopback, is_default: url == DEFAULT_ENDPOINT, shown: shown(url), uri })
}

/// Returns the URL without user, password and query, which may be secret.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
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
        settings.set_endpoint("http://[::1]:4318/v1/traces");
        settings.set_timeout(Duration::from_secs(1));
        assert!(settings.target().is_ok_and(|target| target.is_loopback));
    }

    #[test]
    fn headers_are_decoded_and_the_last_one_counts() {
        let mut settings = settings(&[("HEADERS", "authorization=Basic%20YQ%3D%3D, x = 1 ,x=2")]);
        settings.set_header("Authorization", "Bearer b");
        assert_eq!(settings.headers.get("x").unwrap(), "2");
        assert_eq!(settings.headers.get("authorization").unwrap(), "Bearer b");
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
