//! Whatever comes and however it is spread over heads, what is gathered answers what the memory store answers.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use proptest::{collection::vec, option, prelude::*, sample::select};
use trackway_model::*;

use super::{Announcing, View};
use crate::{
    Ack, Announced, Clock, Deleted, Frame, Held, Memory, PageRequest, Span, Store, TraceQuery, TraceStatus,
    TraceSummary,
    clock::Moment,
    engine::{Elsewhere, Gathered, Head},
    kit::*,
    table::{Fingerprints, Holding, Table},
};

const SECOND: u64 = 1_000_000_000;
const TRACES: std::ops::Range<u128> = 1..4;
const SPANS: std::ops::Range<u64> = 1..4;
const ORIGINALS: [&str; 3] = ["a", "an_id_that_is_longer_than_a_text_holds", ""];

#[derive(Debug, Clone)]
enum Step {
    Append(u64, Batch),
    Announce(u64, Vec<SpanRecord>),
    Tend(u64),
    Delete(u128),
    /// What is in the active head becomes a part that is older.
    Freeze,
    Ask(Question),
}

#[derive(Debug, Clone)]
struct Question {
    now: u64,
    query: TraceQuery,
}

fn text() -> impl Strategy<Value = Text> {
    select(vec!["x", "y", "a text that is longer than one holds inline"]).prop_map(Text::from)
}

fn project() -> impl Strategy<Value = Text> {
    select(vec!["default", "shop"]).prop_map(Text::from)
}

fn event() -> impl Strategy<Value = Event> {
    (0..4u64, text()).prop_map(|(time, name)| Event { time: Timestamp(time), name, ..Event::default() })
}

fn resource(service: &Text) -> Arc<Resource> {
    let attributes = [(keys::SERVICE_NAME, Value::Text(service.clone()))].into_iter().collect();
    Arc::new(Resource { attributes, ..Resource::default() })
}

fn data() -> impl Strategy<Value = SpanData> {
    let kind = select(vec![DataKind::Agent, DataKind::Generation, DataKind::Function]);
    (kind, option::of(text()), option::of(text())).prop_map(|(kind, title, conversation)| SpanData {
        title,
        conversation,
        ..SpanData::new(kind, Dialect::OpenAiAgents)
    })
}

fn foreign() -> impl Strategy<Value = Foreign> {
    let id = || select(ORIGINALS.to_vec()).prop_map(Text::from);
    (id(), option::of(id())).prop_map(|(id, parent_id)| Foreign { id, trace_id: "t".into(), parent_id })
}

fn any_span() -> impl Strategy<Value = SpanRecord> {
    let ids = (TRACES, SPANS, option::of(SPANS));
    let times = (0..4u64, option::weighted(0.7, 0..6u64));
    let of_agents = (option::weighted(0.3, data()), option::weighted(0.2, foreign()));
    let rest = (any::<bool>(), select(vec![Repeats::Stay, Repeats::Replace]), vec(event(), 0..2));
    (ids, times, text(), text(), project(), of_agents, rest).prop_map(
        |((trace, id, parent), (start, end), name, service, project, (data, foreign), (fails, repeats, events))| {
            let code = if fails { StatusCode::Error } else { StatusCode::Unset };
            SpanRecord {
                parent_id: parent.map(span_id),
                name,
                end: end.map(Timestamp),
                events,
                status: Status { code, ..Status::default() },
                resource: resource(&service),
                project,
                data: data.map(Box::new),
                foreign: foreign.map(Box::new),
                repeats,
                ..span(trace, id, start)
            }
        },
    )
}

/// A span of which little differs, so that the same one comes again.
fn plain_span() -> impl Strategy<Value = SpanRecord> {
    (any_span(), 0..2u64, option::of(2..4u64), any::<bool>()).prop_map(|(span, start, end, is_replacing)| SpanRecord {
        parent_id: None,
        name: "plain".into(),
        start: Timestamp(start),
        end: end.map(Timestamp),
        events: Vec::new(),
        status: Status::default(),
        resource: Arc::default(),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: if is_replacing { Repeats::Replace } else { Repeats::Stay },
        ..span
    })
}

