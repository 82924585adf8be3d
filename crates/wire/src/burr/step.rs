//! An attempt at a step, as far as its lines have come.

use std::collections::HashMap;

use trackway_model::{SpanId, StepBegin, StepKey, Text, Value};

use super::{
    spans::{Held, Origin},
    time::Moment,
    zone::{Bracket, Clock},
};
use crate::records::Item;

/// How many attributes and ends wait for the begin of their span.
const MOST_EARLY: usize = 256;

/// An attempt at a step.
pub(super) struct Step {
    pub(super) key: StepKey,
    pub(super) action: Option<Text>,
    pub(super) phase: Phase,
    /// What was told of its begin, while that can still be told again.
    pub(super) begin: Option<(StepBegin, Option<Moment>)>,
    pub(super) bracket: Bracket,
    own: Held,
    spans: Vec<Held>,
    /// The occurrences of each id, in order of their begins.
    places: HashMap<Text, Vec<usize>>,
    early: Vec<Early>,
    changed: Vec<Place>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    /// Lines of it have come, but neither its begin nor its end.
    Implied,
    /// It has begun.
    Open,
    /// It has ended then, and nobody told of its begin.
    EndedUnbegun(Option<Moment>),
    /// It is over.
    Done,
}

/// A span of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// The step's own.
    Own,
    /// One that an action made.
    At(usize),
}

/// What came before the begin of its span.
struct Early {
    id: Text,
    what: What,
}

enum What {
    Attribute(Text, (Value, usize)),
    End(Option<Moment>),
}

impl Step {
    pub(super) fn new(key: StepKey, origin: &Origin) -> Self {
        Self {
            key,
            action: None,
            phase: Phase::Implied,
            begin: None,
            bracket: Bracket::default(),
            own: origin.step(key),
            spans: Vec::new(),
            places: HashMap::new(),
            early: Vec::new(),
            changed: Vec::new(),
        }
    }

    pub(super) fn span_id(&self) -> SpanId {
        self.own.id()
    }

    /// Notes when something of the step was; a step whose begin is not known began no later.
    pub(super) fn see(&mut self, moment: Option<Moment>) {
        if self.own.start.is_none() && moment.is_some() {
            self.own.start = moment;
            self.spans.iter_mut().filter(|span| span.start.is_none()).for_each(|span| span.start = moment);
            self.change_all();
        }
    }

    /// Begins the step.
    pub(super) fn begin(&mut self, action: &Text, start: Option<Moment>) {
        self.phase = match self.phase {
            Phase::EndedUnbegun(_) => Phase::Done,
            _ => Phase::Open,
        };
        self.own.start = start.or(self.own.start);
        self.rename(action);
    }

    /// Ends the step.
    pub(super) fn end(&mut self, action: &Text, end: Option<Moment>, error: Option<&str>) {
        self.phase = match self.phase {
            Phase::Implied => Phase::EndedUnbegun(end),
            _ => Phase::Done,
        };
        self.own.finish(end);
        if let Some(error) = error {
            self.own.fail(error);
        }
        self.rename(action);
    }

    fn rename(&mut self, action: &Text) {
        self.action = Some(action.clone());
        self.own.rename(action.clone());
        self.change(Place::Own);
    }

