//! Reads a filter.
//!
//! ```text
//! filter    = "{" [ any ] "}" | any
//! any       = all { "||" all }
//! all       = one { "&&" one }
//! one       = "!" one | "(" any ")" | "true" | "false" | condition
//! condition = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~" | "contains" | "starts_with" ) value
//! ```

use std::{ops::Range, str::FromStr};

use super::{
    Field, FilterError, Operand, Pattern, SpanFilter, Test, fields,
    lexer::{Placed, Token, Wrong, tokens},
    operand::{self, Given},
};

/// Reads a filter, with braces around it or without.
///
/// # Errors
/// [`FilterError`] with the first place that cannot be read.
impl FromStr for SpanFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        read(text).map_err(|(place, message)| {
            let characters = |bytes| text.get(..bytes).map_or(0, |before| before.chars().count());
            FilterError { start: characters(place.start), end: characters(place.end), message }
        })
    }
}

fn read(text: &str) -> Result<SpanFilter, Wrong> {
    if text.len() > SpanFilter::MOST_BYTES {
        let what = format!("a filter has at most {} bytes, and this one has {}", SpanFilter::MOST_BYTES, text.len());
        return Err((0..text.len(), what));
    }
    let tokens = tokens(text)?;
    let end = text.trim_end().len();
    Parser { tokens: &tokens, next: 0, end, depth: 0, patterns: 0 }.filter()
}

struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    /// The end of the text, in bytes.
    end: usize,
    depth: usize,
    patterns: usize,
}

