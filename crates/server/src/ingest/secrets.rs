//! Secrets that come with what is traced are masked in the bytes, before these are decoded or written anywhere.
//!
//! A masked text keeps its length: what lies around it, lengths and offsets with it, stays as it came. In protobuf a tag
//! can be a letter, so a match is only believed within one text of the message, and what its senders call bytes is none;
//! in JSON no secret reaches over a quote.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::{Regex, RegexBuilder};
use trackway_wire::otlp::{self, Encoding};

use super::{
    Format, escapes,
    shapes::{SHAPES, Sign},
    words::{are_credentials, are_digits, is_of_key, looks_random, unspoken},
};

/// What stands where a secret was.
const MASK: u8 = b'*';
/// The most bytes of a private key's block.
const LONGEST_BLOCK: usize = 16 << 10;

/// All shapes at once.
static KNOWN: LazyLock<Regex> = LazyLock::new(|| one_of(&SHAPES.map(|shape| shape.kept.to_owned() + shape.secret)));
/// What is kept of a match: group `n` is that of shape `n - 1`.
static KEPT: LazyLock<Regex> = LazyLock::new(|| one_of(&SHAPES.map(|shape| format!("^({})", shape.kept))));

fn one_of(patterns: &[String]) -> Regex {
    #[allow(clippy::expect_used, reason = "the shapes are constants, and every test that masks compiles them")]
    RegexBuilder::new(&patterns.join("|")).unicode(false).build().expect("the shapes are regular expressions")
}

/// Which secrets are masked: those of known shapes, and what the user's own patterns match.
#[derive(Debug, Clone, Default)]
pub struct Masking {
    patterns: Vec<String>,
    own: Option<Regex>,
}

/// A pattern that is no regular expression, or one that masks everything.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} cannot be a mask pattern: {reason}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it, and where.
    pub reason: String,
}

impl PartialEq for Masking {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Eq for Masking {}

impl Masking {
    /// Masks also all that one of these regular expressions matches within one text; in JSON that is the text as it is
    /// written there, escapes and all.
    ///
    /// # Errors
    /// A pattern that is no regular expression, or matches where there is nothing.
    pub fn new(patterns: Vec<String>) -> Result<Self, PatternError> {
        for pattern in &patterns {
            let wrong = |reason: String| PatternError { pattern: pattern.clone(), reason };
            // The expression over texts refuses what would split a character.
            let expression = regex::Regex::new(pattern).map_err(|error| wrong(error.to_string()))?;
            if expression.is_match("") {
                return Err(wrong("it matches the empty text, and so would mask nothing or everything".into()));
            }
        }
        let all = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|");
        let own = (!patterns.is_empty()).then(|| Regex::new(&all)).transpose();
        let own = own.map_err(|error| PatternError { pattern: all, reason: error.to_string() })?;
        Ok(Self { patterns, own })
    }
}

/// Finds what to mask in a body.
pub(super) fn find(masking: &Masking, format: Format, body: &[u8]) -> Vec<Range<usize>> {
    let mut found = Found::default();
    match format {
        Format::Otlp(signal, Encoding::Protobuf) => {
            // Here a match can begin behind a tag that is a letter and run into the next one, so it is only a hint.
            if masking.own.is_some() || KNOWN.is_match(body) {
                otlp::texts(signal, body, &mut |text| found.look(masking, body, text));
            }
        }
        Format::Otlp(_, Encoding::Json) | Format::OpenAiAgents | Format::Records => {
            found.known(body, 0);
            if escapes::has_letters(body) {
                json_texts(body, |text| found.escaped(body, text));
                found.merge();
            }
            if let Some(own) = &masking.own {
                json_texts(body, |text| found.own(own, body, text));
            }
        }
    }
    found.ranges
}

/// Overwrites what was found.
pub(super) fn overwrite(body: &mut [u8], format: Format, found: &[Range<usize>]) {
    for range in found {
        match format {
            Format::Otlp(_, Encoding::Protobuf) => {
                for byte in body.get_mut(range.clone()).into_iter().flatten() {
                    *byte = MASK;
                }
            }
            Format::Otlp(_, Encoding::Json) | Format::OpenAiAgents | Format::Records => {
                overwrite_json(body, range.clone())
            }
        }
    }
}

/// Overwrites a part of a JSON string but for its escapes, and for those of JSON within it; escaped letters are no
/// exception.
fn overwrite_json(body: &mut [u8], range: Range<usize>) {
    let mut before = range.start.checked_sub(1).and_then(|index| body.get(index)).copied();
    let mut digits = 0;
    let mut rest = body.get_mut(range).unwrap_or_default();
    while let Some(byte) = rest.first().copied() {
        let is_escaped = before == Some(b'\\');
        let letter = if is_escaped { None } else { escapes::letter(rest).filter(|(letter, _)| *letter != b'"') };
        let (now, later) = rest.split_at_mut(letter.map_or(1, |(_, length)| length));
        rest = later;
        before = Some(byte);
        if letter.is_some() {
            now.fill(MASK);
            before = Some(MASK);
        } else if is_escaped && byte == b'u' {
            digits = 4;
        } else if digits > 0 {
            digits -= 1;
        } else if !is_escaped && byte != b'\\' {
            now.fill(MASK);
        }
    }
}

/// Calls back with what stands between the quotes of each string; the last one may have been cut off.
fn json_texts(body: &[u8], mut each: impl FnMut(Range<usize>)) {
    let mut begun = None;
    let mut is_escaped = false;
    for (index, byte) in body.iter().enumerate() {
        match (begun, byte) {
            (None, b'"') => begun = Some(index + 1),
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), b'\\') => is_escaped = true,
            (Some(start), b'"') => {
                each(start..index);
                begun = None;
            }
            _ => {}
        }
    }
    if let Some(start) = begun {
        each(start..body.len());
    }
}

