//! Regular expressions, with bounds on what they cost.

use regex::{Regex, RegexBuilder};
use trackway_model::Text;

/// A [regular expression](https://docs.rs/regex/latest/regex/#syntax) that a whole text must match; `.` is any character but
/// the end of a line.
///
/// Matching takes time that grows with the text and not with the ways to match it.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: Text,
    regex: Regex,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// The text is no regular expression.
    #[error("it is no regular expression: {reason}")]
    Syntax {
        /// What is wrong with it.
        reason: String,
    },
    /// The regular expression takes too much memory.
    #[error("the regular expression is too large: repeat less in it")]
    TooLarge,
}

impl Pattern {
    /// The most memory that a pattern may take when it is made, and again when it is used, in bytes.
    const MOST_BYTES: usize = 512 << 10;
    /// The most groups within each other.
    const DEEPEST: u32 = 32;

    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] when it is none, or too large a one.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        // Alone first: `a)|(b` would become an expression by the group around it.
        build(source)?;
        let regex = build(&format!(r"\A(?:{source})\z"))?;
        Ok(Self { source: source.into(), regex })
    }

    /// Returns the text that the pattern was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether a whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

fn build(source: &str) -> Result<Regex, PatternError> {
    let mut builder = RegexBuilder::new(source);
    builder.size_limit(Pattern::MOST_BYTES).dfa_size_limit(Pattern::MOST_BYTES).nest_limit(Pattern::DEEPEST);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => PatternError::TooLarge,
        // The last line is the reason; those before it draw the expression.
        error => PatternError::Syntax { reason: last_line(&error.to_string()) },
    })
}

fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

/// Patterns of the same text are equal.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_texts() {
        let pattern = Pattern::new("GET|POST /.*").unwrap();
        assert!(pattern.matches("GET") && pattern.matches("POST /cart"));
        assert!(!pattern.matches("GET /cart") && !pattern.matches("a POST /cart"));
        assert!(Pattern::new("(?i)straße").unwrap().matches("STRAßE"));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        assert_eq!(Pattern::new("a(b").unwrap_err().to_string(), "it is no regular expression: unclosed group");
        assert_eq!(Pattern::new("a)|(b").unwrap_err().to_string(), "it is no regular expression: unopened group");
        assert_eq!(Pattern::new(r"(\w{100}){100}"), Err(PatternError::TooLarge));
        assert!(matches!(Pattern::new(&"(".repeat(1_000)), Err(PatternError::Syntax { .. })));
    }
}
