//! Requests to a server, tried again while that makes sense.

use std::{
    io::{self, Read, Write},
    thread,
    time::{Duration, Instant},
};

use flate2::write::GzEncoder;
use ureq::{
    Agent, Body,
    http::{Response, StatusCode, header},
};

use crate::Fault;

/// How long a request is tried again, and the longest `Retry-After` that is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first pause between two tries; doubled by each further one.
const PAUSE: Duration = Duration::from_millis(50);
/// How much of an answer is read, in bytes.
const LONGEST: u64 = 256 << 20;
/// How much of a server's own words is kept, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Asks one server.
pub(super) struct Client {
    address: String,
    is_loopback: bool,
    agent: Agent,
}

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Client {
    pub(super) fn new(address: &str) -> Self {
        let address = address.trim().trim_end_matches('/').to_owned();
        let host = address.split_once("://").map_or(&*address, |(_, rest)| rest);
        let is_loopback = ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("trackway/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("")
            .timeout_global(Some(PATIENCE))
            .max_response_header_size(16 << 10);
        if is_loopback {
            config = config.proxy(None);
        }
        Self { address, is_loopback, agent: config.build().into() }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer, Fault> {
        let url = format!("{}{path}", self.address);
        self.insist(|| self.agent.get(&url).call())
    }

    /// Sends lines of JSON.
    pub(super) fn post(&self, path: &str, lines: &[u8]) -> Result<Answer, Fault> {
        let url = format!("{}{path}", self.address);
        let packed = if self.is_loopback { None } else { Some(gzipped(lines)?) };
        self.insist(|| {
            let request = self.agent.post(&url).header(header::CONTENT_TYPE, "application/x-ndjson");
            match &packed {
                Some(packed) => request.header(header::CONTENT_ENCODING, "gzip").send(&packed[..]),
                None => request.send(lines),
            }
        })
    }

    /// Asks until there is an answer that stays the same however often one asks.
    fn insist(&self, ask: impl Fn() -> Result<Response<Body>, ureq::Error>) -> Result<Answer, Fault> {
        let until = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        loop {
            let (why, after) = match ask() {
                Ok(answer) => match judge(answer)? {
                    Verdict::Done(answer) => return Ok(answer),
                    Verdict::Later { why, after } => (format!("{} answered {why}", self.address), after),
                },
                Err(ureq::Error::Io(error)) if !is_wrong(&error) => {
                    (format!("cannot reach {}: {error}", self.address), None)
                }
                Err(error @ (ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed)) => {
                    (format!("cannot reach {}: {error}", self.address), None)
                }
                Err(error) => return Err(format!("cannot ask {}: {error}", self.address).into()),
            };
            let next = after.unwrap_or(pause);
            if next > until.saturating_duration_since(Instant::now()) {
                return Err(why.into());
            }
            thread::sleep(next);
            pause = pause.saturating_mul(2);
        }
    }
}

enum Verdict {
    Done(Answer),
    Later { why: String, after: Option<Duration> },
}

fn judge(answer: Response<Body>) -> Result<Verdict, Fault> {
    let (head, mut body) = answer.into_parts();
    let mut text = Vec::new();
    body.as_reader().take(LONGEST).read_to_end(&mut text)?;
    let answer = Answer { status: head.status, body: text };
    if !matches!(head.status.as_u16(), 429 | 502 | 503 | 504) {
        return Ok(Verdict::Done(answer));
    }
    let after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Ok(Verdict::Later { why: answer.message(), after: after.map(Duration::from_secs) })
}

impl Answer {
    /// Returns what the server says of an error, cut and without control characters.
    pub(super) fn message(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Problem {
            detail: String,
        }
        let problem = serde_json::from_slice::<Problem>(&self.body).map(|problem| problem.detail);
        let words = problem.unwrap_or_else(|_| String::from_utf8_lossy(&self.body).into_owned());
        let words: String = words.chars().filter(|c| !c.is_control()).take(LONGEST_MESSAGE).collect();
        if words.is_empty() { self.status.to_string() } else { format!("{}: {words}", self.status) }
    }
}

/// Returns a part of a path, or the value of a parameter, as an address holds it.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            b'.' if text.len() > 2 => encoded.push('.'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn is_wrong(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}

fn gzipped(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
