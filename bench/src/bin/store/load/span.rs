//! One span as bytes.

use std::fmt::Write as _;

use super::words::{MODELS, NOUNS, Words, operation, service};
use crate::{
    otlp::{Value, attribute, bytes, fixed, number},
    question::{marked_text, tenant_name, user_name},
    random::Random,
};

/// The field of a span's attributes.
const ATTRIBUTES: u64 = 9;
/// Of so many model calls, one has a word that no other has.
const MARKED: u64 = 500;

/// What is decided of a span before it is written.
pub(super) struct Span {
    pub(super) trace: [u8; 16],
    pub(super) id: [u8; 8],
    /// Its parent and the parent's service.
    pub(super) above: Option<([u8; 8], usize)>,
    pub(super) service: usize,
    pub(super) operation: usize,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) user: usize,
    pub(super) tenant: usize,
    pub(super) session: u64,
}

/// Writes spans.
pub(super) struct Writer {
    words: Words,
    names: Vec<String>,
    text: String,
    calls: u64,
}

impl Writer {
    pub(super) fn new(random: &mut Random) -> Self {
        let names = (0..super::OPERATIONS).map(|number| operation(number / 20, number % 20)).collect();
        Self { words: Words::new(random), names, text: String::new(), calls: 0 }
    }

    /// Returns the bytes, and whether the span is the call of a model.
    pub(super) fn write(&mut self, random: &mut Random, span: &Span) -> (Vec<u8>, bool) {
        let is_call = random.chance(0.05);
        let is_error = random.chance(0.02);
        let crosses = span.above.is_none_or(|(_, service)| service != span.service);
        let kind = match (is_call, crosses) {
            (true, _) => 3,
            (_, true) => 2,
            _ => 1 + 2 * u64::from(random.chance(0.4)),
        };
        let model = random.pick(&MODELS);
        let mut out = Vec::with_capacity(if is_call { 4_096 } else { 768 });
        bytes(&mut out, 1, &span.trace);
        bytes(&mut out, 2, &span.id);
        if let Some((parent, _)) = span.above {
            bytes(&mut out, 4, &parent);
        }
        if is_call {
            bytes(&mut out, 5, format!("chat {model}").as_bytes());
        } else {
            bytes(&mut out, 5, self.name(span).as_bytes());
        }
        number(&mut out, 6, kind);
        fixed(&mut out, 7, span.start);
        fixed(&mut out, 8, span.end);
        let bits = random.next();
        self.put(&mut out, "enduser.id", format_args!("{}", user_name(span.user)));
        self.put(&mut out, "session.id", format_args!("{:016x}", span.session));
        self.put(&mut out, "app.tenant", format_args!("{}", tenant_name(span.tenant)));
        attribute(&mut out, ATTRIBUTES, "thread.id", &Value::Int((bits % 64) as i64));
        if is_call {
            self.call(&mut out, random, model, bits);
        } else {
            self.work(&mut out, random, span, kind, is_error, bits);
        }
        if is_error || random.chance(0.08) {
            self.event(&mut out, span, is_error, bits);
        }
        if is_error {
            let mut status = Vec::new();
            bytes(&mut status, 2, b"deadline exceeded");
            number(&mut status, 3, 2);
            bytes(&mut out, 15, &status);
        }
        (out, is_call)
    }

    /// Returns how many texts were marked.
    pub(super) fn marks(&self) -> u64 {
        self.calls / MARKED
    }

    fn name(&self, span: &Span) -> &str {
        self.names.get(span.operation / 20 * 20 + span.service).map_or("", String::as_str)
    }

    fn put(&mut self, out: &mut Vec<u8>, key: &str, value: std::fmt::Arguments<'_>) {
        self.text.clear();
        let _ = self.text.write_fmt(value); // a String takes everything
        attribute(out, ATTRIBUTES, key, &Value::Text(&self.text));
    }