fn batch() -> impl Strategy<Value = Batch> {
    let late = (TRACES, SPANS, event()).prop_map(|(trace, span, event)| SpanEvent {
        trace_id: trace_id(trace),
        span_id: span_id(span),
        event,
    });
    let told = (TRACES, text(), option::of(text()), project()).prop_map(|(trace, name, group, project)| TraceRecord {
        trace_id: trace_id(trace),
        original_id: "t".into(),
        name,
        group,
        metadata: Attributes::default(),
        project,
    });
    (spans(), vec(late, 0..3), vec(told, 0..2)).prop_map(|(spans, events, traces)| Batch { spans, events, traces })
}

fn spans() -> impl Strategy<Value = Vec<SpanRecord>> {
    vec(prop_oneof![1 => any_span(), 2 => plain_span()], 0..6)
}

fn question() -> impl Strategy<Value = Question> {
    let status = select(vec![TraceStatus::Running, TraceStatus::Lost, TraceStatus::Error, TraceStatus::Ok]);
    let texts = (option::weighted(0.3, project()), option::weighted(0.3, text()), option::weighted(0.3, text()));
    (0..1_000u64, texts, option::weighted(0.3, status)).prop_map(|(now, (project, service, name), status)| {
        let owned = |text: Option<Text>| text.map(|text| text.to_string());
        let query = TraceQuery {
            project: owned(project),
            service: owned(service),
            name: owned(name),
            status,
            ..TraceQuery::default()
        };
        Question { now, query }
    })
}

fn step(arrival: std::ops::Range<u64>) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (arrival, batch()).prop_map(|(arrival, batch)| Step::Append(arrival, batch)),
        2 => (0..600u64, spans()).prop_map(|(now, spans)| Step::Announce(now, spans)),
        1 => (0..2_000u64).prop_map(Step::Tend),
        1 => TRACES.prop_map(Step::Delete),
        2 => Just(Step::Freeze),
        2 => question().prop_map(Step::Ask),
    ]
}

/// The memory store, and heads that get the same.
struct World {
    now: Arc<AtomicU64>,
    memory: Memory,
    /// The oldest first.
    older: Vec<Head>,
    head: Head,
    view: View,
    prints: Fingerprints,
}

