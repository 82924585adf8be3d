//! States as they change from step to step: what differs is all that need be kept.
//!
//! A state is a JSON object. It is looked at one level deep and otherwise left as text, so that what is put together
//! again is, byte for byte, what came.

use std::collections::{HashMap, HashSet};

use crate::{Json, Text};

/// A state, cut into its fields; it borrows the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State<'a> {
    /// The names as they are written between their quotes, and the values.
    fields: Vec<(&'a str, &'a str)>,
}

/// What makes one state out of another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// The fields that differ: those that stay in their order, the new ones as they come behind them, then those that go.
    pub changes: Vec<(Text, Change)>,
}

/// What becomes of one field of a state. Names and values are JSON texts; names stand without their quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It has this value now.
    Set(Text),
    /// Its value differs in the middle only: items were appended to a list, a text goes on, something deep inside changed.
    Splice {
        /// So many bytes stay at the beginning.
        before: usize,
        /// So many bytes stay at the end.
        after: usize,
        /// What stands between them now.
        middle: Text,
    },
    /// It is gone.
    Delete,
}

/// Below this many bytes that stay, a value is set anew.
const WORTH_SPLICING: usize = 16;

impl<'a> State<'a> {
    /// Cuts a JSON object into its fields; `None` for what is no object, names a field twice, or has space around its
    /// fields: the text could not be put together again.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
        let mut fields = Vec::new();
        let mut names = HashSet::new();
        while !rest.is_empty() {
            let name = rest.get(1..string_end(rest)?.checked_sub(1)?)?;
            rest = rest.get(name.len() + 2..)?.strip_prefix(':')?;
            let (value, behind) = rest.split_at_checked(value_end(rest))?;
            let has_space = |text: &str| text.trim_ascii().len() != text.len();
            if value.is_empty() || has_space(value) || !names.insert(name) {
                return None;
            }
            fields.push((name, value));
            rest = match behind.strip_prefix(',') {
                Some("") => return None,
                Some(next) => next,
                None => behind,
            };
        }
        Some(Self { fields })
    }

    /// Returns the names of the fields, as they are written between their quotes, and their values, in order.
    pub fn fields(&self) -> &[(&'a str, &'a str)] {
        &self.fields
    }

    /// Returns a name as it is meant, from how it is written between its quotes; half of a character becomes U+FFFD.
    pub fn unquoted(written: &str) -> Text {
        let mut units = Vec::with_capacity(written.len());
        let mut rest = written.chars();
        while let Some(letter) = rest.next() {
            let meant = match letter {
                '\\' => match rest.next() {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some('b') => '\u{8}',
                    Some('f') => '\u{c}',
                    Some('u') => {
                        let hex: String = rest.by_ref().take(4).collect();
                        units.push(u16::from_str_radix(&hex, 16).unwrap_or(0xfffd));
                        continue;
                    }
                    other => other.unwrap_or('\\'),
                },
                letter => letter,
            };
            units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
        }
        String::from_utf16_lossy(&units).into()
    }
}

impl Delta {
    /// Returns what makes `after` out of `before`; `None` where the fields that stay changed their order, or a new one does
    /// not stand behind them.
    pub fn between(before: &State<'_>, after: &State<'_>) -> Option<Self> {
        let is = |state: &State<'_>| state.fields.iter().map(|(name, _)| (*name).into()).collect::<HashSet<Text>>();
        let (old_names, new_names) = (is(before), is(after));
        let mut staying = before.fields.iter().filter(|(name, _)| new_names.contains(*name));
        let mut changes = Vec::new();
        let mut has_new = false;
        for (name, value) in &after.fields {
            if !old_names.contains(*name) {
                has_new = true;
                changes.push(((*name).into(), Change::Set((*value).into())));
                continue;
            }
            let (old_name, old) = staying.next()?;
            if has_new || old_name != name {
                return None;
            }
            if old != value {
                changes.push(((*name).into(), Change::between(old, value)));
            }
        }
        let gone = before.fields.iter().filter(|(name, _)| !new_names.contains(*name));
        changes.extend(gone.map(|(name, _)| ((*name).into(), Change::Delete)));
        Some(Self { changes })
    }

    /// Returns the state that this makes out of `before`; `None` where it was not made for that.
    pub fn apply(&self, before: &State<'_>) -> Option<Json> {
        let mut changes: HashMap<&str, &Change> = self.changes.iter().map(|(name, it)| (&**name, it)).collect();
        let mut text = String::from("{");
        for (name, old) in &before.fields {
            let change = changes.remove(*name);
            if change == Some(&Change::Delete) {
                continue;
            }
            push_name(&mut text, name);
            match change {
                Some(change) => change.write(old, &mut text)?,
                None => text.push_str(old),
            }
        }
        for (name, change) in self.changes.iter().filter(|(name, _)| changes.contains_key(&**name)) {
            let Change::Set(value) = change else { return None };
            push_name(&mut text, name);
            text.push_str(value);
        }
        text.push('}');
        Some(Json(text.into()))
    }
}

impl Change {
    fn between(old: &str, new: &str) -> Self {
        let before = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
        let before = (0..=before).rev().find(|at| new.is_char_boundary(*at)).unwrap_or(0);
        let (old_rest, new_rest) = (old.get(before..).unwrap_or_default(), new.get(before..).unwrap_or_default());
        let after = old_rest.bytes().rev().zip(new_rest.bytes().rev()).take_while(|(old, new)| old == new).count();
        let after = (0..=after).rev().find(|at| new_rest.is_char_boundary(new_rest.len() - at)).unwrap_or(0);
        let middle = new_rest.get(..new_rest.len() - after).unwrap_or_default();
        if before + after < WORTH_SPLICING {
            return Self::Set(new.into());
        }
        Self::Splice { before, after, middle: middle.into() }
    }

    fn write(&self, old: &str, text: &mut String) -> Option<()> {
        match self {
            Self::Set(value) => text.push_str(value),
            Self::Splice { before, after, middle } => {
                let end = old.len().checked_sub(*after).filter(|end| end >= before)?;
                text.push_str(old.get(..*before)?);
                text.push_str(middle);
                text.push_str(old.get(end..)?);
            }
            Self::Delete => return None,
        }
        Some(())
    }
}

fn push_name(text: &mut String, name: &str) {
    if text.len() > 1 {
        text.push(',');
    }
    text.push('"');
    text.push_str(name);
    text.push_str("\":");
}

/// Returns where the string that `text` begins with ends, behind its closing quote.
fn string_end(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    if bytes.next()?.1 != b'"' {
        return None;
    }
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at + 1),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

/// Returns where the value that `text` begins with ends: at the comma behind it, or with the text.
fn value_end(text: &str) -> usize {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}
