//! Zipkin's second format over HTTP, as JSON.

use std::{env, fmt, time::Duration};

use ureq::http::{HeaderValue, header};

use super::{
    Batch, Exporter, Failure, Form,
    http::{Client, Notice, Setting, Settings, refusal, words},
};

/// Sends spans to a Zipkin, or to whatever takes its [second format](https://zipkin.io/zipkin-api/): `POST /api/v2/spans`, as JSON.
///
/// Without further settings it goes to a Zipkin on this machine, `http://127.0.0.1:9411/api/v2/spans`, unless the
/// environment says otherwise in
/// [OpenTelemetry's variables](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#zipkin-exporter):
/// `OTEL_EXPORTER_ZIPKIN_ENDPOINT`, path included, and `OTEL_EXPORTER_ZIPKIN_TIMEOUT` in milliseconds. Spans are put into Zipkin's
/// fields as OpenTelemetry's [mapping](https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/) has it.
///
/// Every answer of success is believed; 429, 502, 503 and 504 and connections that fail are tried again, anything else is not. What
/// holds for redirects, proxies, `https` and what is told of failures is the same as for [`Otlp`](super::Otlp).
///
/// ```
/// use trackway::{Tracer, export::Zipkin};
///
/// let exporter = Zipkin::new().endpoint("http://127.0.0.1:9411/api/v2/spans");
/// assert!(exporter.check().is_ok());
/// let tracer = Tracer::builder().service("checkout").exporter(exporter).build();
/// # drop(tracer);
/// ```
pub struct Zipkin {
    settings: Settings,
    client: Client,
    notice: Notice,
}

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:9411/api/v2/spans";

impl Zipkin {
    /// Makes an exporter as the environment has it.
    pub fn new() -> Self {
        let settings = from(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()));
        Self { settings, client: Client::new(), notice: Notice::from_env() }
    }

    /// Sends to this URL, path included.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.settings.set_endpoint(url);
        self.client = Client::new();
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
        self.client = Client::new();
        self
    }

    /// Says what is wrong with the settings, if something is.
    ///
    /// # Errors
    /// [`Failure::Never`] with a sentence that says what to change; every batch fails with the same words.
    pub fn check(&self) -> Result<(), Failure> {
        self.settings.target().map(drop)
    }

    fn send(&self, body: &str) -> Result<(), Failure> {
        let target = self.settings.target()?;
        let mut headers = self.settings.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.client.post(target, self.settings.timeout, headers, body.as_bytes())?;
        if answer.head.status.is_success() {
            return Ok(());
        }
        let says = words(&answer.head, &answer.body);
        Err(refusal(target, &answer.head, &says, "the path of Zipkin's second format is mostly /api/v2/spans"))
    }
}

/// Reads the variables from `lookup`.
fn from(lookup: impl Fn(&str) -> Option<String>) -> Settings {
    let get = |name: &str| {
        let name = format!("OTEL_EXPORTER_ZIPKIN_{name}");
        let value = lookup(&name)?.trim().to_owned();
        (!value.is_empty()).then_some((name, value))
    };
    let mut settings = Settings::new(DEFAULT_ENDPOINT);
    if let Some((name, url)) = get("ENDPOINT") {
        settings.set_endpoint(&url);
        settings.name_first_fault(&name);
    }
    if let Some((name, text)) = get("TIMEOUT") {
        match text.parse() {
            Ok(milliseconds) => settings.set_timeout(Duration::from_millis(milliseconds)),
            Err(_) => {
                let fault = format!("{name} is {text:?}: give it a number of milliseconds, like 10000");
                settings.fault(Setting::Timeout, fault);
            }
        }
    }
    settings
}

impl Default for Zipkin {
    fn default() -> Self {
        Self::new()
    }
}

/// Headers hold keys, and are left out.
impl fmt::Debug for Zipkin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.settings.target();
        f.debug_struct("Zipkin").field("endpoint", &target.map(|target| &target.shown)).finish_non_exhaustive()
    }
}

impl Exporter for Zipkin {
    fn form(&self) -> Form {
        Form::Records
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let result = self.send(&trackway_wire::zipkin::spans(batch.records()));
        match &result {
            Ok(()) => self.notice.delivered(),
            Err(failure) => self.notice.failed(failure, "check the address and the server"),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_where_and_the_program_knows_better() {
        let settings = |pairs: &'static [(&str, &str)]| {
            from(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        let outcome = |settings: &Settings| match settings.target() {
            Ok(target) => target.uri.to_string(),
            Err(fault) => fault.to_string(),
        };
        assert_eq!(outcome(&settings(&[])), DEFAULT_ENDPOINT);
        assert_eq!(outcome(&settings(&[("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://a:1/b")])), "http://a:1/b");
        let mut wrong = settings(&[("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "a:1"), ("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "2500")]);
        assert!(outcome(&wrong).contains("OTEL_EXPORTER_ZIPKIN_ENDPOINT"), "{}", outcome(&wrong));
        wrong.set_endpoint("http://a:1/b");
        assert_eq!((outcome(&wrong), wrong.timeout), ("http://a:1/b".into(), Duration::from_millis(2500)));
        assert!(outcome(&settings(&[("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "1s")])).contains("milliseconds"));
    }
}
