//! What Burr's tracing inside actions offers, and what its users stumble over: each test says which call of Burr it stands for.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::{Arc, Mutex};

use trackway::Traced;
use trackway_machine::{
    ActionSpan, Event, Fact, Fault, Graph, Hook, Reaction, SpanKind, State, StatusCode, Step, Text, action, active,
    state, tracker::Memory,
};

/// What hooks are told: the events of spans and attributes, a line each.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Hook for Heard {
    fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
        let line = match event {
            Event::SpanStarted { span, dependencies, .. } => {
                format!("> {} {} after {dependencies:?}", span.uid(), span.name)
            }
            Event::SpanEnded { span, .. } => format!("< {} {}", span.uid(), span.name),
            Event::Attribute { span, key, value, .. } => {
                format!("{} {key}={}", span.map_or("step".into(), ActionSpan::uid), value.to_json())
            }
            _ => return Reaction::DONE,
        };
        self.0.lock().unwrap().push(line);
        Reaction::DONE
    }
}

/// Runs one step of an action that does this; returns what hooks heard and what trackers were told of spans.
fn step_of(work: impl Fn(&Step) + Send + Sync + 'static) -> (Vec<String>, Vec<trackway::SpanRecord>) {
    let work = action("work").run_sync(move |state: State, step: &Step| {
        work(step);
        state
    });
    run(&Graph::new([work]).build().unwrap())
}

fn run(graph: &Graph) -> (Vec<String>, Vec<trackway::SpanRecord>) {
    let (heard, memory) = (Heard::default(), Memory::default());
    let builder = graph.start(state! {}).project("demo").first_sequence(3).tracker(memory.clone());
    builder.hook(heard.clone()).build().unwrap().step().blocking().unwrap();
    let spans = memory.entries().into_iter().filter_map(|entry| match entry.fact {
        Fact::Span(span) => Some(*span),
        _ => None,
    });
    (heard.lines(), spans.collect())
}

/// `TracerFactory.__call__(span_name, span_dependencies)`, `ActionSpanTracer.__enter__` and `__exit__`.
#[test]
fn a_tracer_factory_gives_spans_with_dependencies() {
    let (heard, spans) = step_of(|step| {
        step.span("load").run(|_| {
            step.span("open").start().finish();
            step.span("read").depends_on(["open"]).start().finish();
        });
        step.span("think").kind(SpanKind::Client).depends_on(["load", "whatever"]).start().finish();
    });
    assert_eq!(
        heard,
        [
            "> 3:0 load after []",
            "> 3:0.0 open after []",
            "< 3:0.0 open",
            "> 3:0.1 read after [\"open\"]",
            "< 3:0.1 read",
            "< 3:0 load",
            "> 3:1 think after [\"load\", \"whatever\"]",
            "< 3:1 think",
        ]
    );
    let named: Vec<(&str, Option<&str>)> =
        spans.iter().map(|span| (&*span.name, span.attributes.text("trackway.span.ordinal"))).collect();
    assert_eq!(
        named,
        [("open", Some("3:0.0")), ("read", Some("3:0.1")), ("load", Some("3:0")), ("think", Some("3:1"))]
    );
}

/// `TracerFactory.top_level_span_count`: it counts when a span begins here, and there when it is asked for.
#[test]
fn a_span_that_never_begins_has_no_number() {
    let (heard, _) = step_of(|step| {
        drop(step.span("asked for"));
        step.span("begun").start().finish();
    });
    assert_eq!(heard, ["> 3:0 begun after []", "< 3:0 begun"]);
}

/// `ActionSpan(action, action_sequence_id, name, parent, sequence_id, child_count)`, `create_initial` and `spawn`.
#[test]
fn an_action_span_has_every_field_and_counts_its_children() {
    let root = ActionSpan::create_initial("answer", "load", 1, 3);
    assert_eq!((&*root.action, root.action_sequence_id, &*root.name, root.sequence_id), ("answer", 3, "load", 1));
    assert!(root.parent.is_none() && root.child_count() == 0);
    let (open, read) = (root.spawn("open"), root.spawn("read"));
    let deep = read.spawn("deep");
    assert_eq!((root.child_count(), open.sequence_id, read.sequence_id), (2, 0, 1));
    assert_eq!(
        [&root, &open, &read, &deep].map(|span| span.uid()),
        ["3:1", "3:1.0", "3:1.1", "3:1.1.0"].map(Text::from)
    );
    let parent = deep.parent.as_ref().unwrap();
    assert!(Arc::ptr_eq(parent, &read) && deep.action_sequence_id == 3 && deep.action == "answer".into());
}

/// `ActionSpanTracer.log_attribute` and `log_attributes`, on a span and outside of all of them.
#[test]
fn attributes_are_of_a_span_or_of_the_step() {
    let (heard, spans) = step_of(|step| {
        step.attribute("model", "small");
        let span = step.span("load").attribute("at", 1).start();
        span.attribute("rows", 3).attributes([("a", 1.5), ("b", 2.5)]);
        span.attribute("rows", 4);
    });
    assert_eq!(heard[0], "step model=\"small\"");
    assert_eq!(
        heard[1..],
        ["> 3:0 load after []", "3:0 at=1", "3:0 rows=3", "3:0 a=1.5", "3:0 b=2.5", "3:0 rows=4", "< 3:0 load"]
    );
    assert_eq!(spans[0].attributes.get("rows"), Some(&4.into()));
}

