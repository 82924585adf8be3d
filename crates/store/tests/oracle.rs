//! Whatever is done to it, the embedded store answers what the memory store answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::sync::Arc;

use kit::*;
use proptest::{collection::vec, option, prelude::*, sample::select, test_runner::RngSeed};
use trackway_model::*;
use trackway_store::*;

#[derive(Debug, Clone)]
enum Step {
    Append { second: u64, batch: Batch },
    Announce { second: u64, spans: Vec<SpanRecord> },
    Tend(u64),
    DeleteTrace(u128),
    DeleteProject(&'static str),
    Reopen,
    Crash,
    Flush,
    Compact,
    Ask(Question),
}

#[derive(Debug, Clone)]
struct Question {
    query: TraceQuery,
    limit: usize,
    now: u64,
}

fn project() -> impl Strategy<Value = &'static str> {
    select(vec!["default", "shop", "a project with a name that is longer than a text holds inline"])
}

fn service() -> impl Strategy<Value = &'static str> {
    select(vec!["web", "db", "Auth"])
}

fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["GET /", "get /cart", "Straße", "ΟΔΟΣ", ""])
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0..12u64, 1 => Just(u64::MAX), 1 => Just(u64::MAX - 1)]
}

/// What attributes hold: values that look alike and are not of one type.
fn value() -> impl Strategy<Value = Value> {
    let text = select(vec!["1", "1.0", "true", "one", ""]).prop_map(Value::from);
    let plain = prop_oneof![
        text,
        (0..3i64).prop_map(Value::Int),
        select(vec![1.0, 1.5, f64::NAN]).prop_map(Value::Double),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Empty),
    ];
    prop_oneof![5 => plain.clone(), 1 => vec(plain, 0..3).prop_map(Value::Array)]
}

fn key() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "b", "service.name"])
}

fn some_attributes() -> impl Strategy<Value = Attributes> {
    vec((key(), value()), 0..3).prop_map(Attributes::from_iter)
}

/// A span with attributes in every place.
fn rich_span() -> impl Strategy<Value = SpanRecord> {
    let lists = (some_attributes(), some_attributes(), some_attributes(), vec(some_attributes(), 0..2));
    let kind = select(vec![SpanKind::Internal, SpanKind::Server, SpanKind::Client]);
    (any_span(), lists, some_attributes(), kind).prop_map(|(span, (own, shared, of_scope, links), of_events, kind)| {
        span.with(|it| {
            (it.attributes, it.kind) = (own, kind);
            it.links = links.into_iter().map(link).collect();
            it.scope = Arc::new(Scope { name: "lib".into(), attributes: of_scope, ..Scope::default() });
            let service = it.resource.attributes.clone();
            let shared = Attributes(service.0.into_iter().chain(shared.0).collect());
            it.resource = Arc::new(Resource { attributes: shared, ..Resource::default() });
            it.events.iter_mut().for_each(|event| event.attributes = of_events.clone());
        })
    })
}

fn operand() -> impl Strategy<Value = Operand> {
    prop_oneof![
        3 => select(vec!["1", "web", "Auth", "GET /", "error", "server", "true", "e", ""]).prop_map(|it| Operand::Text(it.into())),
        1 => (-1..3i64).prop_map(Operand::Int),
        1 => select(vec![1.0, 0.5, f64::NAN]).prop_map(Operand::Double),
        1 => any::<bool>().prop_map(Operand::Bool),
        1 => (-2..9i64).prop_map(|it| Operand::Duration(Elapsed(it))),
        1 => (0..12u64).prop_map(|it| Operand::Time(Timestamp(it))),
    ]
}

fn field() -> impl Strategy<Value = Field> {
    let places = [Place::Span, Place::Resource, Place::Scope, Place::Event, Place::Link, Place::Anywhere];
    let plain = [
        Field::Service,
        Field::Name,
        Field::Kind,
        Field::Status,
        Field::StatusMessage,
        Field::Duration,
        Field::Start,
        Field::TraceId,
        Field::SpanId,
        Field::ParentId,
        Field::Project,
        Field::ScopeName,
        Field::ScopeVersion,
        Field::EventName,
    ];
    let attribute = (select(places.to_vec()), key()).prop_map(|(place, key)| Field::attribute(place, key));
    // Of names often, since these have an index.
    prop_oneof![2 => select(vec![Field::Service, Field::Name]), 2 => select(plain.to_vec()), 4 => attribute]
}

