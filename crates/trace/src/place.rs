//! A place in a trace, as the thread holds it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a new span finds on this thread when no ring takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing is active: a span begins a trace of the global tracer.
    Idle,
    /// Nothing is active, and the thread has a tracer of its own.
    Given,
    /// What is active is not recorded, and so is nothing inside it.
    Off,
    /// What is active was begun elsewhere: a span begins this process's part of its trace.
    Elsewhere,
    /// What is active is recorded, but the ring has not been told of it, since nothing has begun inside it.
    Waiting,
    /// What is active found no room, so that what is inside is counted as dropped.
    Lost,
    /// What is active belongs to a tracer that works without a collector.
    Direct,
    /// The process was forked: what is active goes on in a ring of this process.
    Forked,
}

/// A place in a trace, as the thread holds it beside the ring and the innermost span in it.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) trace: u128,
    /// The span that the scope was attached with.
    pub(crate) span: u64,
    /// The scope's number on this thread.
    pub(crate) scope: u64,
    pub(crate) tracer: u32,
    pub(crate) flags: u8,
    pub(crate) remote: bool,
    pub(crate) mode: Mode,
}

impl Place {
    pub(crate) const NOWHERE: Self =
        Self { trace: 0, span: 0, scope: 0, tracer: 0, flags: 0, remote: false, mode: Mode::Idle };

    pub(crate) fn pack(&self) -> Packed {
        let Self { trace, span, scope, tracer, flags, remote, mode } = *self;
        let rest = u64::from(tracer) | u64::from(flags) << 32 | u64::from(remote) << 40;
        Packed { words: [trace as u64, (trace >> 64) as u64, span, scope, rest], mode }
    }
}

/// A place in words: it is put into the slot and taken out again with every poll of a traced future.
#[derive(Clone, Copy)]
pub(crate) struct Packed {
    words: [u64; 5],
    mode: Mode,
}

impl Packed {
    pub(crate) fn unpack(&self) -> Place {
        let [low, high, span, scope, rest] = self.words;
        Place {
            trace: u128::from(low) | u128::from(high) << 64,
            span,
            scope,
            tracer: rest as u32,
            flags: (rest >> 32) as u8,
            remote: rest >> 40 & 1 == 1,
            mode: self.mode,
        }
    }

    #[inline(always)]
    pub(crate) fn span(&self) -> u64 {
        self.words[2]
    }

    #[inline(always)]
    pub(crate) fn scope(&self) -> u64 {
        self.words[3]
    }
}

/// The thread's place.
///
/// The words are atomics for the sake of the processor, not of other threads: plain ones would be copied sixteen bytes at a time,
/// and a load of sixteen bytes waits for the two stores of eight before it to reach the cache.
pub(crate) struct PlaceCell {
    words: [AtomicU64; 5],
    mode: Cell<Mode>,
}

impl PlaceCell {
    pub(crate) const fn nowhere() -> Self {
        Self { words: [const { AtomicU64::new(0) }; 5], mode: Cell::new(Mode::Idle) }
    }

    #[inline(always)]
    pub(crate) fn packed(&self) -> Packed {
        let words = [&self.words[0], &self.words[1], &self.words[2], &self.words[3], &self.words[4]];
        Packed { words: words.map(|word| word.load(Ordering::Relaxed)), mode: self.mode.get() }
    }

    #[inline(always)]
    pub(crate) fn put(&self, place: &Packed) {
        for (word, value) in self.words.iter().zip(place.words) {
            word.store(value, Ordering::Relaxed);
        }
        self.mode.set(place.mode);
    }

    pub(crate) fn get(&self) -> Place {
        self.packed().unpack()
    }

    pub(crate) fn set(&self, place: Place) {
        self.put(&place.pack());
    }

    #[inline(always)]
    pub(crate) fn mode(&self) -> Mode {
        self.mode.get()
    }

    #[inline(always)]
    pub(crate) fn scope(&self) -> u64 {
        self.words[3].load(Ordering::Relaxed)
    }
}
