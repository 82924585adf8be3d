//! The requests that are sent: made from a seed, and encoded before the clock starts.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;

const SERVICES: usize = 20;
const OPERATIONS: usize = 200;
const LARGEST_TRACE: f64 = 200.0;
const SPANS_IN_REQUEST: usize = 500;
/// When the last trace began, so that two runs send the same bytes.
const NEWEST: u64 = 1_790_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// A load, described by [`Load::description`].
pub(crate) struct Load {
    pub(crate) requests: Vec<Request>,
    pub(crate) spans: usize,
}

/// One encoded request.
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    pub(crate) spans: usize,
}

/// Numbers that look random and are the same for the same seed: SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.fraction() * bound as f64) as usize
    }

    /// Returns a number from 0 up to 1, which excluded.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

impl Load {
    /// Makes a load of so many spans.
    pub(crate) fn generate(seed: u64, spans: usize) -> Self {
        let mut random = Random(seed);
        let mut requests = Vec::new();
        let (mut waiting, mut made) = (Vec::new(), 0);
        while made < spans {
            let size = LARGEST_TRACE.powf(random.fraction()).round() as usize;
            let start = NEWEST - (spans - made) as u64 * MILLISECOND;
            let trace = trace(&mut random, size.min(spans - made), start);
            made += trace.len();
            waiting.extend(trace);
            while waiting.len() >= SPANS_IN_REQUEST {
                let rest = waiting.split_off(SPANS_IN_REQUEST);
                requests.push(encode(std::mem::replace(&mut waiting, rest)));
            }
        }
        if !waiting.is_empty() {
            requests.push(encode(waiting));
        }
        Self { requests, spans }
    }

    /// Returns the mean bytes of a span in its request.
    pub(crate) fn bytes_per_span(&self) -> f64 {
        self.requests.iter().map(|request| request.body.len()).sum::<usize>() as f64 / self.spans as f64
    }

    /// Returns what the load is, in words.
    pub(crate) fn description(&self) -> String {
        format!(
            "{} spans as OTLP/HTTP protobuf, {SPANS_IN_REQUEST} a request, {:.0} bytes a span; {SERVICES} services, \
             {OPERATIONS} operations, traces of 1 to {LARGEST_TRACE} spans, 12 attributes a span, 1 to 4 KB of text in 5 %",
            self.spans,
            self.bytes_per_span()
        )
    }
}

/// A span and the number of its service.
type Placed = (usize, Span);

/// Makes the spans of one trace, each below an earlier one.
fn trace(random: &mut Random, size: usize, start: u64) -> Vec<Placed> {
    let id = [random.next(), random.next()].map(u64::to_be_bytes).concat();
    let mut spans: Vec<Placed> = Vec::with_capacity(size);
    for _ in 0..size {
        let above = random.below(spans.len().max(1));
        let parent =
            spans.get(above).map(|(service, span)| (*service, span.span_id.clone(), span.start_time_unix_nano));
        let (service, parent_id, earliest) = parent.unwrap_or((random.below(SERVICES), Vec::new(), start));
        // Most work stays in its process.
        let service = if random.one_in(4) { random.below(SERVICES) } else { service };
        let begin = earliest + random.below(MILLISECOND as usize) as u64;
        let is_error = random.one_in(50);
        let span = Span {
            trace_id: id.clone(),
            span_id: random.next().to_be_bytes().to_vec(),
            parent_span_id: parent_id,
            flags: 1,
            name: operation(random),
            kind: 1 + random.below(5) as i32,
            start_time_unix_nano: begin,
            end_time_unix_nano: begin + random.below(100 * MILLISECOND as usize) as u64,
            attributes: attributes(random),
            events: if is_error { vec![exception(begin)] } else { Vec::new() },
            status: is_error.then(|| Status { message: "deadline exceeded".into(), code: 2 }),
            ..Span::default()
        };
        spans.push((service, span));
    }
    spans
}

