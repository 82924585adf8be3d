//! The corners of the SDK's behaviour, by the names of the recorded cases.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use trackway::agents::{Custom, TraceRecord, current_trace, new_group_id, new_span_id, new_trace_id};
use trackway::export::{Batch, Exporter, Failure, Form, Memory};
use trackway::testing::tracer;
use trackway::{Processor, SpanRecord, StatusCode, Traced, Tracer, current};

/// Notes what it is told.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Processor for Notes {
    fn on_start(&self, span: &SpanRecord) {
        self.0.lock().unwrap().push(format!("SS {}", span.name));
    }

    fn on_end(&self, span: &SpanRecord) {
        self.0.lock().unwrap().push(format!("SE {}", span.name));
    }

    fn on_trace_start(&self, trace: &TraceRecord) {
        self.0.lock().unwrap().push(format!("TS {}", trace.name));
    }

    fn on_trace_end(&self, trace: &TraceRecord) {
        self.0.lock().unwrap().push(format!("TE {}", trace.name));
    }
}

#[test]
fn span_without_trace() {
    // The SDK loses it; here it begins a trace of its own.
    let (tracer, spans) = tracer();
    let span = tracer.span_of(Custom::new("alone")).start();
    assert!(span.is_recording() && current_trace().is_none());
    drop(span);
    assert_eq!(spans.finished()[0].parent_id, None);
}

#[test]
fn cross_trace_parent() {
    // In the SDK a span of the inner trace has the outer one's for a parent.
    let (tracer, spans) = tracer();
    tracer.trace("outer").run(|_| {
        tracer.span("a").run(|_| {
            tracer.trace("inner").run(|inner| {
                assert_eq!(current_trace().unwrap().name, inner.name());
                tracer.span("b").start().finish();
            });
            assert_eq!(&*current_trace().unwrap().name, "outer");
        });
    });
    let (a, b) = (spans.named("a").unwrap(), spans.named("b").unwrap());
    assert_eq!(b.parent_id, None);
    assert_ne!(a.trace_id, b.trace_id);
}

#[test]
fn plain_thread() {
    let (tracer, spans) = tracer();
    tracer.trace("t").run(|trace| {
        let context = trace.context().clone();
        let tracer = tracer.clone();
        std::thread::spawn(move || {
            assert!(current_trace().is_none(), "a thread knows nothing by itself");
            context.run(|| tracer.span("there").start().finish());
        })
        .join()
        .unwrap();
    });
    assert_eq!(spans.named("there").unwrap().attributes.text("trackway.trace.name"), Some("t"));
}

#[test]
fn asyncio_task() {
    let (tracer, spans) = tracer();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let trace = tracer.trace("t").start();
    let inside = tracer.clone();
    let task = async move { inside.span("task").start().finish() };
    runtime.block_on(runtime.spawn(task.in_context(trace.context().clone()))).unwrap();
    assert_eq!(spans.finished()[0].trace_id, trace.record().unwrap().trace_id);
}

#[test]
fn foreign_finish() {
    // The SDK fails where the token of another context is reset; here nothing is reset.
    let (tracer, spans) = tracer();
    let span = tracer.span("s").start();
    let scope = span.activate();
    std::thread::spawn(move || span.finish()).join().unwrap();
    drop(scope);
    assert_eq!(spans.finished().len(), 1);
    assert_eq!(current().span_id(), None);
}

#[test]
fn exception_inside_with_span() {
    // The SDK records no error there; here a panic is one, and so is an `Err` under `#[trace]`.
    let (tracer, spans) = tracer();
    let work = std::panic::AssertUnwindSafe(|| tracer.span("s").run(|_| panic!("no luck")));
    std::panic::catch_unwind(work).unwrap_err();
    let status = &spans.finished()[0].status;
    assert_eq!((status.code, &*status.message), (StatusCode::Error, "no luck"));
}

#[test]
fn mutable_after_finish() {
    // The SDK exports what is changed before its batch leaves; here a span is what it was at its end.
    let (tracer, spans) = tracer();
    let mut span = tracer.span_of(Custom::new("c")).start();
    span.finish();
    span.data_mut().data.push("late", 1);
    assert_eq!(span.data().data.len(), 1);
    assert_eq!(spans.finished()[0].attributes.get("late"), None);
}

#[test]
fn child_under_noop() {
    let (tracer, spans) = tracer();
    let trace = tracer.trace("off").disabled(true).start();
    let _scope = trace.activate();
    let child = tracer.span_of(Custom::new("c")).start();
    assert!(!child.is_recording() && child.export().is_none());
    assert_eq!(&*child.original_id(), "no-op");
    tracer.span("grandchild").child_of(&child).start().finish();
    drop(child);
    assert!(spans.finished().is_empty());
}

