//! The spans of a trace below each other, as a story walks through them.

use std::collections::{HashMap, HashSet};

use trackway_model::{DataKind, Dialect, SpanId, SpanRecord, Text, Timestamp};
use trackway_store::Span;

use super::Node;

/// The spans, each before what is below it. A place is a number in this list.
pub(super) struct Tree<'a> {
    pub(super) places: Vec<Place<'a>>,
    /// The places of the calls of language models, in order of time.
    pub(super) calls: Vec<usize>,
}

/// A span and where it is.
pub(super) struct Place<'a> {
    pub(super) span: &'a Span,
    /// The place of its parent.
    pub(super) parent: Option<usize>,
    /// The place behind the last span below it.
    pub(super) end: usize,
    /// How many nodes it is below.
    depth: u32,
    /// Whether it is a node.
    pub(super) is_shown: bool,
    /// The agent that the work belongs to.
    pub(super) agent: Option<&'a Text>,
    /// It failed, and the work went on.
    pub(super) survived: bool,
    /// Something below failed, and the work did not go on.
    pub(super) failed_below: bool,
    /// A node is below it.
    pub(super) holds_nodes: bool,
}

impl<'a> Place<'a> {
    pub(super) fn record(&self) -> &'a SpanRecord {
        &self.span.record
    }

    /// What kind of work it is; `None` for a span of no agent.
    pub(super) fn kind(&self) -> Option<DataKind> {
        self.record().data.as_ref().map(|data| data.kind)
    }

    /// True for a call of a language model.
    pub(super) fn is_call(&self) -> bool {
        matches!(self.kind(), Some(DataKind::Generation | DataKind::Response))
    }

    /// What to call it, in the same words whatever the client: by what did the work, a model call by its model.
    pub(super) fn title(&self) -> Text {
        let Some(data) = self.record().data.as_ref() else { return self.record().name.clone() };
        let receiver = data.handoff.as_ref().and_then(|handoff| handoff.to.as_ref());
        let short = match data.kind {
            DataKind::Agent | DataKind::Function | DataKind::Guardrail | DataKind::Custom => data.subject.clone(),
            DataKind::Handoff => Some(receiver.map_or("handoff".into(), |to| format!("handoff to {to}").into())),
            kind if kind.is_model_call() => data.model().cloned(),
            _ => None,
        };
        short.or_else(|| data.title.clone()).unwrap_or_else(|| self.record().name.clone())
    }

    /// The name of what did the work.
    pub(super) fn subject(&self) -> &'a Text {
        let record = self.record();
        let data = record.data.as_ref();
        data.and_then(|data| data.subject.as_ref().or(data.title.as_ref())).unwrap_or(&record.name)
    }

    pub(super) fn end_time(&self) -> Timestamp {
        self.record().end.unwrap_or(self.record().start)
    }
}

impl<'a> Tree<'a> {
    /// Puts spans in order of start below each other. What has no parent here, or itself for an ancestor, begins a tree.
    pub(super) fn of(spans: &'a [Span]) -> Self {
        let family = Family::of(spans);
        let mut tree = Self { places: Vec::with_capacity(spans.len()), calls: Vec::new() };
        let mut seen = HashSet::new();
        let beginnings = family.roots.iter().copied().chain(0..spans.len());
        for beginning in beginnings {
            tree.walk(&family, beginning, &mut seen);
        }
        tree.close();
        tree.judge();
        tree.calls = tree.in_time(Place::is_call);
        tree
    }

    /// Adds a span and all that is below it, if it is not there yet.
    fn walk(&mut self, family: &Family<'a>, beginning: usize, seen: &mut HashSet<usize>) {
        let mut ahead = vec![(beginning, None)];
        while let Some((number, parent)) = ahead.pop() {
            let Some(span) = family.spans.get(number).filter(|_| seen.insert(number)) else { continue };
            let above: Option<&Place<'a>> = parent.and_then(|at: usize| self.places.get(at));
            let depth = above.map_or(0, |above| above.depth + u32::from(above.is_shown));
            let agent = own_agent(&span.record).or(above.and_then(|above| above.agent));
            let is_shown = is_shown(&span.record) && !family.is_task(number);
            let at = self.places.len();
            self.places.push(Place {
                span,
                parent,
                end: at + 1,
                depth,
                is_shown,
                agent,
                survived: false,
                failed_below: false,
                holds_nodes: false,
            });
            ahead.extend(family.children(number).iter().rev().map(|child| (*child, Some(at))));
        }
    }

    /// Finds where the spans below each span end, and whether a node is among them.
    fn close(&mut self) {
        for at in (0..self.places.len()).rev() {
            let Some(place) = self.places.get(at) else { continue };
            let (end, holds) = (place.end, place.is_shown || place.holds_nodes);
            if let Some(above) = place.parent.and_then(|parent| self.places.get_mut(parent)) {
                above.end = above.end.max(end);
                above.holds_nodes |= holds;
            }
        }
    }

