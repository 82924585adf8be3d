//! Owned spans, and what decides about them: samplers, limits, the environment, the global tracer.
//!
//! `fork` has no safe form: this file may call it.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::HashMap;
use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use trackway::export::{Batch, Exporter, Failure, Memory};
use trackway::scopes::{ScopeManager, Scopes};
use trackway::testing::{self, Spans};
use trackway::{
    Attributes, Context, Limits, Processor, Sampler, Span, SpanRecord, StatusCode, Text, Tracer, Value, current, span,
};

const SOON: Duration = Duration::from_secs(10);
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

fn tracer() -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().exporter(memory.clone()).build(), memory)
}

/// Whoever uses the global tracer has it alone.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn received(flags: &str, state: &str) -> Context {
    let parent = format!("{PARENT}-{flags}");
    let headers = [("traceparent", &*parent), ("tracestate", state), ("baggage", "tenant=acme")];
    Context::extract(headers.as_slice()).unwrap()
}

fn sent(context: &Context) -> HashMap<String, String> {
    let mut headers = HashMap::new();
    context.inject(&mut headers);
    headers
}

fn assert_passes_on(tracer: &Tracer, what: &str) {
    for flags in ["00", "01", "03"] {
        let parent = received(flags, "vendor=1");
        let span = tracer.span("call").child_of(&parent).start();
        assert!(!span.is_recording(), "{what}");
        assert_eq!(sent(span.context()), sent(&parent), "{what}");
        let _scope = span.activate();
        assert!(!span!("inside").is_recording(), "{what}");
        assert_eq!(sent(&current()), sent(&parent), "{what}");
        std::thread::spawn({
            let context = current();
            move || context.run(|| assert!(!span!("elsewhere").is_recording()))
        })
        .join()
        .unwrap();
    }
    let baggage = Context::none().with_baggage("tenant", "acme");
    let span = tracer.span("call").child_of(&baggage).start();
    assert_eq!(sent(span.context()), HashMap::from([("baggage".to_owned(), "tenant=acme".to_owned())]), "{what}");
    assert!(sent(tracer.span("call").start().context()).is_empty(), "{what}");
    let _scope = span.activate();
    assert!(!span!("inside").is_recording(), "{what}");
    assert!(!span!("inside").is_recording(), "{what}");
}

#[test]
fn a_span_that_nobody_records_passes_on_what_came() {
    let _alone = alone();
    assert_passes_on(&trackway::tracer(), "no tracer");
    let (tracer, _spans) = testing::tracer();
    tracer.disable();
    assert_passes_on(&tracer, "a disabled tracer for tests");
    let (tracer, memory) = self::tracer();
    let recorded = tracer.span("before").start();
    tracer.disable();
    assert_passes_on(&tracer, "disabled");
    let inside = tracer.span("inside").child_of(&recorded).start();
    assert_eq!(inside.context().span_id(), recorded.context().span_id());
    let scope = inside.activate();
    trackway::active().attribute("not", "the parent's");
    assert!(!span!("inside").is_recording());
    drop(scope);
    assert_eq!(recorded.record().unwrap().attributes.len(), 0);
    drop(recorded);
    tracer.shutdown(SOON);
    assert_passes_on(&tracer, "shut down");
    assert_eq!(memory.spans().len(), 1);
    // Another tracer, which records, is not asked either.
    let _installed = Tracer::builder().exporter(memory.clone()).install();
    assert_passes_on(&tracer, "shut down, beside one that records");
    assert!(span!("after").is_recording());
}

#[test]
fn what_a_sampler_leaves_out_carries_the_tracestate() {
    let (tracer, _memory) = tracer();
    let span = tracer.span("call").child_of(received("00", "vendor=1")).start();
    assert!(!span.is_recording() && !span.context().is_sampled());
    assert_eq!(sent(span.context()), sent(&received("00", "vendor=1")));
    let none = Tracer::builder().sampler(Sampler::always_off()).build();
    let span = none.span("call").child_of(received("03", "vendor=1,ot=th:8;xy:1")).start();
    assert_eq!(span.context().flags().0, 2);
    assert_eq!(span.context().trace_state(), Some("ot=xy:1,vendor=1"));
    assert_eq!(span.context().baggage("tenant"), Some("acme"));
}