fn test() -> impl Strategy<Value = Test> {
    let part = || select(vec!["e", "GET", "1", ""]).prop_map(Text::from);
    let pattern = || select(vec![".*e.*", "GET.*", "[0-9]+", "web|db"]).prop_map(|it| Pattern::new(it).unwrap());
    let ordered = select(vec![Test::Eq as fn(Operand) -> Test, Test::Ne, Test::Lt, Test::Lte, Test::Gt, Test::Gte]);
    prop_oneof![
        1 => Just(Test::Exists),
        6 => (ordered, operand()).prop_map(|(test, operand)| test(operand)),
        1 => part().prop_map(Test::Contains),
        1 => part().prop_map(Test::StartsWith),
        1 => pattern().prop_map(Test::Matches),
        1 => pattern().prop_map(Test::Misses),
    ]
}

fn filter() -> impl Strategy<Value = SpanFilter> {
    let is = (field(), test()).prop_map(|(field, test)| SpanFilter::is(field, test));
    is.prop_recursive(3, 12, 3, |part| {
        prop_oneof![
            3 => vec(part.clone(), 0..4).prop_map(SpanFilter::All),
            2 => vec(part.clone(), 0..4).prop_map(SpanFilter::Any),
            1 => part.prop_map(|part| SpanFilter::Not(Box::new(part))),
        ]
    })
}

fn any_span() -> impl Strategy<Value = SpanRecord> {
    let ids = (1..5u128, 1..6u64, option::of(0..6u64));
    let times = (time(), option::weighted(0.8, time()), vec((time(), name()), 0..3));
    (ids, times, any::<bool>(), name(), service(), project()).prop_map(
        |((trace, id, parent), (start, end, events), is_failed, name, service, project)| {
            let span = span(trace, id).with(|it| {
                it.parent_id = parent.and_then(|id| SpanId::new(id.to_be_bytes()));
                (it.start, it.end) = (Timestamp(start), end.map(Timestamp));
                it.events = events.into_iter().map(|(time, name)| event(time, name)).collect();
                (it.name, it.project, it.resource) = (name.into(), project.into(), resource(service));
            });
            if is_failed { failed(span) } else { span }
        },
    )
}

/// What a span of an agent says, of few words so that spans share them.
fn data() -> impl Strategy<Value = SpanData> {
    let number = || option::of(0..3u64);
    let usage = option::of((number(), number(), number()));
    let cost = option::of((1..3u64, number(), select(vec!["client", "list"])));
    let texts = (option::of(name()), option::of(name()), option::of(name()), option::of(name()), option::of(group()));
    let numbers = (option::of(any::<bool>()), usage, cost);
    (select(KINDS.to_vec()), texts, numbers).prop_map(|(kind, texts, (triggered, usage, cost))| {
        let (title, subject, agent, model, conversation) = texts;
        let text = |text: Option<&str>| text.map(Text::from);
        SpanData {
            title: text(title),
            subject: text(subject),
            agent: text(agent),
            request_model: text(model),
            conversation: text(conversation),
            triggered,
            usage: usage.map(|(input, output, requests)| Usage { input, output, requests, ..Usage::default() }),
            cost: cost.map(|(total, input, source)| {
                let (total, input) = (Dollars(total), input.map(Dollars));
                Cost { total, input, output: None, source: source.into() }
            }),
            ..SpanData::new(kind, Dialect::OpenAiAgents)
        }
    })
}

fn group() -> impl Strategy<Value = &'static str> {
    select(vec!["thread 1", "thread 2", ""])
}

fn original() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "span_of_a_client_with_ids_of_its_own", "b", ""])
}

/// A span of a client of agents: mostly a tree, and at times sent anew.
fn any_work() -> impl Strategy<Value = SpanRecord> {
    let foreign = option::of((original(), option::of(original())));
    let is_replacing = prop_oneof![3 => Just(Repeats::Replace), 1 => Just(Repeats::Stay)];
    (any_span(), option::weighted(0.9, data()), foreign, is_replacing).prop_map(|(span, data, foreign, repeats)| {
        let span = span.with(|it| (it.data, it.repeats) = (data.map(Box::new), repeats));
        match foreign {
            Some((id, parent)) => span.original(id, parent),
            None => span,
        }
    })
}