    /// Finds which failures the work survived, and what is above those that it did not.
    fn judge(&mut self) {
        let records: Vec<&SpanRecord> = self.places.iter().map(Place::record).collect();
        let survived = trackway_model::survived(&records);
        for at in (0..self.places.len()).rev() {
            let Some(place) = self.places.get_mut(at) else { continue };
            place.survived = survived.get(at).copied().unwrap_or_default();
            let fatal = place.failed_below || place.record().is_error() && !place.survived;
            let parent = place.parent;
            if let Some(above) = parent.and_then(|parent| self.places.get_mut(parent)) {
                above.failed_below |= fatal;
            }
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<&Place<'a>> {
        self.places.get(at)
    }

    /// Every place with its number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Place<'a>)> {
        self.places.iter().enumerate()
    }

    /// The places with these numbers, in order of time.
    pub(super) fn in_time(&self, is_wanted: impl Fn(&Place<'a>) -> bool) -> Vec<usize> {
        let mut found: Vec<usize> = self.iter().filter(|(_, place)| is_wanted(place)).map(|(at, _)| at).collect();
        found.sort_by_key(|at| self.get(*at).map(|place| place.record().start));
        found
    }

    /// When the first call of a language model starts that does so at this time or later.
    pub(super) fn next_call(&self, time: Timestamp) -> Option<Timestamp> {
        let start = |at: &usize| self.get(*at).map(|place| place.record().start);
        let before = self.calls.partition_point(|at| start(at).is_some_and(|start| start < time));
        self.calls.get(before).and_then(start)
    }

    /// The lines of the tree; `first` tells of each place the first entry that it has.
    pub(super) fn nodes(&self, mut first: Vec<Option<usize>>) -> Vec<Node> {
        for (at, place) in self.iter().collect::<Vec<_>>().into_iter().rev() {
            let below = first.get(at).copied().flatten();
            if let Some(above) = place.parent.filter(|_| below.is_some()).and_then(|parent| first.get_mut(parent)) {
                *above = (*above).min(below).or(below);
            }
        }
        let node = |(place, entry): (&Place<'a>, Option<usize>)| {
            let record = place.record();
            let kind = place.kind().filter(|_| place.is_shown)?;
            Some(Node {
                span_id: record.span_id,
                depth: place.depth,
                kind,
                title: place.title(),
                agent: place.agent.cloned(),
                start: record.start,
                duration: record.duration(),
                state: place.span.state,
                failed: record.is_error(),
                survived: place.survived,
                failed_below: place.failed_below,
                entry,
            })
        };
        self.places.iter().zip(first).filter_map(node).collect()
    }
}

/// Who is below whom, by the numbers that the spans came with.
struct Family<'a> {
    spans: &'a [Span],
    roots: Vec<usize>,
    children: HashMap<usize, Vec<usize>>,
}

impl<'a> Family<'a> {
    fn of(spans: &'a [Span]) -> Self {
        let mut by_id: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
        for (number, span) in spans.iter().enumerate() {
            by_id.entry(span.record.span_id).or_insert(number);
        }
        let (mut roots, mut children) = (Vec::new(), HashMap::<usize, Vec<usize>>::new());
        for (number, span) in spans.iter().enumerate() {
            match span.record.parent_id.and_then(|id| by_id.get(&id)) {
                Some(parent) => children.entry(*parent).or_default().push(number),
                None => roots.push(number),
            }
        }
        // Of those that start in the same instant, what ends first comes first: clients tell of it first.
        let time = |number: &usize| {
            spans.get(*number).map(|span| (span.record.start, span.record.end.is_none(), span.record.end))
        };
        children.values_mut().for_each(|siblings| siblings.sort_by_key(time));
        roots.sort_by_key(time);
        Self { spans, roots, children }
    }

    fn children(&self, number: usize) -> &[usize] {
        self.children.get(&number).map_or(&[], Vec::as_slice)
    }

    /// True for what OpenInference makes of a task of the Agents SDK: a chain like any other, but with an agent in it that
    /// has turns, which only tasks have.
    fn is_task(&self, number: usize) -> bool {
        let kind_of = |number: usize| {
            let data = self.spans.get(number)?.record.data.as_ref()?;
            Some((data.kind, data.dialect))
        };
        let has_turns = |agent: &usize| {
            let is_turn = |turn: &usize| kind_of(*turn).is_some_and(|(kind, _)| kind == DataKind::Turn);
            kind_of(*agent).is_some_and(|(kind, _)| kind == DataKind::Agent)
                && self.children(*agent).iter().any(is_turn)
        };
        kind_of(number) == Some((DataKind::Custom, Dialect::OpenInference))
            && self.children(number).iter().any(has_turns)
    }
}

/// The agent that a span names, or is.
fn own_agent(record: &SpanRecord) -> Option<&Text> {
    let data = record.data.as_ref()?;
    match data.kind {
        DataKind::Agent => data.subject.as_ref().or(data.agent.as_ref()).or(Some(&record.name)),
        _ => data.agent.as_ref(),
    }
}

fn is_shown(record: &SpanRecord) -> bool {
    let kind = record.data.as_ref().map(|data| data.kind);
    !matches!(kind, None | Some(DataKind::Workflow | DataKind::Task | DataKind::Turn))
}
