//! Short immutable text.

use std::{borrow::Borrow, fmt, ops::Deref};

use smol_str::SmolStr;

/// Immutable text that is cheap to clone; up to 23 bytes need no allocation.
///
/// Span names, attribute keys and most values are that short, and they repeat.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(SmolStr);

impl Text {
    /// How many bytes a text may have that takes no memory beside its own.
    pub const SHORT: usize = 23;

    /// Makes a text of a literal, without copying it.
    pub const fn literal(text: &'static str) -> Self {
        Self(SmolStr::new_static(text))
    }

    /// Returns the bytes that this text holds outside its own 24.
    pub fn heap_bytes(&self) -> usize {
        if self.0.is_heap_allocated() { self.0.len() } else { 0 }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(SmolStr::new(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(SmolStr::from(text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
