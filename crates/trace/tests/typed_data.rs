#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! Spans whose data has a type.

use trackway::testing::tracer;
use trackway::{Attributes, Context, Span, SpanBuilder, SpanData, SpanKind, Text, Timestamp, Traced, Value};

#[derive(Debug, Default)]
struct Fetch {
    url: &'static str,
    status: Option<i64>,
    retry: bool,
}

impl SpanData for Fetch {
    fn name(&self) -> Text {
        if self.retry { "fetch again".into() } else { "fetch".into() }
    }

    fn kind(&self) -> SpanKind {
        SpanKind::Client
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.push("url", self.url);
        if let Some(status) = self.status {
            attributes.push("status", status);
        }
        attributes
    }
}

fn fetch() -> Fetch {
    Fetch { url: "/a", ..Fetch::default() }
}

#[test]
fn a_span_records_what_its_data_says_at_its_start_and_after_each_change() {
    let (tracer, spans) = tracer();
    let mut span = tracer.span_of(fetch()).attribute("more", 1).start();
    assert_eq!(span.record().unwrap().attributes.get("status"), None);
    span.data_mut().status = Some(503);
    assert_eq!(span.record().unwrap().attributes.get("status"), Some(&Value::Int(503)));
    *span.data_mut() = Fetch { retry: true, ..fetch() };
    assert_eq!(span.data().status, None);
    span.finish();
    assert_eq!(spans.finished()[0].kind, SpanKind::Client);
    assert_eq!(spans.tree(), "fetch again 1s url=/a more=1\n");
}

#[test]
fn a_name_that_the_program_gave_stays() {
    let (tracer, spans) = tracer();
    let mut span = tracer.span_of(fetch()).start();
    span.rename("mine");
    span.data_mut().retry = true;
    drop(span);
    assert!(spans.named("mine").is_some());
}

#[test]
fn data_that_changes_after_the_end_is_at_hand_and_not_recorded() {
    let (tracer, spans) = tracer();
    let mut span = tracer.span_of(fetch()).start();
    span.finish();
    span.data_mut().status = Some(200);
    assert_eq!(span.data().status, Some(200));
    drop(span);
    assert_eq!(spans.tree(), "fetch 1s url=/a\n");
}

#[test]
fn data_of_a_span_that_nobody_records_is_never_described() {
    struct Costly;
    impl SpanData for Costly {
        fn name(&self) -> Text {
            "costly".into()
        }
        fn attributes(&self) -> Attributes {
            unreachable!("nobody asked for it")
        }
    }
    let (tracer, spans) = tracer();
    tracer.disable();
    let mut span = tracer.span_of(Costly).start();
    drop(span.data_mut());
    span.finish();
    assert_eq!(spans.tree(), "");
}

#[test]
fn every_call_of_a_span_is_there_for_one_with_data() {
    fn all<D>(builder: SpanBuilder<'_, D>, around: &Context) -> Span<D> {
        let span = builder.child_of(around).starting_at(Timestamp(5)).attribute("k", 1).start();
        span.attribute("l", 2).event("e").field("f", 3);
        let _scope = span.activate();
        span.finish_at(Timestamp(9));
        span
    }
    let (tracer, spans) = tracer();
    let around = tracer.span("around").start();
    let inner = all(tracer.span_of(fetch()), around.context());
    let plain = all(tracer.span("plain"), inner.context());
    assert_eq!((inner.data().url, plain.is_recording()), ("/a", false));
    drop(around);
    assert_eq!(spans.finished().len(), 3);
}

#[test]
fn work_runs_in_a_span_with_data() {
    let (tracer, spans) = tracer();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let child = tracer.clone();
    let work = async move { child.span("inside").start().finish() };
    runtime.block_on(work.in_span(tracer.span_of(fetch()).start()));
    tracer.span_of(fetch()).run(|span| assert_eq!(span.data().url, "/a"));
    assert_eq!(spans.tree(), "fetch 3s url=/a\n  inside 1s\nfetch 1s url=/a\n");
}

struct Fragile {
    is_broken: bool,
}

impl trackway::SpanData for Fragile {
    fn name(&self) -> trackway::Text {
        "fragile".into()
    }

    fn attributes(&self) -> trackway::Attributes {
        assert!(!self.is_broken, "it says nothing any more");
        trackway::Attributes::default()
    }
}

#[test]
fn data_that_panics_when_a_change_is_recorded_does_no_harm() {
    let (tracer, spans) = trackway::testing::tracer();
    let mut span = tracer.span_of(Fragile { is_broken: false }).start();
    span.data_mut().is_broken = true;
    span.finish();
    assert_eq!(spans.tree(), "fragile 1s\n");
}