#[test]
fn what_was_recorded_before_a_fork_is_left_alone_after_it() {
    let (tracer, _memory) = tracer();
    let span = Arc::new(tracer.span("shared").start());
    span.attribute("list", Value::Array((0..200_000_i64).map(Value::from).collect()));
    let busy = {
        let span = span.clone();
        std::thread::spawn(move || while span.record().is_some() {})
    };
    for _ in 0..10 {
        // SAFETY: as in the tests of endings, the child only does what is to be shown, and ends.
        match unsafe { libc::fork() } {
            0 => {
                // SAFETY: a signal that ends this child, should it hang, and the child's end.
                unsafe { libc::alarm(2) };
                span.attribute("child", 1).event("child").field("a", 1);
                let recorded = span.is_recording() || span.record().is_some();
                span.finish();
                unsafe { libc::_exit(i32::from(recorded)) }
            }
            child => {
                let mut status = 0;
                // SAFETY: `status` is a place for the one number that is written there.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0, "the child hung, or has its parent's span");
            }
        }
    }
    span.finish();
    busy.join().unwrap();
}

/// Makes spans of its own, as an HTTP client would.
#[derive(Clone, Default)]
struct Instrumented {
    own: Arc<OnceLock<Tracer>>,
    calls: Arc<AtomicUsize>,
}

impl Instrumented {
    fn call(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) > 20 {
            return;
        }
        let tracer = self.own.get().unwrap();
        let span = tracer.span("POST /v1/traces").start();
        assert!(!span.is_recording());
        let _scope = span.activate();
        drop(span!("inside"));
        tracer.span("child").start().finish();
        Context::none().run(|| tracer.span("another").start().finish());
    }
}

impl Exporter for Instrumented {
    fn export(&self, _: &Batch) -> Result<(), Failure> {
        self.call();
        Ok(())
    }
}

impl Processor for Instrumented {
    fn on_start(&self, _: &SpanRecord) {
        self.call();
    }

    fn on_end(&self, _: &SpanRecord) {
        self.call();
    }
}

#[test]
fn hooks_and_exporters_are_not_traced() {
    let exporter = Instrumented::default();
    let tracer = Tracer::builder().exporter(exporter.clone()).build();
    exporter.own.set(tracer.clone()).unwrap();
    tracer.span("one").start().finish();
    assert!(tracer.flush(SOON) && tracer.flush(SOON) && tracer.flush(SOON));
    assert_eq!(tracer.stats().emitted, 1);
    assert_eq!(tracer.stats().exporters[0].exported, 1);

    let hook = Instrumented::default();
    let tracer = Tracer::builder().processor(hook.clone()).build();
    hook.own.set(tracer.clone()).unwrap();
    tracer.span("one").start().finish();
    assert!(tracer.flush(SOON) && tracer.flush(SOON) && tracer.flush(SOON));
    assert_eq!(tracer.stats().emitted, 1);
    assert_eq!(hook.calls.load(Ordering::Relaxed), 2);
    assert_eq!(tracer.stats().dropped.total(), 0);

    let hook = Instrumented::default();
    let (tracer, spans) = testing::tracer_of(Tracer::builder().processor(hook.clone()));
    hook.own.set(tracer.clone()).unwrap();
    tracer.span("one").start().finish();
    assert_eq!(spans.finished().len(), 1);
}

#[test]
fn details_belong_to_their_event() {
    let (tracer, _spans) = testing::tracer_of(Tracer::builder().limits(Limits::default().events(2)));
    let span = tracer.span("x").start();
    let first = span.event("first");
    let second = span.event("second");
    let third = span.event("third");
    first.field("of", "first");
    second.field("of", "second");
    third.field("of", "third");
    first.field("late", true);
    let record = span.record().unwrap();
    let of: Vec<_> = record.events.iter().map(|event| event.attributes.text("of").unwrap()).collect();
    assert_eq!(of, ["first", "second"]);
    assert_eq!(record.events[0].attributes.len(), 2);
    assert_eq!(record.dropped.events, 1);
}

