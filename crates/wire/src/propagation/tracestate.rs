//! The `tracestate` header.

use std::fmt;

use trackway_model::Text;

use super::trim;

/// What tracing systems on the way added for themselves: at most 32 named values, the latest first.
///
/// It is passed on as it came, in one line; only members that came twice are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceState(Text);

impl TraceState {
    /// The most members that a list may have.
    pub const MOST_MEMBERS: usize = 32;

    /// Reads the lines of a header, in order; a list that cannot be read, or is too long, is empty.
    pub fn parse(lines: &[impl AsRef<str>]) -> Self {
        if lines.is_empty() {
            return Self::default();
        }
        let mut members: Vec<(&str, &str)> = Vec::new();
        let texts = lines.iter().flat_map(|line| line.as_ref().split(','));
        for text in texts.map(trim).filter(|text| !text.is_empty()) {
            let Some((key, value)) = text.split_once('=').filter(|(key, value)| is_key(key) && is_value(value)) else {
                return Self::default();
            };
            if members.iter().all(|(known, _)| *known != key) {
                members.push((key, value));
            }
            if members.len() > Self::MOST_MEMBERS {
                return Self::default();
            }
        }
        Self::join(members)
    }

    fn join<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let members: Vec<String> = members.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        Self(members.join(",").into())
    }

    /// Returns the members in order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(',').filter_map(|member| member.split_once('='))
    }

    /// Returns the value of a member.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.members().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Returns the list with a member set, which then comes first; the last one gives way when there are too many.
    ///
    /// A key or a value that the header cannot hold leaves the list as it is.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        if !is_key(key) || !is_value(value) {
            return self.clone();
        }
        let others = self.members().filter(|(name, _)| *name != key);
        Self::join(std::iter::once((key, value)).chain(others).take(Self::MOST_MEMBERS))
    }

    /// Returns true when there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    let starts_well = key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    starts_well && key.len() <= 256 && key.bytes().all(allowed)
}

fn is_value(value: &str) -> bool {
    let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b',' && byte != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(allowed) && !value.ends_with(' ')
}
