//! What is found by columns is what a look at each span finds.

#[path = "../../../tests/segment/arbitrary.rs"]
mod arbitrary;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use proptest::{collection::vec, prelude::*, sample::Index, sample::select};
use trackway_model::{
    Attributes, Elapsed, Event, Resource, Scope, SpanId, SpanRecord, Text, Timestamp, TraceId, Value,
};

use super::{
    super::{Flags, Segment, SegmentWriter},
    Block, SECOND, Wanted,
};
use crate::{
    Field, Operand, Pattern, Place, SegmentSpan, SpanFilter, Test, TraceQuery,
    cursor::trace_place,
    query::{contains_any_case, title},
};

fn write(path: &Path, spans: &[SpanRecord]) -> Arc<Segment> {
    let mut writer = SegmentWriter::new();
    for (sequence, span) in (0..).zip(spans) {
        let mut record = span.clone();
        // Whether events come with their span or apart makes no difference to what is found.
        let late_events = record.events.split_off(record.events.len().min(1));
        writer.push(SegmentSpan { sequence, record, late_events });
    }
    writer.finish(path).unwrap();
    Arc::new(Segment::open(path).unwrap())
}

/// Whether the spans of a trace meet the first condition of a question, and whether they meet all.
fn judge(query: &TraceQuery, spans: &[&SpanRecord]) -> (bool, bool) {
    let has_name = |part: &String| {
        spans.iter().any(|span| contains_any_case(&span.name, part) || contains_any_case(title(span), part))
    };
    let met = [
        query.spans.as_ref().map(|filter| spans.iter().any(|span| filter.matches(span))),
        query.name.as_ref().map(has_name),
        query.service.as_ref().map(|service| spans.iter().any(|span| span.service() == service)),
    ];
    let met: Vec<bool> = met.into_iter().flatten().collect();
    (met[0], met.iter().all(|met| *met))
}

/// Looks at all blocks: floors fall, no trace comes late or twice, and those that should be named are.
fn check(segment: &Arc<Segment>, spans: &[SpanRecord], query: &TraceQuery) -> Vec<Block> {
    let wanted = Wanted::of(query).unwrap();
    let blocks: Vec<Block> = segment.candidates(&wanted).unwrap().map(Result::unwrap).collect();
    let (mut named, mut last) = (BTreeSet::new(), None);
    let mut floor = Timestamp(u64::MAX);
    for block in &blocks {
        for found in &block.found {
            let listed = &found.listed;
            assert!(last.is_none_or(|last| listed.place() < last), "out of order: {listed:?}");
            assert!(listed.start <= floor && listed.start >= block.floor, "named too late or too early: {listed:?}");
            last = Some(listed.place());
            named.insert(listed.trace_id);
            let of_trace: Vec<_> = spans.iter().filter(|span| span.trace_id == listed.trace_id).collect();
            let (_, is_whole) = judge(query, &of_trace);
            assert!(found.is_whole || !is_whole, "{query:?} is met by {of_trace:?}");
        }
        assert!(block.floor <= floor);
        floor = block.floor;
    }
    let traces: BTreeSet<TraceId> = spans.iter().map(|span| span.trace_id).collect();
    let expected = traces.into_iter().filter(|id| {
        let of_trace: Vec<_> = spans.iter().filter(|span| span.trace_id == *id).collect();
        judge(query, &of_trace).0
    });
    assert_eq!(named, expected.collect(), "{query:?} of {spans:?}");
    if let Some(block) = blocks.last() {
        assert_eq!(block.floor, Timestamp(0));
    }
    blocks
}

/// What a filter may look for: values that are there, and others.
#[derive(Debug, Clone)]
struct Chosen {
    field: usize,
    test: usize,
    span: Index,
    value: Index,
    other: Option<usize>,
}

fn chosen() -> impl Strategy<Value = Chosen> {
    let parts = (0..21_usize, 0..12_usize, any::<Index>(), any::<Index>(), proptest::option::weighted(0.3, 0..9_usize));
    parts.prop_map(|(field, test, span, value, other)| Chosen { field, test, span, value, other })
}

/// A filter without its fields and values, which are chosen when the spans are known.
#[derive(Debug, Clone)]
enum Shape {
    Is(Chosen),
    All(Vec<Shape>),
    Any(Vec<Shape>),
    Not(Box<Shape>),
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = chosen().prop_map(Shape::Is);
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Shape::All),
            vec(inner.clone(), 0..4).prop_map(Shape::Any),
            inner.prop_map(|part| Shape::Not(Box::new(part))),
        ]
    })
}