#[derive(Default)]
struct Found {
    ranges: Vec<Range<usize>>,
}

impl Found {
    /// Looks at one text of a body.
    fn look(&mut self, masking: &Masking, body: &[u8], text: Range<usize>) {
        self.known(body.get(text.clone()).unwrap_or_default(), text.start);
        if let Some(own) = &masking.own {
            self.own(own, body, text);
        }
    }

    /// Looks at a string of JSON as it reads with its escaped letters.
    fn escaped(&mut self, body: &[u8], text: Range<usize>) {
        let json = body.get(text.clone()).unwrap_or_default();
        if !escapes::has_letters(json) {
            return;
        }
        let plain = escapes::plain(json);
        let mut found = Self::default();
        found.known(&plain.text, 0);
        let origins = found.ranges.into_iter().map(|range| plain.origin(range));
        self.ranges.extend(origins.map(|origin| text.start + origin.start..text.start + origin.end));
    }

    /// Makes one of what was found twice.
    fn merge(&mut self) {
        self.ranges.sort_by_key(|range| range.start);
        self.ranges.dedup_by(|range, before| {
            let is_part = range.start < before.end;
            if is_part {
                before.end = before.end.max(range.end);
            }
            is_part
        });
    }

    fn own(&mut self, own: &Regex, body: &[u8], text: Range<usize>) {
        let matches = own.find_iter(body.get(text.clone()).unwrap_or_default());
        let matches = matches.filter(|found| !found.is_empty());
        self.ranges.extend(matches.map(|found| text.start + found.start()..text.start + found.end()));
    }

    /// Finds known shapes in `text`, which begins at `offset` of the body.
    fn known(&mut self, text: &[u8], offset: usize) {
        let mut at = 0;
        while let Some(whole) = KNOWN.find_at(text, at) {
            let Some((kept, sign)) = kept_of(whole.as_bytes()) else { return };
            let (secret, next) = extent(text, whole.start() + kept, whole.end(), sign);
            if is_secret(text, whole.start(), &secret, sign) {
                self.ranges.push(offset + secret.start..offset + secret.end);
            }
            at = next;
        }
    }
}

/// How much of a match is kept, and what makes it a secret.
fn kept_of(whole: &[u8]) -> Option<(usize, Sign)> {
    let mut groups = KEPT.capture_locations();
    KEPT.captures_read(&mut groups, whole)?;
    let mut shapes = SHAPES.iter().enumerate();
    shapes.find_map(|(index, shape)| groups.get(index + 1).map(|(_, end)| (end, shape.sign)))
}

/// What to overwrite of a match, and where to look on: behind all of the word or block, so that each byte is looked at a
/// few times at most.
fn extent(text: &[u8], start: usize, end: usize, sign: Sign) -> (Range<usize>, usize) {
    let rest = text.get(end..).unwrap_or_default();
    match sign {
        Sign::Word | Sign::Key | Sign::WholeWord => {
            let word = rest.iter().take_while(|byte| is_word(**byte)).count();
            (start..end, end + word)
        }
        Sign::Named | Sign::NamedAndUnspoken | Sign::Credentials => (start..end, end),
        Sign::Enclosed => (start..end - 1, end),
        Sign::Block => {
            let is_of_block = |byte: &&u8| !matches!(byte, b'-' | b'"');
            let block = rest.iter().take(LONGEST_BLOCK).take_while(is_of_block).count();
            (end..end + block, end + block)
        }
    }
}

fn is_secret(text: &[u8], start: usize, secret: &Range<usize>, sign: Sign) -> bool {
    let bytes = text.get(secret.clone()).unwrap_or_default();
    let next = text.get(secret.end);
    match sign {
        Sign::Word => (begins_word(text, start) || follows_name(text, start)) && looks_random(bytes),
        Sign::Key => is_key(text, start, secret.start, bytes),
        Sign::WholeWord => begins_word(text, start) && !next.is_some_and(|byte| is_word(*byte)),
        Sign::Named | Sign::Enclosed => bytes.iter().any(|byte| *byte != MASK),
        Sign::NamedAndUnspoken => {
            looks_random(bytes) && bytes.split(|byte| !byte.is_ascii_alphanumeric()).any(unspoken)
        }
        Sign::Credentials => are_credentials(bytes),
        Sign::Block => !secret.is_empty(),
    }
}

/// Whether a word that begins as keys do is one: that its prefix says so, or else that one of its parts does.
fn is_key(text: &[u8], start: usize, kept: usize, bytes: &[u8]) -> bool {
    let has_owner = kept - start > "sk-".len() && bytes.len() >= 16;
    if has_owner {
        return (begins_word(text, start) || follows_name(text, start)) && looks_random(bytes);
    }
    let is_setting = matches!(text.get(..start), Some([.., b'A'..=b'Z' | b'0'..=b'9', b'_']));
    (begins_word(text, start) || is_setting) && bytes.split(|byte| !byte.is_ascii_alphanumeric()).any(is_of_key)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Whether a word begins at `start`, also behind an escape of JSON or of a URL, which ends in a letter or digit.
fn begins_word(text: &[u8], start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    match before {
        [] => true,
        [.., last] if !is_word(*last) => true,
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'\\', b'u', a, b, c, d] => are_digits(&[*a, *b, *c, *d]),
        [.., b'%', a, b] => are_digits(&[*a, *b]),
        _ => false,
    }
}

/// Whether what begins at `start` is glued to a name, as `API_KEY_` is.
fn follows_name(text: &[u8], start: usize) -> bool {
    text.get(..start).is_some_and(|before| before.ends_with(b"_"))
}
