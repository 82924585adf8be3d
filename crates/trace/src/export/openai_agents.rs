//! The endpoint that the OpenAI Agents SDK sends its traces to.

use std::{
    collections::VecDeque,
    env, fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use trackway_model::{SpanRecord, Text, TraceId, Value};
use trackway_wire::openai_ingest;
use ureq::http::{HeaderName, HeaderValue, header};

use crate::collector;

use super::{
    Batch, Exporter, Failure, Form,
    http::{Answer, Client, Notice, Settings, Target, refusal, words},
};

/// Sends traces and spans as the OpenAI Agents SDK does: `POST /v1/traces/ingest`, as JSON.
///
/// Without further settings they go to a Trackway on this machine, `http://127.0.0.1:7241/v1/traces/ingest`, which needs no
/// key. [`openai`](Self::openai) sends to OpenAI's own dashboard. Spans of agents go in the SDK's types, all others as custom
/// spans with their attributes; events and links have no place there.
///
/// 408, 409, 429, every 5xx, and connections that fail are tried again, unless the answer says `x-should-retry: false`; anything
/// else is not. At most 128 traces and spans go in one request. To OpenAI's endpoint inputs and outputs go cut to 100,000 bytes,
/// and usage of model calls alone, as it takes them; to any other they go whole. What holds for redirects, proxies, `https` and what
/// is told of failures is the same as for [`Otlp`](super::Otlp).
///
/// ```
/// use trackway::{Tracer, export::OpenAiAgents};
///
/// let exporter = OpenAiAgents::new().endpoint("http://127.0.0.1:7241/v1/traces/ingest").key("k-1");
/// assert!(exporter.check().is_ok());
/// let tracer = Tracer::builder().exporter(exporter).build();
/// # drop(tracer);
/// ```
pub struct OpenAiAgents {
    settings: Settings,
    client: Client,
    notice: Notice,
    key: Option<Text>,
    /// The accounts of the latest traces that have one of their own.
    keys: Mutex<VecDeque<(TraceId, Text)>>,
}

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:7241/v1/traces/ingest";

/// OpenAI's own endpoint.
const OPENAI: &str = "https://api.openai.com/v1/traces/ingest";

/// How many objects go in one request.
const MOST_ITEMS: usize = 128;

/// Of how many traces the account is remembered.
const MOST_KEYS: usize = 4096;

impl OpenAiAgents {
    /// Makes an exporter to a Trackway on this machine. No key of the environment is sent there.
    pub fn new() -> Self {
        Self {
            settings: Settings::new(DEFAULT_ENDPOINT),
            client: Client::new(),
            notice: Notice::from_env(),
            key: None,
            keys: Mutex::default(),
        }
    }

    /// Makes an exporter to OpenAI's dashboard, with the key, the organization and the project of the environment:
    /// `OPENAI_API_KEY`, `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`. Needs the feature `tls`.
    pub fn openai() -> Self {
        let mut this = Self::new().endpoint(OPENAI);
        let read = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(key) = read("OPENAI_API_KEY") {
            this = this.key(&key);
        }
        if let Some(id) = read("OPENAI_ORG_ID") {
            this = this.organization(&id);
        }
        match read("OPENAI_PROJECT_ID") {
            Some(id) => this.project(&id),
            None => this,
        }
    }

    /// Sends to this URL, path included.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.settings.set_endpoint(url);
        self.client = Client::new();
        self
    }

    /// Says to whose account traces go that do not [say it themselves](crate::agents::TraceBuilder::api_key).
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Says to which organization of the account.
    #[must_use]
    pub fn organization(self, id: &str) -> Self {
        self.header("OpenAI-Organization", id)
    }

    /// Says to which project of the account.
    #[must_use]
    pub fn project(self, id: &str) -> Self {
        self.header("OpenAI-Project", id)
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
        let target = self.settings.target()?;
        if is_openai(target) && self.key.is_none() {
            return Err(Failure::Never { reason: "OpenAI takes no traces without a key: set OPENAI_API_KEY".into() });
        }
        Ok(())
    }

    fn deliver(&self, batch: &Batch) -> Result<(), Failure> {
        let target = self.settings.target()?;
        self.learn(batch);
        let traces = batch.traces().map(|trace| (self.key_of(trace.trace_id), openai_ingest::trace(trace)));
        let spans = batch.records().iter().map(|span| (self.key_of(span.trace_id), item(span, target)));
        for (key, items) in by_key(traces.chain(spans)) {
            if key.is_none() && is_openai(target) {
                self.check()?;
            }
            for items in items.chunks(MOST_ITEMS) {
                self.send(target, key.as_deref(), &openai_ingest::body(items))?;
            }
        }
        Ok(())
    }

    fn send(&self, target: &Target, key: Option<&str>, body: &str) -> Result<(), Failure> {
        let mut headers = self.settings.headers.clone();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(HeaderName::from_static("openai-beta"), HeaderValue::from_static("traces=v1"));
        if let Some(key) = key {
            let mut value = HeaderValue::try_from(format!("Bearer {key}"))
                .map_err(|_| Failure::Never { reason: "the key holds characters that HTTP does not allow".into() })?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let answer = self.client.post(target, self.settings.timeout, headers, body.as_bytes())?;
        if answer.head.status.is_success() { Ok(()) } else { Err(failure(target, &answer)) }
    }

    /// Remembers whose the traces of a batch are.
    fn learn(&self, batch: &Batch) {
        collector::unforked(|| {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            for run in &batch.traces {
                let Some(key) = &run.key else { continue };
                if keys.len() >= MOST_KEYS {
                    keys.pop_front();
                }
                keys.push_back((run.record.trace_id, key.clone()));
            }
        });
    }

    fn key_of(&self, trace: TraceId) -> Option<Text> {
        let own = collector::unforked(|| {
            let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.iter().rev().find(|(id, _)| *id == trace).map(|(_, key)| key.clone())
        });
        own.or_else(|| self.key.clone())
    }
}

/// Returns true for OpenAI's own endpoint, which wants less than others take.
fn is_openai(target: &Target) -> bool {
    target.uri.host().is_some_and(|host| host.eq_ignore_ascii_case("api.openai.com"))
}

fn item(span: &SpanRecord, target: &Target) -> Value {
    let mut item = openai_ingest::span(span);
    if is_openai(target) {
        openai_ingest::fit(&mut item);
    }
    item
}

/// Puts together what goes to one account, in order.
fn by_key(items: impl Iterator<Item = (Option<Text>, Value)>) -> Vec<(Option<Text>, Vec<Value>)> {
    let mut groups: Vec<(Option<Text>, Vec<Value>)> = Vec::new();
    for (key, item) in items {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    groups
}

/// Returns what it means that the server did not say yes: more of it may pass than with OTLP.
fn failure(target: &Target, answer: &Answer) -> Failure {
    let says = words(&answer.head, &answer.body);
    let refused = refusal(target, &answer.head, &says, "the path of this endpoint is mostly /v1/traces/ingest");
    let is_final = answer.head.headers.get("x-should-retry").is_some_and(|value| value.as_bytes() == b"false");
    let status = answer.head.status;
    let may_pass = !is_final && (status.is_server_error() || matches!(status.as_u16(), 408 | 409 | 429));
    match refused {
        Failure::Later { reason, .. } if is_final => Failure::Never { reason },
        Failure::Never { reason } if may_pass => Failure::Later { reason, after: None },
        other => other,
    }
}

impl Default for OpenAiAgents {
    fn default() -> Self {
        Self::new()
    }
}

/// Headers and keys are left out.
impl fmt::Debug for OpenAiAgents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.settings.target();
        f.debug_struct("OpenAiAgents").field("endpoint", &target.map(|target| &target.shown)).finish_non_exhaustive()
    }
}

impl Exporter for OpenAiAgents {
    fn form(&self) -> Form {
        Form::Records
    }

    fn wants_traces(&self) -> bool {
        true
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let result = self.deliver(batch);
        match &result {
            Ok(()) => self.notice.delivered(),
            Err(failure) => self.notice.failed(failure, "check the address, the key and the server"),
        }
        result
    }
}
