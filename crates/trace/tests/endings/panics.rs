//! Programs that panic.

use std::panic::catch_unwind;
use std::thread;

use trackway::export::Memory;
use trackway::{SpanRecord, StatusCode, Tracer, span};

use crate::kit::{Lines, Program, SOON, assert_counted};

pub(crate) const PROGRAMS: &[Program] = &[
    Program { name: "panics::every_span_passed_tells_of_it", run: every_span_passed, within: 30 },
    Program {
        name: "panics::a_tracer_built_while_unwinding_is_no_second_panic",
        run: built_while_unwinding,
        within: 30,
    },
    Program { name: "panics::a_program_that_aborts_has_its_spans_sent", run: aborts, within: 30 },
];

fn assert_failed(span: &SpanRecord, message: &str) {
    assert_eq!((span.status.code, &*span.status.message), (StatusCode::Error, message), "{}", span.name);
    let event = span.events.last().unwrap();
    assert_eq!(&*event.name, "exception");
    assert_eq!(event.attributes.text("exception.message"), Some(message));
    assert!(event.attributes.text("exception.stacktrace").unwrap().contains("panics.rs"));
}

fn every_span_passed() {
    let memory = Memory::new();
    let installed = Tracer::builder().exporter(memory.clone()).install();
    let unwinds = || {
        let _root = span!("root");
        let owned = trackway::tracer().span("owned").start();
        let _scope = owned.activate();
        let _child = span!("child");
        let _other = trackway::tracer().span("other").start();
        let number = 7;
        panic!("no order {number}");
    };
    assert!(catch_unwind(unwinds).is_err());
    assert!(thread::spawn(unwinds).join().is_err());
    drop(span!("afterwards"));
    assert!(installed.tracer().flush(SOON));
    let spans = memory.spans();
    assert_eq!(spans.len(), 9);
    for span in &spans {
        match &*span.name {
            "afterwards" => assert_eq!((span.status.code, span.parent_id), (StatusCode::Unset, None)),
            _ => assert_failed(span, "no order 7"),
        }
    }
    assert_counted(installed.tracer());
}

struct Builds;

impl Drop for Builds {
    fn drop(&mut self) {
        let tracer = Tracer::builder().build();
        tracer.span("work").start().finish();
    }
}

fn built_while_unwinding() {
    let unwinds = || {
        let _builds = Builds;
        panic!("on purpose");
    };
    assert!(catch_unwind(unwinds).is_err());
}

/// In a child of its own, for it does not come back. Where panics unwind there is nothing to show.
fn aborts() {
    if !cfg!(panic = "abort") {
        return;
    }
    let lines = Lines::new("aborts");
    let path = lines.0.clone();
    if let Some(path) = std::env::var_os("TRACKWAY_TEST_ABORT") {
        let installed = Tracer::builder().exporter(Lines(path.into())).install();
        drop(span!("before"));
        let _root = span!("root");
        let _child = span!("child");
        installed.tracer().span("owned").start().finish();
        panic!("on purpose");
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.env("TRACKWAY_TEST_ABORT", &path);
    assert!(!command.status().unwrap().success());
    let mut names: Vec<_> = Lines::take(&path).into_iter().map(|line| line.name).collect();
    names.sort();
    assert_eq!(names, ["before", "child", "owned", "root"]);
}
