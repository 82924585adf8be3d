//! Why a text is no filter.

/// Why a text is no filter, and where.
///
/// The text is meant for people: a sentence without its full stop that says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct FilterError {
    /// The number of characters before what cannot be read.
    pub start: usize,
    /// The number of characters before what follows it; equal to `start` where something is missing.
    pub end: usize,
    /// What is wrong, and what to write.
    pub message: String,
}