#[test]
fn double_trace_start_finish() {
    // The SDK tells of each end; here a trace ends once, and starts once because a builder is used up.
    let notes = Notes::default();
    let (tracer, _spans) = trackway::testing::tracer_of(Tracer::builder().processor(notes.clone()));
    let trace = tracer.trace("dbl").start();
    trace.finish();
    trace.finish();
    drop(trace);
    assert_eq!(notes.all(), ["TS dbl", "TE dbl"]);
}

#[test]
fn processor_exception_isolated() {
    struct Bad;
    impl Processor for Bad {
        fn on_end(&self, _: &SpanRecord) {
            panic!("a bad hook");
        }
    }
    let notes = Notes::default();
    let tracer = Tracer::builder().processor(Bad).processor(notes.clone()).exporter(Memory::new()).build();
    tracer.trace("t").run(|_| tracer.span("after-bad").start().finish());
    assert!(tracer.flush(Duration::from_secs(10)));
    assert_eq!(notes.all(), ["TS t", "SS after-bad", "SE after-bad", "TE t"]);
}

#[test]
fn exported_of_201_with_queue_10() {
    /// Takes its first batch only when it may.
    struct Slow(Mutex<Option<std::sync::mpsc::Receiver<()>>>, Memory);
    impl Exporter for Slow {
        fn form(&self) -> Form {
            Form::Records
        }
        fn export(&self, batch: &Batch) -> Result<(), Failure> {
            if let Some(gate) = self.0.lock().unwrap().take() {
                gate.recv().unwrap();
            }
            self.1.export(batch)
        }
    }
    let (open, gate) = std::sync::mpsc::channel();
    let memory = Memory::new();
    let slow = Slow(Mutex::new(Some(gate)), memory.clone());
    let tracer = Tracer::builder().queue_spans(10).batch_spans(1).exporter(slow).build();
    for number in 0..201 {
        tracer.span("s").attribute("number", number).start().finish();
    }
    assert!(!tracer.flush(Duration::from_millis(300)), "nobody takes them");
    open.send(()).unwrap();
    assert!(tracer.flush(Duration::from_secs(10)));
    let kept = memory.spans();
    let stats = &tracer.stats().exporters[0];
    assert!(kept.len() <= 11, "what waits is bounded: {}", kept.len());
    assert_eq!(kept.len() as u64 + stats.dropped.queue_full, 201, "and what is dropped is counted");
    assert_eq!(kept[0].attributes.get("number"), Some(&trackway::Value::Int(0)), "the newest are dropped");
}

#[test]
fn disabled_is_noop_trace() {
    let (tracer, spans) = tracer();
    let trace = tracer.trace("x").disabled(true).start();
    assert_eq!((&*trace.name(), &*trace.original_id()), ("no-op", "no-op"));
    assert!(trace.record().is_none() && trace.export().is_none() && trace.state().is_none());
    tracer.disable();
    assert_eq!(&*tracer.trace("y").start().original_id(), "no-op");
    drop(trace);
    assert!(spans.finished().is_empty());
}

#[test]
fn id_formats() {
    let hex = |id: &str, prefix: &str| id.strip_prefix(prefix).unwrap().len();
    assert_eq!(hex(&new_trace_id(), "trace_"), 32);
    assert_eq!(hex(&new_span_id(), "span_"), 24);
    assert_eq!(hex(&new_group_id(), "group_"), 24);
    assert_ne!(new_group_id(), new_group_id());
    assert!(new_span_id().bytes().skip(5).all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn guards_and_functions_are_a_part_of_the_trace() {
    let memory = Memory::new();
    let tracer = Tracer::builder().exporter(memory.clone()).build();
    let _scope = tracer.activate();
    let trace = tracer.trace("t").start();
    trace.context().run(|| {
        let _guard = trackway::span!("guard");
        tracer.span("owned").start().finish();
    });
    let off = tracer.trace("off").disabled(true).start();
    off.context().run(|| drop(trackway::span!("unseen")));
    assert!(tracer.flush(Duration::from_secs(10)));
    let spans = memory.spans();
    let id = trace.record().unwrap().trace_id;
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| span.trace_id == id));
    let guard = spans.iter().find(|span| &*span.name == "guard").unwrap();
    let owned = spans.iter().find(|span| &*span.name == "owned").unwrap();
    assert_eq!((guard.parent_id, owned.parent_id), (None, Some(guard.span_id)));
}
