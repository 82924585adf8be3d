//! What a thread writes into its ring: facts, in words of 64 bits.
//!
//! The lowest byte of a record's first word says what it is:
//!
//! ```text
//! START     site            , tick                                    a span begins inside the innermost one
//! NEXT      site            , tick                                    the innermost span ends, its sibling begins
//! END       tick                                                      the innermost span ends
//! END_OF    number          , tick                                    another one ends
//! ATTACH    flags · remote? , span, trace, trace, tracer              a scope begins, in the span of that id if there is one
//! DETACH    tick, or 0                                                the innermost scope ends, and what is open in it
//! FAR       site            , tick, parent, trace, trace, tracer·flags   a span that may end on another thread
//! FAR_END   -               , span, tick
//! STATE     far? · length   , text..                                  W3C tracestate of the scope or far span before it
//! OF        number                                                    the next record is about that span
//! BOOL I64 F64 TEXT BYTES   place · key · length [, key..] , value..  an attribute of the span, or of its last event or link
//! ASIDE     place · key [, key..]                                     the same; its value lies beside the ring
//! EVENT     length          , tick, name..
//! LINK      flags · remote? · length , span, trace, trace, tracestate..
//! STATUS    code · length   , message..
//! NAME      length          , name..
//! KIND      kind
//! CARRIED                                                             the innermost span's context went elsewhere: others may add to it
//! GONE                                                                the thread is at its end
//! ```
//!
//! Numbers count the spans begun in this ring from 1 (START, NEXT, FAR); a span's id is made from its number.

use crate::context::Context;
use crate::field::{Label, Name, ValueRef};
use crate::ring::Ring;

pub(crate) const START: u8 = 1;
pub(crate) const NEXT: u8 = 2;
pub(crate) const END: u8 = 3;
pub(crate) const END_OF: u8 = 4;
pub(crate) const ATTACH: u8 = 6;
pub(crate) const DETACH: u8 = 7;
pub(crate) const FAR: u8 = 8;
pub(crate) const FAR_END: u8 = 9;
pub(crate) const STATE: u8 = 10;
pub(crate) const OF: u8 = 11;
pub(crate) const BOOL: u8 = 12;
pub(crate) const I64: u8 = 13;
pub(crate) const F64: u8 = 14;
pub(crate) const TEXT: u8 = 15;
pub(crate) const BYTES: u8 = 16;
pub(crate) const ASIDE: u8 = 17;
pub(crate) const EVENT: u8 = 18;
pub(crate) const LINK: u8 = 19;
pub(crate) const STATUS: u8 = 20;
pub(crate) const NAME: u8 = 21;
pub(crate) const KIND: u8 = 22;
pub(crate) const GONE: u8 = 23;
pub(crate) const CARRIED: u8 = 24;

/// Longer texts lie beside the ring.
pub(crate) const LONGEST: usize = 4096;
/// Longer keys are cut.
pub(crate) const LONGEST_KEY: usize = 255;
/// The place byte's mark of a key that is written out.
pub(crate) const WRITTEN: u64 = 0x80;

/// What an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Span = 0,
    Event = 1,
    Link = 2,
}

/// Returns room for `words`, waking the collector when the ring fills; `None` when the ring is full.
#[inline(always)]
pub(crate) fn room(ring: &Ring, words: usize) -> Option<usize> {
    ring.quick_room(words).or_else(|| more_room(ring, words))
}

#[cold]
fn more_room(ring: &Ring, words: usize) -> Option<usize> {
    use crate::ring::Room;
    match ring.room(words) {
        Room::At(at) => Some(at),
        Room::Waking(at) => {
            crate::collector::wake();
            Some(at)
        }
        Room::None => {
            crate::collector::wake();
            None
        }
    }
}

#[inline(always)]
pub(crate) fn words(bytes: usize) -> usize {
    bytes.div_ceil(8)
}

/// Cuts a text to at most `most` bytes, between two characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    text.get(..end).unwrap_or_default()
}