fn any_record() -> impl Strategy<Value = TraceRecord> {
    let texts = (name(), option::of(group()), option::of(name()), project());
    (1..5u128, texts).prop_map(|(trace, (name, group, user, project))| {
        told(trace, name).with(|it| {
            (it.group, it.project) = (group.map(Text::from), project.into());
            it.metadata = user.map(|user| (Text::from("user"), Value::from(user))).into_iter().collect();
        })
    })
}

fn any_event() -> impl Strategy<Value = SpanEvent> {
    (1..5u128, 1..6u64, time(), name()).prop_map(|(trace, span, time, name)| SpanEvent {
        trace_id: trace_id(trace),
        span_id: span_id(span),
        event: event(time, name),
    })
}

fn status() -> impl Strategy<Value = TraceStatus> {
    select(vec![TraceStatus::Running, TraceStatus::Lost, TraceStatus::Error, TraceStatus::Ok])
}

fn question() -> impl Strategy<Value = Question> {
    let texts = (option::of(project()), option::of(service()), option::of(select(vec!["GET", "ß", "δος", "t", ""])));
    let numbers = (option::of(status()), option::of(-2..9i64), option::of(time()), option::of(time()));
    let most = option::weighted(0.2, -2..9i64);
    (texts, option::of(group()), numbers, most, option::of(filter()), 1..5usize, 0..2_000u64).prop_map(
        |((project, service, name), group, (status, least, start, end), most, spans, limit, now)| {
            let query = TraceQuery {
                project: project.map(str::to_owned),
                service: service.map(str::to_owned),
                name: name.map(str::to_owned),
                group: group.map(str::to_owned),
                status,
                min_duration: least.map(Elapsed),
                max_duration: most.map(Elapsed),
                start: start.map(Timestamp),
                end: end.map(Timestamp),
                spans,
            };
            Question { query, limit, now }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let spans = || prop_oneof![1 => vec(any_span(), 0..6), 2 => vec(rich_span(), 0..6), 3 => vec(any_work(), 0..6)];
    let batch = (spans(), vec(any_event(), 0..3), vec(any_record(), 0..2));
    // An event waits for its span for ten minutes, which the store in memory does not count.
    let append = (0..600u64, batch);
    prop_oneof![
        10 => append.prop_map(|(second, (spans, events, traces))| {
            Step::Append { second, batch: Batch { spans, events, traces } }
        }),
        4 => (0..600u64, spans()).prop_map(|(second, spans)| Step::Announce { second, spans }),
        2 => (0..2_000u64).prop_map(Step::Tend),
        2 => (1..5u128).prop_map(Step::DeleteTrace),
        1 => project().prop_map(Step::DeleteProject),
        2 => Just(Step::Reopen),
        2 => Just(Step::Crash),
        4 => Just(Step::Flush),
        1 => Just(Step::Compact),
        4 => question().prop_map(Step::Ask),
    ]
}

/// A second at which every announcement is forgotten.
const LATE: u64 = 10_000;

/// Everything that a store answers, in one text.
fn answers(world: &mut World, Question { query, limit, now }: &Question) -> String {
    world.hands.set(*now);
    let store = world.store();
    let mut text = format!("{:#?}\n{:#?}\n", store.projects().unwrap(), store.services(None).unwrap());
    text += &format!("{:#?}\n", store.services(query.project.as_deref()).unwrap());
    let mut page = first(*limit);
    loop {
        let found = store.traces(query, &page).unwrap();
        text += &format!("page {:?}\n", found.items);
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    for id in ["a", "span_of_a_client_with_ids_of_its_own", "b", "", "c"] {
        text += &format!("{:?}\n", store.find_original(id).unwrap());
    }
    for trace in (1..5).map(trace_id) {
        text += &format!("{:?}\n", store.summary(trace).unwrap());
        let mut page = first(*limit);
        while let Some(found) = store.trace(trace, &page).unwrap() {
            text += &format!("page {:?}\n", found.spans.items.into_iter().map(in_order).collect::<Vec<_>>());
            page.cursor = found.spans.next;
            if page.cursor.is_none() {
                break;
            }
        }
        for span in (1..6).map(span_id) {
            let found = store.span(trace, span).unwrap();
            text += &format!("{:?}\n", found.into_iter().map(in_order).collect::<Vec<_>>());
        }
    }
    text
}

/// Brings events of one time into one order: which came first is not kept of those that came apart from their span.
fn in_order(mut span: Span) -> Span {
    span.record.events.sort_by_key(|event| (event.time, format!("{event:?}")));
    span
}

/// The same cases each time, so that a change and not the day decides; with `PROPTEST_CASES` others, and as many.
fn cases() -> ProptestConfig {
    let seed = std::env::var_os("PROPTEST_CASES").is_none().then_some(RngSeed::Fixed(20));
    let config = ProptestConfig::default();
    let cases = if seed.is_some() { 64 } else { config.cases };
    ProptestConfig { cases, rng_seed: seed.unwrap_or(config.rng_seed), ..config }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn embedded_finds_the_spans_that_memory_finds(
        spans in vec(rich_span(), 1..12),
        late in vec(any_event(), 0..3),
        filters in vec(filter(), 1..24),
    ) {
        let (mut memory, mut embedded) = (World::memory(), World::embedded());
        let batch = Batch { spans, events: late, traces: Vec::new() };
        memory.append(batch.clone());
        embedded.append(batch);
        for filter in filters {
            let query = TraceQuery { spans: Some(filter), ..TraceQuery::default() };
            prop_assert_eq!(memory.ids(query.clone()), embedded.ids(query.clone()), "{:?}", query.spans);
        }
    }

    #[test]
    fn a_filter_finds_the_same_after_it_was_written(
        filter in filter(),
        spans in vec(rich_span(), 1..6),
    ) {
        let text = filter.to_string();
        match text.parse::<SpanFilter>() {
            Ok(read) => {
                prop_assert_eq!(read.to_string(), text.clone(), "what was read is written as it was");
                for span in &spans {
                    prop_assert_eq!(filter.matches(span), read.matches(span), "{} of {:?}", text, span);
                }
            }
            // A program may ask a field for what it never has; people are told so.
            Err(error) => prop_assert!(error.start < error.end && error.end <= text.chars().count(), "{text}: {error}"),
        }
    }

    #[test]
    fn embedded_answers_what_memory_answers(steps in vec(step(), 1..25), last in question()) {
        let (mut memory, mut embedded) = (World::memory(), World::embedded());
        let (mut is_flushed, mut latest) = (false, 0);
        for step in steps.into_iter().chain([Step::Reopen, Step::Ask(last)]) {
            match step {
                Step::Append { second, batch } => {
                    // A segment does not say when its spans came: what comes later has come later.
                    let second = if is_flushed { second.max(latest) } else { second };
                    latest = latest.max(second);
                    let (expected, ack) = (memory.append_at(second, batch.clone()), embedded.append_at(second, batch));
                    // Of what is in segments an append knows which traces there are, and no more.
                    if is_flushed {
                        prop_assert_eq!(expected.created, ack.created);
                    } else {
                        prop_assert_eq!(expected, ack);
                    }
                }
                Step::DeleteTrace(id) => {
                    let deleted = memory.store().delete_trace(trace_id(id)).unwrap();
                    prop_assert_eq!(deleted, embedded.store().delete_trace(trace_id(id)).unwrap());
                }
                Step::DeleteProject(name) => {
                    let deleted = memory.store().delete_project(name).unwrap();
                    prop_assert_eq!(deleted, embedded.store().delete_project(name).unwrap());
                }
                Step::Announce { second, spans } => {
                    prop_assert_eq!(memory.announce(second, spans.clone()), embedded.announce(second, spans));
                }
                Step::Tend(second) => prop_assert_eq!(memory.tend(second), embedded.tend(second)),
                Step::Reopen | Step::Crash => {
                    // What is only announced does not survive, so both forget it first.
                    prop_assert_eq!(memory.tend(LATE), embedded.tend(LATE));
                    if matches!(step, Step::Crash) { embedded.crash() } else { embedded.reopen() }
                    // One that is forgotten at once: since then the new store, too, knows how late it is.
                    embedded.announce(LATE - 700, [open_span(9, 9)]);
                    embedded.tend(LATE);
                }
                Step::Flush => {
                    is_flushed = true;
                    embedded.flush();
                }
                Step::Compact => embedded.compact(),
                Step::Ask(question) => {
                    prop_assert_eq!(answers(&mut memory, &question), answers(&mut embedded, &question));
                }
            }
        }
    }
}
