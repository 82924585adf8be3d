//! Hooks of the program, and what the collector's threads are to the program. Each test is a process of its own: a hook that hangs
//! would hold up all others.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::{Batch, Exporter, Failure, Memory};
use trackway::{Processor, SpanRecord, StatusCode, Tail, Tracer, span};

const SOON: Duration = Duration::from_secs(10);
const CHILD: &str = "TRACKWAY_TEST_HOOK";

/// Runs `test` in a process of its own, which is this program with that test alone.
fn alone(name: &str, test: fn()) {
    alone_with(name, &[], test);
}

/// As [`alone`], with more in its environment.
fn alone_with(name: &str, environment: &[(&str, &str)], test: fn()) {
    if std::env::var(CHILD).is_ok_and(|child| child == name) {
        return test();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, name)
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    let mut child = child.stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return assert!(status.success(), "{status}");
        }
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{name} hangs");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until `is_so`.
fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON);
        thread::sleep(Duration::from_millis(5));
    }
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

/// Takes the secrets out of a span; panics over one that is called so.
fn redact(span: &mut SpanRecord) {
    span.attributes.0.retain(|(key, _)| &**key != "password");
    assert_ne!(&*span.name, "panics");
    span.events.clear();
    span.links.clear();
    span.status.message = "-".into();
    if &*span.name == "secret-name" {
        span.name = "login".into();
    }
}

#[test]
fn what_is_announced_is_redacted() {
    alone("what_is_announced_is_redacted", || {
        let open = Open::default();
        let tracer = Tracer::builder().exporter(open.clone()).redact(redact).build();
        let _active = tracer.activate();
        let _owned = tracer.span("owned").attribute("password", "secret-owned").start();
        let _panics = tracer.span("panics").attribute("user", "secret-panics").start();
        let guard = span!("secret-name", password = "secret-guard");
        guard.event("secret-event");
        guard.status(StatusCode::Error, "secret-message");
        until(|| open.tells("owned") && open.tells("login"));
        assert!(!open.tells("secret"), "{}", String::from_utf8_lossy(&open.0.lock().unwrap()));
        assert!(tracer.stats().hooks_panicked >= 1);
    });
}

/// Sees spans end, and takes its time over the first that it sees.
struct Slow {
    is_in: Arc<AtomicBool>,
    takes: Duration,
}

impl Processor for Slow {
    fn on_end(&self, _: &SpanRecord) {
        if !self.is_in.swap(true, Ordering::SeqCst) {
            thread::sleep(self.takes);
        }
    }
}

/// Has a hook run for `takes`; returns its tracer when the hook is in it.
fn in_a_hook(takes: Duration) -> Tracer {
    let is_in = Arc::new(AtomicBool::new(false));
    let tracer = Tracer::builder().processor(Slow { is_in: is_in.clone(), takes }).exporter(Memory::new()).build();
    tracer.span("slow").start().finish();
    until(|| is_in.load(Ordering::SeqCst));
    tracer
}

#[test]
fn a_flush_keeps_its_time_while_a_hook_runs() {
    alone("a_flush_keeps_its_time_while_a_hook_runs", || {
        let tracer = in_a_hook(Duration::from_secs(6));
        let start = Instant::now();
        assert!(!tracer.flush(Duration::from_millis(100)));
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        std::process::exit(0);
    });
}

#[test]
fn what_there_is_no_room_for_while_a_hook_runs_is_counted() {
    alone("what_there_is_no_room_for_while_a_hook_runs_is_counted", || {
        let (is_in, takes) = (Arc::new(AtomicBool::new(false)), Duration::from_secs(60));
        let slow = Slow { is_in: is_in.clone(), takes };
        let tracer = Tracer::builder().processor(slow).tail(Tail::new()).exporter(Memory::new()).build();
        tracer.span("slow").start().finish();
        until(|| is_in.load(Ordering::SeqCst));
        let span = tracer.span("kept").start();
        for _ in 0..100_007 {
            span.keep();
        }
        assert_eq!(tracer.stats().verdicts_lost, 7);
        for _ in 0..40 {
            tracer.span("large").attribute("text", "x".repeat(1_000_000)).start().finish();
        }
        let stats = tracer.stats();
        assert!(stats.dropped.memory > 0 && stats.traces_lost == 0, "{stats:?}");
        tracer.trace("x".repeat(2_000_000)).start().finish();
        assert_eq!(tracer.stats().traces_lost, 1);
        std::process::exit(0);
    });
}

#[test]
fn a_flush_keeps_its_time_when_a_hook_begins_with_it() {
    alone("a_flush_keeps_its_time_when_a_hook_begins_with_it", || {
        let is_in = Arc::new(AtomicBool::new(false));
        let tracer = Tracer::builder().processor(Slow { is_in, takes: Duration::from_secs(6) }).build();
        tracer.span("slow").start().finish();
        let start = Instant::now();
        assert!(!tracer.flush(Duration::from_millis(100)));
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    });
}