impl World {
    fn new() -> Self {
        let now = Arc::new(AtomicU64::new(0));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || Timestamp(now.load(Relaxed) * SECOND))
        };
        let (older, head, view) = (Vec::new(), Head::new(7), View::default());
        Self { now, memory: Memory::new(clock), older, head, view, prints: Fingerprints::default() }
    }

    fn moment(&self) -> Moment {
        let announced_lost_after = Announced::default().lost_after;
        let now = Timestamp(self.now.load(Relaxed) * SECOND);
        Moment { now, lost_after: Duration::from_secs(600), announced_lost_after }
    }

    fn append(&mut self, second: u64, batch: Batch) -> [Ack; 2] {
        let arrival = Timestamp(second * SECOND);
        let Self { older, head, .. } = self;
        let known = head.knows(&batch);
        let mut elsewhere = |id| {
            let parts = older.iter().map(|head: &Head| head.has(id));
            parts.fold(Elsewhere::Nothing, |most, has| match (most, has) {
                (Elsewhere::Listed, _) | (_, Elsewhere::Listed) => Elsewhere::Listed,
                (Elsewhere::Nothing, Elsewhere::Nothing) => Elsewhere::Nothing,
                _ => Elsewhere::Events,
            })
        };
        let ack = head.apply(batch.clone(), arrival, &mut elsewhere);
        assert!(!known || ack.changed.is_empty(), "what is known changes nothing: {ack:?}");
        let frame = Frame {
            content_type: "test".into(),
            project: None,
            zone: None,
            source: "test".into(),
            arrival,
            body: Default::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        [runtime.block_on(self.memory.append(frame, batch)).unwrap(), ack]
    }

    /// Lets the view do something with what was applied, and with what older parts have.
    fn with_view<T>(&mut self, act: impl FnOnce(&mut View, &Head, super::Older<'_>, &Fingerprints) -> T) -> T {
        let Self { older, head, view, prints, .. } = self;
        act(view, head, &mut |id| Ok(Some(gathered(older, id))), prints)
    }

    fn catch_up(&mut self) {
        self.with_view(|view, head, older, prints| view.catch_up(head.since(view.seen()), older, prints)).unwrap();
    }

    fn announce(&mut self, second: u64, spans: Vec<SpanRecord>) -> [Held; 2] {
        self.now.store(second, Relaxed);
        let (arrival, moment, bounds) = (Timestamp(second * SECOND), self.moment(), Announced::default());
        let announcing = Announcing { spans: spans.clone(), arrival, moment, bounds: &bounds };
        let held = self.with_view(|view, head, older, prints| {
            view.announce(head.since(view.seen()), announcing, older, prints).unwrap()
        });
        [self.memory.announce(arrival, spans).unwrap(), self.held(held)]
    }

    fn tend(&mut self, second: u64) -> [Held; 2] {
        self.now.store(second, Relaxed);
        let (moment, bounds) = (self.moment(), Announced::default());
        let held = self.with_view(|view, head, older, prints| {
            view.tend(|seen| head.since(seen), moment, &bounds, older, prints).unwrap()
        });
        [self.memory.tend().unwrap(), self.held(held)]
    }

    fn held(&self, holding: Holding) -> Held {
        holding.into_held(&self.prints)
    }

    fn delete(&mut self, id: TraceId) -> [Deleted; 2] {
        self.catch_up();
        for head in &mut self.older {
            head.delete(&[id]);
        }
        self.head.delete(&[id]);
        [self.memory.delete_trace(id).unwrap(), self.view.delete(&[id])]
    }

    fn freeze(&mut self) {
        let next = self.head.succeed();
        self.view = self.view.succeed();
        self.older.push(std::mem::replace(&mut self.head, next));
    }

    /// What the memory store answers, and what the view answers together with a table of the traces that it does not
    /// cover.
    fn ask(&mut self, Question { now, query }: &Question) -> [Answers; 2] {
        self.now.store(*now, Relaxed);
        self.catch_up();
        self.point_to_far_parents();
        let (mut rest, moment) = (Table::default(), self.moment());
        rest.set_far(self.far());
        for id in TRACES.map(trace_id).filter(|id| !self.view.covers(*id)) {
            rest.gather(id, gathered(&self.older, id), &self.prints);
        }
        let mut found = rest.list(query, None, 100, moment).found;
        found.extend(self.view.table().list(query, None, 100, moment).found);
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let table = |id| if self.view.covers(id) { self.view.table() } else { &rest };
        let of_trace = |id| {
            let spans = table(id).spans(id, None, 100, moment).into_iter();
            (table(id).summary(id, moment), spans.map(|(_, found)| found.into_span(&self.prints)).collect())
        };
        let gathered = Answers {
            list: found.into_iter().map(|(_, summary)| summary).collect(),
            traces: TRACES.map(trace_id).map(of_trace).collect(),
        };
        [self.memory_answers(query), gathered]
    }

    fn memory_answers(&self, query: &TraceQuery) -> Answers {
        let all = PageRequest { limit: 100, cursor: None };
        let of_trace = |id| match self.memory.trace(id, &all).unwrap() {
            Some(page) => (Some(page.summary), page.spans.items),
            None => (None, Vec::new()),
        };
        Answers {
            list: self.memory.traces(query, &all).unwrap().items,
            traces: TRACES.map(trace_id).map(of_trace).collect(),
        }
    }

    fn point_to_far_parents(&mut self) {
        let far = self.far();
        self.view.set_far(far);
    }

    fn far(&self) -> crate::table::Far {
        let found = |id: &str| self.memory.find_original(id).unwrap().into_iter();
        let spans: BTreeSet<_> =
            ORIGINALS.iter().flat_map(|id| found(id).map(|(trace, _)| (Text::from(*id), trace))).collect();
        Arc::new(move |id, trace| spans.iter().any(|(other, of)| other == id && *of != trace))
    }
}

#[derive(Debug, PartialEq)]
struct Answers {
    list: Vec<TraceSummary>,
    traces: Vec<(Option<TraceSummary>, Vec<Span>)>,
}

fn gathered(older: &[Head], id: TraceId) -> Gathered {
    let mut gathered = Gathered::default();
    older.iter().for_each(|head| head.gather(id, &mut gathered));
    gathered
}

fn same<T: PartialEq + std::fmt::Debug>([memory, heads]: [T; 2]) -> Result<(), TestCaseError> {
    prop_assert_eq!(memory, heads);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn one_head_answers_what_memory_answers(steps in vec(step(0..600), 1..20), last in question()) {
        let mut world = World::new();
        for step in steps.into_iter().chain([Step::Ask(last)]) {
            match step {
                Step::Append(second, batch) => same(world.append(second, batch))?,
                Step::Announce(second, spans) => same(world.announce(second, spans))?,
                Step::Tend(second) => same(world.tend(second))?,
                Step::Delete(id) => same(world.delete(trace_id(id)))?,
                Step::Freeze => {}
                Step::Ask(question) => same(world.ask(&question))?,
            }
            prop_assert_eq!(world.head.spans(), world.head.rows().count() as u64);
        }
    }

    // What came of a trace that changed nothing is news to a head that does not know the records of older ones, so all
    // comes in one second here.
    #[test]
    fn several_heads_answer_what_memory_answers(steps in vec(step(1..2), 1..20), last in question()) {
        let mut world = World::new();
        for step in steps.into_iter().chain([Step::Ask(last)]) {
            match step {
                Step::Append(second, batch) => drop(world.append(second, batch)),
                Step::Announce(second, spans) => same(world.announce(second, spans))?,
                Step::Tend(second) => same(world.tend(second))?,
                Step::Delete(id) => drop(world.delete(trace_id(id))),
                Step::Freeze => world.freeze(),
                Step::Ask(question) => same(world.ask(&question))?,
            }
        }
    }

    #[test]
    fn what_is_settled_answers_what_all_records_answer(steps in vec(step(1..2), 1..20), question in question()) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Append(second, batch) => drop(world.append(second, batch)),
                Step::Freeze => world.freeze(),
                _ => {}
            }
        }
        world.freeze();
        let mut settled = Table::default();
        settled.set_far(world.far());
        for id in TRACES.map(trace_id) {
            settled.gather(id, gathered(&world.older, id).settled(), &world.prints);
        }
        world.now.store(question.now, Relaxed);
        let found = settled.list(&question.query, None, 100, world.moment()).found;
        let [memory, _] = world.ask(&question);
        prop_assert_eq!(memory.list, found.into_iter().map(|(_, summary)| summary).collect::<Vec<_>>());
    }
}

