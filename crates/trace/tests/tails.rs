//! Tail rules: which traces leave the process, what happens to spans that end late, and that every span is accounted for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::{Batch, Exporter, Failure, Memory};
use trackway::{
    Context, Processor, SpanRecord, StatusCode, Tail, Timestamp, TraceFlags, Traced, Tracer, current, span, testing,
};

const SOON: Duration = Duration::from_secs(10);
const SECOND: u64 = 1_000_000_000;

fn collected(tail: Tail) -> (Tracer, Memory) {
    let memory = Memory::new();
    (Tracer::builder().tail(tail).exporter(memory.clone()).build(), memory)
}

/// Returns the names of what was exported, in order of the alphabet.
fn names(memory: &Memory) -> Vec<String> {
    let mut names: Vec<String> = memory.spans().iter().map(|span| span.name.to_string()).collect();
    names.sort();
    names
}

/// Returns how many spans the rules left out, and how many were lost, once every one is accounted for.
fn left_out(tracer: &Tracer, memory: &Memory) -> (u64, u64) {
    let stats = tracer.stats();
    let exported = memory.spans().len() as u64;
    assert_eq!(stats.emitted, exported + stats.dropped.total() + stats.waiting, "{stats:?}");
    (stats.dropped.tail, stats.dropped.total() - stats.dropped.tail)
}

#[test]
fn a_failed_span_has_all_of_its_trace_kept() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    let _active = tracer.activate();
    for fails in [false, true] {
        let _request = span!("request");
        drop(span!("before"));
        let query = span!("query");
        if fails {
            query.status(StatusCode::Error, "no answer");
        }
        drop(query);
        drop(span!("after"));
    }
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["after", "before", "query", "request"]);
    assert_eq!(left_out(&tracer, &memory), (4, 0));
}

#[test]
fn a_slow_span_has_all_of_its_trace_kept() {
    let (tracer, memory) = collected(Tail::new().keep_slower_than(Duration::from_secs(2)));
    for (name, seconds) in [("quick", 1), ("slow", 2)] {
        let span = tracer.span(name).starting_at(Timestamp(SECOND)).start();
        tracer.span("inside").child_of(&span).start().finish();
        span.finish_at(Timestamp((1 + seconds) * SECOND));
    }
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["inside", "slow"]);
    assert_eq!(left_out(&tracer, &memory), (2, 0));
}

#[test]
fn a_rule_of_ones_own_keeps_and_one_that_panics_does_too() {
    let tail = Tail::new().keep_if(|span| {
        assert_ne!(&*span.name, "panics");
        span.attributes.get("user.is_beta") == Some(&true.into())
    });
    let (tracer, memory) = collected(tail);
    tracer.span("usual").start().finish();
    tracer.span("beta").attribute("user.is_beta", true).start().finish();
    tracer.span("panics").start().finish();
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["beta", "panics"]);
    assert_eq!(tracer.stats().hooks_panicked, 1);
}

#[test]
fn the_program_keeps_and_cancels_from_anywhere_in_the_trace() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    let _active = tracer.activate();
    {
        let _kept = span!("kept");
        drop(span!("before"));
        current().keep();
    }
    {
        let _cancelled = span!("cancelled");
        drop(span!("before the end"));
        current().cancel();
        current().keep();
        span!("failed again").status(StatusCode::Error, "whatever");
    }
    let owned = tracer.span("owned").root().start();
    owned.keep();
    let context = owned.context().clone();
    thread::spawn(move || context.run(|| drop(span!("elsewhere")))).join().unwrap();
    owned.finish();
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["before", "elsewhere", "kept", "owned"]);
    assert_eq!(left_out(&tracer, &memory), (3, 0));
}

#[test]
fn without_rules_there_is_nothing_to_keep_or_cancel() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let span = tracer.span("work").start();
    span.cancel().finish();
    Context::none().keep();
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["work"]);
    assert!(memory.spans()[0].attributes.0.is_empty());
}

#[test]
fn of_the_rest_a_share_is_kept_whole() {
    let (tracer, memory) = collected(Tail::new().keep_share(0.5));
    for _ in 0..400 {
        tracer.span("request").run(|_| drop(tracer.span("inside").start()));
    }
    assert!(tracer.flush(SOON));
    let names = names(&memory);
    let requests = names.iter().filter(|name| *name == "request").count();
    assert!((120..280).contains(&requests) && names.len() == 2 * requests, "{requests} of {}", names.len());
    assert_eq!(left_out(&tracer, &memory), (800 - names.len() as u64, 0));
}

