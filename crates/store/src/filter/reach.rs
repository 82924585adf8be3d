//! What a filter looks at, so that what is cheap is looked at first.

use super::{Field, Place, SpanFilter};

/// What a filter looks at; the cheap first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// The service only.
    Service,
    /// The span's name only.
    Name,
    /// What spans share: the process and the library that recorded them.
    Process,
    /// The span, but for its lists.
    Record,
    /// The span's attributes.
    Attributes,
    /// The events and the links.
    Events,
}

impl SpanFilter {
    /// Returns what the filter looks at; `None` when it looks at nothing.
    pub(crate) fn reach(&self) -> Option<Reach> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().filter_map(Self::reach).reduce(Reach::with),
            Self::Not(part) => part.reach(),
            Self::Is { field, .. } => Some(Reach::of(field)),
        }
    }
}

impl Reach {
    fn of(field: &Field) -> Self {
        match field {
            Field::Service => Self::Service,
            Field::Name => Self::Name,
            Field::ScopeName | Field::ScopeVersion => Self::Process,
            Field::Attribute { place: Place::Resource | Place::Scope, .. } => Self::Process,
            Field::Attribute { place: Place::Span, .. } => Self::Attributes,
            Field::Attribute { place: Place::Event | Place::Link | Place::Anywhere, .. } | Field::EventName => {
                Self::Events
            }
            _ => Self::Record,
        }
    }

    fn with(self, other: Self) -> Self {
        let is_shared = |it| matches!(it, Self::Service | Self::Process);
        match (self, other) {
            (a, b) if a == b => a,
            (a, b) if is_shared(a) && is_shared(b) => Self::Process,
            (a, b) => a.max(b).max(Self::Record),
        }
    }
}
