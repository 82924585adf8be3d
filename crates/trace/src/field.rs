//! What can be the value of an attribute, and how it is named.

mod list;
mod standard;

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::sync::atomic::{AtomicU32, Ordering};

use trackway_model::{Text, Value};

use crate::callsite;
use crate::record::{self, Pen};

/// A borrowed value of an attribute: what is recorded without being allocated.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// Nothing: the attribute is left out.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A whole number. OTLP has no larger one.
    I64(i64),
    /// A floating-point number.
    F64(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list or a map.
    Value(&'a Value),
}

/// What can be recorded as the value of an attribute.
///
/// | type | recorded as |
/// |---|---|
/// | `bool`, integers, `NonZero` ones, floats | themselves; an integer beyond `i64` as text: [OTLP](https://opentelemetry.io/docs/specs/otlp/) has no larger one |
/// | texts, `char`, `format_args!` | text |
/// | [`Path`](std::path::Path) | text, with the replacement character for what is not UTF-8 |
/// | IP and socket addresses, [`TraceId`](crate::TraceId), [`SpanId`](crate::SpanId) | text |
/// | [`Duration`](std::time::Duration) | seconds, as a float: the unit of OpenTelemetry's conventions |
/// | [`SystemTime`](std::time::SystemTime) | text, as RFC 3339 writes it in UTC |
/// | `[u8]`, `[u8; N]`, `Vec<u8>` | bytes |
/// | slices, arrays and `Vec`s of numbers, booleans or texts | a list |
/// | `Option` | what it holds; left out when that is nothing |
/// | `&T`, `Box`, `Rc`, `Arc` | what they point to |
/// | [`Value`] | itself, for lists and maps of any content |
///
/// For anything else there are [`display`] and [`debug`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as it is",
    note = "write `%value` to record what its `Display` writes, or `?value` for its `Debug`"
)]
pub trait Field {
    /// Lends the value to `record`.
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R;

    /// Writes the value into a ring; the same as lending it, in fewer instructions for what is short.
    #[doc(hidden)]
    #[inline(always)]
    fn write(&self, pen: &Pen<'_, impl Label>) -> bool {
        self.lend(|value| pen.value(value))
    }
}

macro_rules! fields {
    ($($type:ty => |$value:ident| $lent:expr, |$pen:ident| $written:expr;)*) => {$(
        impl Field for $type {
            #[inline(always)]
            fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
                let $value = self;
                record($lent)
            }

            #[inline(always)]
            fn write(&self, $pen: &Pen<'_, impl Label>) -> bool {
                let $value = self;
                $written
            }
        }
    )*};
}

fields! {
    bool => |value| ValueRef::Bool(*value), |pen| pen.word(record::BOOL, u64::from(*value));
    i8 => |value| ValueRef::I64(i64::from(*value)), |pen| pen.word(record::I64, (i64::from(*value)) as u64);
    i16 => |value| ValueRef::I64(i64::from(*value)), |pen| pen.word(record::I64, (i64::from(*value)) as u64);
    i32 => |value| ValueRef::I64(i64::from(*value)), |pen| pen.word(record::I64, (i64::from(*value)) as u64);
    i64 => |value| ValueRef::I64(*value), |pen| pen.word(record::I64, (*value) as u64);
    u8 => |value| ValueRef::I64(i64::from(*value)), |pen| pen.word(record::I64, (i64::from(*value)) as u64);
    u16 => |value| ValueRef::I64(i64::from(*value)), |pen| pen.word(record::I64, (i64::from(*value)) as u64);
    u32 => |value| ValueRef::I64(i64::from(*value)), |pen| pen.word(record::I64, (i64::from(*value)) as u64);
    f32 => |value| ValueRef::F64(f64::from(*value)), |pen| pen.word(record::F64, (f64::from(*value)).to_bits());
    f64 => |value| ValueRef::F64(*value), |pen| pen.word(record::F64, (*value).to_bits());
    str => |value| ValueRef::Text(value), |pen| pen.text(value);
    String => |value| ValueRef::Text(value), |pen| pen.text(value);
    Cow<'_, str> => |value| ValueRef::Text(value), |pen| pen.text(value);
    Text => |value| ValueRef::Text(value), |pen| pen.text(value);
    [u8] => |value| ValueRef::Bytes(value), |pen| pen.value(ValueRef::Bytes(value));
    Vec<u8> => |value| ValueRef::Bytes(value), |pen| pen.value(ValueRef::Bytes(value));
    Value => |value| ValueRef::Value(value), |pen| pen.value(ValueRef::Value(value));
}

