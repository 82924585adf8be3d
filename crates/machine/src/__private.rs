//! What the macros write. Not for use by hand.

pub use crate::outcome::reduced;
#[cfg(feature = "macros")]
pub use crate::traced::*;

/// The constant that names a field: a typed key, or text.
#[derive(Debug)]
pub struct Named<K>(pub K);

impl<T> Named<crate::Key<T>> {
    /// Returns the name of the field.
    pub const fn name(self) -> &'static str {
        self.0.name()
    }
}

impl Named<&'static str> {
    /// Returns the name of the field.
    pub const fn name(self) -> &'static str {
        self.0
    }
}
