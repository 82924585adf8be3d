//! A condition as questions to columns of a segment.

use std::ops::RangeInclusive;

use parquet::{basic::Type, file::metadata::ParquetMetaData, schema::types::ColumnDescPtr};
use trackway_model::{SpanId, Text, TraceId};

use super::{
    super::{Segment, schema},
    check::{Check, TextCheck, Under, numbers},
    wanted::Condition,
};
use crate::{
    Field, Operand, Place, SpanFilter, Test,
    filter::{Seen, holds},
    query::fold_case,
};

/// What must hold of a row.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// All of these; the cheap ones stand first.
    All(Vec<Node>),
    /// One of these.
    Any(Vec<Node>),
    Not(Box<Node>),
    /// There is a value in a column, and it is like this.
    Column(usize, Check),
}

/// What a segment has columns for.
pub(super) struct Plan<'a> {
    metadata: &'a ParquetMetaData,
    /// The keys that have values in what has no column, where that is known.
    rest_keys: Option<Vec<String>>,
}

const NOTHING: Node = Node::Any(Vec::new());

impl<'a> Plan<'a> {
    pub(super) fn new(segment: &'a Segment) -> Self {
        Self { metadata: segment.parquet(), rest_keys: segment.rest_keys() }
    }

    /// Returns what a condition asks of the columns.
    pub(super) fn condition(&self, condition: &Condition) -> Node {
        match condition {
            Condition::Spans(filter) => self.filter(filter),
            Condition::Name(part) => Node::Any(vec![
                self.text(schema::NAME, TextCheck::Contains(fold_case(part))),
                self.text(schema::DATA, TextCheck::Title(fold_case(part))),
            ]),
            Condition::Service(name) => self.text(schema::SERVICE, TextCheck::Equals(name.clone())),
        }
    }

    fn filter(&self, filter: &SpanFilter) -> Node {
        match filter {
            SpanFilter::All(parts) => all(parts.iter().map(|part| self.filter(part)).collect()),
            SpanFilter::Any(parts) => Node::Any(parts.iter().map(|part| self.filter(part)).collect()),
            SpanFilter::Not(part) => Node::Not(Box::new(self.filter(part))),
            SpanFilter::Is { field, test } => match test {
                Test::Ne(operand) => self.none(field, Test::Eq(operand.clone())),
                Test::Misses(pattern) => self.none(field, Test::Matches(pattern.clone())),
                test => self.some(field, test),
            },
        }
    }

    /// There is a value, and none is like this.
    fn none(&self, field: &Field, test: Test) -> Node {
        let is_so = Node::Not(Box::new(self.some(field, &test)));
        all(vec![self.some(field, &Test::Exists), is_so])
    }

    /// Some value is like this.
    fn some(&self, field: &Field, test: &Test) -> Node {
        let value = || TextCheck::Value(test.clone());
        match field {
            Field::Service => self.text(schema::SERVICE, value()),
            Field::Name => self.text(schema::NAME, value()),
            Field::Kind => self.text(schema::KIND, value()),
            Field::Status => self.text(schema::STATUS, value()),
            Field::StatusMessage => self.text(schema::STATUS_MESSAGE, value()),
            Field::Project => self.text(schema::PROJECT, value()),
            Field::Duration => match in_64_bits(test) {
                Some(range) => self.column(schema::DURATION, Check::Duration(range)),
                None => NOTHING,
            },
            Field::Start => match numbers(test, 0, u64::MAX.into()) {
                Some(range) => {
                    let range = *range.start() as u64..=*range.end() as u64;
                    self.column(schema::START, Check::Start(range))
                }
                None => NOTHING,
            },
            Field::TraceId => self.column(schema::TRACE_ID, id(test, |text| Some(TraceId::bytes(text.parse().ok()?)))),
            Field::SpanId => self.column(schema::SPAN_ID, id(test, |text| Some(SpanId::bytes(text.parse().ok()?)))),
            Field::ParentId => self.column(schema::PARENT_ID, id(test, |text| Some(SpanId::bytes(text.parse().ok()?)))),
            Field::ScopeName => self.text(schema::SCOPE, TextCheck::ScopeName(test.clone())),
            Field::ScopeVersion => self.text(schema::SCOPE, TextCheck::ScopeVersion(test.clone())),
            Field::EventName => self.events(TextCheck::EventName(test.clone())),
            Field::Attribute { place, key } => self.attribute(*place, key, test),
        }
    }

