//! Who may talk to the server: only this machine's programs, and only pages that the server itself served.
//!
//! A web page that the user happens to visit can send requests to any loopback port, and can give its own name the
//! address 127.0.0.1. So every request must name this server as its host, and what a browser sends must come from a page
//! of this server. The guard stands around the router and not in it: a listener takes nothing but a [`Guarded`]
//! application, so no route can be without it.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header},
};
use tower::ServiceExt;

use crate::{counters::Counters, rest::problem};

/// An application behind the guard.
#[derive(Clone)]
pub(crate) struct Guarded {
    router: Router,
    guard: Arc<Guard>,
}

/// What the guard knows.
#[derive(Debug)]
struct Guard {
    /// The spellings of this server in a `Host` header.
    hosts: BTreeSet<String>,
    /// Other origins whose pages may send traces.
    allow_origins: BTreeSet<String>,
    counters: Arc<Counters>,
}

/// Why a request is turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Host(String),
    Origin(String),
}

/// Sent with every answer: the browser runs and embeds nothing that the server did not serve.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

impl Guarded {
    /// Puts the guard around `router`, which is reached at these addresses.
    pub(crate) fn new(
        router: Router,
        addresses: impl Iterator<Item = SocketAddr>,
        allow_origins: &[String],
        counters: Arc<Counters>,
    ) -> Self {
        let mut hosts = BTreeSet::new();
        for address in addresses {
            // Another address of this machine may be another program's, so only what is bound has a name here.
            let is_usual = address.ip() == Ipv4Addr::LOCALHOST || address.ip() == Ipv6Addr::LOCALHOST;
            hosts.extend(is_usual.then(|| format!("localhost:{}", address.port())));
            hosts.insert(address.to_string());
        }
        let allow_origins = allow_origins.iter().map(|origin| origin.trim_end_matches('/').to_lowercase()).collect();
        Self { router, guard: Arc::new(Guard { hosts, allow_origins, counters }) }
    }

    /// Answers a request, or turns it away.
    pub(crate) async fn call(self, request: Request<Body>) -> Response<Body> {
        let mut response = match self.guard.admit(&request) {
            Err(refusal) => self.guard.refuse(&refusal),
            Ok(Admitted::Preflight(origin)) => preflight(&request, &origin),
            Ok(Admitted::Same) => answer(self.router, request).await,
            Ok(Admitted::Other(origin)) => {
                let mut response = answer(self.router, request).await;
                allow(response.headers_mut(), &origin);
                response
            }
        };
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

async fn answer(router: Router, request: Request<Body>) -> Response<Body> {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// How a request was let in.
enum Admitted {
    /// By a program, or by a page of ours.
    Same,
    /// By a page of an origin that the user named.
    Other(HeaderValue),
    /// A browser's question whether such a page may send.
    Preflight(HeaderValue),
}

impl Guard {
    fn admit(&self, request: &Request<Body>) -> Result<Admitted, Refusal> {
        let host = host(request).unwrap_or_default();
        if !self.hosts.contains(&host) {
            return Err(Refusal::Host(host));
        }
        let headers = request.headers();
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (origin, None) = (origins.next(), origins.next()) else {
            return Err(Refusal::Origin("two origins".into()));
        };
        let Some(origin) = origin else {
            return match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
                None | Some(b"same-origin" | b"none") => Ok(Admitted::Same),
                Some(_) if is_navigation(request) => Ok(Admitted::Same),
                Some(_) => Err(Refusal::Origin("another site".into())),
            };
        };
        let name = String::from_utf8_lossy(origin.as_bytes()).to_lowercase();
        if name.strip_prefix("http://").is_some_and(|host| self.hosts.contains(host)) {
            return Ok(Admitted::Same);
        }
        // A named origin may send traces, and nothing else: reading what was recorded stays with our own pages.
        if self.allow_origins.contains(&name) && request.uri().path().starts_with("/v1/") {
            let preflight = request.method() == Method::OPTIONS;
            return Ok(if preflight { Admitted::Preflight(origin.clone()) } else { Admitted::Other(origin.clone()) });
        }
        Err(Refusal::Origin(name))
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        match refusal {
            Refusal::Host(host) => {
                self.counters.refused_host.add(1);
                let here = self.hosts.iter().next().map_or("127.0.0.1", String::as_str);
                problem::response(
                    StatusCode::FORBIDDEN,
                    format!(
                        "Host {host:?} is not this server. It answers to programs on this machine only: use http://{here}."
                    ),
                )
            }
            Refusal::Origin(origin) => {
                self.counters.refused_origin.add(1);
                problem::response(
                    StatusCode::FORBIDDEN,
                    format!(
                        "A page of {origin} may not use this server. To let a web application send traces, start \
                         trackway with --allow-origin and the application's origin."
                    ),
                )
            }
        }
    }
}

/// The host that a request names, in lower case and with its port.
fn host(request: &Request<Body>) -> Option<String> {
    // HTTP/2 has it in the URI. Two Host headers are no host.
    let mut named = request.headers().get_all(header::HOST).iter();
    let authority = match (request.uri().authority(), named.next(), named.next()) {
        (Some(authority), None, None) => authority.as_str(),
        (Some(authority), Some(host), None) if host.as_bytes() == authority.as_str().as_bytes() => authority.as_str(),
        (None, Some(host), None) => host.to_str().ok()?,
        _ => return None,
    };
    let host = authority.to_lowercase();
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    Some(if has_port { host } else { format!("{host}:80") })
}

/// True for a click on a link somewhere else that leads to a page of ours.
fn is_navigation(request: &Request<Body>) -> bool {
    let mode = request.headers().get("sec-fetch-mode").map(HeaderValue::as_bytes);
    request.method() == Method::GET && mode == Some(b"navigate") && !request.uri().path().starts_with("/api/")
}

fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

fn preflight(request: &Request<Body>, origin: &HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    allow(headers, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    if let Some(asked) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
}
