//! Where to send, and how.

use std::{net::IpAddr, time::Duration};

use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::export::Failure;

/// What an exporter was told, by the program or by the environment.
pub(crate) struct Settings {
    target: Target,
    example: &'static str,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    /// What is wrong with a setting; gone when that setting is set anew.
    faults: Vec<(Setting, String)>,
}

pub(crate) struct Target {
    pub(crate) uri: Uri,
    /// The URL without what may be secret in it.
    pub(crate) shown: String,
    pub(crate) is_loopback: bool,
    pub(crate) is_default: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    Endpoint,
    Headers,
    Timeout,
    Compression,
}

impl Settings {
    /// Returns the settings for a URL, which is also the example that is given for one.
    pub(crate) fn new(endpoint: &'static str) -> Self {
        let mut settings = Self {
            target: Target {
                uri: Uri::from_static(endpoint),
                shown: endpoint.into(),
                is_loopback: false,
                is_default: true,
            },
            example: endpoint,
            headers: HeaderMap::new(),
            timeout: Duration::from_secs(10),
            faults: Vec::new(),
        };
        settings.set_endpoint(endpoint);
        settings
    }

    pub(crate) fn set_endpoint(&mut self, url: &str) {
        self.forget(Setting::Endpoint);
        match target(url, self.example) {
            Ok(target) => self.target = target,
            Err(fault) => self.faults.push((Setting::Endpoint, fault)),
        }
    }

    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
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

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.forget(Setting::Timeout);
        if timeout.is_zero() {
            self.faults.push((Setting::Timeout, "a timeout of 0 lets no request through: give it more".into()));
        }
        self.timeout = timeout;
    }

    /// Returns where to send, unless a setting is wrong.
    pub(crate) fn target(&self) -> Result<&Target, Failure> {
        match self.faults.first() {
            None => Ok(&self.target),
            Some((_, fault)) => Err(Failure::Never { reason: fault.clone() }),
        }
    }

    /// Notes that a setting is wrong, until it is set anew.
    pub(crate) fn fault(&mut self, setting: Setting, fault: String) {
        self.faults.push((setting, fault));
    }

    /// Says in which words the first fault was set.
    pub(crate) fn name_first_fault(&mut self, name: &str) {
        if let Some((_, fault)) = self.faults.first_mut() {
            *fault = format!("{name}: {fault}");
        }
    }

    pub(crate) fn forget(&mut self, setting: Setting) {
        self.faults.retain(|(faulty, _)| *faulty != setting);
    }
}

fn target(url: &str, example: &str) -> Result<Target, String> {
    let uri: Uri = url.parse().map_err(|_| format!("{:?} is not a URL: give one like {example}", shown(url)))?;
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
    Ok(Target { is_loopback, is_default: url == example, shown: shown(url), uri })
}

/// Returns the URL without user, password and query, which may be secret.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
}
