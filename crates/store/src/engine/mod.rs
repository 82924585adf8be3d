//! The engine of the embedded store: what came last is in memory, what came before is in segments.
//!
//! ```text
//! append ─► WAL, synced ─► Head ─── full or idle ──► flush ──► segment ──► compaction ──► larger segments
//!                           │                                    │                           │
//!                           ▼ caught up when somebody asks        └────────── Shelf ◄─────────┘
//!                          View (a Table)                              what is published
//!                           └───────────────┬──────────────────────────┘
//!                                           ▼
//!                            ask: find the traces, gather them, let a Table answer
//! ```
//!
//! A trace may lie in several of these parts. No part knows how records of a span take each other's place, what a trace's
//! status is, or whether a filter holds: whoever asks gathers what all parts have of a trace into a `Table`, which knows.
//! The parts only tell quickly which traces cannot be the answer.

mod ask;
mod background;
mod compact;
mod elsewhere;
mod flush;
mod gathered;
mod head;
mod heads;
mod room;
mod shared;
mod shelf;
mod tallies;
mod view;
mod work;

pub(crate) use ask::Desk;
pub(crate) use background::Flusher;
pub(crate) use compact::Compactor;
pub(crate) use gathered::{Gathered, Sequence};
pub(crate) use head::{Elsewhere, Head, Patience};
pub(crate) use heads::{Heads, Parts, Side};
pub(crate) use shared::{Bounds, Shared, batch_bytes};
pub(crate) use shelf::{OpenBounds, Pinned, Shelf, Shelved, Snapshot};
pub(crate) use tallies::{MOST_OPERATIONS, OperationTally, Tallies, Tallying};

use work::Work;
