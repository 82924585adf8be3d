//! Fills an embedded store with a million spans and measures what that takes: `cargo run --release --example load`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement stops at the first error")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use trackway_model::*;
use trackway_store::*;

const THREADS: u64 = 4;
const BATCHES: u64 = 500;
const SPANS: u64 = 500;
const SPANS_IN_TRACE: u64 = 20;

fn main() {
    let directory = std::env::temp_dir().join(format!("trackway-load-{}", std::process::id()));
    let open = || {
        // The body is a number: what is decoded again is what was made from it.
        let decoder: Decoder =
            Box::new(|frame| Ok(batch(std::str::from_utf8(frame.body.get(..20).unwrap()).unwrap().parse().unwrap())));
        Embedded::open(Config::new(&directory), decoder).expect("the store opens")
    };
    println!("empty: {} MiB resident", resident_mib());
    let (store, _) = open();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || (0..BATCHES).for_each(|number| append(store, thread * BATCHES + number)));
        }
    });
    let elapsed = began.elapsed();
    let spans = THREADS * BATCHES * SPANS;
    println!("{spans} spans acknowledged in {elapsed:?}: {:.0} spans/s", spans as f64 / elapsed.as_secs_f64());
    for name in ["store.wal_syncs", "store.wal_frames", "store.traces", "store.bytes_on_disk", "store.memory_bytes"] {
        let counter = store.counters().into_iter().find(|counter| counter.name == name).unwrap();
        println!("{name} = {} {}", counter.value, counter.unit);
    }
    println!("full: {} MiB resident", resident_mib());
    ask(&store);
    drop(store);
    let (store, recovery) = open();
    println!("opened {} spans in {:?}", recovery.spans, recovery.elapsed);
    drop(store);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn append(store: &Embedded, number: u64) {
    // As long as OTLP makes such a batch.
    let body = format!("{number:020}{}", "x".repeat(SPANS as usize * 450));
    let frame = Frame {
        content_type: "load".into(),
        project: None,
        zone: None,
        source: "load".into(),
        arrival: Timestamp(number),
        body: body.into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.append(frame, batch(number))).expect("there is room");
}

fn ask(store: &Embedded) {
    let page = PageRequest { limit: 50, cursor: None };
    let list = |query: TraceQuery| drop(store.traces(&query, &page).unwrap());
    let name = |text: &str| TraceQuery { name: Some(text.into()), ..TraceQuery::default() };
    measure("newest traces", || list(TraceQuery::default()));
    measure("traces by a rare name", || list(name("operation of one trace")));
    measure("traces by a common name", || list(name("OPERATION 7")));
    measure("traces by a name that none has", || list(name("none")));
    measure("traces by a status that none has", || {
        list(TraceQuery { status: Some(TraceStatus::Lost), ..TraceQuery::default() });
    });
    measure("traces by a duration that none has", || {
        list(TraceQuery { min_duration: Some(Elapsed(i64::MAX)), ..TraceQuery::default() });
    });
    measure("traces by everything", || {
        list(TraceQuery {
            service: Some("service 3".into()),
            status: Some(TraceStatus::Error),
            ..name("operation 99")
        });
    });
    let id = batch(777).spans.first().unwrap().trace_id;
    measure("one trace", || drop(store.trace(id, &page).unwrap()));
    measure("one summary", || drop(store.summary(id).unwrap()));
    measure("projects", || drop(store.projects().unwrap()));
    measure("services", || drop(store.services(None).unwrap()));
}

fn measure(what: &str, question: impl Fn()) {
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let began = Instant::now();
            question();
            began.elapsed()
        })
        .collect();
    times.sort();
    println!("{what}: median {:?}, worst {:?}", times.get(10).unwrap(), times.last().unwrap());
}

fn batch(number: u64) -> Batch {
    let resource = Resource {
        attributes: [(keys::SERVICE_NAME, Value::Text(format!("service {}", number % 10).as_str().into()))]
            .into_iter()
            .collect(),
        ..Resource::default()
    };
    let (resource, scope) = (Arc::new(resource), Arc::new(Scope::default()));
    let span = |span: u64| {
        let unique = number * SPANS + span + 1;
        let trace = u128::from(unique.div_ceil(SPANS_IN_TRACE)) | 1 << 100;
        let is_root = (unique - 1).is_multiple_of(SPANS_IN_TRACE);
        let attribute = |key: u64| -> (Text, Value) {
            let name = Text::from(format!("some.attribute.of.span.{key:02}").as_str());
            let value =
                if key.is_multiple_of(3) { Value::Int(span as i64) } else { Value::from("a value of some length") };
            (name, value)
        };
        SpanRecord {
            trace_id: TraceId::new(trace.to_be_bytes()).unwrap(),
            span_id: SpanId::new(unique.to_be_bytes()).unwrap(),
            parent_id: (!is_root).then(|| SpanId::new(1u64.to_be_bytes()).unwrap()),
            flags: 1,
            trace_state: Text::default(),
            name: match unique {
                1 => "operation of one trace".into(),
                _ => format!("operation {}", unique % 100).as_str().into(),
            },
            kind: SpanKind::Internal,
            start: Timestamp(unique * 1_000),
            end: Some(Timestamp(unique * 1_000 + 700)),
            attributes: (0..12).map(attribute).collect(),
            events: Vec::new(),
            links: Vec::new(),
            status: Status::default(),
            dropped: Dropped::default(),
            scope: Arc::clone(&scope),
            resource: Arc::clone(&resource),
            project: "default".into(),
            data: None,
            foreign: None,
            repeats: Default::default(),
        }
    };
    Batch { spans: (0..SPANS).map(span).collect(), events: Vec::new(), traces: Vec::new() }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
