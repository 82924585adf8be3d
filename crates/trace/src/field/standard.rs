//! What the standard library has besides numbers and texts, and ids.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use trackway_model::{SpanId, TraceId};

use super::{Field, Label, ValueRef};
use crate::record::Pen;

/// A short text on the stack.
struct Short {
    bytes: [u8; MOST],
    length: usize,
}

/// The longest text that is written here: the socket address of a zone.
const MOST: usize = 64;

impl Short {
    /// Lends what is written to `record`.
    fn lend<R>(text: fmt::Arguments<'_>, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        let mut short = Self { bytes: [0; MOST], length: 0 };
        match short.write_fmt(text) {
            Ok(()) => record(ValueRef::Text(short.as_str())),
            Err(_) => record(ValueRef::Text(&text.to_string())),
        }
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

macro_rules! written {
    ($($type:ty)*) => {$(
        impl Field for $type {
            fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
                Short::lend(format_args!("{self}"), record)
            }
        }
    )*};
}

written!(char TraceId SpanId IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6);

macro_rules! non_zero {
    ($($type:ty)*) => {$(
        impl Field for NonZero<$type> {
            #[inline(always)]
            fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
                self.get().lend(record)
            }

            #[inline(always)]
            fn write(&self, pen: &Pen<'_, impl Label>) -> bool {
                self.get().write(pen)
            }
        }
    )*};
}

non_zero!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! held {
    ($($holder:ident)*) => {$(
        impl<T: Field + ?Sized> Field for $holder<T> {
            #[inline(always)]
            fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
                (**self).lend(record)
            }

            #[inline(always)]
            fn write(&self, pen: &Pen<'_, impl Label>) -> bool {
                (**self).write(pen)
            }
        }
    )*};
}

held!(Box Rc Arc);

/// In seconds, as OpenTelemetry's conventions have all durations.
impl Field for Duration {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        record(ValueRef::F64(self.as_secs_f64()))
    }
}

/// As [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) writes it, in UTC with nanoseconds: `2026-03-01T12:30:00.000000000Z`.
impl Field for SystemTime {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        let since = match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        let (year, month, day) = date(since.div_euclid(DAY));
        let time = since.rem_euclid(DAY);
        let (seconds, nanos) = (time / 1_000_000_000, time % 1_000_000_000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        Short::lend(format_args!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z"), record)
    }
}

/// Nanoseconds.
const DAY: i128 = 86_400_000_000_000;

/// Returns the year, the month and the day that is so many days after 1970-01-01, in the Gregorian calendar.
///
/// Years begin in March here, so that the leap day is the last one: Howard Hinnant's
/// [`civil_from_days`](https://howardhinnant.github.io/date_algorithms.html).
fn date(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i128::from(month <= 2), month, day)
}

/// What is not UTF-8 in it becomes the replacement character.
impl Field for Path {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        record(ValueRef::Text(&self.to_string_lossy()))
    }
}

/// As a [`Path`].
impl Field for PathBuf {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        self.as_path().lend(record)
    }
}

impl Field for fmt::Arguments<'_> {
    fn lend<R>(&self, record: impl FnOnce(ValueRef<'_>) -> R) -> R {
        match self.as_str() {
            Some(text) => record(ValueRef::Text(text)),
            None => record(ValueRef::Text(&self.to_string())),
        }
    }
}