#[test]
fn what_ends_late_follows_the_verdict() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    for fails in [false, true] {
        let request = tracer.span("request").start();
        let late = tracer.span("late").child_of(&request).start();
        let later = tracer.span("later").child_of(&request).start();
        if fails {
            request.status(StatusCode::Error, "no answer");
        }
        request.finish();
        assert!(tracer.flush(SOON));
        late.finish();
        assert!(tracer.flush(SOON));
        later.finish();
    }
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["late", "later", "request"]);
    assert_eq!(left_out(&tracer, &memory), (3, 0));
}

#[test]
fn what_fails_late_is_kept_with_what_comes_then() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    let request = tracer.span("request").start();
    let [late, failed, last] = ["late", "failed", "last"].map(|name| tracer.span(name).child_of(&request).start());
    request.finish();
    assert!(tracer.flush(SOON));
    late.finish();
    failed.status(StatusCode::Error, "no answer").finish();
    last.finish();
    assert!(tracer.flush(SOON));
    assert_eq!(names(&memory), ["failed", "last"]);
    assert_eq!(left_out(&tracer, &memory), (2, 0));
}

#[test]
fn a_verdict_is_forgotten_in_time() {
    let (tracer, memory) = collected(Tail::new().keep_errors().remember(Duration::ZERO));
    let request = tracer.span("request").start();
    let late = tracer.span("late").child_of(&request).start();
    request.status(StatusCode::Error, "no answer").finish();
    assert!(tracer.flush(SOON));
    late.finish();
    assert!(tracer.flush(SOON));
    assert_eq!((names(&memory), tracer.stats().waiting), (vec!["request".to_owned()], 1));
}

#[test]
fn a_trace_that_does_not_end_is_judged_in_time() {
    let (tracer, memory) = collected(Tail::new().longest(Duration::ZERO));
    let request = tracer.span("request").start();
    tracer.span("done").child_of(&request).start().finish();
    assert!(tracer.flush(SOON));
    request.finish();
    assert!(tracer.flush(SOON));
    assert_eq!(left_out(&tracer, &memory), (2, 0));
}

#[test]
fn this_processs_part_of_a_trace_ends_with_its_first_span() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let sent = Context::remote(trace.parse().unwrap(), span.parse().unwrap(), TraceFlags::SAMPLED);
    tracer.span("handled").child_of(sent).start().finish();
    assert!(tracer.flush(SOON));
    assert_eq!(left_out(&tracer, &memory), (1, 0));
}

#[test]
fn what_waits_is_bounded_and_a_failure_is_kept_all_the_same() {
    let (tracer, memory) = collected(Tail::new().keep_errors().bytes(64 << 10));
    let request = tracer.span("request").start();
    for _ in 0..2_000 {
        tracer.span("inside").child_of(&request).attribute("text", "x".repeat(100)).start().finish();
    }
    assert!(tracer.flush(SOON));
    let (_, lost) = left_out(&tracer, &memory);
    assert!(lost > 1_000 && tracer.stats().waiting < 1_000, "{lost}");
    request.status(StatusCode::Error, "no answer").finish();
    assert!(tracer.flush(SOON));
    let names = names(&memory);
    assert!(names.contains(&"request".to_owned()) && names.len() < 1_000, "{}", names.len());
    left_out(&tracer, &memory);
}

#[test]
fn that_a_trace_has_ended_counts_among_the_bytes_that_wait() {
    let (tracer, memory) = collected(Tail::new().keep_share(1.0));
    tracer.span("work").start().finish();
    assert!(tracer.flush(SOON));
    let bytes = memory.spans()[0].memory_bytes();
    let (tracer, memory) = collected(Tail::new().keep_share(1.0).wait(Duration::from_secs(60)).bytes(100 * bytes));
    for _ in 0..100 {
        tracer.span("work").start().finish();
    }
    assert!(tracer.flush(SOON));
    let (_, lost) = left_out(&tracer, &memory);
    assert!((1..20).contains(&lost), "{lost}");
}

#[test]
fn what_is_under_way_waits_over_a_flush_and_is_kept_at_the_end() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    let request = tracer.span("request").start();
    tracer.span("done").child_of(&request).start().finish();
    assert!(tracer.flush(SOON));
    assert_eq!((names(&memory).len(), tracer.stats().waiting), (0, 1));
    assert!(tracer.shutdown(SOON));
    assert_eq!(names(&memory), ["done"]);
    assert_eq!(left_out(&tracer, &memory), (0, 0));
}

