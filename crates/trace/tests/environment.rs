//! What each environment variable of OpenTelemetry does. Each test is a process of its own: a process has one environment.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::env;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::{Batch, Exporter, Failure, Memory, Otlp};
use trackway::{Context, SpanRecord, TraceFlags, Tracer};

const SOON: Duration = Duration::from_secs(10);
const CHILD: &str = "ENVIRONMENT_TEST";

/// Runs `test` in a process that has these variables and none of that kind beside them; returns what it said. Of several in one
/// test the first is run, so they are all the same.
fn with(name: &str, variables: &[(&str, &str)], test: impl FnOnce()) -> String {
    if env::var(CHILD).is_ok_and(|child| child == name) {
        test();
        // What follows the first test of several is not for this process.
        std::process::exit(0);
    }
    let mut program = Command::new(env::current_exe().unwrap());
    for (known, _) in env::vars_os() {
        if known.to_string_lossy().starts_with("OTEL_") || known.to_string_lossy().starts_with("TRACKWAY_") {
            program.env_remove(known);
        }
    }
    program.args(["--exact", name, "--nocapture"]).env(CHILD, name).envs(variables.iter().copied());
    let output = program.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{variables:?}: {said}");
    said
}

/// Returns the record of a span that a new tracer begins.
fn record() -> SpanRecord {
    let tracer = Tracer::builder().build();
    let span = tracer.span("work").start();
    span.record().unwrap()
}

#[test]
fn sdk_disabled() {
    for variable in ["OTEL_SDK_DISABLED", "TRACKWAY_DISABLED"] {
        with("sdk_disabled", &[(variable, "True")], || {
            let tracer = Tracer::builder().exporter(Memory::new()).build();
            assert!(!tracer.is_enabled() && !tracer.span("work").start().is_recording());
        });
    }
}

#[test]
fn service_name() {
    let variables = [("OTEL_SERVICE_NAME", "shop"), ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other")];
    with("service_name", &variables, || assert_eq!(record().resource.service(), "shop"));
}

#[test]
fn resource_attributes() {
    let variables = [("OTEL_RESOURCE_ATTRIBUTES", "host.name=here,note=a%2Cb, service.name = shop")];
    with("resource_attributes", &variables, || {
        let resource = record().resource;
        assert_eq!((resource.service(), resource.attributes.text("host.name")), ("shop", Some("here")));
        assert_eq!(resource.attributes.text("note"), Some("a,b"));
    });
}

/// Returns whether a trace that begins here is recorded, and one whose parent elsewhere is, or is not.
fn sampled(tracer: &Tracer) -> [bool; 3] {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(), "00f067aa0ba902b7".parse().unwrap());
    let root = tracer.span("work").start().is_recording();
    [TraceFlags::SAMPLED, TraceFlags::default()]
        .map(|flags| tracer.span("work").child_of(Context::remote(trace, span, flags)).start().is_recording())
        .into_iter()
        .fold([root; 3], |[root, _, before], now| [root, before, now])
}

#[test]
fn traces_sampler() {
    // Without a parent; with one that is recorded; with one that is not.
    for (sampler, share, expected) in [
        ("always_on", "", "[true, true, true]"),
        ("always_off", "", "[false, false, false]"),
        ("traceidratio", "0", "[false, false, false]"),
        ("traceidratio", "1", "[true, true, true]"),
        ("parentbased_always_on", "", "[true, true, false]"),
        ("parentbased_always_off", "", "[false, true, false]"),
        ("parentbased_traceidratio", "0", "[false, true, false]"),
        ("parentbased_traceidratio", "", "[true, true, false]"),
        ("jaeger_remote", "", "[true, true, false]"),
    ] {
        let variables = [("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", share), ("EXPECTED", expected)];
        let said = with("traces_sampler", &variables, || {
            assert_eq!(format!("{:?}", sampled(&Tracer::builder().build())), env::var("EXPECTED").unwrap());
        });
        assert_eq!(said.contains("OTEL_TRACES_SAMPLER is \"jaeger_remote\""), sampler == "jaeger_remote", "{said}");
    }
}

#[test]
fn traces_sampler_arg() {
    let variables = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
    with("traces_sampler_arg", &variables, || {
        let tracer = Tracer::builder().build();
        let recorded = (0..1000).filter(|_| tracer.span("work").start().is_recording()).count();
        assert!((150..350).contains(&recorded), "{recorded}");
    });
}

