//! OTLP over HTTP, as protobuf, with a blocking client.

mod answer;
mod notice;
mod settings;

use std::{
    borrow::Cow,
    cell::RefCell,
    fmt,
    io::{self, Read, Write},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use flate2::write::GzEncoder;
use ureq::{
    Agent, Body,
    http::{HeaderValue, Response, header},
};

use self::{notice::Notice, settings::Settings};
use super::{Batch, Exporter, Failure};

/// How a request is made smaller before it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Bytes as they are.
    None,
    /// gzip at its fastest level.
    Gzip,
}

/// Sends spans to a server: [OTLP](https://opentelemetry.io/docs/specs/otlp/#otlphttp) over HTTP, as binary protobuf.
///
/// Without further settings it goes to a Trackway on this machine, `http://127.0.0.1:7241/v1/traces`, unless the
/// environment says otherwise in
/// [OpenTelemetry's variables](https://opentelemetry.io/docs/specs/otel/protocol/exporter/): `OTEL_EXPORTER_OTLP_ENDPOINT`
/// (to which `/v1/traces` is added), `_HEADERS`, `_TIMEOUT` (milliseconds) and `_COMPRESSION`, each also as
/// `OTEL_EXPORTER_OTLP_TRACES_…`, which comes first; that endpoint is taken as it is. An empty variable counts as absent.
///
/// It follows no redirects, and takes `HTTPS_PROXY` and its kin into account for other machines only. `https` needs the
/// feature `tls`. The server's word is limited: 64 KiB of an answer are read.
///
/// The first of a row of failures is told on standard error, at most once a minute, and not when `TRACKWAY_QUIET` is 1.
///
/// ```
/// use std::time::Duration;
/// use trackway::export::Otlp;
///
/// let exporter = Otlp::new().endpoint("http://127.0.0.1:4318/v1/traces").timeout(Duration::from_secs(3));
/// assert!(exporter.check().is_ok());
///
/// let mistaken = Otlp::new().endpoint("localhost:4318");
/// assert!(mistaken.check().unwrap_err().to_string().contains("http://localhost:4318"));
/// ```
pub struct Otlp {
    settings: Settings,
    /// Which connections are this exporter's, on whichever thread it works.
    id: u64,
    takes_open: AtomicBool,
    /// False until it is known whether the server takes open spans.
    answered: AtomicBool,
    notice: Notice,
}

impl Otlp {
    /// Makes an exporter as the environment has it.
    pub fn new() -> Self {
        Self {
            settings: Settings::from_env(),
            id: new_id(),
            takes_open: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            notice: Notice::from_env(),
        }
    }

    /// Sends to this URL, path included.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.settings.set_endpoint(url);
        self.id = new_id();
        self
    }

    /// Adds a header to every request; a later value of a name replaces an earlier one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.settings.set_header(name, value);
        self
    }

    /// Gives up a request that has not been answered after this time; 10 seconds unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.set_timeout(timeout);
        self.id = new_id();
        self
    }

    /// Compresses requests, or does not; unless set, gzip for other machines and nothing for this one.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.settings.set_compression(compression);
        self
    }

    /// Says what is wrong with the settings, if something is.
    ///
    /// Wrong settings stop no program: without this check every batch fails with the same words.
    ///
    /// # Errors
    /// [`Failure::Never`] with a sentence that says what to change.
    pub fn check(&self) -> Result<(), Failure> {
        self.settings.target().map(drop)
    }

    fn send(&self, request: &[u8], is_announcement: bool) -> Result<(), Failure> {
        let target = self.settings.target()?;
        if request.len() > settings::LARGEST_REQUEST {
            let reason = format!("a request of {} bytes is larger than any server takes (64 MiB)", request.len());
            return Err(Failure::Never { reason });
        }
        let mut headers = self.settings.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        headers.remove(header::CONTENT_ENCODING);
        if is_announcement {
            headers.insert(OPEN_SPANS, HeaderValue::from_static("1"));
        }
        let body = match self.settings.compression(target) {
            Compression::None => Cow::Borrowed(request),
            Compression::Gzip => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                let never = |error| Failure::Never { reason: format!("cannot compress a request: {error}") };
                Cow::Owned(gzipped(request).map_err(never)?)
            }
        };
        let mut post = self.agent(target).post(target.uri.clone());
        if let Some(slot) = post.headers_mut() {
            *slot = headers;
        }
        let answer = post.send(&*body).map_err(|error| answer::failure(target, self.settings.timeout, error))?;
        self.judge(target, answer)
    }

    fn judge(&self, target: &settings::Target, answer: Response<Body>) -> Result<(), Failure> {
        let (head, mut body) = answer.into_parts();
        if head.status.is_success() {
            let takes_open = head.headers.get(OPEN_SPANS).is_some_and(|value| value.as_bytes() == b"1");
            self.takes_open.store(takes_open, Ordering::Relaxed);
            self.answered.store(true, Ordering::Relaxed);
        }
        let mut text = Vec::new();
        // What came before an error is still worth reading; the status alone decides.
        let _ = body.as_reader().take(answer::LONGEST).read_to_end(&mut text); // See above.
        answer::judge(target, &head, &text)
    }

    /// Returns the client of this exporter on this thread, so that no lock is left held in a forked child.
    fn agent(&self, target: &settings::Target) -> Agent {
        thread_local! {
            static AGENT: RefCell<Option<(u64, Agent)>> = const { RefCell::new(None) };
        }
        let agent = AGENT.try_with(|slot| {
            let mut slot = slot.borrow_mut();
            match &*slot {
                Some((id, agent)) if *id == self.id => agent.clone(),
                _ => slot.insert((self.id, self.new_agent(target))).1.clone(),
            }
        });
        agent.unwrap_or_else(|_| self.new_agent(target)) // The thread is ending.
    }

    fn new_agent(&self, target: &settings::Target) -> Agent {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("trackway/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("")
            .timeout_global(Some(self.settings.timeout))
            .max_response_header_size(16 << 10)
            .input_buffer_size(16 << 10)
            .output_buffer_size(64 << 10);
        if target.is_loopback {
            config = config.proxy(None);
        }
        config.build().into()
    }
}

impl Default for Otlp {
    fn default() -> Self {
        Self::new()
    }
}

/// Headers hold keys, and are left out.
impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.settings.target();
        f.debug_struct("Otlp").field("endpoint", &target.map(|target| &target.shown)).finish_non_exhaustive()
    }
}

impl Exporter for Otlp {
    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let result = self.send(batch.otlp(), false);
        match &result {
            Ok(()) | Err(Failure::Partly { .. }) => self.notice.delivered(),
            Err(failure) => self.notice.failed(failure, self.settings.target().ok()),
        }
        result
    }

    /// Returns true until it is known, so that a program whose first span runs long is shown from its start.
    fn wants_open(&self) -> bool {
        self.takes_open.load(Ordering::Relaxed) || !self.answered.load(Ordering::Relaxed)
    }

    fn announce(&self, request: &[u8]) {
        if !self.answered.load(Ordering::Relaxed) {
            // A server that knows nothing of announcements would keep them as spans; an empty request harms nowhere.
            let refused = matches!(self.send(&[], false), Err(Failure::Never { .. }));
            self.answered.fetch_or(refused, Ordering::Relaxed);
        }
        if self.takes_open.load(Ordering::Relaxed) {
            let _ = self.send(request, true); // The next announcement says the same and more.
        }
    }
}

/// Says in an answer that the server shows spans which still run, and in a request that it holds such spans.
const OPEN_SPANS: &str = "trackway-open-spans";

fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn gzipped(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
