//! Reads JSON without losing anything of a number.

use trackway_model::Text;

use super::DEEPEST;
use crate::{Map, Number, Value, ValueError};

/// Reads one JSON value that fills the text.
pub(super) fn read(text: &str) -> Result<Value, ValueError> {
    let mut reader = Reader { text, at: 0, depth: 0, latest: Map::default() };
    reader.skip_space();
    let value = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() { Err(reader.fault("the text goes on behind its value")) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// The map that was read last: the next one often has the same names, and then shares them.
    latest: Map,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<Value, ValueError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{') => self.nested(Self::map),
            Some(b'[') => self.nested(Self::list),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(_) => Err(self.fault("no value begins so")),
            None => Err(self.fault("the text ends where a value is due")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, ValueError>) -> Result<Value, ValueError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.fault("it goes deeper than 512 levels"));
        }
        self.at += 1;
        self.skip_space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, ValueError> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Value::from(items));
        }
        loop {
            items.push(self.value()?);
            if !self.goes_on(b']')? {
                return Ok(Value::from(items));
            }
        }
    }

    fn map(&mut self) -> Result<Value, ValueError> {
        let mut names = Vec::new();
        let mut values = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Map(Map::default()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fault("a name in quotes is due"));
            }
            names.push(self.string()?);
            self.skip_space();
            if !self.take(b':') {
                return Err(self.fault("a colon is due"));
            }
            self.skip_space();
            values.push(self.value()?);
            if !self.goes_on(b'}')? {
                let map = Map::of_fields(&self.latest, names, values);
                self.latest = map.clone();
                return Ok(Value::Map(map));
            }
        }
    }

    /// Returns true behind a comma, and false behind what closes a list or map.
    fn goes_on(&mut self, close: u8) -> Result<bool, ValueError> {
        self.skip_space();
        let goes_on = self.take(b',');
        if !goes_on && !self.take(close) {
            return Err(self.fault("a comma or the end of a list or map is due"));
        }
        if goes_on {
            self.skip_space();
        }
        Ok(goes_on)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ValueError> {
        if !self.rest().starts_with(word) {
            return Err(self.fault("no value begins so"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, ValueError> {
        let start = self.at;
        self.take(b'-');
        let leads_with_zero = self.take(b'0');
        let whole = self.digits();
        if leads_with_zero == (whole > 0) {
            return Err(self.fault("no number is written so"));
        }
        let mut is_whole = true;
        if self.take(b'.') {
            is_whole = false;
            self.due_digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            is_whole = false;
            let _ = self.take(b'+') || self.take(b'-'); // either sign, or none
            self.due_digits()?;
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        // A minus before zero has no place in a whole number.
        if is_whole && written != "-0" {
            let quick = written.parse::<i64>().map(Number::Int);
            return Ok(Value::Number(quick.unwrap_or_else(|_| Number::whole(written))));
        }
        match written.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Value::from(float)),
            _ => Err(self.fault("a number is too large")),
        }
    }

    fn due_digits(&mut self) -> Result<(), ValueError> {
        if self.digits() == 0 { Err(self.fault("a digit is due")) } else { Ok(()) }
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn string(&mut self) -> Result<Text, ValueError> {
        self.at += 1;
        let plain = self.plain();
        if self.take(b'"') {
            return Ok(Text::from(plain));
        }
        let mut text = plain.to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text::from(text));
                }
                Some(b'\\') => text.push(self.escaped()?),
                Some(_) => return Err(self.fault("a text holds a control character that is not escaped")),
                None => return Err(self.fault("the text ends inside quotes")),
            }
            text.push_str(self.plain());
        }
    }

    /// Returns the letters up to the next one that does not stand for itself.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let count = super::escaped_at(rest).unwrap_or(rest.len());
        self.at += count;
        rest.get(..count).unwrap_or_default()
    }

    fn escaped(&mut self) -> Result<char, ValueError> {
        self.at += 1;
        let Some(letter) = self.peek() else { return Err(self.fault("the text ends inside quotes")) };
        let meant = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.escaped_unit(),
            _ => return Err(self.fault("no letter is escaped so")),
        };
        self.at += 1;
        Ok(meant)
    }

    /// Reads `u00e4`, and both halves of a letter that takes two; a half alone becomes U+FFFD.
    fn escaped_unit(&mut self) -> Result<char, ValueError> {
        let unit = self.unit()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let behind = self.at;
        if !self.rest().starts_with("\\u") {
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        self.at += 1;
        let second = self.unit()?;
        if !(0xDC00..0xE000).contains(&second) {
            self.at = behind;
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        let letter = 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
        Ok(char::from_u32(letter).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Result<u32, ValueError> {
        let digits = self.text.get(self.at + 1..self.at + 5).unwrap_or_default();
        if digits.len() < 4 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(self.fault("four hexadecimal digits are due"));
        }
        self.at += 5;
        u32::from_str_radix(digits, 16).map_err(ValueError::new)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fault(&self, reason: &str) -> ValueError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        ValueError::new(format_args!("{reason}, at line {line} column {column}"))
    }
}