macro_rules! wide {
    ($($type:ty)*) => {$(
        impl Field for $type {
            #[inline(always)]
            fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
                match i64::try_from(*self) {
                    Ok(value) => record(ValueRef::I64(value)),
                    Err(_) => display(self).lend(record),
                }
            }

            #[inline(always)]
            fn write(&self, pen: &Pen<'_, impl Label>) -> bool {
                match i64::try_from(*self) {
                    Ok(value) => pen.word(record::I64, value as u64),
                    Err(_) => display(self).lend(|value| pen.value(value)),
                }
            }
        }
    )*};
}

wide!(u64 usize isize u128 i128);

impl<T: Field + ?Sized> Field for &T {
    #[inline(always)]
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        (**self).lend(record)
    }

    #[inline(always)]
    fn write(&self, pen: &Pen<'_, impl Label>) -> bool {
        (**self).write(pen)
    }
}

impl<T: Field> Field for Option<T> {
    #[inline(always)]
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        match self {
            Some(value) => value.lend(record),
            None => record(ValueRef::Absent),
        }
    }

    #[inline(always)]
    fn write(&self, pen: &Pen<'_, impl Label>) -> bool {
        self.as_ref().is_none_or(|value| value.write(pen))
    }
}

/// A value that is recorded as its `Display` writes it.
#[derive(Debug, Clone, Copy)]
pub struct Displayed<T>(T);

/// A value that is recorded as its `Debug` writes it.
#[derive(Debug, Clone, Copy)]
pub struct Debugged<T>(T);

/// Returns the value as its `Display` writes it; written only when a span records it.
pub fn display<T: Display>(value: T) -> Displayed<T> {
    Displayed(value)
}

/// Returns the value as its `Debug` writes it; written only when a span records it.
pub fn debug<T: Debug>(value: T) -> Debugged<T> {
    Debugged(value)
}

impl<T: Display> Field for Displayed<T> {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        record(ValueRef::Text(&self.0.to_string()))
    }
}

impl<T: Debug> Field for Debugged<T> {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        record(ValueRef::Text(&format!("{:?}", self.0)))
    }
}

impl ValueRef<'_> {
    /// Returns the value on its own; `None` when it is absent.
    pub(crate) fn to_value(self) -> Option<Value> {
        Some(match self {
            Self::Absent => return None,
            Self::Bool(value) => Value::from(value),
            Self::I64(value) => Value::from(value),
            Self::F64(value) => Value::from(value),
            Self::Text(value) => Value::from(value),
            Self::Bytes(value) => Value::Bytes(value.into()),
            Self::Value(value) => value.clone(),
        })
    }
}

/// The name of an attribute, registered once: cheaper to record than a string.
///
/// ```
/// static ORDER: trackway::Key = trackway::Key::new("order.id");
///
/// let span = trackway::span!("load");
/// span.attribute(&ORDER, 42);
/// ```
#[derive(Debug)]
pub struct Key {
    name: &'static str,
    id: AtomicU32,
}

impl Key {
    /// Returns a key, to be kept in a `static`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, id: AtomicU32::new(0) }
    }

    /// Returns the attribute's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the key's number; 0 while it has none.
    #[inline(always)]
    pub(crate) fn id(&self) -> u32 {
        self.id.load(Ordering::Relaxed)
    }

    /// Returns the key's number; 0 when it cannot have one, and is to be written out.
    #[cold]
    pub(crate) fn register(&self) -> u32 {
        callsite::register_key(self.name, &self.id)
    }
}

/// How an attribute can be named: by a string, or by a static [`Key`].
pub trait Label: sealed::Sealed {
    #[doc(hidden)]
    fn name(&self) -> Name<'_>;
}

#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Name<'a> {
    Known(&'static Key),
    Text(&'a str),
}

impl Name<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Known(key) => key.name,
            Self::Text(text) => text,
        }
    }
}

impl Label for &'static Key {
    #[inline(always)]
    fn name(&self) -> Name<'_> {
        Name::Known(self)
    }
}

impl Label for &str {
    #[inline(always)]
    fn name(&self) -> Name<'_> {
        Name::Text(self)
    }
}

impl Label for &String {
    #[inline(always)]
    fn name(&self) -> Name<'_> {
        Name::Text(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &'static super::Key {}
    impl Sealed for &str {}
    impl Sealed for &String {}
}
