//! Where the items of a body are, found without building anything of them.
//!
//! The scanner knows strings and brackets and nothing else, so that it finds its way past items that are no JSON.

use std::ops::Range;

/// What a body must look like.
const SHAPE: &str = r#"a body of traces is {"data": [...]} with a list of traces and spans"#;

/// What an item begins with that its client wrote, by which the scanner finds its way after a broken one.
const MARK: [&[u8]; 4] = [b"{", b"\"object\"", b":", b"\"trace"];

/// How many times its own length a body may be scanned again because of broken items, which bounds the time it takes.
const RESCANS: usize = 8;

/// An item of the list `data`.
pub(super) struct Item<'a> {
    /// What is between the commas.
    pub(super) text: &'a [u8],
    /// How deep brackets nest in it.
    pub(super) levels: usize,
    /// How many values it holds at most, itself included.
    pub(super) values: usize,
    /// Whether the body ends before the item does.
    pub(super) cut: bool,
    at: usize,
}

/// The items of the list `data` of a body, one after the other.
pub(super) struct Items<'a> {
    body: &'a [u8],
    at: usize,
    state: State,
    /// Whether the item before cannot be read, and so may have taken the list's end for its own.
    after_broken: bool,
    rescans: usize,
}

#[derive(PartialEq)]
enum State {
    Within,
    /// The list was closed, or an item was cut, which says enough.
    Over,
    /// The body ended where an item or the list's end was due.
    Cut,
}

impl<'a> Items<'a> {
    /// Finds the first list `data` of a body, whatever other fields there are.
    ///
    /// # Errors
    /// What is wrong with the body, when there is no such list.
    pub(super) fn of(body: &'a [u8]) -> Result<Self, String> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let mut at = skip(body, 0, is_space);
        if body.get(at) != Some(&b'{') {
            return Err(format!("{SHAPE}; this one {}", beginning(body, at)));
        }
        at += 1;
        loop {
            at = skip(body, at, |byte| is_space(byte) || byte == b',');
            if body.get(at) != Some(&b'"') {
                return Err(format!("{SHAPE}; this one has no field `data`"));
            }
            let key = at..string_end(body, at);
            at = skip(body, key.end, |byte| is_space(byte) || byte == b':');
            if body.get(key) != Some(br#""data""#) {
                at = extent(body, at).range.end;
                continue;
            }
            if body.get(at) != Some(&b'[') {
                return Err(format!("{SHAPE}; the `data` of this one {}", beginning(body, at)));
            }
            let rescans = body.len().saturating_mul(RESCANS);
            return Ok(Self { body, at: at + 1, state: State::Within, after_broken: false, rescans });
        }
    }

    /// Returns the next item.
    pub(super) fn next(&mut self) -> Option<Item<'a>> {
        if self.state != State::Within {
            return None;
        }
        // A bracket too many is no reason to lose what follows.
        self.at = skip(self.body, self.at, |byte| is_space(byte) || byte == b',' || byte == b'}');
        match self.body.get(self.at) {
            None => self.state = if self.after_broken { State::Over } else { State::Cut },
            Some(b']') => self.state = State::Over,
            Some(_) => {
                let Extent { range, levels, values, closed } = extent(self.body, self.at);
                let cut = !closed && range.end == self.body.len();
                if cut {
                    self.state = State::Over;
                }
                self.at = range.end;
                self.after_broken = false;
                return Some(Item { at: range.start, text: self.body.get(range)?, levels, values, cut });
            }
        }
        None
    }

    /// Goes on after an item that cannot be read; inside it where another item begins there, since a bracket or a quote
    /// that lacks makes one item of several.
    pub(super) fn resume_after(&mut self, broken: &Item<'a>) {
        self.after_broken = true;
        let Some(start) = mark(broken.text) else { return };
        let Some(rescans) = self.rescans.checked_sub(broken.text.len() - start) else { return };
        self.rescans = rescans;
        self.at = broken.at + start;
        self.state = State::Within;
    }

    /// Returns true when the body ends before its list does, and no item tells of it.
    pub(super) fn cut(&self) -> bool {
        self.state == State::Cut
    }
}

/// Where a value is, and how large.
struct Extent {
    range: Range<usize>,
    levels: usize,
    values: usize,
    /// Whether it ended before the body did.
    closed: bool,
}

/// Follows a value from its first byte until its brackets are closed, or until the comma or bracket after it.
///
/// Either kind of bracket closes the other: what is wrong inside is for a parser to say.
fn extent(body: &[u8], start: usize) -> Extent {
    let (mut open, mut levels, mut values) = (0_usize, 0, 1);
    let mut at = start;
    let closed = loop {
        let Some(&byte) = body.get(at) else { break false };
        match byte {
            b'"' => {
                at = string_end(body, at);
                continue;
            }
            b'{' | b'[' => {
                open += 1;
                values += 1;
                levels = levels.max(open);
            }
            b',' if open > 0 => values += 1,
            b',' => break true,
            b'}' | b']' if open == 0 => break true,
            b'}' | b']' => {
                open -= 1;
                if open == 0 {
                    at += 1;
                    break true;
                }
            }
            _ => {}
        }
        at += 1;
    };
    Extent { range: start..at, levels, values, closed }
}

/// Returns where a string ends that begins at `start`: after its second quote, or with the body.
fn string_end(body: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(distance) = body.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\')))
    {
        at += distance + 1;
        if body.get(at - 1) == Some(&b'"') {
            return at;
        }
        at += 1;
    }
    body.len()
}

/// Finds a mark that does not stand at the beginning.
fn mark(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.iter().position(|&byte| byte == b'{')?;
        if is_mark(text, at) {
            return Some(at);
        }
        at += 1;
    }
}

fn is_mark(text: &[u8], mut at: usize) -> bool {
    MARK.iter().all(|part| {
        at = skip(text, at, is_space);
        let found = text.get(at..).is_some_and(|rest| rest.starts_with(part));
        at += part.len();
        found
    })
}

fn skip(body: &[u8], at: usize, what: impl Fn(u8) -> bool) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| !what(byte)).unwrap_or(rest.len())
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Says what stands at a place of the body.
fn beginning(body: &[u8], at: usize) -> String {
    match body.get(at..).unwrap_or_default() {
        [] => "is empty".into(),
        rest => {
            let shown: String = String::from_utf8_lossy(rest.get(..64).unwrap_or(rest)).chars().take(16).collect();
            format!("begins with {shown:?}")
        }
    }
}
