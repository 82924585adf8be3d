//! Random programs against a model of what a tracer is to make of them, from guards to the bytes that are sent.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod expected;
mod model;
mod pressure;
mod program;
mod seen;
mod threads;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use proptest::prelude::*;
use trackway::export::Memory;
use trackway::{Context, Limits, Sampler, Stats, Tracer};

use self::model::{Model, Place, Trace};
use self::program::{Op, THREADS};
use self::threads::{Do, Shared, Thread};

const SOON: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Forms {
    Otlp,
    Records,
    Both,
}

/// A tracer and where its spans go.
#[derive(Clone)]
struct Traced {
    tracer: Tracer,
    otlp: Memory,
    records: Memory,
}

fn traced(forms: Forms, sampler: Sampler) -> (trackway::Builder, Memory, Memory) {
    let (otlp, records) = (Memory::otlp(), Memory::new());
    let limits = Limits::default()
        .attributes(model::ATTRIBUTES as u32)
        .value_bytes(model::BYTES)
        .events(model::EVENTS as u32)
        .links(model::LINKS as u32);
    let builder = Tracer::builder().service("test").limits(limits).sampler(sampler);
    let builder = if forms == Forms::Records { builder } else { builder.exporter(otlp.clone()) };
    let builder = if forms == Forms::Otlp { builder } else { builder.exporter(records.clone()) };
    (builder, otlp, records)
}

/// Returns the program's own tracer, of which a process has one.
fn global() -> Traced {
    static GLOBAL: OnceLock<Traced> = OnceLock::new();
    let install = || {
        let (builder, otlp, records) = traced(Forms::Both, Sampler::default());
        let installed = builder.install();
        let tracer = installed.tracer().clone();
        std::mem::forget(installed);
        Traced { tracer, otlp, records }
    };
    GLOBAL.get_or_init(install).clone()
}

fn remote(is_sampled: bool, has_state: bool) -> Context {
    let flags = if is_sampled { "01" } else { "00" };
    let mut headers = vec![("traceparent", format!("00-{}-{}-{flags}", model::REMOTE_TRACE, model::REMOTE_SPAN))];
    if has_state {
        headers.push(("tracestate", model::STATE.to_owned()));
    }
    Context::extract(&headers).unwrap()
}

/// Runs a program and returns the model of it, and each tracer's spans in every form that it makes.
fn run(program: &[(usize, Op)], forms: Forms) -> (Model, Vec<Vec<Vec<seen::Span>>>) {
    let global = global();
    global.otlp.clear();
    global.records.clear();
    let before = global.tracer.stats();
    let mut all = vec![global.clone()];
    for number in 1..model::TRACERS {
        let sampler = if number == model::SILENT { Sampler::always_off() } else { Sampler::default() };
        let (builder, otlp, records) = traced(forms, sampler);
        all.push(Traced { tracer: builder.build(), otlp, records });
    }
    let tracers = all.iter().map(|traced| traced.tracer.clone()).collect();
    let shared = Arc::new(Shared::new(tracers));
    let mut threads: Vec<Thread> = (0..THREADS).map(|_| Thread::new(shared.clone())).collect();
    let mut model = Model::new();
    for (thread, op) in program {
        match (op, model.run(*thread, op)) {
            (Op::Remote { sampled, state }, _) => {
                model.remote(*sampled, *state);
                shared.contexts.lock().unwrap().push(remote(*sampled, *state));
            }
            (Op::Flush, _) => assert!(all.iter().all(|traced| traced.tracer.flush(SOON))),
            (_, None) => {}
            (_, Some(Do::End)) => {
                threads[*thread].end();
                threads[*thread] = Thread::new(shared.clone());
            }
            (_, Some(order)) => threads[*thread].tell(order),
        }
    }
    for order in model.finish_all() {
        threads[0].tell(order);
    }
    for (number, thread) in threads.iter_mut().enumerate() {
        model.run(number, &Op::EndThread);
        thread.end();
    }
    let mut seen = Vec::new();
    for (number, traced) in all.iter().enumerate() {
        assert!(traced.tracer.flush(SOON));
        let spans = model.spans.iter().filter(|span| span.tracer == number).count() as u64;
        check_stats(&traced.tracer.stats(), if number == model::GLOBAL { Some(&before) } else { None }, spans);
        let forms = if number == model::GLOBAL { Forms::Both } else { forms };
        let otlp = || seen::of_requests(&traced.otlp.requests());
        let records = || seen::of_records(&traced.records.spans());
        seen.push(match forms {
            Forms::Otlp => vec![otlp()],
            Forms::Records => vec![records()],
            Forms::Both => vec![otlp(), records()],
        });
    }
    (model, seen)
}

