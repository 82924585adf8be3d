//! What some clients write although JSON has no place for it, made into JSON.

/// Numbers that Python writes unless it is told not to.
const NO_NUMBERS: [&str; 4] = ["NaN", "Infinity", "-Infinity", "-NaN"];

/// Returns a text with what no JSON may hold replaced, and the rest as it was.
///
/// | what | becomes |
/// |---|---|
/// | bytes that are no UTF-8, halves of a surrogate pair | U+FFFD |
/// | `NaN`, `Infinity`, numbers too large for their type | the same as a text |
/// | control characters in a text, escapes that there are not | what they say, escaped |
pub(crate) fn repaired(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::with_capacity(text.len() + 32);
    let mut rest: &str = &text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '"' => string(rest, &mut out),
            '+' | '-' | '.' | '0'..='9' | 'a'..='z' | 'A'..='Z' => word(rest, &mut out),
            other => {
                out.push(other);
                after(rest, other.len_utf8())
            }
        };
    }
    out
}

fn after(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

/// Copies a number or a name, in quotes where JSON could not hold it; returns what follows.
fn word<'a>(text: &'a str, out: &mut String) -> &'a str {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let (word, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    if NO_NUMBERS.contains(&word) || is_too_large(word) {
        out.push('"');
        out.push_str(word);
        out.push('"');
    } else {
        out.push_str(word);
    }
    rest
}

fn is_too_large(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse::<i64>().is_err();
    }
    word.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// Copies a string with its quotes; returns what follows.
fn string<'a>(text: &'a str, out: &mut String) -> &'a str {
    out.push('"');
    let mut rest = after(text, 1);
    loop {
        let is_special = |c: char| c == '"' || c == '\\' || c < ' ';
        let (plain, special) = rest.split_at(rest.find(is_special).unwrap_or(rest.len()));
        out.push_str(plain);
        rest = match special.chars().next() {
            None => return special,
            Some('"') => {
                out.push('"');
                return after(special, 1);
            }
            Some('\\') => escape(special, out),
            Some(control) => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
                after(special, 1)
            }
        };
    }
}

/// Copies what a backslash begins; returns what follows.
fn escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    const REPLACED: &str = "\\ufffd";
    if let Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') = text.chars().nth(1) {
        let (escape, rest) = text.split_at(2);
        out.push_str(escape);
        return rest;
    }
    let Some(unit) = unit(text) else {
        out.push_str("\\\\");
        return after(text, 1);
    };
    let rest = after(text, 6);
    match unit {
        0xd800..0xdc00 if matches!(self::unit(rest), Some(0xdc00..0xe000)) => {
            out.push_str(text.get(..12).unwrap_or(REPLACED));
            after(rest, 6)
        }
        0xd800..0xe000 => {
            out.push_str(REPLACED);
            rest
        }
        _ => {
            out.push_str(text.get(..6).unwrap_or(REPLACED));
            rest
        }
    }
}

/// Reads `\uXXXX`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