fn open_span(trace: u128, id: u64, start: u64) -> SpanRecord {
    SpanRecord { end: None, ..span(trace, id, start) }
}

fn batch_of(spans: impl IntoIterator<Item = SpanRecord>) -> Batch {
    Batch { spans: spans.into_iter().collect(), ..Batch::default() }
}

#[test]
fn a_giant_is_left_out_whole() {
    let mut world = World::new();
    world.append(1, batch_of([open_span(1, 1, 0), open_span(2, 1, 0)]));
    world.freeze();
    world.append(1, batch_of([open_span(1, 2, 0), open_span(2, 2, 0)]));
    let World { older, head, view, prints, .. } = &mut world;
    let mut asked = 0;
    let mut gather = |id| {
        asked += 1;
        Ok((id != trace_id(1)).then(|| gathered(older, id)))
    };
    for start in 1..3 {
        view.catch_up(head.since(view.seen()), &mut gather, prints).unwrap();
        head.apply(batch_of([open_span(1, 3, start)]), Timestamp(SECOND), &mut |_| Elsewhere::Nothing);
    }
    assert_eq!(asked, 2, "each trace once");
    assert!(view.covers(trace_id(1)) && view.giants().contains(&trace_id(1)));
    let moment = world.moment();
    assert_eq!(world.view.table().summary(trace_id(1), moment), None);
    assert_eq!(world.view.table().summary(trace_id(2), moment).unwrap().span_count, 2);
}

#[test]
fn what_could_not_be_read_is_taken_the_next_time() {
    let mut world = World::new();
    world.append(1, batch_of([open_span(1, 1, 0)]));
    world.freeze();
    world.append(1, batch_of([open_span(1, 2, 0), open_span(2, 1, 0)]));
    let World { head, view, prints, .. } = &mut world;
    let broken = || crate::Error::ReadOnly { reason: "a test says so".into() };
    assert!(view.catch_up(head.since(view.seen()), &mut |_| Err(broken()), prints).is_err());
    world.catch_up();
    let moment = world.moment();
    let count = |id| world.view.table().summary(trace_id(id), moment).unwrap().span_count;
    assert_eq!((count(1), count(2)), (2, 1));
}

#[test]
fn the_next_view_counts_on_what_was_announced() {
    let mut world = World::new();
    world.announce(0, vec![open_span(1, 1, 0), open_span(2, 1, 0)]);
    world.append(0, batch_of([open_span(2, 1, 5)]));
    world.freeze();
    assert_eq!(world.view.announced().spans, 2, "what is stored of them is not known yet");
    world.catch_up();
    assert_eq!(world.view.announced().spans, 1);
    world.tend(2_000);
    world.freeze();
    let announced = world.view.announced();
    assert_eq!((announced.spans, announced.forgotten), (0, 1));
}
