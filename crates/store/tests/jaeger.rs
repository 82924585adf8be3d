//! Jaeger's own battery for storages: its traces, its queries and what these must find, read where `TRACKWAY_CONFORMANCE`
//! says; against every store.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use kit::*;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value as Json;
use trackway_model::*;
use trackway_store::*;
use trackway_wire::otlp::{Encoding, decode_traces};

/// The day on which the battery is thought to run, in nanoseconds since 1970.
const TODAY: u64 = 20_000 * DAY;
const DAY: u64 = 86_400_000_000_000;
/// Midnight of 2017-01-25 in UTC, the earlier of the two days of the traces.
const EARLIER: u64 = 1_485_302_400_000_000_000;

type Make = fn() -> World;
type Check = fn(&mut World, &Battery);

const WORLDS: [(&str, Make); 3] =
    [("memory", World::memory), ("embedded", World::embedded), ("reopened", World::reopened)];

/// The battery's own tests of a storage, by Jaeger's names.
const STORE_TESTS: [(&str, Check); 8] = [
    ("GetServices", services),
    ("GetOperations", operations),
    ("GetTrace", trace_by_id),
    ("GetLargeTrace", large_trace),
    ("GetTraceWithDuplicateSpanIDs", duplicate_span_ids),
    ("FindTraces", find_traces),
    ("FindTraceSummaries", find_summaries),
    ("FindTracesWithoutServiceName", find_without_service),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Some(examples) = std::env::var_os("TRACKWAY_CONFORMANCE").map(PathBuf::from) else {
        let trials = vec![Trial::test("jaeger-storage", || Ok(())).with_ignored_flag(true)];
        return libtest_mimic::run(&arguments, trials).exit_code();
    };
    let battery: &'static Battery = Box::leak(Box::new(Battery::read(&examples.join("jaeger-storage"))));
    assert_eq!((battery.traces.len(), battery.queries.len()), (32, 27), "the battery is whole");
    let mut trials = Vec::new();
    for (name, world) in WORLDS {
        for query in &battery.queries {
            let name = format!("{name}/{}", query.caption);
            trials.push(Trial::test(name, move || query.judge(&mut battery.stored(world()))));
        }
        for (test, run) in STORE_TESTS {
            trials.push(Trial::test(format!("{name}/{test}"), move || {
                run(&mut world(), battery);
                Ok(())
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

struct Battery {
    /// By the names of their files.
    traces: Vec<(String, Vec<SpanRecord>)>,
    queries: Vec<Query>,
}

struct Query {
    caption: String,
    query: TraceQuery,
    expected: BTreeSet<TraceId>,
}

impl Battery {
    fn read(directory: &Path) -> Self {
        let mut traces: Vec<_> =
            std::fs::read_dir(directory.join("traces")).unwrap().map(|it| it.unwrap().path()).collect();
        traces.sort();
        let traces = traces.into_iter().map(|path| {
            let body = std::fs::read(&path).unwrap();
            let decoded = decode_traces(Encoding::Json, &body, None, &mut |_| true).unwrap();
            assert_eq!(decoded.rejected.count, 0, "{}", path.display());
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, decoded.batch.spans.into_iter().map(shifted).collect())
        });
        let traces: Vec<(String, Vec<SpanRecord>)> = traces.collect();
        let mut queries = Vec::new();
        for (file, tags) in [("queries.json", Tags::Values), ("queries_es.json", Tags::Patterns)] {
            let text = std::fs::read(directory.join(file)).unwrap();
            let read: Vec<Json> = serde_json::from_slice(&text).unwrap();
            queries.extend(read.iter().map(|query| Query::read(query, tags, &traces)));
        }
        Self { traces, queries }
    }

    /// A world in which all traces are stored.
    fn stored(&self, mut world: World) -> World {
        world.spans(self.traces.iter().flat_map(|(_, spans)| spans.clone()));
        world
    }

    fn trace(&self, name: &str) -> &[SpanRecord] {
        spans_of(&self.traces, name)
    }
}

fn spans_of<'a>(traces: &'a [(String, Vec<SpanRecord>)], name: &str) -> &'a [SpanRecord] {
    &traces.iter().find(|(other, _)| other == name).unwrap_or_else(|| panic!("no trace {name}")).1
}

/// How the tags of a query are meant.
#[derive(Clone, Copy)]
enum Tags {
    Values,
    /// As Elasticsearch has it: regular expressions.
    Patterns,
}

impl Query {
    fn read(json: &Json, tags: Tags, traces: &[(String, Vec<SpanRecord>)]) -> Self {
        let asked = &json["Query"];
        let mut parts = Vec::new();
        let mut add = |field, test| parts.push(SpanFilter::is(field, test));
        for (name, field) in [("ServiceName", Field::Service), ("OperationName", Field::Name)] {
            let text = asked[name].as_str().unwrap();
            if !text.is_empty() {
                add(field, Test::Eq(Operand::Text(text.into())));
            }
        }
        for (key, value) in asked["Tags"].as_object().into_iter().flatten() {
            let test = match (tags, value) {
                (Tags::Patterns, Json::String(text)) => Test::Matches(Pattern::new(text).unwrap()),
                (_, Json::String(text)) => Test::Eq(Operand::Text(text.as_str().into())),
                (_, Json::Bool(bool)) => Test::Eq(Operand::Bool(*bool)),
                (_, number) => Test::Eq(match number.as_i64() {
                    Some(int) => Operand::Int(int),
                    None => Operand::Double(number.as_f64().unwrap()),
                }),
            };
            add(Field::attribute(Place::Anywhere, key.as_str()), test);
        }
        let time = |name: &str| Operand::Time(shift(asked[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()));
        add(Field::Start, Test::Gte(time("StartTimeMin")));
        add(Field::Start, Test::Lte(time("StartTimeMax")));
        let duration = |name: &str| Some(asked[name].as_i64().unwrap()).filter(|it| *it != 0);
        if let Some(least) = duration("DurationMin") {
            add(Field::Duration, Test::Gte(Operand::Duration(Elapsed(least))));
        }
        if let Some(most) = duration("DurationMax") {
            add(Field::Duration, Test::Lte(Operand::Duration(Elapsed(most))));
        }
        let expected = json["ExpectedFixtures"].as_array().unwrap().iter();
        let expected = expected.map(|name| spans_of(traces, name.as_str().unwrap())[0].trace_id);
        let query = TraceQuery { spans: Some(SpanFilter::All(parts)), ..TraceQuery::default() };
        Self { caption: json["Caption"].as_str().unwrap().to_owned(), query, expected: expected.collect() }
    }

    fn judge(&self, world: &mut World) -> Result<(), Failed> {
        let found = world.store().traces(&self.query, &all())?.items;
        let found: BTreeSet<_> = found.iter().map(|trace| trace.trace_id).collect();
        if found != self.expected {
            return Err(format!("found {found:?}, and not {:?}", self.expected).into());
        }
        // What people can write finds the same.
        let written: SpanFilter = self.query.spans.as_ref().unwrap().to_string().parse()?;
        let query = TraceQuery { spans: Some(written), ..TraceQuery::default() };
        assert_eq!(world.store().traces(&query, &all())?.items.len(), found.len());
        Ok(())
    }
}

/// Moves the battery's days to yesterday and the day before, and keeps the time of day.
fn shift(time: jiff::Timestamp) -> Timestamp {
    shift_nanoseconds(time.as_nanosecond() as u64)
}

fn shift_nanoseconds(time: u64) -> Timestamp {
    let days = if time / DAY == EARLIER / DAY { 2 } else { 1 };
    Timestamp(TODAY - days * DAY + time % DAY)
}

fn shifted(span: SpanRecord) -> SpanRecord {
    span.with(|it| {
        let end = it.end.map(|end| end.since(it.start));
        it.start = shift_nanoseconds(it.start.0);
        it.end = end.map(|elapsed| Timestamp(it.start.0 + elapsed.0 as u64));
        it.events.iter_mut().for_each(|event| event.time = shift_nanoseconds(event.time.0));
    })
}

fn services(world: &mut World, battery: &Battery) {
    world.spans(battery.trace("example_trace").to_vec());
    let services = world.store().services(None).unwrap();
    let names: Vec<_> = services.iter().map(|service| &*service.name).collect();
    assert_eq!(names, ["example-service-1", "example-service-2", "example-service-3"]);
}

fn operations(world: &mut World, battery: &Battery) {
    world.spans(battery.trace("example_trace").to_vec());
    let services = world.store().services(None).unwrap();
    let of_one = &services[0].operations;
    assert_eq!(
        of_one.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["example-operation-1", "example-operation-3", "example-operation-4"]
    );
    let mut with_kind = |kind: &str| -> Vec<Text> {
        let has = |name: &&Text| {
            !world
                .found(&format!(r#"{{ service = "example-service-1" && name = "{name}" && kind = {kind} }}"#))
                .is_empty()
        };
        of_one.clone().iter().filter(has).cloned().collect()
    };
    assert_eq!(with_kind("unspecified"), ["example-operation-1".into()]);
    assert_eq!(with_kind("server"), ["example-operation-3".into()]);
    assert_eq!(with_kind("client"), ["example-operation-4".into()]);
    assert_eq!(with_kind("producer"), []);
}

/// The spans of a trace in an order that does not depend on when they came.
fn sorted(mut spans: Vec<SpanRecord>) -> Vec<SpanRecord> {
    spans.sort_by_key(|span| (span.start, span.span_id, span.name.clone()));
    spans
}

fn whole(world: &mut World, id: TraceId) -> Vec<SpanRecord> {
    let page = PageRequest { limit: 20_000, cursor: None };
    let trace = world.store().trace(id, &page).unwrap().unwrap();
    sorted(trace.spans.items.into_iter().map(|span| span.record).collect())
}

fn trace_by_id(world: &mut World, battery: &Battery) {
    let spans = battery.trace("example_trace").to_vec();
    world.spans(spans.clone());
    assert_eq!(whole(world, spans[0].trace_id), sorted(spans));
    assert_eq!(world.store().trace(trace_id(0xdead), &all()).unwrap(), None);
}

/// As many spans as Jaeger writes, made of its example.
fn many(battery: &Battery, number: u64) -> Vec<SpanRecord> {
    let example = &battery.trace("example_trace")[0];
    let numbered = |id| {
        example.clone().with(|it| {
            it.span_id = span_id(id);
            it.start = Timestamp(it.start.0 + id);
            it.end = Some(Timestamp(it.start.0 + 1_000 + id));
        })
    };
    (1..=number).map(numbered).collect()
}

fn large_trace(world: &mut World, battery: &Battery) {
    let spans = many(battery, 10_008);
    world.spans(spans.clone());
    assert_eq!(whole(world, spans[0].trace_id), sorted(spans));
}

fn duplicate_span_ids(world: &mut World, battery: &Battery) {
    let mut spans = many(battery, 200);
    // Every twentieth has the id of the one before it.
    for number in (19..spans.len()).step_by(20) {
        spans[number].span_id = spans[number - 1].span_id;
    }
    world.spans(spans.clone());
    let found = whole(world, spans[0].trace_id);
    assert_eq!(found.len(), 200);
    assert_eq!(found, sorted(spans));
}

fn find_traces(world: &mut World, battery: &Battery) {
    *world = battery.stored(std::mem::replace(world, World::memory()));
    let found = world.found(r#"{ service = "query22-service" }"#);
    assert_eq!(found.len(), 3);
    for name in ["multiple1_trace", "multiple2_trace", "multiple3_trace"] {
        let spans = battery.trace(name).to_vec();
        assert_eq!(whole(world, spans[0].trace_id), sorted(spans), "{name}");
    }
}

fn find_summaries(world: &mut World, battery: &Battery) {
    *world = battery.stored(std::mem::replace(world, World::memory()));
    let query = TraceQuery {
        spans: Some(r#"{ .sameplacetag1 = "sameplacevalue" }"#.parse().unwrap()),
        ..TraceQuery::default()
    };
    let found = world.store().traces(&query, &all()).unwrap().items;
    assert_eq!(found.len(), 15);
    for summary in found {
        let (_, spans) = battery.traces.iter().find(|(_, spans)| spans[0].trace_id == summary.trace_id).unwrap();
        let start = spans.iter().map(|span| span.start).min().unwrap();
        let end = spans.iter().filter_map(|span| span.end).max().unwrap();
        let services: BTreeSet<&str> = spans.iter().map(SpanRecord::service).collect();
        assert_eq!((summary.start, summary.duration), (start, end.since(start)));
        assert_eq!(summary.span_count, spans.len() as u64);
        assert_eq!(summary.error_count, spans.iter().filter(|span| span.is_error()).count() as u64);
        assert_eq!(summary.services.iter().map(|(name, _)| &**name).collect::<BTreeSet<_>>(), services);
    }
}

fn find_without_service(world: &mut World, battery: &Battery) {
    *world = battery.stored(std::mem::replace(world, World::memory()));
    let id = |name: &str| u128::from_be_bytes(battery.trace(name)[0].trace_id.bytes());
    assert_eq!(world.found(r#"{ name = "query06-operation" }"#), [id("opname_trace")]);
    assert_eq!(
        world.found("{ }").len(),
        battery.traces.iter().map(|(_, spans)| spans[0].trace_id).collect::<BTreeSet<_>>().len()
    );
}