    /// The call of a model: 1 to 4 KB of text.
    fn call(&mut self, out: &mut Vec<u8>, random: &mut Random, model: &str, bits: u64) {
        self.calls += 1;
        let total = 1_024 + random.below(3_072);
        let asked = total / 4 + random.below(total / 2);
        let provider = if model.starts_with("gpt") { "openai" } else { "other" };
        for (key, text) in
            [("gen_ai.operation.name", "chat"), ("gen_ai.system", provider), ("gen_ai.request.model", model)]
        {
            attribute(out, ATTRIBUTES, key, &Value::Text(text));
        }
        attribute(out, ATTRIBUTES, "gen_ai.request.temperature", &Value::Float((bits % 11) as f64 / 10.0));
        attribute(out, ATTRIBUTES, "gen_ai.usage.input_tokens", &Value::Int((asked / 4) as i64));
        attribute(out, ATTRIBUTES, "gen_ai.usage.output_tokens", &Value::Int(((total - asked) / 4) as i64));
        self.text.clear();
        if self.calls.is_multiple_of(MARKED) {
            self.text = marked_text(self.calls / MARKED);
        }
        self.words.prose(random, asked, &mut self.text);
        attribute(out, ATTRIBUTES, "gen_ai.prompt", &Value::Text(&self.text));
        self.text.clear();
        self.words.prose(random, total - asked, &mut self.text);
        attribute(out, ATTRIBUTES, "gen_ai.completion", &Value::Text(&self.text));
    }

    fn work(&mut self, out: &mut Vec<u8>, random: &mut Random, span: &Span, kind: u64, is_error: bool, bits: u64) {
        let codes = [200, 200, 200, 200, 201, 204, 304, 404];
        let code = if is_error { 500 + (bits % 4) as i64 } else { random.pick(&codes) };
        let noun = NOUNS.get(span.service).copied().unwrap_or_default();
        attribute(
            out,
            ATTRIBUTES,
            "http.request.method",
            &Value::Text(random.pick(&["GET", "GET", "GET", "POST", "PUT"])),
        );
        attribute(out, ATTRIBUTES, "http.route", &Value::Text(self.name(span)));
        self.put(out, "url.path", format_args!("/v1/{noun}/{}", (bits >> 20) % 200_000));
        attribute(out, ATTRIBUTES, "http.response.status_code", &Value::Int(code));
        let name = service(span.service);
        self.put(out, "server.address", format_args!("{name}-{}.prod.svc.cluster.local", (bits >> 40) % 4));
        attribute(out, ATTRIBUTES, "http.response.body.size", &Value::Int(((bits >> 30) % 50_000) as i64));
        attribute(out, ATTRIBUTES, "app.cache.hit", &Value::Bool(bits & 1 == 0));
        if kind == 3 {
            attribute(out, ATTRIBUTES, "db.system", &Value::Text("postgresql"));
            let limit = (bits >> 44) % 100;
            self.put(
                out,
                "db.statement",
                format_args!("SELECT * FROM {noun} WHERE tenant = $1 AND id = $2 LIMIT {limit}"),
            );
        } else {
            let id = random.next();
            self.put(out, "request.id", format_args!("{id:016x}{:04x}", bits as u16));
        }
    }

    fn event(&mut self, out: &mut Vec<u8>, span: &Span, is_error: bool, bits: u64) {
        let mut event = Vec::with_capacity(160);
        fixed(&mut event, 1, span.start + (span.end - span.start) / 2);
        if is_error {
            bytes(&mut event, 2, b"exception");
            attribute(&mut event, 3, "exception.type", &Value::Text("TimeoutError"));
            let text = format!("upstream {} timed out after {} ms", service(span.service), bits % 5_000);
            attribute(&mut event, 3, "exception.message", &Value::Text(&text));
        } else {
            bytes(&mut event, 2, b"cache.lookup");
            attribute(&mut event, 3, "cache.key", &Value::Text(&format!("k:{:x}", bits % 1_000_000)));
        }
        bytes(out, 11, &event);
    }
}

/// Eight attributes of a service.
pub(super) fn resource(number: usize) -> Vec<u8> {
    let name = service(number);
    let mut out = Vec::new();
    let languages = ["go", "python", "nodejs", "rust"];
    for (key, value) in [
        ("service.name", name.to_owned()),
        ("service.version", format!("1.{}.{}", number % 7, number % 3)),
        ("service.instance.id", format!("{name}-7f9c{number:02x}")),
        ("host.name", format!("node-{}", number % 6)),
        ("deployment.environment.name", "production".into()),
        ("telemetry.sdk.language", languages.get(number % 4).copied().unwrap_or_default().into()),
        ("telemetry.sdk.name", "opentelemetry".into()),
        ("k8s.pod.name", format!("{name}-5d8{number:02}-x{}", number * 37 % 97)),
    ] {
        attribute(&mut out, 1, key, &Value::Text(&value));
    }
    out
}
