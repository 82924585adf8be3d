//! Samplers of every kind: who is asked, what they are told, and who hears of the answer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use trackway::export::Memory;
use trackway::{
    Context, InSpan, Sample, Sampler, Sampling, SpanKind, SpanRecord, TraceFlags, Tracer, Verdict, current, span,
    testing,
};

const SOON: Duration = Duration::from_secs(10);

/// A sampler that says what it is asked, and takes what has an even number of letters in its name.
#[derive(Clone, Default)]
struct Even(Arc<Mutex<Vec<String>>>);

impl Sample for Even {
    fn sample(&self, span: &Sampling<'_>) -> Verdict {
        let parent = span.parent.map(|parent| parent.is_sampled());
        self.0.lock().unwrap().push(format!("{} {:?} {parent:?} {}", span.name, span.kind, span.attributes.len()));
        drop(span!("inside of the sampler"));
        Verdict::from(span.name.len().is_multiple_of(2)).attribute("sampled.by", "letters")
    }
}

fn collected(sampler: Sampler) -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().sampler(sampler).exporter(memory.clone()).build(), memory)
}

fn names(spans: &[SpanRecord]) -> Vec<&str> {
    spans.iter().map(|span| &*span.name).collect()
}

fn remote(flags: TraceFlags) -> Context {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    Context::remote(trace.parse().unwrap(), span.parse().unwrap(), flags)
}

#[test]
fn a_rule_of_ones_own_is_asked_where_a_trace_begins_and_nowhere_else() {
    let even = Even::default();
    let (tracer, memory) = collected(Sampler::custom(even.clone()));
    {
        let _active = tracer.activate();
        {
            let _taken = span!("even");
            let _inside = span!("odd");
        }
        {
            let _left = span!("odd");
            let _inside = span!("even");
            assert!(!current().is_sampled());
        }
    }
    tracer
        .span("call")
        .kind(SpanKind::Client)
        .attribute("a", 1)
        .child_of(remote(TraceFlags::default()))
        .start()
        .finish();
    assert!(tracer.flush(SOON));
    let spans = memory.spans();
    assert_eq!(names(&spans), ["odd", "even", "call"]);
    assert_eq!(spans[1].attributes.get("sampled.by"), Some(&"letters".into()));
    assert_eq!(spans[0].attributes.get("sampled.by"), None);
    assert_eq!(spans[2].attributes.get("sampled.by"), Some(&"letters".into()));
    let asked = even.0.lock().unwrap();
    assert_eq!(*asked, ["even Internal None 0", "odd Internal None 0", "call Client Some(false) 1"]);
}

#[test]
fn the_first_span_of_a_future_is_decided_about_as_any_other() {
    static EVEN: trackway::Callsite = trackway::Callsite::new("even", SpanKind::Internal);
    static ODD: trackway::Callsite = trackway::Callsite::new("odd", SpanKind::Internal);
    let (tracer, memory) = collected(Sampler::custom(Even::default()));
    let _active = tracer.activate();
    for site in [&EVEN, &ODD] {
        let mut future = std::pin::pin!(InSpan::new(site, std::future::ready(())));
        let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.as_mut().poll(&mut waker).is_ready());
    }
    assert!(tracer.flush(SOON));
    let spans = memory.spans();
    assert_eq!(names(&spans), ["even"]);
    assert_eq!(spans[0].attributes.get("sampled.by"), Some(&"letters".into()));
}

