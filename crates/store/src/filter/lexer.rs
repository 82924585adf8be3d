//! The words and signs of a filter.

use std::{iter::Peekable, ops::Range, str::CharIndices};

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `{`
    Begin,
    /// `}`
    End,
    /// `(`
    Open,
    /// `)`
    Close,
    And,
    Or,
    Not,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `=~` or `!~`
    Sign(&'static str),
    /// A text in quotes.
    Text(String),
    /// A field, a number, a duration or another word.
    Word {
        word: String,
        /// How many bytes of it stand before the first part in quotes, where there is one.
        quoted_from: Option<usize>,
    },
}

/// A token with its place, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) place: Range<usize>,
}

/// What cannot be read, and where.
pub(super) type Wrong = (Range<usize>, String);

/// Whether a character may stand in a word without quotes.
pub(super) fn is_bare(letter: char) -> bool {
    !letter.is_whitespace() && !letter.is_control() && !"{}()=!<>&|~,\"'`".contains(letter)
}

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    let mut lexer = Lexer { text, rest: text.char_indices().peekable() };
    let mut tokens = Vec::new();
    while let Some((start, letter)) = lexer.rest.next() {
        if letter.is_whitespace() {
            continue;
        }
        let token = lexer.token(start, letter)?;
        tokens.push(Placed { token, place: start..lexer.at() });
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
}

impl Lexer<'_> {
    /// The place of the next character.
    fn at(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn takes(&mut self, letter: char) -> bool {
        self.rest.next_if(|(_, next)| *next == letter).is_some()
    }

    fn token(&mut self, start: usize, letter: char) -> Result<Token, Wrong> {
        Ok(match letter {
            '{' => Token::Begin,
            '}' => Token::End,
            '(' => Token::Open,
            ')' => Token::Close,
            '=' if self.takes('~') => Token::Sign("=~"),
            // As in the languages that people come from.
            '=' if self.takes('=') => Token::Sign("="),
            '=' => Token::Sign("="),
            '!' if self.takes('=') => Token::Sign("!="),
            '!' if self.takes('~') => Token::Sign("!~"),
            '!' => Token::Not,
            '<' if self.takes('=') => Token::Sign("<="),
            '<' => Token::Sign("<"),
            '>' if self.takes('=') => Token::Sign(">="),
            '>' => Token::Sign(">"),
            '&' if self.takes('&') => Token::And,
            '|' if self.takes('|') => Token::Or,
            '&' | '|' => {
                return Err((start..self.at(), format!("a single {letter} means nothing: write {letter}{letter}")));
            }
            '"' => Token::Text(self.quoted(start)?),
            '`' => Token::Text(self.raw(start)?),
            '\'' => return Err((start..self.at(), "a text stands in double quotes".into())),
            letter if is_bare(letter) => self.word(start, letter)?,
            letter => return Err((start..self.at(), format!("{letter:?} means nothing here"))),
        })
    }

    /// Reads a word; behind a point, a part of it may stand in quotes.
    fn word(&mut self, start: usize, first: char) -> Result<Token, Wrong> {
        let mut word = String::from(first);
        let mut quoted_from = None;
        loop {
            if let Some((_, letter)) = self.rest.next_if(|(_, letter)| is_bare(*letter)) {
                word.push(letter);
            } else if word.ends_with('.') && self.takes('"') {
                quoted_from = quoted_from.or(Some(word.len()));
                word += &self.quoted(start)?;
            } else {
                return Ok(Token::Word { word, quoted_from });
            }
        }
    }

    fn quoted(&mut self, start: usize) -> Result<String, Wrong> {
        let mut text = String::new();
        while let Some((at, letter)) = self.rest.next() {
            match letter {
                '"' => return Ok(text),
                '\\' => text.push(self.escaped(at)?),
                letter => text.push(letter),
            }
        }
        Err((start..self.text.len(), "the text has no end: its \" is missing".into()))
    }

    fn escaped(&mut self, start: usize) -> Result<char, Wrong> {
        match self.rest.next() {
            Some((_, letter @ ('"' | '\\'))) => Ok(letter),
            Some((_, 'n')) => Ok('\n'),
            Some((_, 'r')) => Ok('\r'),
            Some((_, 't')) => Ok('\t'),
            Some((_, letter)) => {
                let what =
                    format!("\\{letter} means nothing in a text: write \\\\ for a backslash, or put the text in `…`");
                Err((start..self.at(), what))
            }
            None => Err((start..self.text.len(), "the text has no end: its \" is missing".into())),
        }
    }

    /// Reads a text in which a backslash is a backslash.
    fn raw(&mut self, start: usize) -> Result<String, Wrong> {
        let mut text = String::new();
        for (_, letter) in self.rest.by_ref() {
            match letter {
                '`' => return Ok(text),
                letter => text.push(letter),
            }
        }
        Err((start..self.text.len(), "the text has no end: its ` is missing".into()))
    }
}
