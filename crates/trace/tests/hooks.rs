//! Hooks of the program, and what the collector's threads are to the program. Each test is a process of its own: a hook that hangs
//! would hold up all others.
#![allow(unsafe_code)]

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use trackway::export::{Batch, Exporter, Failure, Memory};
use trackway::{Processor, SpanRecord, StatusCode, Tracer, span};

const SOON: Duration = Duration::from_secs(10);
const CHILD: &str = "TRACKWAY_TEST_HOOK";

/// Runs `test` in a process of its own, which is this program with that test alone.
fn alone(name: &str, test: fn()) {
    if std::env::var(CHILD).is_ok_and(|child| child == name) {
        return test();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command.args([name, "--exact", "--nocapture"]).env(CHILD, name).stdin(Stdio::null());
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