    fn attribute(&self, place: Place, key: &Text, test: &Test) -> Node {
        let under = || Under::new(key, test);
        match place {
            Place::Span => self.span_attribute(key, test),
            Place::Resource => self.text(schema::RESOURCE, TextCheck::Resource(under())),
            Place::Scope => self.text(schema::SCOPE, TextCheck::Scope(under())),
            Place::Event => self.events(TextCheck::Events(under())),
            Place::Link => self.text(schema::LINKS, TextCheck::Links(under())),
            Place::Anywhere => {
                let places = [Place::Resource, Place::Scope, Place::Span, Place::Event, Place::Link];
                Node::Any(places.into_iter().map(|place| self.attribute(place, key, test)).collect())
            }
        }
    }

    /// The first value under a key is in the key's column, if it is of the column's type; all others are in the rest.
    fn span_attribute(&self, key: &Text, test: &Test) -> Node {
        let mut places = Vec::new();
        let name = schema::column_of(key);
        if let Some((column, described)) = self.find(&name) {
            let check = match described.physical_type() {
                Type::BOOLEAN => {
                    let is_so = |value| holds(test, Seen::Bool(value));
                    Some(Check::Bool([is_so(false), is_so(true)]))
                }
                Type::INT64 => in_64_bits(test).map(Check::Int),
                Type::DOUBLE => Some(Check::Double(test.clone())),
                _ => Some(Check::Text(TextCheck::Value(test.clone()))),
            };
            let check = if *test == Test::Exists { Some(Check::Present) } else { check };
            places.extend(check.map(|check| Node::Column(column, check)));
        }
        if self.rest_keys.as_ref().is_none_or(|keys| keys.iter().any(|known| **known == **key)) {
            places.push(self.text(schema::ATTRIBUTES_REST, TextCheck::Attributes(Under::new(key, test))));
        }
        any(places)
    }

    /// Events stand in their span, or came apart from it.
    fn events(&self, check: TextCheck) -> Node {
        let check = match check {
            TextCheck::EventName(Test::Exists) => Check::Present,
            check => Check::Text(check),
        };
        Node::Any(vec![self.column(schema::EVENTS, check.clone()), self.column(schema::LATE_EVENTS, check)])
    }

    fn text(&self, name: &str, check: TextCheck) -> Node {
        self.column(name, Check::Text(check))
    }

    /// A column that the segment does not have holds no value.
    fn column(&self, name: &str, check: Check) -> Node {
        self.find(name).map_or(NOTHING, |(column, _)| Node::Column(column, check))
    }

    fn find(&self, name: &str) -> Option<(usize, &ColumnDescPtr)> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        columns.iter().enumerate().find(|(_, column)| column.name() == name)
    }
}

fn in_64_bits(test: &Test) -> Option<RangeInclusive<i64>> {
    let range = numbers(test, i64::MIN.into(), i64::MAX.into())?;
    Some(*range.start() as i64..=*range.end() as i64)
}

/// An id is a text of its digits, and mostly compared as a whole.
fn id<const N: usize>(test: &Test, read: impl Fn(&str) -> Option<[u8; N]>) -> Check {
    let whole = match test {
        Test::Exists => return Check::Present,
        Test::Eq(Operand::Text(text)) if text.bytes().all(|digit| !digit.is_ascii_uppercase()) => read(text),
        _ => None,
    };
    whole.map_or_else(|| Check::Digits(test.clone()), |id| Check::Id(id.to_vec()))
}

fn any(mut parts: Vec<Node>) -> Node {
    match parts.pop() {
        Some(part) if parts.is_empty() => part,
        Some(part) => Node::Any(parts.into_iter().chain([part]).collect()),
        None => NOTHING,
    }
}

fn all(parts: Vec<Node>) -> Node {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Node::All(parts) => flat.extend(parts),
            part => flat.push(part),
        }
    }
    flat.sort_by_key(Node::cost);
    Node::All(flat)
}

impl Node {
    /// Returns how late it should be looked at: what costs little or leaves few rows comes first.
    fn cost(&self) -> u32 {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).max().unwrap_or_default(),
            Self::Not(part) => part.cost() + 1,
            Self::Column(_, check) => match check {
                Check::Text(TextCheck::Value(Test::Eq(_))) => 1,
                Check::Text(TextCheck::Value(_) | TextCheck::Equals(_) | TextCheck::Contains(_)) => 2,
                Check::Text(TextCheck::Resource(_) | TextCheck::Scope(_)) => 3,
                Check::Text(TextCheck::ScopeName(_) | TextCheck::ScopeVersion(_)) => 3,
                Check::Int(_) | Check::Start(_) | Check::Duration(_) | Check::Double(_) | Check::Bool(_) => 3,
                Check::Present | Check::Id(_) | Check::Digits(_) => 4,
                Check::Text(_) => 8,
            },
        }
    }
}