#[test]
fn dropping_the_installed_tracer_waits_five_seconds_for_a_hook() {
    alone("dropping_the_installed_tracer_waits_five_seconds_for_a_hook", || {
        let (is_in, takes) = (Arc::new(AtomicBool::new(false)), Duration::from_secs(30));
        let installed = Tracer::builder().processor(Slow { is_in, takes }).install();
        drop(span!("slow"));
        let start = Instant::now();
        drop(installed);
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
        std::process::exit(0);
    });
}

#[test]
fn a_tracer_is_built_while_a_hook_runs() {
    alone("a_tracer_is_built_while_a_hook_runs", || {
        let _slow = in_a_hook(Duration::from_secs(6));
        let start = Instant::now();
        assert!(Tracer::builder().build().is_enabled());
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
        std::process::exit(0);
    });
}

/// Builds a tracer on another thread, and waits for that.
struct Builds;

impl Processor for Builds {
    fn on_end(&self, _: &SpanRecord) {
        thread::spawn(|| std::mem::forget(Tracer::builder().build())).join().unwrap();
    }
}

#[test]
fn a_hook_may_wait_for_a_thread_that_builds_a_tracer() {
    alone("a_hook_may_wait_for_a_thread_that_builds_a_tracer", || {
        let tracer = Tracer::builder().processor(Builds).build();
        tracer.span("work").start().finish();
        assert!(tracer.flush(Duration::from_secs(3)));
    });
}

#[cfg(unix)]
#[test]
fn a_fork_does_not_wait_for_a_hook_and_its_child_traces() {
    alone("a_fork_does_not_wait_for_a_hook_and_its_child_traces", || {
        let memory = Memory::new();
        let tracer = Tracer::builder().exporter(memory.clone()).build();
        let _slow = in_a_hook(Duration::from_secs(6));
        let start = Instant::now();
        // SAFETY: as in the tests of forks: the C library keeps its allocator usable in the child.
        let child = unsafe { libc::fork() };
        if child == 0 {
            tracer.span("in the child").start().finish();
            let is_well = tracer.flush(SOON) && memory.spans().len() == 1;
            // SAFETY: ends the process, at once.
            unsafe { libc::_exit(i32::from(!is_well)) }
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        let mut status = 0;
        // SAFETY: `status` is a place for the one number that is written there.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0);
        std::process::exit(0);
    });
}

/// Writes down in which order it was called.
#[derive(Default)]
struct Order(Arc<Mutex<Vec<String>>>);

impl Processor for Order {
    fn on_start(&self, span: &SpanRecord) {
        self.0.lock().unwrap().push(format!("start {}", span.name));
    }

    fn on_end(&self, span: &SpanRecord) {
        let thread = thread::current();
        self.0.lock().unwrap().push(format!("end {} on {}", span.name, thread.name().unwrap_or("-")));
    }
}

#[test]
fn hooks_are_called_in_order_on_the_thread_of_the_collector() {
    alone("hooks_are_called_in_order_on_the_thread_of_the_collector", || {
        let seen = Order::default();
        let calls = seen.0.clone();
        let tracer = Tracer::builder().processor(seen).build();
        let _active = tracer.activate();
        {
            let _outer = span!("outer");
            drop(span!("inner"));
        }
        assert!(tracer.flush(SOON));
        let expected = ["start outer", "start inner", "end inner on trackway", "end outer on trackway"];
        assert_eq!(*calls.lock().unwrap(), expected);
    });
}

/// Blocks SIGTERM on this thread, as a program does before it starts others, and waits until it gets it.
#[cfg(unix)]
fn wait_for_a_signal() {
    // The threads of the library are there before the program blocks anything.
    let tracer = Tracer::builder().exporter(Memory::new()).build();
    tracer.span("work").start().finish();
    assert!(tracer.flush(SOON));
    // SAFETY: the sets are filled in before they are read, the mask is this thread's, the signal is sent to this process.
    unsafe {
        let mut before = std::mem::zeroed::<libc::sigset_t>();
        let mut term = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut term);
        libc::sigaddset(&raw mut term, libc::SIGTERM);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const term, &raw mut before);
        assert_eq!(libc::sigismember(&raw const before, libc::SIGTERM), 0, "the library has restored the mask");
        libc::kill(libc::getpid(), libc::SIGTERM);
        let mut signal = 0;
        libc::sigwait(&raw const term, &raw mut signal);
        assert_eq!(signal, libc::SIGTERM);
    }
}

#[cfg(unix)]
#[test]
fn signals_are_left_to_the_threads_of_the_program() {
    alone("signals_are_left_to_the_threads_of_the_program", || {
        // SAFETY: the child has this thread alone; the harness of the tests has others, which block nothing.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let is_well = std::panic::catch_unwind(wait_for_a_signal).is_ok();
            // SAFETY: ends the process, at once.
            unsafe { libc::_exit(i32::from(!is_well)) }
        }
        let mut status = 0;
        // SAFETY: `status` is a place for the one number that is written there.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0);
    });
}