impl Shape {
    fn filter(&self, spans: &[SpanRecord]) -> SpanFilter {
        let all = |parts: &[Shape]| parts.iter().map(|part| part.filter(spans)).collect();
        match self {
            Self::Is(chosen) => chosen.filter(spans),
            Self::All(parts) => SpanFilter::All(all(parts)),
            Self::Any(parts) => SpanFilter::Any(all(parts)),
            Self::Not(part) => SpanFilter::Not(Box::new(part.filter(spans))),
        }
    }
}

impl Chosen {
    fn filter(&self, spans: &[SpanRecord]) -> SpanFilter {
        let (field, operand) = self.field(self.span.get(spans));
        let operand = self.other.map_or(operand, other);
        let text = match &operand {
            Operand::Text(text) => text.clone(),
            _ => Text::from("a"),
        };
        let part: Text = text.chars().take(3).collect::<String>().into();
        let pattern = || Pattern::new(&format!("(?s){}.*", regex::escape(&part))).unwrap();
        let test = match self.test {
            0 => Test::Exists,
            1 => Test::Ne(operand),
            2 => Test::Lt(operand),
            3 => Test::Lte(operand),
            4 => Test::Gt(operand),
            5 => Test::Gte(operand),
            6 => Test::Contains(part),
            7 => Test::StartsWith(part),
            8 => Test::Matches(pattern()),
            9 => Test::Misses(pattern()),
            _ => Test::Eq(operand),
        };
        SpanFilter::is(field, test)
    }

    /// Chooses a field, and what the span has there.
    fn field(&self, span: &SpanRecord) -> (Field, Operand) {
        let text = |text: &str| Operand::Text(text.into());
        match self.field {
            0 => (Field::Service, text(span.service())),
            1 => (Field::Name, text(&span.name)),
            2 => (Field::Kind, text("server")),
            3 => (Field::Status, text("error")),
            4 => (Field::StatusMessage, text(&span.status.message)),
            5 => (Field::Duration, Operand::Duration(span.duration().unwrap_or(Elapsed(5)))),
            6 => (Field::Start, Operand::Time(span.start)),
            7 => (Field::TraceId, text(&span.trace_id.to_string())),
            8 => (Field::SpanId, text(&span.span_id.to_string())),
            9 => (Field::ParentId, text(&span.parent_id.map(|id| id.to_string()).unwrap_or_default())),
            10 => (Field::Project, text(&span.project)),
            11 => (Field::ScopeName, text(&span.scope.name)),
            12 => (Field::ScopeVersion, text(&span.scope.version)),
            13 => (Field::EventName, text(span.events.first().map_or("", |event| &event.name))),
            14 | 15 => self.attribute(Place::Span, &span.attributes),
            16 => self.attribute(Place::Resource, &span.resource.attributes),
            17 => self.attribute(Place::Scope, &span.scope.attributes),
            18 => self.attribute(Place::Event, span.events.first().map_or(&Attributes::default(), |it| &it.attributes)),
            19 => self.attribute(Place::Link, span.links.first().map_or(&Attributes::default(), |it| &it.attributes)),
            _ => self.attribute(Place::Anywhere, &span.attributes),
        }
    }

    fn attribute(&self, place: Place, attributes: &Attributes) -> (Field, Operand) {
        if attributes.is_empty() {
            return (Field::attribute(place, "n"), Operand::Int(1));
        }
        let (key, value) = self.value.get(&attributes.0);
        let value = match value {
            Value::Array(values) => values.first().cloned().unwrap_or(Value::Empty),
            value => value.clone(),
        };
        let operand = match value {
            Value::Text(text) => Operand::Text(text),
            Value::Bool(value) => Operand::Bool(value),
            Value::Int(value) => Operand::Int(value),
            Value::Double(value) => Operand::Double(value),
            _ => Operand::Int(0),
        };
        (Field::attribute(place, key.clone()), operand)
    }
}

