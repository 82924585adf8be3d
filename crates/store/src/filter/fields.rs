//! How fields are spelled.

use trackway_model::Text;

use super::{Field, Place};

/// The spellings of fields that are not attributes; the first of a field is the one that is written.
const SPELLINGS: [(&str, Field); 24] = [
    ("service", Field::Service),
    ("name", Field::Name),
    ("span:name", Field::Name),
    ("kind", Field::Kind),
    ("span:kind", Field::Kind),
    ("status", Field::Status),
    ("span:status", Field::Status),
    ("statusMessage", Field::StatusMessage),
    ("span:statusMessage", Field::StatusMessage),
    ("duration", Field::Duration),
    ("span:duration", Field::Duration),
    ("start", Field::Start),
    ("span:start", Field::Start),
    ("trace:id", Field::TraceId),
    ("span:id", Field::SpanId),
    ("span:parentID", Field::ParentId),
    ("project", Field::Project),
    ("instrumentation:name", Field::ScopeName),
    ("scope:name", Field::ScopeName),
    ("instrumentation:version", Field::ScopeVersion),
    ("scope:version", Field::ScopeVersion),
    ("event:name", Field::EventName),
    ("eventName", Field::EventName),
    ("parent", Field::ParentId),
];

/// The prefixes of attributes; the first of a place is the one that is written.
const PLACES: [(&str, Place); 7] = [
    ("span.", Place::Span),
    ("resource.", Place::Resource),
    ("instrumentation.", Place::Scope),
    ("scope.", Place::Scope),
    ("event.", Place::Event),
    ("link.", Place::Link),
    (".", Place::Anywhere),
];

/// Fields that other languages have of a whole trace.
const OF_TRACES: [&str; 6] =
    ["traceDuration", "trace:duration", "rootName", "trace:rootName", "rootServiceName", "trace:rootService"];

/// The letters that may have to be changed in a word before it is taken for another.
const MOST_CHANGES: usize = 2;

/// Finds the field that a word names; from a number of bytes on, some of it may have stood in quotes.
pub(super) fn field(word: &str, quoted_from: Option<usize>) -> Result<Field, String> {
    if let Some((_, field)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == word) {
        return Ok(field.clone());
    }
    for (prefix, place) in PLACES {
        let may_begin = quoted_from.is_none_or(|from| prefix.len() <= from);
        if let Some(key) = word.strip_prefix(prefix).filter(|_| may_begin) {
            let is_named = !key.is_empty() || quoted_from.is_some();
            return if is_named {
                Ok(Field::attribute(place, key))
            } else {
                Err(format!("{word} lacks a key behind it"))
            };
        }
    }
    Err(unknown(word))
}

fn unknown(word: &str) -> String {
    if OF_TRACES.contains(&word) {
        return format!("{word} is of the whole trace, and a filter asks for one span of it: use min_duration or name");
    }
    let near = SPELLINGS.iter().map(|(spelling, _)| (changes(word, spelling), spelling)).min();
    match near {
        Some((changes, spelling)) if changes <= MOST_CHANGES => format!("{word} is no field, but {spelling} is"),
        _ => format!(
            "{word} is no field: an attribute is written span.{word}, resource.{word}, or .{word} for any place"
        ),
    }
}

/// How many letters are to be changed, put in or left out (Wagner and Fischer).
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (number, letter) in from.chars().enumerate() {
        let mut left = number + 1;
        let mut next = vec![left];
        for (pair, other) in row.windows(2).zip(&to) {
            let &[diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(letter != *other)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Writes a field as [`field`] reads it.
pub(super) fn spelling(field: &Field) -> String {
    if let Field::Attribute { place, key } = field {
        let prefix = PLACES.iter().find(|(_, other)| other == place).map_or("", |(prefix, _)| prefix);
        return format!("{prefix}{}", key_text(key));
    }
    SPELLINGS.iter().find(|(_, other)| other == field).map_or_else(String::new, |(spelling, _)| (*spelling).to_owned())
}

fn key_text(key: &Text) -> String {
    let is_bare = !key.is_empty() && key.chars().all(super::lexer::is_bare);
    if is_bare { key.to_string() } else { super::write::quoted(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_field_is_named() {
        assert_eq!(field("duratoin", None), Err("duratoin is no field, but duration is".into()));
        assert_eq!((changes("", "abc"), changes("abc", ""), changes("kitten", "sitting")), (3, 3, 3));
    }

    #[test]
    fn every_field_is_read_as_it_is_written() {
        for (_, one) in SPELLINGS {
            let text = spelling(&one);
            assert_eq!(field(&text, None), Ok(one));
        }
    }
}