/// `log_attributes` goes to the span that is current, whichever object it is called on: `active()` does.
#[test]
fn attributes_without_an_object_at_hand_go_to_what_is_active() {
    let (heard, _) = step_of(|step| {
        assert!(active().is_recording());
        active().attribute("of", "step");
        step.span("load").run(|_| {
            active().attribute("of", "load");
            step.span("read").run(|_| {
                active().attribute("of", "read");
            });
            active().attribute("of", "load again");
        });
    });
    let attributes: Vec<&String> = heard.iter().filter(|line| line.contains("of=")).collect();
    assert_eq!(attributes, ["step of=\"step\"", "3:0 of=\"load\"", "3:0.0 of=\"read\"", "3:0 of=\"load again\""]);
    active().attribute("of", "nobody");
    assert!(!active().is_recording() && Step::current().is_none());
}

/// What is active may also be a span that is no step's; then it is that one's attribute.
#[test]
fn a_plain_span_inside_of_a_step_takes_its_own_attributes() {
    let (tracer, spans) = trackway::testing::tracer();
    let work = action("work").run_sync(|state: State, step: &Step| {
        step.span("load").run(|_| {
            let _plain = trackway::span!("plain");
            active().attribute("rows", 3);
        });
        state
    });
    let graph = Graph::new([work]).build().unwrap();
    graph.start(state! {}).tracer(tracer).build().unwrap().step().blocking().unwrap();
    assert_eq!(spans.named("plain").unwrap().attributes.get("rows"), Some(&3.into()));
    assert_eq!(spans.named("load").unwrap().attributes.get("rows"), None);
}

/// `ApplicationContext.get()`: the step is found from anywhere inside of it, also in tasks that carry its context.
#[test]
fn the_step_is_found_from_anywhere_inside_of_it() {
    let work = action("work").writes(["seen"]).run(|state: State, step: Step| async move {
        let here = Step::current().unwrap();
        let context = trackway::current();
        let there = tokio::spawn(async { Step::current().map(|step| step.sequence()) }.in_context(context)).await?;
        let lost = tokio::spawn(async { Step::current().is_none() }).await?;
        Ok::<_, Fault>(state.set("seen", format!("{} {there:?} {lost} {}", here.key() == step.key(), here.app_id())))
    });
    let graph = Graph::new([work]).build().unwrap();
    let mut app = graph.start(state! {}).app_id("a").build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { app.step().await.unwrap() });
    assert_eq!(app.state().get::<String>("seen").unwrap(), "true Some(0) true a");
}

/// New threads have no parent there; here their spans take the parent along where the context is carried, and the numbers of
/// those that have none do not collide.
#[test]
fn spans_of_threads_have_numbers_of_their_own() {
    let (heard, _) = step_of(|step| {
        step.span("load").run(|_| {
            let context = trackway::current();
            std::thread::scope(|threads| {
                for _ in 0..8 {
                    threads.spawn(|| context.run(|| step.span("carried").start().finish()));
                    threads.spawn(|| step.span("without").start().finish());
                }
            });
        });
    });
    let mut begun: Vec<&str> = heard.iter().filter_map(|line| line.strip_prefix("> ")).collect();
    begun.sort_unstable();
    let carried = (0..8).map(|number| format!("3:0.{number} carried after []"));
    let without = (1..9).map(|number| format!("3:{number} without after []"));
    let mut expected: Vec<String> = carried.chain(without).chain(["3:0 load after []".to_owned()]).collect();
    expected.sort_unstable();
    assert_eq!(begun, expected);
}

/// A hook with the work of `PreStartSpanHookAsync` and `PostEndSpanHookAsync`: what is to be awaited is, before the step ends.
#[test]
fn hooks_of_spans_may_wait() {
    #[derive(Clone, Default)]
    struct Later(Arc<Mutex<Vec<String>>>);

    impl Hook for Later {
        fn on<'a>(&'a self, event: &'a Event<'a>) -> Reaction<'a> {
            let line = match event {
                Event::SpanStarted { span, .. } => format!("> {}", span.name),
                Event::SpanEnded { span, .. } => format!("< {}", span.name),
                Event::AfterStep { .. } => "after the step".to_owned(),
                _ => return Reaction::DONE,
            };
            Reaction::later(async move {
                tokio::task::yield_now().await;
                self.0.lock().unwrap().push(line);
                Ok(())
            })
        }
    }

    let later = Later::default();
    let work = action("work").run(|state: State, step: Step| async move {
        step.span("load").start().around(tokio::task::yield_now()).await;
        state
    });
    let mut app = Graph::new([work]).build().unwrap().start(state! {}).hook(later.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { app.step().await.unwrap() });
    assert_eq!(*later.0.lock().unwrap(), ["> load", "< load", "after the step"]);
}

/// Spans carry no failure there; `__exit__` ends them as if nothing had been.
#[test]
fn a_span_that_failed_says_so() {
    let (_, spans) = step_of(|step| {
        step.span("load").start().record_error(&std::fmt::Error);
        step.span("refused").start().status(StatusCode::Error, "too long");
    });
    assert_eq!(spans[0].events[0].attributes.text("exception.type"), Some("core::fmt::Error"));
    assert_eq!(&*spans[1].status.message, "too long");
}