/// Writes `OF number` when a record is about a span that is not the innermost; returns where the record goes.
#[inline(always)]
fn about(ring: &Ring, of: u64, at: usize) -> usize {
    if of == 0 {
        return at;
    }
    ring.put(at, of << 8 | u64::from(OF));
    at + 1
}

/// Writes one attribute: of the span numbered `of`, or of the innermost one when that is 0. Every method returns false when there
/// was no room.
pub struct Pen<'a, K> {
    ring: &'a Ring,
    of: u64,
    place: Place,
    key: K,
}

impl<'a, K: Label> Pen<'a, K> {
    #[inline(always)]
    pub(crate) fn new(ring: &'a Ring, of: u64, place: Place, key: K) -> Self {
        Self { ring, of, place, key }
    }

    /// Writes a value of one word.
    #[inline(always)]
    pub(crate) fn word(&self, tag: u8, word: u64) -> bool {
        let Some((key_word, key_bytes)) = key_of(&self.key) else {
            return with_new_key(self.ring, self.of, self.place, self.key.name(), tag, Ok(word));
        };
        let Some(at) = room(self.ring, 3 + words(key_bytes.len())) else { return false };
        let at = self.head(at, tag, 0, key_word, key_bytes);
        self.ring.put(at, word);
        self.ring.publish(at + 1);
        true
    }

    #[inline(always)]
    pub(crate) fn text(&self, text: &str) -> bool {
        if text.len() > LONGEST {
            return aside(self.ring, self.of, self.place, &self.key, ValueRef::Text(text));
        }
        self.bytes(TEXT, text.as_bytes())
    }

    #[inline]
    fn bytes(&self, tag: u8, bytes: &[u8]) -> bool {
        let Some((key_word, key_bytes)) = key_of(&self.key) else {
            return with_new_key(self.ring, self.of, self.place, self.key.name(), tag, Err(bytes));
        };
        let Some(at) = room(self.ring, 2 + words(key_bytes.len()) + words(bytes.len())) else { return false };
        let at = self.head(at, tag, bytes.len(), key_word, key_bytes);
        self.ring.publish(self.ring.put_bytes(at, bytes));
        true
    }

    /// Writes what comes before the value; returns the position of the value.
    #[inline(always)]
    fn head(&self, at: usize, tag: u8, length: usize, key_word: u64, key_bytes: &[u8]) -> usize {
        let at = about(self.ring, self.of, at);
        self.ring.put(at, (length as u64) << 40 | key_word | (self.place as u64) << 8 | u64::from(tag));
        self.ring.put_bytes(at + 1, key_bytes)
    }

    /// Writes any value.
    pub(crate) fn value(&self, value: ValueRef<'_>) -> bool {
        match value {
            ValueRef::Absent => true,
            ValueRef::Bool(value) => self.word(BOOL, u64::from(value)),
            ValueRef::I64(value) => self.word(I64, value as u64),
            ValueRef::F64(value) => self.word(F64, value.to_bits()),
            ValueRef::Text(value) => self.text(value),
            ValueRef::Bytes(value) if value.len() <= LONGEST => self.bytes(BYTES, value),
            ValueRef::Bytes(_) | ValueRef::Value(_) => aside(self.ring, self.of, self.place, &self.key, value),
        }
    }
}

/// Has the key numbered, and writes what was to be written; a key for which no number is left is written out.
// Nothing is passed by reference that the quick path would have to put into memory for it.
#[cold]
#[inline(never)]
fn with_new_key(ring: &Ring, of: u64, place: Place, name: Name<'_>, tag: u8, value: Result<u64, &[u8]>) -> bool {
    match (name, value) {
        (Name::Known(key), Ok(word)) if key.register() != 0 => Pen::new(ring, of, place, key).word(tag, word),
        (Name::Known(key), Err(bytes)) if key.id() != 0 || key.register() != 0 => {
            Pen::new(ring, of, place, key).bytes(tag, bytes)
        }
        (name, Ok(word)) => Pen::new(ring, of, place, name.as_str()).word(tag, word),
        (name, Err(bytes)) => Pen::new(ring, of, place, name.as_str()).bytes(tag, bytes),
    }
}

