//! OTLP over HTTP, as protobuf, with a blocking client.

mod answer;
mod settings;

use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use flate2::write::GzEncoder;
use ureq::http::{HeaderValue, header};

use self::settings::Settings;
use super::{
    Batch, Exporter, Failure,
    http::{Answer, Client, Notice, Target},
};

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
    client: Client,
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
            client: Client::new(),
            takes_open: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            notice: Notice::from_env(),
        }
    }

    /// Sends to this URL, path included.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.settings.http.set_endpoint(url);
        self.client = Client::new();
        self
    }

    /// Adds a header to every request; a later value of a name replaces an earlier one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.settings.http.set_header(name, value);
        self
    }

    /// Gives up a request that has not been answered after this time; 10 seconds unless set.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.http.set_timeout(timeout);
        self.client = Client::new();
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
        let mut headers = self.settings.http.headers.clone();
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
        let answer = self.client.post(target, self.settings.http.timeout, headers, &body)?;
        self.judge(target, &answer)
    }

    fn judge(&self, target: &Target, answer: &Answer) -> Result<(), Failure> {
        if answer.head.status.is_success() {
            let takes_open = answer.head.headers.get(OPEN_SPANS).is_some_and(|value| value.as_bytes() == b"1");
            self.takes_open.store(takes_open, Ordering::Relaxed);
            self.answered.store(true, Ordering::Relaxed);
        }
        answer::judge(target, &answer.head, &answer.body)
    }

    /// Returns what may help when nobody takes the spans now.
    fn advice(&self) -> &'static str {
        match self.settings.target() {
            Ok(target) if target.is_default => "start the server with `trackway`",
            _ => "check the address and the server",
        }
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
            Err(failure) => self.notice.failed(failure, self.advice()),
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

fn gzipped(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
