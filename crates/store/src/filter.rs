//! What a span must be like to be found.
//!
//! ```text
//! { resource.service.name = "api" && duration > 100ms && span.http.status_code >= 500 }
//!   └──── Field ────────┘ └Test─┘
//!   └──────────── Is ───────────┘    `&&` All    `||` Any    `!` Not
//! ```
//!
//! The text form is [TraceQL](https://grafana.com/docs/tempo/latest/traceql/)'s where that has one: what stands between
//! one pair of braces. `docs/search.md` tells people of it.

mod compare;
mod fields;
mod judge;
mod lexer;
mod operand;
mod parser;
mod pattern;
mod reach;
mod refusal;
mod write;

use trackway_model::{Elapsed, SpanRecord, Text, Timestamp};

pub(crate) use compare::Seen;
pub(crate) use judge::{Subject, any_under, holds};
pub use pattern::{Pattern, PatternError};
pub(crate) use reach::Reach;
pub use refusal::FilterError;

/// What a span must be like.
///
/// ```
/// use trackway_store::SpanFilter;
///
/// let filter: SpanFilter = r#"{ service = "api" && (status = error || duration >= 1.5s) }"#.parse()?;
/// assert_eq!(filter.to_string(), r#"{ service = "api" && (status = error || duration >= 1s500ms) }"#);
///
/// let error = r#"{ servce = "api" }"#.parse::<SpanFilter>().unwrap_err();
/// assert_eq!((error.start, error.end), (2, 8), "the characters that cannot be read");
/// # Ok::<(), trackway_store::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpanFilter {
    /// All of these hold; with none of them, every span is found.
    All(Vec<SpanFilter>),
    /// One of these holds at least.
    Any(Vec<SpanFilter>),
    /// This does not hold.
    Not(Box<SpanFilter>),
    /// What the span has in a field passes a test.
    Is {
        /// Where to look.
        field: Field,
        /// What must be found there.
        test: Test,
    },
}

/// Something that a span has: no value, one, or several (an attribute of each of its events, for example).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// The name of the service, `unknown_service` where the process gave none.
    Service,
    /// The span's name.
    Name,
    /// `unspecified`, `internal`, `server`, `client`, `producer` or `consumer`.
    Kind,
    /// `unset`, `ok` or `error`.
    Status,
    /// What the client said of an error; no value where it said nothing.
    StatusMessage,
    /// The nanoseconds from start to end; no value while the span is open.
    Duration,
    /// The start, in nanoseconds since 1970.
    Start,
    /// The trace's id, 32 lower-case digits.
    TraceId,
    /// The span's id, 16 lower-case digits.
    SpanId,
    /// The id of the span that this one is a part of; no value for a root.
    ParentId,
    /// The project that the span came for.
    Project,
    /// The name of the library that recorded the span; no value where it gave none.
    ScopeName,
    /// The version of that library; no value where it gave none.
    ScopeVersion,
    /// The name of each event.
    EventName,
    /// Each value under a key.
    Attribute {
        /// Where to look for the key.
        place: Place,
        /// The key, letter for letter.
        key: Text,
    },
}

/// Where an attribute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the span.
    Span,
    /// In the process that recorded it.
    Resource,
    /// In the library that recorded it.
    Scope,
    /// In one of its events.
    Event,
    /// In one of its links.
    Link,
    /// In any of these.
    Anywhere,
}

/// What must be found in a field.
///
/// But for [`Test::Ne`] and [`Test::Misses`], a test holds when some value of the field passes it; so a field without a
/// value passes none. Of an array each element is a value. Bytes, maps and what was sent without content pass
/// [`Test::Exists`] only.
///
/// Numbers compare by their exact value, whatever their types; a duration counts its nanoseconds, and NaN equals nothing.
/// Texts compare letter by letter. Where one side is a text and the other a number or a truth value, the text is read as
/// that: `"503"` is above `500`. One that cannot be read so is different, and neither smaller nor larger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// There is a value.
    Exists,
    /// A value equals this.
    Eq(Operand),
    /// There is a value, and none equals this.
    Ne(Operand),
    /// A value is smaller.
    Lt(Operand),
    /// A value is smaller, or equal.
    Lte(Operand),
    /// A value is larger.
    Gt(Operand),
    /// A value is larger, or equal.
    Gte(Operand),
    /// A text has this as a part.
    Contains(Text),
    /// A text begins with this.
    StartsWith(Text),
    /// A text is as the pattern says, from end to end.
    Matches(Pattern),
    /// There is a value, and no text is as the pattern says.
    Misses(Pattern),
}

/// What a value is compared with.
#[derive(Debug, Clone)]
pub enum Operand {
    /// A text.
    Text(Text),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// A length of time; compares as its nanoseconds.
    Duration(Elapsed),
    /// A point in time; compares as its nanoseconds since 1970.
    Time(Timestamp),
}

/// Equal content is equal, NaN included, as in a record.
impl PartialEq for Operand {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Operand {}

impl SpanFilter {
    /// The longest text that is read, in bytes.
    pub const MOST_BYTES: usize = 4_096;
    /// The most parentheses and `!` within each other that are read.
    pub const DEEPEST: usize = 32;
    /// The most patterns that are read; each may cost memory.
    pub const MOST_PATTERNS: usize = 16;

    /// Makes the filter that a field's test is.
    pub fn is(field: Field, test: Test) -> Self {
        Self::Is { field, test }
    }

    /// Returns whether a span is found.
    pub fn matches(&self, span: &SpanRecord) -> bool {
        Subject::new(span).passes(self)
    }
}

impl Field {
    /// Makes the field of an attribute.
    pub fn attribute(place: Place, key: impl Into<Text>) -> Self {
        Self::Attribute { place, key: key.into() }
    }
}