    /// Begins a span. Its parent is the latest of that id, else the step.
    pub(super) fn begin_span(&mut self, origin: &Origin, begin: BeginSpan) {
        let BeginSpan { id, name, parent, dependencies, start } = begin;
        let above = parent.as_ref().and_then(|parent| self.places.get(parent)).and_then(|places| places.last());
        let above = above.and_then(|place| self.spans.get(*place));
        let occurrence = self.places.get(&id).map_or(0, Vec::len);
        let mut span = origin.span(self.key, &id, occurrence, above.unwrap_or(&self.own).id(), name);
        span.start = start.or(self.own.start);
        if let Some(parent) = parent.filter(|parent| above.is_none() && !self.is_own(parent)) {
            span.add("burr.parent_span_id", (Value::Text(parent), 1));
        }
        if let Some(dependencies) = dependencies {
            span.add("burr.span_dependencies", dependencies);
        }
        let place = self.spans.len();
        self.spans.push(span);
        self.places.entry(id.clone()).or_default().push(place);
        let early = std::mem::take(&mut self.early);
        let (mine, others): (Vec<_>, Vec<_>) = early.into_iter().partition(|early| early.id == id);
        self.early = others;
        for Early { what, .. } in mine {
            match what {
                What::Attribute(key, value) => self.add(Place::At(place), &key, value),
                What::End(end) => self.finish(Place::At(place), end),
            }
        }
        self.change(Place::At(place));
    }

    /// Returns whether an id is that of the step: OpenTelemetry's tracker names it as the first span in it.
    pub(super) fn is_own(&self, id: &str) -> bool {
        let ordinal = id.split_once(':').filter(|(_, ordinal)| *ordinal == "0");
        ordinal.is_some_and(|(step, _)| step.parse() == Ok(self.key.sequence)) && !self.places.contains_key(id)
    }

    /// Finds the latest span of an id that has not ended.
    pub(super) fn open(&self, id: &str) -> Option<Place> {
        let places = self.places.get(id)?.iter().rev();
        places.copied().find(|place| self.spans.get(*place).is_some_and(|span| !span.has_ended())).map(Place::At)
    }

    /// Finds the latest span of an id.
    pub(super) fn last(&self, id: &str) -> Option<Place> {
        self.places.get(id)?.last().copied().map(Place::At)
    }

    /// Keeps what came before the begin of its span.
    pub(super) fn attribute_early(&mut self, id: &Text, key: &Text, value: (Value, usize)) {
        if self.early.len() < MOST_EARLY {
            self.early.push(Early { id: id.clone(), what: What::Attribute(key.clone(), value) });
        }
    }

    /// Keeps an end that came before its begin.
    pub(super) fn end_early(&mut self, id: Text, end: Option<Moment>) {
        if self.early.len() < MOST_EARLY {
            self.early.push(Early { id, what: What::End(end) });
        }
    }

    pub(super) fn add(&mut self, place: Place, key: &str, value: (Value, usize)) {
        self.with(place, |span| span.add(key, value));
    }

    pub(super) fn finish(&mut self, place: Place, end: Option<Moment>) {
        self.with(place, |span| span.finish(end));
    }

    fn with(&mut self, place: Place, change: impl FnOnce(&mut Held)) {
        if let Some(span) = self.at(place) {
            change(span);
        }
        self.change(place);
    }

    fn at(&mut self, place: Place) -> Option<&mut Held> {
        match place {
            Place::Own => Some(&mut self.own),
            Place::At(place) => self.spans.get_mut(place),
        }
    }

    fn change(&mut self, place: Place) {
        let Some(span) = self.at(place) else { return };
        if !std::mem::replace(&mut span.is_changed, true) {
            self.changed.push(place);
        }
    }

    /// Has every span told again.
    pub(super) fn change_all(&mut self) {
        self.change(Place::Own);
        (0..self.spans.len()).for_each(|place| self.change(Place::At(place)));
    }

    /// Tells the spans that have changed since.
    pub(super) fn settle(&mut self, clock: &Clock, items: &mut Vec<Item>) {
        for place in std::mem::take(&mut self.changed) {
            let Some(span) = self.at(place) else { continue };
            span.is_changed = false;
            items.extend(span.record(clock).map(|record| Item::Span(Box::new(record))));
        }
    }
}

/// How a span begins.
pub(super) struct BeginSpan {
    pub(super) id: Text,
    pub(super) name: Text,
    pub(super) parent: Option<Text>,
    pub(super) dependencies: Option<(Value, usize)>,
    pub(super) start: Option<Moment>,
}