/// Few operations make most of the spans.
fn operation(random: &mut Random) -> String {
    let number = (random.fraction().powi(2) * OPERATIONS as f64) as usize;
    format!("{} /api/resource-{number}", if number.is_multiple_of(3) { "POST" } else { "GET" })
}

/// Twelve attributes of every common type, one of them a prompt in 5 % of the spans.
fn attributes(random: &mut Random) -> Vec<KeyValue> {
    let regions = ["eu-central-1", "eu-west-1", "us-east-1", "ap-south-1"];
    let region = regions.get(random.below(regions.len())).copied().unwrap_or_default();
    let last = if random.one_in(20) {
        let length = 1_000 + random.below(3_001);
        attribute("gen_ai.prompt", Value::StringValue(prose(random, length)))
    } else {
        attribute("app.feature", Value::StringValue(format!("feature-{}", random.below(30))))
    };
    let list = (0..3).map(|_| AnyValue { value: Some(Value::IntValue(random.below(100) as i64)) }).collect();
    vec![
        attribute("http.request.method", Value::StringValue("GET".into())),
        attribute("http.response.status_code", Value::IntValue(200 + 100 * random.below(4) as i64)),
        attribute("url.path", Value::StringValue(format!("/api/orders/{}", random.below(1_000_000)))),
        attribute("server.address", Value::StringValue(format!("node-{}.internal", random.below(50)))),
        attribute("server.port", Value::IntValue(8080)),
        attribute("cloud.region", Value::StringValue(region.into())),
        attribute("enduser.id", Value::StringValue(format!("user-{:016x}", random.next()))),
        attribute("app.cached", Value::BoolValue(random.one_in(2))),
        attribute("app.score", Value::DoubleValue(random.fraction())),
        attribute("app.shards", Value::ArrayValue(ArrayValue { values: list })),
        attribute("app.bytes", Value::IntValue(random.below(1 << 20) as i64)),
        last,
    ]
}

/// Text of so many bytes, of a few hundred words.
fn prose(random: &mut Random, length: usize) -> String {
    let syllables = ["ka", "ro", "mi", "ten", "sol", "ve", "du", "lin", "par", "os"];
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        for _ in 0..=random.below(3) {
            text.push_str(syllables.get(random.below(syllables.len())).copied().unwrap_or_default());
        }
        text.push(' ');
    }
    text.truncate(length);
    text
}

fn exception(time: u64) -> Event {
    let attributes = vec![
        attribute("exception.type", Value::StringValue("TimeoutError".into())),
        attribute("exception.message", Value::StringValue("deadline exceeded".into())),
    ];
    Event { time_unix_nano: time, name: "exception".into(), attributes, dropped_attributes_count: 0 }
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// Encodes spans as a collector sends them: those of one service together.
fn encode(placed: Vec<Placed>) -> Request {
    let spans = placed.len();
    let mut groups: Vec<Vec<Span>> = vec![Vec::new(); SERVICES];
    for (service, span) in placed {
        if let Some(group) = groups.get_mut(service) {
            group.push(span);
        }
    }
    let groups = groups.into_iter().enumerate().filter(|(_, spans)| !spans.is_empty());
    let resource_spans = groups.map(|(service, spans)| resource_spans(service, spans)).collect();
    Request { body: ExportTraceServiceRequest { resource_spans }.encode_to_vec(), spans }
}

fn resource_spans(service: usize, spans: Vec<Span>) -> ResourceSpans {
    let text = |key: &str, value: String| attribute(key, Value::StringValue(value));
    let attributes = vec![
        text("service.name", format!("service-{service}")),
        text("service.version", "1.4.2".into()),
        text("service.instance.id", format!("instance-{service}-1")),
        text("telemetry.sdk.language", "rust".into()),
        text("host.name", format!("node-{service}")),
        text("deployment.environment.name", "production".into()),
    ];
    let scope = InstrumentationScope { name: "bench".into(), version: "1".into(), ..InstrumentationScope::default() };
    ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }],
        schema_url: String::new(),
    }
}