#[test]
fn a_rule_decides_against_the_parent_unless_it_is_to_follow() {
    let recorded = |sampler: Sampler, flags| {
        let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(sampler));
        tracer.span("work").child_of(remote(flags)).start().finish();
        spans.finished().len()
    };
    let all = || Sampler::custom(|_: &Sampling<'_>| Verdict::record());
    let none = || Sampler::custom(|_: &Sampling<'_>| Verdict::leave_out());
    assert_eq!((recorded(all(), TraceFlags::default()), recorded(none(), TraceFlags::SAMPLED)), (1, 0));
    let follows =
        (recorded(all().parent_based(), TraceFlags::default()), recorded(none().parent_based(), TraceFlags::SAMPLED));
    assert_eq!(follows, (0, 1));
}

#[test]
fn a_rule_that_panics_is_counted_and_the_trace_recorded() {
    let sampler = Sampler::custom(|span: &Sampling<'_>| -> Verdict { panic!("no rule for {}", span.name) });
    let (tracer, memory) = collected(sampler);
    tracer.span("owned").start().finish();
    {
        let _active = tracer.activate();
        let _guard = span!("guard");
    }
    assert!(tracer.flush(SOON));
    let (spans, stats) = (memory.spans(), tracer.stats());
    let mut names = names(&spans);
    names.sort_unstable();
    assert_eq!((names, stats.hooks_panicked), (vec!["guard", "owned"], 2));
}

#[test]
fn the_global_tracer_asks_too() {
    let memory = Memory::new();
    let sampler = Sampler::custom(Even::default());
    let installed = Tracer::builder().sampler(sampler).exporter(memory.clone()).install();
    drop(span!("even"));
    drop(span!("odd"));
    installed.tracer().set_sampler(Sampler::always_on());
    drop(span!("odd now"));
    installed.tracer().set_sampler(Sampler::always_off());
    drop(span!("even no more"));
    assert!(installed.tracer().flush(SOON));
    assert_eq!(names(&memory.spans()), ["even", "odd now"]);
}

#[test]
fn each_name_has_a_sampler_of_its_own() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = made.clone();
    let sampler = Sampler::per_name(move |name| {
        log.lock().unwrap().push(name.to_owned());
        if name == "GET /health" { Sampler::always_off() } else { Sampler::rate_limit(1e-6) }
    });
    let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(sampler));
    for name in ["GET /health", "GET /orders", "GET /health", "POST /orders", "GET /orders", "POST /orders"] {
        tracer.span(name).start().finish();
    }
    assert_eq!(names(&spans.finished()), ["GET /orders", "POST /orders"]);
    assert_eq!(*made.lock().unwrap(), ["GET /health", "GET /orders", "POST /orders"]);
}

#[test]
fn names_beyond_a_thousand_share_a_sampler() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = made.clone();
    let sampler = Sampler::per_name(move |name| {
        log.lock().unwrap().push(name.to_owned());
        Sampler::always_off()
    });
    let (tracer, _) = testing::tracer_of(Tracer::builder().sampler(sampler));
    for number in 0..1100 {
        tracer.span(format!("user {number}")).start().finish();
    }
    let made = made.lock().unwrap();
    assert_eq!((made.len(), made.last().map(String::as_str)), (1001, Some("")));
}

#[test]
fn of_a_long_name_its_beginning_counts() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = made.clone();
    let sampler = Sampler::per_name(move |name| {
        log.lock().unwrap().push(name.len());
        Sampler::always_on()
    });
    let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(sampler));
    for number in 0..10 {
        tracer.span(format!("{}{number}", "ü".repeat(100_000))).start().finish();
    }
    assert_eq!((spans.finished().len(), &*made.lock().unwrap()), (10, &vec![1024]));
}

#[test]
fn of_two_samplers_made_for_one_name_at_once_the_other_may_trace_when_it_is_dropped() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let both = Arc::new(std::sync::Barrier::new(2));
        let other = Tracer::builder().build();
        let tracer = Arc::new(std::sync::OnceLock::<Tracer>::new());
        let (met, goodbye) = (both.clone(), tracer.clone());
        let meets = std::sync::atomic::AtomicUsize::new(0);
        let sampler = Sampler::per_name(move |_| {
            if meets.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
                met.wait();
            }
            Sampler::custom(SaysGoodbye(goodbye.get().unwrap_or(&other).clone()))
        });
        tracer.set(Tracer::builder().sampler(sampler).build()).unwrap();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let tracer = tracer.get().unwrap().clone();
                std::thread::spawn(move || tracer.span("work").start().finish())
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(std::time::Duration::from_secs(10)).is_ok());
}

#[test]
fn a_rate_limit_records_the_first_and_tells_others_how_likely_the_next_ones_were() {
    let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(Sampler::rate_limit(1e-9)));
    for _ in 0..100 {
        tracer.span("work").start().finish();
    }
    assert_eq!(spans.finished().len(), 1);
    // The rate is high enough for a trace that comes within any time, and not so high that all of them would.
    let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(Sampler::rate_limit(0.5)));
    let recorded = remote(TraceFlags::SAMPLED);
    tracer.span("first").start().finish();
    tracer.span("elsewhere recorded").child_of(&recorded).start().finish();
    assert_eq!(names(&spans.finished()), ["first", "elsewhere recorded"]);
}

