//! Ids for what no tracer records.

use std::sync::atomic::{AtomicU64, Ordering};

use trackway_model::{SpanId, TraceId};

/// Makes ids that differ from each other within an application, and by its seeds from those of all others.
#[derive(Debug)]
pub(crate) struct Ids {
    seeds: [u64; 2],
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new(seeds: [u64; 2]) -> Self {
        Self { seeds, next: AtomicU64::new(0) }
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        loop {
            let [high, low] = self.words();
            if let Some(id) = TraceId::new((u128::from(high) << 64 | u128::from(low)).to_be_bytes()) {
                return id;
            }
        }
    }

    pub(crate) fn span_id(&self) -> SpanId {
        loop {
            let [_, word] = self.words();
            if let Some(id) = SpanId::new(word.to_be_bytes()) {
                return id;
            }
        }
    }

    fn words(&self) -> [u64; 2] {
        let number = self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        self.seeds.map(|seed| mixed(seed.wrapping_add(number)))
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): different numbers stay different.
fn mixed(mut number: u64) -> u64 {
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