fn other(number: usize) -> Operand {
    match number {
        0 => Operand::Int(0),
        1 => Operand::Double(f64::NAN),
        2 => Operand::Double(5.0),
        3 => Operand::Bool(true),
        4 => Operand::Text("5".into()),
        5 => Operand::Text("a".into()),
        6 => Operand::Duration(Elapsed(i64::MAX)),
        7 => Operand::Time(Timestamp(u64::MAX)),
        _ => Operand::Int(i64::MIN),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn candidates_are_the_traces_that_a_look_at_each_span_finds(
        spans in vec(arbitrary::span(), 1..16),
        shapes in vec(shape(), 1..12),
        picked in any::<Index>(),
        others in select(vec![0, 1, 2, 3]),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let segment = write(&directory.path().join("spans.parquet"), &spans);
        let like = picked.get(&spans);
        let service = (others & 1 == 1).then(|| like.service().to_owned());
        let name = (others & 2 == 2).then(|| title(like).chars().take(3).collect());
        for shape in shapes {
            let filter = Some(shape.filter(&spans));
            check(&segment, &spans, &TraceQuery { spans: filter, service: service.clone(), name: name.clone(), ..Default::default() });
        }
        if others > 0 {
            check(&segment, &spans, &TraceQuery { service, name, ..Default::default() });
        }
    }

    #[test]
    fn the_index_lists_what_the_rows_have(spans in vec(arbitrary::span(), 0..24), most in 1..9_usize) {
        let directory = tempfile::tempdir().unwrap();
        let segment = write(&directory.path().join("spans.parquet"), &spans);
        let traces: BTreeSet<TraceId> = spans.iter().map(|span| span.trace_id).collect();
        let mut places = Vec::new();
        for id in &traces {
            let of_trace: Vec<_> = spans.iter().filter(|span| span.trace_id == *id).collect();
            let listed = segment.listed(*id).unwrap().unwrap();
            prop_assert_eq!(listed.start, of_trace.iter().map(|span| span.start).min().unwrap());
            let ends = of_trace.iter().map(|span| span.end.map_or(span.start, |end| end.max(span.start)));
            prop_assert_eq!(listed.last, ends.max().unwrap());
            prop_assert_eq!(listed.spans as usize, of_trace.len());
            prop_assert_eq!(listed.errors as usize, of_trace.iter().filter(|span| span.is_error()).count());
            let has = |is_so: &dyn Fn(&SpanRecord) -> bool| of_trace.iter().any(|span| is_so(span));
            prop_assert_eq!(listed.flags.contains(Flags::OPEN), has(&|span| span.end.is_none()));
            prop_assert_eq!(listed.flags.contains(Flags::AGENT), has(&|span| span.data.is_some()));
            prop_assert_eq!(listed.flags.contains(Flags::MIXED), has(&|span| span.project != of_trace[0].project));
            prop_assert!(has(&|span| *span.project == *listed.project));
            let rows: u64 = segment.ranges(*id).unwrap().iter().map(|range| range.end - range.start).sum();
            prop_assert_eq!(rows, listed.spans);
            places.push(listed);
        }
        places.sort_by_key(|listed| listed.place());
        let (mut before, mut paged) = (None, Vec::new());
        loop {
            let page = segment.list_before(before, most).unwrap();
            let Some(last) = page.last() else { break };
            before = Some(trace_place(last.start, last.trace_id));
            paged.extend(page);
        }
        places.reverse();
        prop_assert_eq!(paged, places);
    }

    #[test]
    fn pages_of_a_trace_and_traces_gathered_at_once_are_its_rows(spans in vec(arbitrary::span(), 1..24), most in 1..5_usize) {
        let directory = tempfile::tempdir().unwrap();
        let segment = write(&directory.path().join("spans.parquet"), &spans);
        let ids: Vec<TraceId> = spans.iter().map(|span| span.trace_id).collect::<BTreeSet<_>>().into_iter().collect();
        let mut gathered = Vec::new();
        segment.gather(&ids, &mut |id, span| gathered.push((id, span))).unwrap();
        prop_assert_eq!(gathered.len(), spans.len());
        for id in ids {
            let mut expected: Vec<_> = gathered.iter().filter(|(of, _)| *of == id).map(|(_, span)| span.clone()).collect();
            expected.sort_by_key(|it| (it.record.start, it.record.span_id, it.sequence));
            let (mut after, mut paged) = (None, Vec::new());
            loop {
                let page = segment.trace_behind(id, after, most).unwrap();
                prop_assert!(page.len() <= most);
                let Some(last) = page.last() else { break };
                after = Some((last.record.start, last.record.span_id, last.sequence));
                paged.extend(page);
            }
            prop_assert_eq!(paged, expected);
        }
    }
}

/// A span of a trace, ten spans each, of which some are seconds apart.
fn work(number: u64) -> SpanRecord {
    let trace = u128::from(number / 10 + 1);
    let start = number / 10 * SECOND / 50 + number % 10 * if trace.is_multiple_of(7) { SECOND } else { 1_000 };
    let service: Attributes = [("service.name", Value::from(format!("service {}", trace % 3)))].into_iter().collect();
    let customer = Value::from(format!("customer {}", number % 5_000));
    SpanRecord {
        trace_id: TraceId::new((trace << 64 | 1).to_be_bytes()).unwrap(),
        span_id: SpanId::new((number + 1).to_be_bytes()).unwrap(),
        parent_id: None,
        flags: 0,
        trace_state: Text::default(),
        name: format!("work {}", number % 20).into(),
        kind: Default::default(),
        start: Timestamp(start),
        end: Some(Timestamp(start + number % 1000)),
        attributes: [("customer", customer), ("n", Value::Int(number as i64))].into_iter().collect(),
        events: if number.is_multiple_of(1000) {
            vec![Event { name: "retry".into(), ..Event::default() }]
        } else {
            Vec::new()
        },
        links: Vec::new(),
        status: Default::default(),
        dropped: Default::default(),
        scope: Arc::new(Scope::default()),
        resource: Arc::new(Resource { attributes: service, ..Resource::default() }),
        project: "default".into(),
        data: None,
        foreign: None,
        repeats: Default::default(),
    }
}

#[test]
fn a_large_segment_is_looked_at_in_blocks_and_only_where_it_has_to_be() {
    let spans: Vec<_> = (0..60_000).map(work).collect();
    let directory = tempfile::tempdir().unwrap();
    let segment = write(&directory.path().join("spans.parquet"), &spans);
    let ask = |text: &str, change: &dyn Fn(Wanted) -> Wanted| {
        let query = TraceQuery { spans: Some(text.parse().unwrap()), ..TraceQuery::default() };
        let wanted = change(Wanted::of(&query).unwrap());
        let blocks: Vec<Block> = segment.candidates(&wanted).unwrap().map(Result::unwrap).collect();
        let found = blocks.iter().map(|block| block.found.len()).sum::<usize>();
        (blocks.len(), found, blocks.iter().map(|block| block.scanned).sum::<u64>())
    };
    let all = |wanted: Wanted| wanted;
    assert_eq!(ask(r#"{ span.customer = "customer 77" }"#, &all), (3, 12, 60_000));
    assert_eq!(ask(r#"{ span.customer = "customer x" }"#, &all), (3, 0, 60_000));
    assert_eq!(ask(r#"{ span.n >= 59_990 }"#.replace('_', "").as_str(), &all), (3, 1, 60_000));
    assert_eq!(ask(r#"{ event:name = "retry" }"#, &all), (3, 60, 60_000));
    assert_eq!(ask(r#"{ duration > 998ns && service = "service 1" }"#, &all), (3, 20, 60_000));
    let late = Timestamp(118 * SECOND);
    let (_, found, scanned) = ask("{ duration >= 0s }", &|wanted| Wanted { start: Some(late), ..wanted });
    assert!(found >= 100 && scanned < 8_192, "{found} {scanned}");
    let early = Timestamp(SECOND);
    let (_, found, scanned) = ask("{ duration >= 0s }", &|wanted| wanted.before(early));
    assert!(found == 50 && scanned < 20_000, "{found} {scanned}");
}

#[test]
fn what_blocks_name_together_is_what_each_span_says() {
    let spans: Vec<_> = (0..24_000).map(|number| work(number * 3)).collect();
    let directory = tempfile::tempdir().unwrap();
    let segment = write(&directory.path().join("spans.parquet"), &spans);
    let traces = |query: TraceQuery| {
        let wanted = Wanted::of(&query).unwrap();
        let blocks: Vec<Block> = segment.candidates(&wanted).unwrap().map(Result::unwrap).collect();
        assert!(blocks.len() > 1 && blocks.windows(2).all(|pair| pair[1].floor <= pair[0].floor));
        let found: Vec<_> = blocks.into_iter().flat_map(|block| block.found).collect();
        assert!(found.windows(2).all(|pair| pair[1].listed.place() < pair[0].listed.place()));
        found.into_iter().map(|found| (found.listed.trace_id, found.is_whole)).collect::<BTreeSet<_>>()
    };
    let of = |is_so: &dyn Fn(&SpanRecord) -> bool| -> BTreeSet<TraceId> {
        spans.iter().filter(|span| is_so(span)).map(|span| span.trace_id).collect()
    };
    let named = traces(TraceQuery { name: Some("WORK 1".into()), ..TraceQuery::default() });
    assert_eq!(named.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), of(&|span| span.name.contains("work 1")));
    let both = TraceQuery { name: Some("work 1".into()), service: Some("service 2".into()), ..TraceQuery::default() };
    let services = of(&|span| span.service() == "service 2");
    for (id, is_whole) in traces(both) {
        assert!(is_whole || !services.contains(&id));
    }
}