#[test]
fn opencensus_agrees_with_its_libraries() {
    // The largest that is recorded of one in ten thousand, and the next above it; shares of 0 and 1.
    let cases = [
        (1e-4, "111111111111111100068db8bac710cb", true),
        (1e-4, "111111111111111100068db8bac710cc", false),
        (0.0, "11111111111111110000000000000000", false),
        (0.0, "11111111111111110000000000000001", false),
        (1.0, "1111111111111111ffffffffffffffff", true),
        (-1.0, "11111111111111110000000000000001", false),
        (f64::NAN, "1111111111111111ffffffffffffffff", true),
    ];
    for (share, id, recorded) in cases {
        let sampling = Sampling::new(id.replace('_', "").parse().unwrap(), "work");
        assert_eq!(Sampler::opencensus(share).decide(&sampling).is_recorded(), recorded, "{share} {id}");
    }
    let (yes, no) = (remote(TraceFlags::SAMPLED), remote(TraceFlags::default()));
    let ids = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
    let decide = |parent| Sampler::opencensus(0.0).decide(&Sampling::new(ids, "work").child_of(parent)).is_recorded();
    assert_eq!((decide(&yes), decide(&no)), (true, false));
}

#[test]
fn a_span_may_have_a_sampler_of_its_own() {
    let (tracer, spans) = testing::tracer();
    tracer.span("request").run(|_| {
        tracer.span("noise").sampler(Sampler::always_off()).run(|_| drop(span!("inside the noise")));
        tracer.span("followed").sampler(Sampler::always_off().parent_based()).run(|_| drop(span!("inside")));
    });
    assert_eq!(spans.tree(), "request 5s\n  followed 3s\n    inside 1s\n");
    let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(Sampler::always_off()));
    tracer.span("request").run(|_| {
        tracer.span("audit").sampler(Sampler::always_on()).run(|_| drop(span!("inside")));
    });
    assert_eq!(names(&spans.finished()), ["inside", "audit"]);
}

#[test]
fn a_sampler_of_ones_own_is_asked_with_what_the_builder_knows() {
    let even = Even::default();
    let (tracer, _) = testing::tracer();
    let span = tracer.span("even").attribute("a", 1).sampler(Sampler::custom(even.clone())).start();
    assert_eq!(span.record().unwrap().attributes.get("sampled.by"), Some(&"letters".into()));
    assert_eq!(*even.0.lock().unwrap(), ["even Internal None 1"]);
}

#[test]
fn the_newest_override_counts_until_it_is_dropped() {
    let (tracer, spans) = testing::tracer_of(Tracer::builder().sampler(Sampler::always_off()));
    let begin = |name: &'static str| tracer.span(name).start().finish();
    begin("before");
    let first = tracer.override_sampler(Sampler::always_on());
    begin("first");
    let second = tracer.override_sampler(Sampler::always_off());
    begin("second");
    drop(first);
    begin("second still");
    tracer.set_sampler(Sampler::probability(1.0));
    begin("set meanwhile");
    drop(second);
    begin("after");
    assert_eq!(names(&spans.finished()), ["first", "after"]);
}

#[test]
fn an_override_of_a_tracer_that_is_gone_is_no_more() {
    let (tracer, _) = collected(Sampler::always_off());
    let all = tracer.override_sampler(Sampler::always_on());
    drop(tracer);
    drop(all);
}

#[test]
fn what_is_told_in_tracestate_is_the_share_of_the_sampler_that_counts() {
    let (tracer, spans) = testing::tracer_of(Tracer::builder());
    let state = |name: &'static str| {
        for _ in 0..200 {
            tracer.span(name).start().finish();
        }
        spans.named(name).map(|span| span.trace_state.to_string())
    };
    assert_eq!(state("all"), Some(String::new()));
    let half = tracer.override_sampler(Sampler::custom(|span: &Sampling<'_>| {
        Sampler::probability(1.0 - 1.0 / (1_u64 << 50) as f64).decide(span)
    }));
    assert_eq!(state("nearly all"), Some("ot=th:0000000000004".to_owned()));
    drop(half);
    assert_eq!(state("all again"), Some(String::new()));
}

struct SaysGoodbye(Tracer);

impl Sample for SaysGoodbye {
    fn sample(&self, _: &Sampling<'_>) -> Verdict {
        Verdict::record()
    }
}

impl Drop for SaysGoodbye {
    fn drop(&mut self) {
        self.0.span("goodbye").start().finish();
    }
}

#[test]
fn a_rule_may_trace_when_it_is_dropped() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let tracer = Tracer::builder().sampler(Sampler::custom(|_: &Sampling<'_>| true.into())).build();
        tracer.set_sampler(Sampler::custom(SaysGoodbye(tracer.clone())));
        drop(tracer.override_sampler(Sampler::custom(SaysGoodbye(tracer.clone()))));
        tracer.set_sampler(Sampler::custom(|_: &Sampling<'_>| true.into()));
        done.send(()).unwrap();
    });
    assert!(is_done.recv_timeout(std::time::Duration::from_secs(10)).is_ok());
}