#[test]
fn threads_that_end_with_forgotten_guards_leave_rings_for_others() {
    alone("threads_that_end_with_forgotten_guards_leave_rings_for_others", || {
        let memory = Memory::new();
        let installed = Tracer::builder().exporter(memory.clone()).install();
        for _ in 0..600 {
            thread::spawn(|| std::mem::forget(span!("forgotten"))).join().unwrap();
        }
        thread::spawn(|| (0..1000).for_each(|_| drop(span!("healthy")))).join().unwrap();
        assert!(installed.tracer().flush(SOON));
        assert_eq!(memory.spans().iter().filter(|span| &*span.name == "healthy").count(), 1000);
        assert_eq!(installed.tracer().stats().dropped.no_ring, 0);
    });
}

/// Returns how many threads of the library there are.
#[cfg(target_os = "linux")]
fn threads() -> usize {
    let all = std::fs::read_dir("/proc/self/task").unwrap();
    let names = all.filter_map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("trackway")).count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_tracer_has_no_thread_until_it_is_enabled() {
    alone_with("a_tracer_has_no_thread_until_it_is_enabled", &[("TRACKWAY_DISABLED", "1")], || {
        let memory = Memory::new();
        let installed = Tracer::builder().exporter(memory.clone()).install();
        let tracer = installed.tracer();
        assert_eq!(threads(), 0);
        tracer.span("nothing").start().finish();
        assert!(tracer.flush(SOON));
        assert_eq!(threads(), 0);
        tracer.enable();
        tracer.span("work").start().finish();
        assert!(tracer.flush(SOON));
        assert_eq!((threads(), memory.spans().len()), (2, 1));
    });
}

/// Returns how often the collector's thread has gone to sleep.
#[cfg(target_os = "linux")]
fn sleeps() -> u64 {
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = thread.unwrap().path();
        if std::fs::read_to_string(path.join("comm")).unwrap().trim() == "trackway" {
            let status = std::fs::read_to_string(path.join("status")).unwrap();
            let line = status.lines().find(|line| line.starts_with("voluntary")).unwrap();
            return line.split_whitespace().last().unwrap().parse().unwrap();
        }
    }
    panic!("there is no collector");
}

#[cfg(target_os = "linux")]
#[test]
fn the_collector_sleeps_while_there_is_no_tracer() {
    alone("the_collector_sleeps_while_there_is_no_tracer", || {
        let work = |tracer: &Tracer| {
            tracer.span("work").start().finish();
            assert!(tracer.flush(SOON));
        };
        let tracer = Tracer::builder().build();
        work(&tracer);
        drop(tracer);
        thread::sleep(Duration::from_millis(400));
        let before = sleeps();
        thread::sleep(Duration::from_secs(1));
        assert!(sleeps() - before <= 1, "{}", sleeps() - before);
        work(&Tracer::builder().build());
    });
}

#[test]
fn what_outlives_its_scope_ends_with_the_scope() {
    alone("what_outlives_its_scope_ends_with_the_scope", || {
        let memory = Memory::new();
        let tracer = Tracer::builder().exporter(memory.clone()).build();
        let mut left = Vec::new();
        for _ in 0..5 {
            let owned = tracer.span("owned").start();
            let scope = owned.activate();
            std::mem::forget(span!("outlives"));
            drop(scope);
            left.push(std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64);
            thread::sleep(Duration::from_millis(150));
        }
        assert!(tracer.flush(SOON));
        let ends: Vec<u64> =
            memory.spans().iter().filter(|span| &*span.name == "outlives").map(|span| span.end.unwrap().0).collect();
        let late: Vec<_> = ends.iter().zip(&left).map(|(end, left)| end.saturating_sub(*left) / 1_000_000).collect();
        assert_eq!(ends.len(), 5);
        assert!(late.iter().all(|late| *late < 5), "{late:?} ms");
    });
}

#[test]
fn what_a_dead_tracer_loses_is_not_counted_in_its_successor() {
    alone("what_a_dead_tracer_loses_is_not_counted_in_its_successor", || {
        let installed = Tracer::builder().exporter(Memory::new()).install();
        let context = {
            let _root = span!("root");
            trackway::current()
        };
        drop(installed);
        let successor = Tracer::builder().exporter(Memory::new()).build();
        {
            let _attached = context.attach();
            let mut spans: Vec<_> = (0..600).map(|_| span!("of a dead one")).collect();
            while spans.pop().is_some() {}
        }
        assert!(successor.flush(SOON));
        assert_eq!((successor.stats().emitted, successor.stats().dropped.total()), (0, 0));
    });
}