/// Nothing was dropped, and every span was exported once.
fn check_stats(stats: &Stats, before: Option<&Stats>, spans: u64) {
    let before = before.cloned().unwrap_or_default();
    assert_eq!(stats.emitted - before.emitted, spans, "{stats:#?}");
    assert_eq!(
        (stats.dropped.total(), stats.fields_lost, stats.waiting, stats.hooks_panicked),
        (0, 0, 0, 0),
        "{stats:#?}"
    );
    for exporter in &stats.exporters {
        assert_eq!(stats.emitted, exporter.exported + exporter.dropped.total() + exporter.waiting, "{stats:#?}");
        assert_eq!(exporter.dropped.total(), 0);
    }
}

/// Compares what came with what ought to.
fn check(model: &Model, seen: &[Vec<Vec<seen::Span>>]) {
    for form in 0..2 {
        let of_form = |tracer: &Vec<Vec<seen::Span>>| tracer.get(form).or(tracer.first()).unwrap().clone();
        let mut by_id: BTreeMap<usize, (usize, seen::Span)> = BTreeMap::new();
        for (tracer, spans) in seen.iter().map(of_form).enumerate() {
            for span in spans {
                let Some(model::Value::I64(id)) = span.fields.values.get(threads::ID) else {
                    panic!("no id: {span:#?}")
                };
                let twice = by_id.insert(*id as usize, (tracer, span));
                assert!(twice.is_none(), "twice: {twice:#?}");
            }
        }
        let mut ids: BTreeMap<Trace, String> = BTreeMap::new();
        ids.insert(Trace::Remote, model::REMOTE_TRACE.to_owned());
        for (id, expected) in model.spans.iter().enumerate() {
            let (_, span) = by_id.get(&id).unwrap_or_else(|| panic!("span {id} did not come: {expected:#?}"));
            let known = ids.entry(expected.trace).or_insert_with(|| span.trace.clone());
            assert_eq!(*known, span.trace, "the trace of span {id}, {expected:#?}");
        }
        let distinct: std::collections::BTreeSet<_> = ids.values().collect();
        assert_eq!(distinct.len(), ids.len(), "traces of their own");
        let span_id = |place: &Place| match place {
            Place::None => Some(String::new()),
            Place::Remote => Some(model::REMOTE_SPAN.to_owned()),
            Place::Span(id) => Some(by_id[id].1.span.clone()),
            Place::Unrecorded => None,
        };
        for (id, expected) in model.spans.iter().enumerate() {
            let (tracer, span) = &by_id[&id];
            let about = || format!("span {id}\nexpected {expected:#?}\ngot {span:#?}");
            assert_eq!(*tracer, expected.tracer, "tracer of {}", about());
            assert_eq!(Some(&span.parent), span_id(&expected.parent).as_ref(), "parent of {}", about());
            assert_eq!(
                span.flags & 0x301,
                0x101 | if expected.remote_parent { 0x200 } else { 0 },
                "flags of {}",
                about()
            );
            assert_eq!(span.state, expected.state, "tracestate of {}", about());
            assert_eq!(span.name, expected.name, "name of {}", about());
            assert_eq!(span.kind, expected.kind, "kind of {}", about());
            assert_eq!(span.status, expected.status, "status of {}", about());
            check_data(expected, span, &about);
            assert_eq!(span.links.len(), expected.links.len(), "links of {}", about());
            assert_eq!(span.dropped_links, expected.dropped_links, "dropped links of {}", about());
            for (link, expected) in span.links.iter().zip(&expected.links) {
                let trace = expected.trace.map(|trace| ids.get(&trace).cloned());
                if trace != Some(None) {
                    assert_eq!(blank(&link.trace), trace.flatten().unwrap_or_default(), "link of {}", about());
                }
                if let Some(expected) = span_id(&expected.span) {
                    assert_eq!(blank(&link.span), expected, "link of {}", about());
                }
                assert_eq!(link.flags & 0x300, 0x100 | if expected.remote { 0x200 } else { 0 }, "link of {}", about());
                assert_eq!(link.state, expected.state, "link of {}", about());
            }
            assert!(span.start <= span.end, "{}", about());
            assert!(span.events.iter().all(|(time, ..)| (span.start..=span.end).contains(time)), "{}", about());
        }
        check_order(model, &by_id);
    }
}

/// An id of zeros stands for none.
fn blank(id: &str) -> &str {
    if id.bytes().all(|digit| digit == b'0') { "" } else { id }
}

fn check_data(expected: &model::Span, span: &seen::Span, about: &dyn Fn() -> String) {
    let mut values = span.fields.values.clone();
    let incomplete = values.remove("trackway.incomplete");
    assert_eq!(incomplete.is_some(), expected.is_incomplete, "incomplete: {}", about());
    assert_eq!(span.fields.dropped, expected.fields.dropped, "dropped attributes of {}", about());
    assert_eq!(span.dropped_events, expected.dropped_events, "dropped events of {}", about());
    if expected.is_far && expected.fields.dropped > 0 {
        assert_eq!(values.len(), expected.fields.values.len());
    } else {
        assert_eq!(values, expected.fields.values, "attributes of {}", about());
    }
    let strip = |fields: &seen::Fields| {
        let mut values = fields.values.clone();
        values.remove("exception.stacktrace");
        (values, fields.dropped)
    };
    let mut got: Vec<_> = span.events.iter().map(|(_, name, fields)| (name.clone(), strip(fields))).collect();
    let mut wanted: Vec<_> =
        expected.events.iter().map(|(name, fields)| (name.clone(), (fields.values.clone(), fields.dropped))).collect();
    if expected.is_far {
        got.sort_by(|one, other| one.0.cmp(&other.0));
        wanted.sort_by(|one, other| one.0.cmp(&other.0));
        if expected.dropped_events > 0 {
            return assert_eq!(got.len(), wanted.len());
        }
    }
    assert_eq!(got, wanted, "events of {}", about());
}