impl Parser<'_> {
    fn filter(mut self) -> Result<SpanFilter, Wrong> {
        if self.tokens.is_empty() {
            return Err((0..0, "the filter is empty: write { } for every span".into()));
        }
        if !self.takes(&Token::Begin) {
            let filter = self.any()?;
            return self.ended(filter, "&& or ||");
        }
        let filter = if self.peek() == Some(&Token::End) { SpanFilter::All(Vec::new()) } else { self.any()? };
        self.expect(&Token::End, "&&, || or }")?;
        match self.peek() {
            None => Ok(filter),
            Some(_) => Err((self.place().start..self.end, "a filter ends with its }: nothing may follow".into())),
        }
    }

    fn ended(&self, filter: SpanFilter, expected: &str) -> Result<SpanFilter, Wrong> {
        self.peek().map_or(Ok(filter), |_| Err((self.place(), format!("{expected} is missing before this"))))
    }

    fn any(&mut self) -> Result<SpanFilter, Wrong> {
        let mut parts = vec![self.all()?];
        while self.takes(&Token::Or) {
            parts.push(self.all()?);
        }
        Ok(alone_or(parts, SpanFilter::Any))
    }

    fn all(&mut self) -> Result<SpanFilter, Wrong> {
        let mut parts = vec![self.one()?];
        while self.takes(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(alone_or(parts, SpanFilter::All))
    }

    fn one(&mut self) -> Result<SpanFilter, Wrong> {
        let place = self.place();
        if self.depth == SpanFilter::DEEPEST {
            return Err((place, format!("more than {} parentheses are within each other", SpanFilter::DEEPEST)));
        }
        self.depth += 1;
        let one = match self.take() {
            Some(Token::Not) => SpanFilter::Not(Box::new(self.one()?)),
            Some(Token::Open) => {
                let part = self.any()?;
                self.expect(&Token::Close, "&&, || or )")?;
                part
            }
            Some(Token::Word { word, .. }) if word == "true" && !self.is_tested() => SpanFilter::All(Vec::new()),
            Some(Token::Word { word, .. }) if word == "false" && !self.is_tested() => SpanFilter::Any(Vec::new()),
            Some(Token::Word { word, quoted_from }) => {
                let field = fields::field(word, *quoted_from).map_err(|what| (place.clone(), what))?;
                self.condition(place, field)?
            }
            Some(Token::Text(_)) => {
                return Err((place, "a field stands first, and what it is compared with behind".into()));
            }
            Some(_) => return Err((place, "a field is missing before this".into())),
            None => return Err((place, "a field is missing here".into())),
        };
        self.depth -= 1;
        Ok(one)
    }

    /// Whether a test of what was taken last follows.
    fn is_tested(&self) -> bool {
        matches!(self.peek(), Some(Token::Sign(_) | Token::Word { .. }))
    }

    fn condition(&mut self, of: Range<usize>, field: Field) -> Result<SpanFilter, Wrong> {
        let sign_place = self.place();
        let sign = match self.take() {
            Some(Token::Sign(sign)) => *sign,
            Some(Token::Word { word, .. }) if word == "contains" => "contains",
            Some(Token::Word { word, .. }) if word == "starts_with" => "starts_with",
            Some(Token::Word { word, .. }) => {
                let what = format!("{word} is no test: there are = != < <= > >= =~ !~ contains starts_with");
                return Err((sign_place, what));
            }
            _ => {
                let what = "a test is missing behind this: write != nil for what must only be there, or = true";
                return Err((of, what.into()));
            }
        };
        let place = self.place();
        let given = match self.take() {
            Some(Token::Text(text)) => Given::Text(text),
            Some(Token::Word { word, .. }) => Given::Word(word),
            _ => return Err((place, format!("a value is missing behind {sign}"))),
        };
        self.test(field, sign, sign_place, given).map_err(|(wrong, what)| (wrong.unwrap_or(place), what))
    }

    /// Makes the test; what is wrong without a place of its own is wrong with the value.
    fn test(
        &mut self,
        field: Field,
        sign: &'static str,
        sign_place: Range<usize>,
        given: Given<'_>,
    ) -> Result<SpanFilter, (Option<Range<usize>>, String)> {
        if let Given::Word("nil") = given {
            return match sign {
                "=" => Ok(SpanFilter::Not(Box::new(SpanFilter::is(field, Test::Exists)))),
                "!=" => Ok(SpanFilter::is(field, Test::Exists)),
                _ => Err((None, format!("nil stands behind = and != only, not behind {sign}"))),
            };
        }
        let ordered: Option<fn(Operand) -> Test> = match sign {
            "=" => Some(Test::Eq),
            "!=" => Some(Test::Ne),
            "<" => Some(Test::Lt),
            "<=" => Some(Test::Lte),
            ">" => Some(Test::Gt),
            ">=" => Some(Test::Gte),
            _ => None,
        };
        if !operand::takes(&field, sign) {
            let what =
                format!("{} is not asked with {sign}: use {}", fields::spelling(&field), operand::tests_of(&field));
            return Err((Some(sign_place), what));
        }
        if let Some(test) = ordered {
            let operand = operand::read(&field, given).map_err(|what| (None, what))?;
            return Ok(SpanFilter::is(field, test(operand)));
        }
        let Given::Text(text) = given else {
            return Err((None, format!("a text in double quotes stands behind {sign}")));
        };
        let test = match sign {
            "contains" => Test::Contains(text.into()),
            "starts_with" => Test::StartsWith(text.into()),
            "=~" => Test::Matches(self.pattern(text).map_err(|what| (None, what))?),
            _ => Test::Misses(self.pattern(text).map_err(|what| (None, what))?),
        };
        Ok(SpanFilter::is(field, test))
    }

    fn pattern(&mut self, source: &str) -> Result<Pattern, String> {
        self.patterns += 1;
        if self.patterns > SpanFilter::MOST_PATTERNS {
            return Err(format!("a filter has at most {} patterns", SpanFilter::MOST_PATTERNS));
        }
        Pattern::new(source).map_err(|error| error.to_string())
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    /// The place of the next token; that of the end where there is none.
    fn place(&self) -> Range<usize> {
        self.tokens.get(self.next).map_or(self.end..self.end, |placed| placed.place.clone())
    }

    fn expect(&mut self, token: &Token, expected: &str) -> Result<(), Wrong> {
        if self.takes(token) {
            return Ok(());
        }
        let what = if self.peek().is_none() { "here" } else { "before this" };
        Err((self.place(), format!("{expected} is missing {what}")))
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.next += usize::from(is_next);
        is_next
    }
}

impl<'a> Parser<'a> {
    fn take(&mut self) -> Option<&'a Token> {
        let placed = self.tokens.get(self.next)?;
        self.next += 1;
        Some(&placed.token)
    }
}

fn alone_or(mut parts: Vec<SpanFilter>, many: fn(Vec<SpanFilter>) -> SpanFilter) -> SpanFilter {
    match (parts.len(), parts.pop()) {
        (1, Some(alone)) => alone,
        (_, last) => {
            parts.extend(last);
            many(parts)
        }
    }
}