#[test]
fn errors_of_several_threads_do_not_mix() {
    let tracer = Tracer::builder().limits(Limits::default().events(1_000_000)).build();
    let span = tracer.span("x").start();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let span = &span;
            scope.spawn(move || {
                for _ in 0..2_000 {
                    let event = span.event("plain");
                    event.field("thread", thread).field("two", 2);
                    span.record_error(&std::io::Error::other("broken"));
                }
            });
        }
    });
    let record = span.record().unwrap();
    assert_eq!(record.events.len(), 16_000);
    assert!(record.events.iter().all(|event| event.attributes.len() == 2));
    assert_eq!(record.status.message, "broken".into());
}

/// Runs the test of that name in a process of its own, with these variables.
fn with_environment(test: &str, variables: &[(&str, &str)]) -> bool {
    if env::var_os("OWNED_CHILD").is_some() {
        return true;
    }
    let mut program = Command::new(env::current_exe().unwrap());
    program.args(["--exact", test, "--nocapture"]).env("OWNED_CHILD", "1").envs(variables.iter().copied());
    let output = program.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    false
}

#[test]
fn what_is_set_wins_over_the_environment() {
    let variables = [("OTEL_TRACES_SAMPLER", "always_off"), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")];
    if !with_environment("what_is_set_wins_over_the_environment", &variables) {
        return;
    }
    assert!(!Tracer::builder().build().span("x").start().is_recording());
    let sampler = Sampler::default();
    let tracer = Tracer::builder().sampler(sampler).limits(Limits::default()).build();
    let span = tracer.span("x").attribute("a", 1).attribute("b", 2).start();
    assert_eq!(span.record().unwrap().attributes.len(), 2);
}

#[test]
fn general_limits_and_names_in_capitals_are_understood() {
    let variables = [
        ("OTEL_TRACES_SAMPLER", "ParentBased_Always_ON"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "2"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4"),
        ("OTEL_RESOURCE_ATTRIBUTES", "telemetry.sdk.name=other,telemetry.sdk.x=y,process.pid=1,host.name=here"),
    ];
    if !with_environment("general_limits_and_names_in_capitals_are_understood", &variables) {
        return;
    }
    let tracer = Tracer::builder().build();
    let span = tracer.span("x").attribute("a", "0123456789").attribute("b", 2).attribute("c", 3).start();
    let record = span.record().unwrap();
    assert_eq!(record.attributes.text("a"), Some("0123"));
    assert_eq!((record.attributes.len(), record.dropped.attributes), (2, 1));
    let resource = &record.resource.attributes;
    assert_eq!(resource.text("telemetry.sdk.name"), Some("trackway"));
    assert_eq!(resource.text("telemetry.sdk.x"), None);
    assert_eq!(resource.get("process.pid"), Some(&Value::from(i64::from(std::process::id()))));
    assert_eq!(resource.text("host.name"), Some("here"));
}

#[test]
fn no_exporter_is_used_where_the_environment_wants_none() {
    if !with_environment("no_exporter_is_used_where_the_environment_wants_none", &[("OTEL_TRACES_EXPORTER", "None")]) {
        return;
    }
    let installed = trackway::init();
    assert_eq!(installed.tracer().stats().exporters.len(), 0);
    drop(installed);
    let installed = Tracer::builder().exporter(Memory::new()).install();
    assert_eq!(installed.tracer().stats().exporters.len(), 1);
}

#[test]
fn thresholds_say_who_decided() {
    let nearly_all = Sampler::probability(1.0 - 1.0 / (1_u64 << 40) as f64).ignoring_parent();
    let state = |sampler, state| {
        let tracer = Tracer::builder().sampler(sampler).build();
        let span = tracer.span("x").child_of(received("01", state)).start();
        assert!(span.is_recording());
        span.context().trace_state().map(str::to_owned)
    };
    assert_eq!(state(Sampler::always_on(), "ot=th:fff"), None);
    assert_eq!(state(Sampler::always_on(), "v=1,ot=th:fff;rv:00000000000001"), Some("ot=rv:00000000000001,v=1".into()));
    assert_eq!(state(Sampler::default(), "v=1,ot=th:f"), Some("v=1,ot=th:f".into()));
    assert_eq!(state(nearly_all.clone(), "v=1,ot=th:f;xy:1"), Some("ot=th:0000000001;xy:1,v=1".into()));
    let long = format!("ot=th:f;xy:{}", "z".repeat(240));
    assert_eq!(state(nearly_all.clone(), &long), Some("ot=th:0000000001".into()));
}

#[test]
fn a_random_number_is_fourteen_digits() {
    let half = Tracer::builder().sampler(Sampler::probability(0.5).ignoring_parent()).build();
    let is_recorded = |state: &str| half.span("x").child_of(received("01", state)).start().is_recording();
    // Without a random number that can be read it is the trace id's, which is below a half.
    assert!(!is_recorded("v=1"));
    assert!(is_recorded("ot=rv:ffffffffffffff"));
    assert!(!is_recorded("ot=rv:+fffffffffffff"));
    assert!(!is_recorded("ot=rv:FFFFFFFFFFFFFF"));
    assert!(!is_recorded("ot=rv:fffffffffffff"));
}

#[test]
fn macros_record_the_share_and_say_so() {
    let _alone = alone();
    let memory = Memory::new();
    let installed = Tracer::builder().sampler(Sampler::probability(0.5)).exporter(memory.clone()).install();
    let mut recorded = 0;
    for _ in 0..1000 {
        let root = span!("root");
        assert_eq!(root.is_recording(), current().is_sampled());
        assert_eq!(current().trace_state(), root.is_recording().then_some("ot=th:8"));
        let inside = span!("inside");
        assert_eq!(inside.is_recording(), root.is_recording());
        recorded += usize::from(root.is_recording());
    }
    assert!((350..650).contains(&recorded), "{recorded}");
    assert!(current().trace_id().is_none() && current().trace_state().is_none());
    Context::none().with_baggage("tenant", "acme").run(|| {
        for _ in 0..20 {
            let _root = span!("root");
            assert_eq!(current().baggage("tenant"), Some("acme"));
        }
        assert_eq!(current().baggage("tenant"), Some("acme"));
    });
    assert!(installed.tracer().flush(SOON));
    let spans = memory.spans();
    assert!(spans.len() >= 2 * recorded);
    assert!(spans.iter().all(|span| &*span.trace_state == "ot=th:8"));
    // Whoever decides alone under a parent says so too, also when that means to take something away.
    drop(installed);
    let memory = Memory::new();
    let installed = Tracer::builder().sampler(Sampler::always_on()).exporter(memory.clone()).install();
    received("00", "ot=th:fff").run(|| drop(span!("macro")));
    assert!(installed.tracer().flush(SOON));
    assert_eq!(&*memory.spans()[0].trace_state, "");
}

#[test]
fn the_first_global_tracer_comes_back() {
    let _alone = alone();
    let (first, second) = (Memory::new(), Memory::new());
    let a = Tracer::builder().exporter(first.clone()).install();
    let b = Tracer::builder().exporter(second.clone()).install();
    drop(span!("of b"));
    drop(b);
    drop(span!("of a"));
    a.tracer().disable();
    drop(span!("of nobody"));
    a.tracer().enable();
    let c = Tracer::builder().exporter(second.clone()).install();
    assert!(a.tracer().flush(SOON));
    assert_eq!(first.spans().iter().map(|span| &*span.name).collect::<Vec<_>>(), ["of a"]);
    // One that is not the global one any more leaves nothing behind.
    drop(a);
    drop(span!("of c"));
    assert!(c.tracer().flush(SOON));
    assert_eq!(second.spans().iter().map(|span| &*span.name).collect::<Vec<_>>(), ["of b", "of c"]);
    drop(c);
    assert!(!trackway::tracer().is_enabled());
    assert!(!span!("of nobody").is_recording());
}

fn spans_of(limits: Limits) -> (Tracer, Spans) {
    testing::tracer_of(Tracer::builder().limits(limits))
}

#[test]
fn links_to_nothing_are_no_links() {
    let (tracer, spans) = spans_of(Limits::default());
    let span = tracer.span("x").link(Context::none()).follows_from(Span::none()).start();
    span.link(Context::none());
    span.finish();
    assert_eq!(spans.finished()[0].links.len(), 0);
    let (tracer, memory) = self::tracer();
    let scope = tracer.activate();
    {
        let guard = span!("guard");
        guard.link(&Context::none()).link(&received("01", ""));
    }
    drop(scope);
    assert!(tracer.flush(SOON));
    assert_eq!(memory.spans()[0].links.len(), 1);
}

#[test]
fn every_text_of_a_span_is_cut() {
    let (tracer, _spans) = spans_of(Limits::default().value_bytes(4));
    let map: Attributes = [(Text::from("k"), Value::from("0123456789"))].into_iter().collect();
    let span = tracer.span("0123456789").attribute("map", Value::Map(map)).start();
    span.event("0123456789");
    span.record_error(&std::io::Error::other("0123456789"));
    let record = span.record().unwrap();
    let map = record.attributes.get("map").cloned();
    assert_eq!(map, Some(Value::Map([(Text::from("k"), Value::from("0123"))].into_iter().collect())));
    let texts = [&*record.name, &*record.events[0].name, &*record.status.message];
    assert_eq!(texts, ["0123", "0123", "0123"]);
    span.rename("9876543210").status(StatusCode::Error, "9876543210");
    let record = span.record().unwrap();
    assert_eq!((&*record.name, &*record.status.message), ("9876", "9876"));
    let _scope = span.activate();
    trackway::active().event("0123456789").status(StatusCode::Error, "0123456789");
    let record = span.record().unwrap();
    assert_eq!((&*record.events[2].name, &*record.status.message), ("0123", "0123"));
}

#[test]
fn a_trace_of_its_own_keeps_the_baggage() {
    let (tracer, _memory) = tracer();
    let _scope = received("01", "v=1").attach();
    let root = tracer.span("x").root().start();
    assert_eq!(root.context().baggage("tenant"), Some("acme"));
    assert_eq!(root.context().trace_state(), None);
    assert_ne!(root.context().trace_id(), current().trace_id());
}

#[test]
fn a_librarys_value_goes_where_the_context_goes() {
    struct Tenant(u32);
    let tenant = || current().local::<Tenant>().map(|tenant| tenant.0);
    let (tracer, _spans) = testing::tracer();
    let context = Context::none().with_local(Arc::new(Tenant(7))).with_baggage("tenant", "acme");
    context.run(|| {
        let outer = tracer.span("outer").start();
        let _outer = outer.activate();
        let _guard = span!("guard");
        let root = tracer.span("root").root().start();
        let _root = root.activate();
        assert_eq!(tenant(), Some(7));
        assert!(current().local::<u32>().is_none());
        let there = current();
        assert_eq!(std::thread::spawn(move || there.run(|| current().local::<Tenant>().unwrap().0)).join().unwrap(), 7);
    });
    let off = testing::tracer_of(Tracer::builder().sampler(Sampler::always_off())).0;
    context.run(|| off.span("unsampled").start().context().run(|| assert_eq!(tenant(), Some(7))));
    assert_eq!(tenant(), None);

    let remote = received("01", "");
    let (trace, span) = (remote.trace_id().unwrap(), remote.span_id().unwrap());
    let moved = context.moved_to(trace, span, remote.flags());
    assert_eq!((moved.span_id(), moved.baggage("tenant")), (Some(span), Some("acme")));
    assert_eq!(moved.local::<Tenant>().unwrap().0, 7);
}

struct Traces(Arc<OnceLock<Tracer>>);

impl ScopeManager for Traces {
    fn here(&self) -> Option<Arc<Scopes>> {
        self.0.get()?.span("looked for").start().finish();
        None
    }
}

#[test]
fn a_scope_manager_that_traces_is_not_asked_by_itself() {
    let own = Arc::default();
    let (tracer, spans) = trackway::testing::tracer_of(trackway::builder().scope_manager(Traces(Arc::clone(&own))));
    assert!(own.set(tracer.clone()).is_ok());
    tracer.span("work").run(|_| ());
    assert_eq!(spans.tree(), "work 1s\n");
}

struct Fails;

impl ScopeManager for Fails {
    fn here(&self) -> Option<Arc<Scopes>> {
        panic!("it cannot be found")
    }
}

#[test]
fn a_scope_manager_that_panics_keeps_nothing() {
    let (tracer, spans) = trackway::testing::tracer_of(trackway::builder().scope_manager(Fails));
    tracer.span("outer").run(|_| tracer.span("inner").run(|_| assert!(tracer.active_span().is_none())));
    assert_eq!(spans.finished().len(), 2);
}