/// Returns how a record names the key; `None` while that has no number.
#[inline(always)]
fn key_of(key: &impl Label) -> Option<(u64, &[u8])> {
    match key.name() {
        Name::Known(key) => match key.id() {
            0 => None,
            id => Some((u64::from(id) << 16, &[])),
        },
        Name::Text(text) => Some(written(text)),
    }
}

#[inline(always)]
fn written(text: &str) -> (u64, &[u8]) {
    let text = cut(text, LONGEST_KEY).as_bytes();
    ((text.len() as u64) << 16 | WRITTEN << 8, text)
}

#[cold]
fn aside(ring: &Ring, of: u64, place: Place, key: &impl Label, value: ValueRef<'_>) -> bool {
    let Some(value) = value.to_value() else { return true };
    let name = key.name();
    let (key_word, key_bytes) = match name {
        Name::Known(key) if key.id() != 0 || key.register() != 0 => (u64::from(key.id()) << 16, &[][..]),
        _ => written(name.as_str()),
    };
    if room(ring, 2 + words(key_bytes.len())).is_none() {
        return false;
    }
    // Whether it finds room there or not, one value stands for one record.
    let kept = crate::aside::put(ring, value);
    // That may have allocated, and the allocator made a span.
    let at = ring.head();
    let at = about(ring, of, at);
    ring.put(at, key_word | (place as u64) << 8 | u64::from(ASIDE));
    let at = ring.put_bytes(at + 1, key_bytes);
    ring.publish(at);
    kept
}

/// Records something that happened now.
pub(crate) fn event(ring: &Ring, of: u64, name: &str, tick: u64) -> bool {
    let name = cut(name, LONGEST).as_bytes();
    let Some(at) = room(ring, 3 + words(name.len())) else { return false };
    let at = about(ring, of, at);
    ring.put(at, (name.len() as u64) << 40 | u64::from(EVENT));
    ring.put(at + 1, tick);
    let at = ring.put_bytes(at + 2, name);
    ring.publish(at);
    true
}

/// Records a relation to another span.
pub(crate) fn link(ring: &Ring, of: u64, to: &Context) -> bool {
    if to.trace == 0 || to.span == 0 {
        // A link to nothing is none.
        return true;
    }
    let state = to.trace_state().unwrap_or_default();
    let Some(at) = room(ring, 5 + words(state.len())) else { return false };
    let at = about(ring, of, at);
    let remote = u64::from(to.remote) << 16;
    ring.put(at, (state.len() as u64) << 40 | remote | u64::from(to.flags) << 8 | u64::from(LINK));
    ring.put(at + 1, to.span);
    put_trace(ring, at + 2, to.trace);
    let at = ring.put_bytes(at + 4, state.as_bytes());
    ring.publish(at);
    true
}

/// Records a text of the span: its status' message under STATUS, its name under NAME.
pub(crate) fn text(ring: &Ring, of: u64, tag: u8, code: u8, text: &str) -> bool {
    let text = cut(text, LONGEST).as_bytes();
    let Some(at) = room(ring, 2 + words(text.len())) else { return false };
    let at = about(ring, of, at);
    ring.put(at, (text.len() as u64) << 40 | u64::from(code) << 8 | u64::from(tag));
    let at = ring.put_bytes(at + 1, text);
    ring.publish(at);
    true
}

#[inline(always)]
pub(crate) fn put_trace(ring: &Ring, at: usize, trace: u128) {
    ring.put(at, trace as u64);
    ring.put(at + 1, (trace >> 64) as u64);
}

/// A text's length as a word has it.
#[inline(always)]
pub(crate) fn length(word: u64) -> usize {
    (word >> 40) as usize
}
