//! Whether a span is as a filter says.

use std::cmp::Ordering;

use trackway_model::{Attributes, Event, SpanKind, SpanRecord, StatusCode};

use super::{
    Field, Place, SpanFilter, Test,
    compare::{Seen, any_of, order},
};

/// A span that is judged.
pub(crate) struct Subject<'a> {
    span: &'a SpanRecord,
    /// The events that came for it apart from it.
    late: Vec<&'a Event>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(span: &'a SpanRecord) -> Self {
        Self { span, late: Vec::new() }
    }

    pub(crate) fn with_events(span: &'a SpanRecord, late: impl Iterator<Item = &'a Event>) -> Self {
        Self { span, late: late.collect() }
    }

    pub(crate) fn passes(&self, filter: &SpanFilter) -> bool {
        match filter {
            SpanFilter::All(parts) => parts.iter().all(|part| self.passes(part)),
            SpanFilter::Any(parts) => parts.iter().any(|part| self.passes(part)),
            SpanFilter::Not(part) => !self.passes(part),
            SpanFilter::Is { field, test } => self.is(field, test),
        }
    }

    fn is(&self, field: &Field, test: &Test) -> bool {
        let exists = || self.any(field, &mut |_| true);
        match test {
            Test::Ne(operand) => exists() && !self.any(field, &mut |seen| is_equal(seen, operand.seen())),
            Test::Misses(pattern) => exists() && !self.any(field, &mut |seen| text(seen, |it| pattern.matches(it))),
            test => self.any(field, &mut |seen| holds(test, seen)),
        }
    }

    /// Returns whether `test` holds of some value of a field.
    fn any(&self, field: &Field, test: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
        let span = self.span;
        match field {
            Field::Service => test(Seen::Text(span.service())),
            Field::Name => test(Seen::Text(&span.name)),
            Field::Kind => test(Seen::Text(kind_word(span.kind))),
            Field::Status => test(Seen::Text(status_word(span.status.code))),
            Field::StatusMessage => text_there(&span.status.message, test),
            Field::Duration => span.duration().is_some_and(|it| test(Seen::Int(it.0.into()))),
            Field::Start => test(Seen::Int(span.start.0.into())),
            Field::TraceId => test(Seen::Text(hex(&span.trace_id.bytes(), &mut [0; 32]))),
            Field::SpanId => test(Seen::Text(hex(&span.span_id.bytes(), &mut [0; 16]))),
            Field::ParentId => span.parent_id.is_some_and(|id| test(Seen::Text(hex(&id.bytes(), &mut [0; 16])))),
            Field::Project => test(Seen::Text(&span.project)),
            Field::ScopeName => text_there(&span.scope.name, test),
            Field::ScopeVersion => text_there(&span.scope.version, test),
            Field::EventName => self.events().any(|event| test(Seen::Text(&event.name))),
            Field::Attribute { place, key } => self.any_attribute(*place, key, test),
        }
    }

    fn any_attribute(&self, place: Place, key: &str, test: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
        let span = self.span;
        let looks_in = |one| place == one || place == Place::Anywhere;
        (looks_in(Place::Span) && any_under(key, &span.attributes, test))
            || (looks_in(Place::Resource) && any_under(key, &span.resource.attributes, test))
            || (looks_in(Place::Scope) && any_under(key, &span.scope.attributes, test))
            || (looks_in(Place::Event) && self.events().any(|event| any_under(key, &event.attributes, test)))
            || (looks_in(Place::Link) && span.links.iter().any(|link| any_under(key, &link.attributes, test)))
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.span.events.iter().chain(self.late.iter().copied())
    }
}

impl SpanFilter {
    /// Returns whether a span passes whose only value, in every field that is asked for, is this text.
    pub(crate) fn passes_text(&self, text: &str) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.passes_text(text)),
            Self::Any(parts) => parts.iter().any(|part| part.passes_text(text)),
            Self::Not(part) => !part.passes_text(text),
            Self::Is { test: Test::Ne(operand), .. } => !is_equal(Seen::Text(text), operand.seen()),
            Self::Is { test: Test::Misses(pattern), .. } => !pattern.matches(text),
            Self::Is { test, .. } => holds(test, Seen::Text(text)),
        }
    }
}

/// Whether a test holds of one value; those that look at all values of a field are not asked here.
pub(crate) fn holds(test: &Test, seen: Seen<'_>) -> bool {
    match test {
        Test::Exists => true,
        Test::Eq(operand) => is_equal(seen, operand.seen()),
        Test::Lt(operand) => order(seen, operand.seen()).is_some_and(Ordering::is_lt),
        Test::Lte(operand) => order(seen, operand.seen()).is_some_and(Ordering::is_le),
        Test::Gt(operand) => order(seen, operand.seen()).is_some_and(Ordering::is_gt),
        Test::Gte(operand) => order(seen, operand.seen()).is_some_and(Ordering::is_ge),
        Test::Contains(part) => text(seen, |it| it.contains(&**part)),
        Test::StartsWith(part) => text(seen, |it| it.starts_with(&**part)),
        Test::Matches(pattern) => text(seen, |it| pattern.matches(it)),
        Test::Ne(_) | Test::Misses(_) => false,
    }
}

fn is_equal(a: Seen<'_>, b: Seen<'_>) -> bool {
    order(a, b).is_some_and(Ordering::is_eq)
}

fn text(seen: Seen<'_>, test: impl FnOnce(&str) -> bool) -> bool {
    matches!(seen, Seen::Text(text) if test(text))
}

/// A text that the client may have left empty, which then is no value.
fn text_there(text: &str, test: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
    !text.is_empty() && test(Seen::Text(text))
}

/// Returns whether `test` holds of some value under a key.
pub(crate) fn any_under(key: &str, attributes: &Attributes, test: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
    attributes.iter().any(|(name, value)| name == key && any_of(value, test))
}

/// Writes bytes as lower-case digits without allocating.
fn hex<'a>(bytes: &[u8], room: &'a mut [u8]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or_default();
    for (pair, byte) in room.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    std::str::from_utf8(room).unwrap_or_default() // digits only
}

pub(super) fn kind_word(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Unspecified => "unspecified",
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

pub(super) fn status_word(code: StatusCode) -> &'static str {
    match code {
        StatusCode::Unset => "unset",
        StatusCode::Ok => "ok",
        StatusCode::Error => "error",
    }
}
