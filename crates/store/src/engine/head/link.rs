//! Where something lies in a list that only grows.

/// A place in a list, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link(u32);

impl Link {
    pub(super) const NONE: Self = Self(u32::MAX);

    /// The link to a place; memory ends long before there are four billion.
    pub(super) fn to(place: usize) -> Self {
        Self(u32::try_from(place).unwrap_or(u32::MAX))
    }

    pub(super) fn place(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::NONE
    }
}
