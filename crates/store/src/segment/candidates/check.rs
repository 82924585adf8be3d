//! What a value in a column must be like.

use std::{borrow::Cow, ops::RangeInclusive};

use serde::Deserialize;
use trackway_model::{Attributes, Text};

use super::super::{
    parts::{read_attributes, read_events, read_links, read_resource, read_scope},
    typed_json::read,
};
use crate::{
    Operand, Test,
    filter::{Seen, any_under, holds},
    query::fold_case,
};

/// What a value that is there must be like.
#[derive(Debug, Clone)]
pub(super) enum Check {
    /// Anything.
    Present,
    /// A text.
    Text(TextCheck),
    /// A whole number in a range.
    Int(RangeInclusive<i64>),
    /// A start in a range.
    Start(RangeInclusive<u64>),
    /// A duration in a range, which depends on the start where the time from there does not fit.
    Duration(RangeInclusive<i64>),
    /// A number that is not whole.
    Double(Test),
    /// False, true.
    Bool([bool; 2]),
    /// An id with these bytes.
    Id(Vec<u8>),
    /// An id whose digits are like this.
    Digits(Test),
}

/// What a text must be like, or what it says where it is JSON.
#[derive(Debug, Clone)]
pub(super) enum TextCheck {
    Value(Test),
    Equals(String),
    /// Whatever the case; this is in the form of [`fold_case`].
    Contains(String),
    /// The title in the data of an agent's span contains this, whatever the case.
    Title(String),
    Resource(Under),
    Scope(Under),
    ScopeName(Test),
    ScopeVersion(Test),
    Attributes(Under),
    EventName(Test),
    Events(Under),
    Links(Under),
}

/// A test of what stands under a key.
#[derive(Debug, Clone)]
pub(super) struct Under {
    key: Text,
    test: Test,
    /// The key as JSON: what does not contain it has no such key.
    needle: String,
}

impl Under {
    pub(super) fn new(key: &Text, test: &Test) -> Self {
        let needle = serde_json::to_string(&**key).unwrap_or_else(|_| "\"".to_owned());
        Self { key: key.clone(), test: test.clone(), needle }
    }

    fn is_met(&self, attributes: &Attributes) -> bool {
        any_under(&self.key, attributes, &mut |seen| holds(&self.test, seen))
    }

    fn may_be_in(&self, text: &str) -> bool {
        text.contains(&self.needle)
    }
}

#[derive(Deserialize)]
struct Titled<'a> {
    #[serde(borrow)]
    title: Option<Cow<'a, str>>,
}

impl TextCheck {
    /// Tells whether a text is as it must be.
    ///
    /// # Errors
    /// What is wrong with a text that has to be JSON.
    pub(super) fn passes(&self, text: &str) -> Result<bool, String> {
        let value = |test: &Test, text: &str| !text.is_empty() && holds(test, Seen::Text(text));
        Ok(match self {
            Self::Value(test) => holds(test, Seen::Text(text)),
            Self::Equals(wanted) => text == wanted,
            Self::Contains(part) => fold_case(text).contains(part),
            Self::Title(part) => {
                text.contains("\"title\":")
                    && read::<Titled<'_>>(text)?.title.is_some_and(|title| fold_case(&title).contains(part))
            }
            Self::Resource(under) => under.may_be_in(text) && under.is_met(&read_resource(text)?.attributes),
            Self::Scope(under) => under.may_be_in(text) && under.is_met(&read_scope(text)?.attributes),
            Self::ScopeName(test) => value(test, &read_scope(text)?.name),
            Self::ScopeVersion(test) => value(test, &read_scope(text)?.version),
            Self::Attributes(under) => under.may_be_in(text) && under.is_met(&read_attributes(text)?),
            Self::EventName(test) => read_events(text)?.iter().any(|event| holds(test, Seen::Text(&event.name))),
            Self::Events(under) => {
                under.may_be_in(text) && read_events(text)?.iter().any(|event| under.is_met(&event.attributes))
            }
            Self::Links(under) => {
                under.may_be_in(text) && read_links(text)?.iter().any(|link| under.is_met(&link.attributes))
            }
        })
    }

    /// As [`passes`](Self::passes), of a text of which only the bytes were read.
    ///
    /// # Errors
    /// What is wrong with a text that has to be UTF-8, or JSON.
    pub(super) fn passes_bytes(&self, text: &[u8]) -> Result<bool, String> {
        match self {
            Self::Equals(wanted) => Ok(text == wanted.as_bytes()),
            Self::Value(Test::Eq(Operand::Text(wanted))) => Ok(text == wanted.as_bytes()),
            _ => self.passes(std::str::from_utf8(text).map_err(|error| error.to_string())?),
        }
    }

    /// Returns false when no text from `min` to `max` can be as it must be; either may be unknown.
    pub(super) fn may_be_between(&self, min: Option<&[u8]>, max: Option<&[u8]>) -> bool {
        match self {
            Self::Equals(text) => is_between(min, max, text),
            Self::Value(Test::Eq(Operand::Text(text))) => is_between(min, max, text),
            Self::Value(Test::StartsWith(start)) => {
                let start = start.as_bytes();
                min.is_none_or(|min| min <= start || min.starts_with(start)) && max.is_none_or(|max| start <= max)
            }
            _ => true,
        }
    }
}

fn is_between(min: Option<&[u8]>, max: Option<&[u8]>, text: &str) -> bool {
    min.is_none_or(|min| min <= text.as_bytes()) && max.is_none_or(|max| text.as_bytes() <= max)
}

/// Returns the whole numbers that pass a test, which are a range; `None` when there is none.
pub(super) fn numbers(test: &Test, least: i128, most: i128) -> Option<RangeInclusive<i128>> {
    let passes = |number: i128| holds(test, Seen::Int(number));
    match test {
        Test::Exists => Some(least..=most),
        Test::Gt(_) | Test::Gte(_) => first(least, most, passes).map(|first| first..=most),
        Test::Lt(_) | Test::Lte(_) => {
            let fails = first(least, most, |number| !passes(number));
            let last = fails.map_or(Some(most), |first| first.checked_sub(1))?;
            (last >= least).then_some(least..=last)
        }
        Test::Eq(operand) => {
            let at_least = Test::Gte(operand.clone());
            let number = first(least, most, |number| holds(&at_least, Seen::Int(number)))?;
            passes(number).then_some(number..=number)
        }
        _ => None,
    }
}

/// Returns the first number from which on all pass; `None` when the last does not.
fn first(mut least: i128, mut most: i128, passes: impl Fn(i128) -> bool) -> Option<i128> {
    if !passes(most) {
        return None;
    }
    while least < most {
        let middle = least + (most - least) / 2;
        if passes(middle) {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    Some(most)
}