#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Processor for Count {
    fn on_end(&self, _: &SpanRecord) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn processors_see_all_spans_and_a_redact_hook_those_that_are_kept() {
    let (seen, redacted, memory) = (Count::default(), Count::default(), Memory::new());
    let count = redacted.clone();
    let builder = Tracer::builder().processor(seen.clone()).tail(Tail::new().keep_if(|span| {
        // Rules see what is redacted later.
        span.attributes.get("password").is_some()
    }));
    let redact = move |span: &mut SpanRecord| {
        count.on_end(span);
        span.attributes.0.retain(|(key, _)| &**key != "password");
    };
    let tracer = builder.redact(redact).exporter(memory.clone()).build();
    tracer.span("usual").start().finish();
    let login = tracer.span("login").start();
    tracer.span("check").child_of(&login).attribute("password", "secret").start().finish();
    login.attribute("password", "secret").finish();
    assert!(tracer.flush(SOON));
    assert_eq!((seen.0.load(Ordering::Relaxed), redacted.0.load(Ordering::Relaxed)), (3, 2));
    assert!(memory.spans().iter().all(|span| span.attributes.0.is_empty()));
    assert_eq!((names(&memory), left_out(&tracer, &memory)), (vec!["check".to_owned(), "login".to_owned()], (1, 0)));
}

/// Keeps the bytes that announce open spans.
#[derive(Clone, Default)]
struct Open(Arc<Mutex<Vec<u8>>>);

impl Open {
    fn tells(&self, text: &str) -> bool {
        self.0.lock().unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    }
}

impl Exporter for Open {
    fn export(&self, _: &Batch) -> Result<(), Failure> {
        Ok(())
    }

    fn wants_open(&self) -> bool {
        true
    }

    fn announce(&self, request: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(request);
    }
}

#[test]
fn open_spans_are_told_of_when_their_trace_is_kept_and_redacted_then() {
    let open = Open::default();
    let redact = |span: &mut SpanRecord| span.attributes.0.retain(|(key, _)| &**key != "password");
    let tracer = Tracer::builder().tail(Tail::new()).redact(redact).exporter(open.clone()).build();
    let _undecided = tracer.span("undecided").start();
    let _kept = tracer.span("kept").attribute("password", "secret").start().keep();
    let kept = tracer.span("kept owned").attribute("password", "secret").start();
    kept.keep();
    let _active = kept.activate();
    let _guard = span!("kept guard", password = "secret");
    let start = Instant::now();
    while !(open.tells("kept owned") && open.tells("kept guard")) {
        assert!(start.elapsed() < SOON);
        thread::sleep(Duration::from_millis(5));
    }
    assert!(!open.tells("undecided") && !open.tells("secret"));
}

#[test]
fn threads_and_futures_of_a_trace_are_judged_as_one() {
    let (tracer, memory) = collected(Tail::new().keep_errors());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let rounds = 200;
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for round in 0..rounds {
            let request = tracer.span("request").start();
            let context = request.context().clone();
            tasks.spawn(
                async move {
                    drop(span!("first"));
                    tokio::task::yield_now().await;
                    let last = span!("last");
                    if round % 4 == 0 {
                        last.status(StatusCode::Error, "no answer");
                    }
                }
                .in_span(request),
            );
            tasks.spawn(async { drop(span!("beside")) }.in_context(context));
        }
        while tasks.join_next().await.is_some() {}
    });
    assert!(tracer.flush(SOON));
    let names = names(&memory);
    for name in ["request", "first", "last"] {
        assert_eq!(names.iter().filter(|known| *known == name).count(), rounds / 4, "{name}");
    }
    let (by_rule, lost) = left_out(&tracer, &memory);
    assert_eq!((by_rule + names.len() as u64, lost), (4 * rounds as u64, 0));
}

#[test]
fn the_tracer_of_tests_judges_at_once() {
    let (tracer, spans) = testing::tracer_of(Tracer::builder().tail(Tail::new().keep_errors()));
    let _active = tracer.activate();
    drop(span!("usual"));
    {
        let _request = span!("request");
        drop(span!("before"));
        span!("failed").status(StatusCode::Error, "no answer");
    }
    assert_eq!(spans.tree(), "request 5s\n  before 1s\n  failed 1s ERROR no answer\n");
    let open = tracer.span("under way").root().start();
    tracer.span("done").child_of(&open).start().finish();
    tracer.shutdown(SOON);
    assert!(spans.named("done").is_some());
}

#[test]
fn a_verdict_lasts_while_its_trace_is_under_way() {
    let (tracer, spans) = testing::tracer_of(Tracer::builder().tail(Tail::new().keep_errors()));
    let job = tracer.span("job").start();
    job.child("failed").start().status(StatusCode::Error, "no answer");
    for _ in 0..40 {
        tracer.span("two seconds of another trace").root().start().finish();
    }
    job.finish();
    let names: Vec<_> = spans.finished().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["failed".into(), "job".into()]);
}

#[test]
fn what_is_kept_from_the_start_stays_kept_while_others_end() {
    let (tracer, spans) = testing::tracer_of(Tracer::builder().tail(Tail::new()));
    let job = tracer.span("job").start();
    job.keep();
    tracer.span("other").root().start().finish();
    job.finish();
    assert_eq!(spans.tree(), "job 3s\n");
}
