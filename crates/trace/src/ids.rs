//! Trace ids from a random generator, span ids from a random start and a count.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    /// The state of xoshiro256++, seeded from the operating system; all zero until the first use.
    static STATE: Cell<[u64; 4]> = const { Cell::new([0; 4]) };
}

/// Returns 64 random bits.
///
/// The generator is [xoshiro256++](https://prng.di.unimi.it/): 256 bits of state, so that two processes do not meet
/// before the 128 bits of a trace id would.
pub(crate) fn random() -> u64 {
    STATE.with(|cell| {
        let mut state = cell.get();
        if state == [0; 4] {
            state = seed();
        }
        let [a, b, c, d] = &mut state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        cell.set(state);
        result
    })
}

/// Has this thread draw a new seed: after a fork, parent and child would otherwise go on alike.
pub(crate) fn reseed() {
    STATE.with(|cell| cell.set([0; 4]));
}

/// Returns a trace id; [random](https://www.w3.org/TR/trace-context-2/#random-trace-id-flag) in all its bits.
pub(crate) fn trace_id() -> u128 {
    (u128::from(random()) << 64 | u128::from(random())).max(1)
}

/// Returns a span id of its own.
pub(crate) fn span_id() -> u64 {
    random().max(1)
}

/// Returns the id of a thread's `number`th span: distinct for every number, and as good as random.
///
/// This is the finishing step of splitmix64, which maps the 64-bit numbers onto themselves.
#[inline]
pub(crate) fn nth(base: u64, number: u64) -> u64 {
    let mut id = base.wrapping_add(number);
    id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (id ^ (id >> 31)).max(1)
}

fn seed() -> [u64; 4] {
    let mut bytes = [0; 32];
    if getrandom::fill(&mut bytes).is_ok() {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = bytes.try_into().map_or(1, u64::from_le_bytes);
        }
        return words;
    }
    // Without a random device: the keys of the standard library's hasher, made distinct.
    [1_u64, 2, 3, 4]
        .map(|word| RandomState::new().hash_one((word, std::process::id(), std::time::Instant::now())).max(1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn span_ids_of_a_thread_do_not_repeat() {
        let base = random();
        let ids: HashSet<u64> = (0..100_000).map(|number| nth(base, number)).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn threads_draw_different_ids() {
        let ids = || std::thread::spawn(|| (0..1000).map(|_| trace_id()).collect::<Vec<_>>());
        let threads = [ids(), ids(), ids(), ids()];
        let all: HashSet<u128> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.len(), 4000);
    }
}