/// Returns a span with five attributes, an event with five and a link, of each three.
fn crowded(tracer: &Tracer) -> SpanRecord {
    let (trace, to) = ("4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(), "00f067aa0ba902b7".parse().unwrap());
    let to = Context::remote(trace, to, TraceFlags::SAMPLED);
    let span = tracer.span("work").follows_from(&to).follows_from(&to).follows_from(&to).start();
    for key in ["a", "b", "c", "d", "e"] {
        span.attribute(key, "0123456789");
    }
    for _ in 0..3 {
        let event = span.event("event");
        for key in ["a", "b", "c", "d", "e"] {
            event.field(key, 1);
        }
    }
    span.record().unwrap()
}

fn limited(name: &str, variables: &[(&str, &str)], look: fn(&SpanRecord)) {
    with(name, variables, || {
        let memory = Memory::new();
        let tracer = Tracer::builder().exporter(memory.clone()).build();
        look(&crowded(&tracer));
        // What goes through a ring is limited in the same way.
        {
            let _active = tracer.activate();
            let guard = trackway::span!("work");
            for key in ["a", "b", "c", "d", "e"] {
                guard.attribute(key, "0123456789");
            }
            let (trace, to) =
                ("4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(), "00f067aa0ba902b7".parse().unwrap());
            for _ in 0..3 {
                let event = guard.event("event");
                for key in ["a", "b", "c", "d", "e"] {
                    event.field(key, 1);
                }
                guard.link(&Context::remote(trace, to, TraceFlags::SAMPLED));
            }
        }
        assert!(tracer.flush(SOON));
        look(&memory.spans()[1]);
    });
}

#[test]
fn attribute_count_limit() {
    limited("attribute_count_limit", &[("OTEL_ATTRIBUTE_COUNT_LIMIT", "2")], |span| {
        assert_eq!((span.attributes.len(), span.dropped.attributes), (2, 3));
        assert_eq!((span.events[0].attributes.len(), span.events[0].dropped_attributes), (2, 3));
    });
}

#[test]
fn attribute_value_length_limit() {
    limited("attribute_value_length_limit", &[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")], |span| {
        assert_eq!(span.attributes.text("a"), Some("012"));
    });
}

#[test]
fn span_attribute_count_limit() {
    let variables = [("OTEL_ATTRIBUTE_COUNT_LIMIT", "4"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")];
    limited("span_attribute_count_limit", &variables, |span| {
        assert_eq!((span.attributes.len(), span.events[0].attributes.len()), (1, 4));
    });
}

#[test]
fn span_attribute_value_length_limit() {
    let variables = [("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"), ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5")];
    limited("span_attribute_value_length_limit", &variables, |span| {
        assert_eq!(span.attributes.text("a"), Some("01234"));
    });
}

#[test]
fn span_event_count_limit() {
    limited("span_event_count_limit", &[("OTEL_SPAN_EVENT_COUNT_LIMIT", "2")], |span| {
        assert_eq!((span.events.len(), span.dropped.events), (2, 1));
    });
}

#[test]
fn span_link_count_limit() {
    limited("span_link_count_limit", &[("OTEL_SPAN_LINK_COUNT_LIMIT", "2")], |span| {
        assert_eq!((span.links.len(), span.dropped.links), (2, 1));
    });
}

#[test]
fn event_attribute_count_limit() {
    limited("event_attribute_count_limit", &[("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1")], |span| {
        assert_eq!((span.events[0].attributes.len(), span.events[0].dropped_attributes), (1, 4));
        assert_eq!(span.attributes.len(), 5);
    });
}

#[test]
fn link_attribute_count_limit() {
    with("link_attribute_count_limit", &[("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "0")], || {
        let link = crowded(&Tracer::builder().build()).links[0].clone();
        assert_eq!((link.attributes.len(), link.dropped_attributes), (0, 1));
    });
}

/// Notes how many spans each batch has; waits with the first until it is told to go on, where somebody can tell it.
#[derive(Clone, Default)]
struct Batches {
    sizes: Arc<Mutex<Vec<usize>>>,
    gate: Arc<Mutex<Option<mpsc::Receiver<()>>>>,
    fails: bool,
}

impl Exporter for Batches {
    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let gate = self.gate.lock().unwrap().take();
        gate.map(|gate| gate.recv());
        if self.fails {
            return Err(Failure::Later { reason: "away".to_owned(), after: None });
        }
        self.sizes.lock().unwrap().push(batch.len());
        Ok(())
    }
}

fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn bsp_max_export_batch_size() {
    with("bsp_max_export_batch_size", &[("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2")], || {
        let batches = Batches::default();
        let tracer = Tracer::builder().exporter(batches.clone()).build();
        (0..5).for_each(|_| tracer.span("work").start().finish());
        assert!(tracer.flush(SOON));
        let sizes = batches.sizes.lock().unwrap().clone();
        assert!(sizes.iter().sum::<usize>() == 5 && sizes.iter().all(|size| *size <= 2), "{sizes:?}");
    });
}

#[test]
fn bsp_schedule_delay() {
    with("bsp_schedule_delay", &[("OTEL_BSP_SCHEDULE_DELAY", "60000")], || {
        let batches = Batches::default();
        let tracer = Tracer::builder().exporter(batches.clone()).build();
        tracer.span("work").start().finish();
        // Longer than what is usual, and than the collector takes to look.
        thread::sleep(Duration::from_millis(800));
        tracer.span("work").start().finish();
        assert!(tracer.flush(SOON));
        assert_eq!(*batches.sizes.lock().unwrap(), [2]);
    });
}

#[test]
fn bsp_max_queue_size() {
    with("bsp_max_queue_size", &[("OTEL_BSP_MAX_QUEUE_SIZE", "3"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512")], || {
        let (go, gate) = mpsc::channel();
        let batches = Batches { gate: Arc::new(Mutex::new(Some(gate))), ..Batches::default() };
        let tracer = Tracer::builder().exporter(batches.clone()).build();
        (0..10).for_each(|_| tracer.span("work").start().finish());
        assert!(!tracer.flush(Duration::from_millis(200)));
        until(|| tracer.stats().exporters[0].dropped.queue_full == 7);
        go.send(()).unwrap();
        assert!(tracer.flush(SOON));
        assert_eq!(batches.sizes.lock().unwrap().iter().sum::<usize>(), 3);
    });
}

#[test]
fn bsp_export_timeout() {
    with("bsp_export_timeout", &[("OTEL_BSP_EXPORT_TIMEOUT", "50")], || {
        let tracer = Tracer::builder().exporter(Batches { fails: true, ..Batches::default() }).build();
        tracer.span("work").start().finish();
        tracer.flush(SOON);
        until(|| tracer.stats().exporters[0].dropped.failed == 1);
    });
}

#[test]
fn traces_exporter() {
    let port = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    for (names, exporters) in [
        ("", "1"),
        ("otlp", "1"),
        ("none", "0"),
        ("console", "1"),
        ("Zipkin", "1"),
        ("otlp, console", "2"),
        ("paper", "1"),
    ] {
        let variables = [("OTEL_TRACES_EXPORTER", names), ("EXPECTED", exporters), port[0]];
        let said = with("traces_exporter", &variables, || {
            let installed = trackway::init();
            assert_eq!(installed.tracer().stats().exporters.len().to_string(), env::var("EXPECTED").unwrap());
        });
        assert_eq!(said.contains("OTEL_TRACES_EXPORTER has \"paper\""), names == "paper", "{said}");
    }
}

#[test]
fn clock() {
    for clock in ["portable", "tsc", "sundial"] {
        with("clock", &[("TRACKWAY_CLOCK", clock)], || {
            let memory = Memory::new();
            let tracer = Tracer::builder().exporter(memory.clone()).build();
            let _active = tracer.activate();
            drop(trackway::span!("work"));
            let before = tracer.now();
            assert!(tracer.flush(SOON));
            let span = memory.spans().remove(0);
            assert!(span.start <= span.end.unwrap() && before.0.abs_diff(span.start.0) < 1_000_000_000);
        });
    }
}

#[test]
fn log_level() {
    let wrong = ("OTEL_SPAN_EVENT_COUNT_LIMIT", "many");
    let quiet = [("OTEL_LOG_LEVEL", "none"), ("OTEL_LOG_LEVEL", "OFF"), ("TRACKWAY_QUIET", "1")];
    let heard = with("log_level", &[wrong, ("OTEL_LOG_LEVEL", "info")], || drop(record()));
    assert!(heard.contains("OTEL_SPAN_EVENT_COUNT_LIMIT is \"many\""), "{heard}");
    for variable in quiet {
        assert_eq!(with("log_level", &[wrong, variable], || {}), "", "{variable:?}");
    }
}

#[test]
fn what_cannot_be_understood_counts_as_not_set() {
    let variables = [
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "1e3"),
        ("OTEL_SDK_DISABLED", "perhaps"),
        ("OTEL_TRACES_SAMPLER_ARG", "25%"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
    ];
    let said = with("what_cannot_be_understood_counts_as_not_set", &variables, || {
        let memory = Memory::new();
        let tracer = Tracer::builder().exporter(memory.clone()).build();
        tracer.span("work").start().finish();
        assert!(tracer.flush(SOON) && memory.spans().len() == 1);
    });
    assert!(variables[..6].iter().all(|(name, _)| said.contains(name)), "{said}");
}

#[test]
fn certificates_are_refused_aloud() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ssl/ours.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/etc/ssl/key.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/etc/ssl/client.pem"),
    ];
    let said = with("certificates_are_refused_aloud", &variables, || {
        let exporters = [Otlp::new(), Otlp::new()];
        assert_eq!(exporters.len(), 2);
    });
    assert!(variables.iter().all(|(name, _)| said.matches(&format!("{name} is not obeyed")).count() == 1), "{said}");
    assert!(!said.contains("/etc/ssl"), "{said}");
    assert_eq!(with("certificates_are_refused_aloud", &[], || {}), "");
}

#[test]
fn every_variable_that_is_documented_is_tested() {
    let page = include_str!("../../../docs/environment.md");
    let sources = [
        include_str!("environment.rs"),
        include_str!("propagation.rs"),
        include_str!("../src/export/otlp/settings.rs"),
        include_str!("../src/export/otlp/tests.rs"),
        include_str!("../src/export/zipkin.rs"),
    ];
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    for row in &rows {
        let shown_by = row.trim_end_matches('|').rsplit('|').next().unwrap().trim().trim_matches('`').to_owned();
        let test = format!("fn {shown_by}(");
        assert!(!shown_by.is_empty() && sources.iter().any(|source| source.contains(&test)), "{row}");
    }
    assert!(rows.len() > 25, "{}", rows.len());
}
