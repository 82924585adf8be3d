//! What reading a request gives, whatever its format.

use trackway_model::Batch;

/// How deep arrays and maps in an attribute may nest: OpenTelemetry's own limit.
pub const DEEPEST: usize = 64;

/// How many values one span may hold, those inside arrays and maps included.
///
/// A two-byte field becomes a value of some fifty bytes, so a bound on the body alone would not bound the memory.
pub const MOST_VALUES: usize = 131_072;

/// What a request brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The records to store.
    pub batch: Batch,
    /// What could not be read.
    pub rejected: Rejected,
    /// Items that are fine but of no use to us: log records outside any span.
    pub ignored: u64,
}

/// The items of a request that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejected {
    /// How many there are.
    pub count: u64,
    /// What is wrong with the first few, a sentence each.
    pub reasons: Vec<String>,
}

/// Why a request is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The body is no request of the kind it claims to be.
    #[error("{0}")]
    Malformed(String),
    /// The caller cannot afford the memory of the records.
    #[error("the records take more memory than there is for them")]
    Memory,
}

/// Asks the caller for the bytes of memory that a record will take; false when it cannot afford them.
pub type Afford<'a> = &'a mut dyn FnMut(usize) -> bool;

/// Asks for the memory of a record.
pub(crate) fn pay(afford: Afford<'_>, bytes: usize) -> Result<(), Error> {
    if afford(bytes) { Ok(()) } else { Err(Error::Memory) }
}

impl Rejected {
    /// The most reasons that are kept, and the most characters of each.
    const REASONS: usize = 3;
    const REASON_CHARS: usize = 300;

    /// Counts `items` items that could not be read.
    pub(crate) fn add(&mut self, items: u64, reason: impl std::fmt::Display) {
        self.count += items;
        if items > 0 && self.reasons.len() < Self::REASONS {
            self.reasons.push(reason.to_string().chars().take(Self::REASON_CHARS).collect());
        }
    }
}