/// What came one after the other is so in the spans' times, whichever thread it was on.
fn check_order(model: &Model, by_id: &BTreeMap<usize, (usize, seen::Span)>) {
    let mut moments = Vec::new();
    for (id, expected) in model.spans.iter().enumerate() {
        let span = &by_id[&id].1;
        moments.push((expected.start, span.start, id));
        // Of what was given up, the collector says when it saw that.
        if !expected.is_incomplete {
            moments.push((expected.end.unwrap(), span.end, id));
        }
    }
    moments.sort_unstable();
    for pair in moments.windows(2) {
        let [(first, earlier, one), (second, later, other)] = pair else { continue };
        assert!(earlier <= later, "span {one} at {first} came after span {other} at {second}: {earlier} > {later}");
        assert!(first != second || earlier == later, "spans {one} and {other} share a border: {earlier} {later}");
    }
}

/// Programs panic as planned, which need not be shown.
fn hush() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<String>().is_none_or(|text| text != threads::PANIC) {
                previous(info);
            }
        }));
    });
}

/// One program at a time, for they share the program's own tracer.
static ONE: Mutex<()> = Mutex::new(());

/// `PROPTEST_CASES` asks for more programs than a usual run has time for. From about 1500 in ten seconds on there are too few
/// rings: one whose thread ended with a forgotten guard rests for as long.
fn config() -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 96 };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 3000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_program_makes_the_spans_it_says(
        program in program::programs(),
        forms in prop_oneof![3 => Just(Forms::Otlp), 1 => Just(Forms::Records), 1 => Just(Forms::Both)],
    ) {
        let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        hush();
        let (model, seen) = run(&program.0, forms);
        check(&model, &seen);
    }
}

/// What random programs found once.
mod found {
    use super::*;
    use crate::program::{Data, Inside, Key, On, Op, Val, Work};

    fn hold(program: &[(usize, Op)]) {
        let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        hush();
        for forms in [Forms::Otlp, Forms::Records, Forms::Both] {
            let (model, seen) = run(program, forms);
            check(&model, &seen);
        }
    }

    fn span(thread: usize) -> (usize, Op) {
        (thread, Op::Span { site: 0 })
    }

    #[test]
    fn a_scope_that_ends_before_the_trace_that_began_in_it() {
        hold(&[
            (0, Op::Task { of: Work::Site(0) }),
            span(0),
            (0, Op::Attach { context: 0 }),
            span(0),
            (0, Op::Poll { task: 0, body: vec![Inside::Attribute(Val::Absent)], ready: false }),
        ]);
    }

    #[test]
    fn a_span_around_a_poll() {
        let value = Data::Attribute { key: Key { name: 0, is_static: false }, value: Val::Bool(true) };
        hold(&[
            (0, Op::Task { of: Work::Site(0) }),
            span(0),
            (0, Op::Poll { task: 0, body: vec![Inside::Attribute(Val::Absent)], ready: false }),
            (0, Op::Data { on: On::Handle(0), data: value }),
        ]);
    }

    #[test]
    fn a_step_inside_of_what_has_ended() {
        hold(&[span(0), span(0), (0, Op::Close { handle: 0 }), (0, Op::Step { handle: 1, site: 1 })]);
    }

    #[test]
    fn a_trace_that_is_not_recorded_inside_of_one_that_is() {
        hold(&[
            span(0),
            (0, Op::Remote { sampled: false, state: false }),
            span(0),
            (0, Op::Callback { context: 1, site: 0 }),
            span(0),
        ]);
    }

    #[test]
    fn a_future_polled_by_threads_whose_rings_are_read_in_any_order() {
        let poll = |body: Vec<Inside>, ready| Op::Poll { task: 0, body, ready };
        // Each thread has its ring from its first span on.
        for [first, second, third] in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            hold(&[
                span(0),
                span(1),
                span(2),
                (0, Op::Close { handle: 0 }),
                (1, Op::Close { handle: 0 }),
                (2, Op::Close { handle: 0 }),
                (0, Op::Task { of: Work::Site(0) }),
                (first, poll(vec![Inside::Status, Inside::Event], false)),
                (second, poll(vec![Inside::Event, Inside::Attribute(Val::Bool(true))], false)),
                (third, poll(Vec::new(), true)),
            ]);
        }
    }
}
