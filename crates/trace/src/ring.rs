//! A thread's ring: words written by the thread, read by whoever collects.
//!
//! One producer, one consumer, no lock. The two positions only ever rise; a word's place is its position modulo the
//! ring's size:
//!
//! ```text
//!             tail                      head        limit
//!   ───────────┼─────────────────────────┼────────────┼─────────┼──→ position
//!     free     │ published, not yet read │   free     │ reserve │
//! ```
//!
//! The producer stores words and then `head` with release order, so the consumer, which loads `head` with acquire order,
//! sees the words. The consumer stores `tail` with release order after it has loaded the words, so the producer, which
//! loads `tail` with acquire order before it writes over them, cannot change what is being read. Every word is an atomic
//! of its own, which costs nothing on the processors in use and leaves no room for a data race. The reserve is for what
//! must always find room: the ends of what was begun.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::aside::Aside;

/// How many words a ring holds: 1 MiB, of which a thread touches what it fills.
#[cfg(not(loom))]
pub(crate) const WORDS: usize = 1 << 17;
#[cfg(loom)]
pub(crate) const WORDS: usize = 16;

/// How many words only ends may use: two for every span and scope that can be open on the thread, some for its end, and as many again
/// for the ends of spans that began elsewhere.
#[cfg(not(loom))]
pub(crate) const RESERVE: usize = 4 * MOST_OPEN + 128;
#[cfg(loom)]
pub(crate) const RESERVE: usize = 4;

/// How many words may be unread before the consumer is woken.
const WAKES: usize = WORDS / 4;

/// How deep spans may nest on one thread.
pub(crate) const MOST_OPEN: usize = 512;

const MASK: usize = WORDS - 1;

/// On a line of its own: the other side writes other lines.
#[repr(align(128))]
struct Line<T>(T);

#[repr(align(128))]
pub(crate) struct Ring {
    // The producer's line.
    head: AtomicUsize,
    /// Up to where the producer writes without looking at `tail` again.
    limit: AtomicUsize,
    /// How many spans the producer has numbered.
    pub(crate) numbered: AtomicU64,
    /// Where the ids of those spans begin.
    pub(crate) base: u64,
    /// The number before the first of them.
    pub(crate) first: u64,
    /// Values too long for the ring.
    pub(crate) aside: Aside,
    /// False has every test for room go the slow way, as all of a span does without a quick clock.
    quick: bool,
    words: Box<[AtomicU64; WORDS]>,
    // The consumer's line.
    tail: Line<AtomicUsize>,
}

/// What the producer is to do besides writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// Write at this position.
    At(usize),
    /// Write at this position, and have the ring read: a quarter of it is full.
    Waking(usize),
    /// There is none.
    None,
}

impl Ring {
    pub(crate) fn new(base: u64, first: u64, quick: bool) -> Self {
        let words = zeros().try_into().unwrap_or_else(|_| unreachable!("WORDS words were made"));
        Self {
            head: AtomicUsize::new(0),
            limit: AtomicUsize::new(if quick { WAKES } else { 0 }),
            numbered: AtomicU64::new(first),
            base,
            first,
            aside: Aside::default(),
            quick,
            words,
            tail: Line(AtomicUsize::new(0)),
        }
    }

    /// Producer: returns where to write `words` words, if that is below the limit.
    #[inline(always)]
    pub(crate) fn quick_room(&self, words: usize) -> Option<usize> {
        let head = self.head.load(Ordering::Relaxed);
        (head + words <= self.limit.load(Ordering::Relaxed)).then_some(head)
    }

    /// Producer: looks how far the consumer is.
    #[cold]
    pub(crate) fn room(&self, words: usize) -> Room {
        let head = self.head.load(Ordering::Relaxed);
        let tail = self.tail.0.load(Ordering::Acquire);
        let most = tail + WORDS - RESERVE;
        if head + words > most {
            return Room::None;
        }
        let quiet = tail + WAKES;
        if head + words <= quiet {
            self.set_limit(quiet);
            return Room::At(head);
        }
        self.set_limit(most);
        Room::Waking(head)
    }

    fn set_limit(&self, limit: usize) {
        if self.quick {
            self.limit.store(limit, Ordering::Relaxed);
        }
    }

    /// Producer: returns where to write the end of something that began on another thread, if there is room.
    pub(crate) fn room_for_end(&self, words: usize) -> Option<usize> {
        let head = self.head.load(Ordering::Relaxed);
        let tail = self.tail.0.load(Ordering::Acquire);
        (head + words + RESERVE / 2 <= tail + WORDS).then_some(head)
    }

    /// Producer: returns where the next word goes; for the ends, which always have room.
    #[inline(always)]
    pub(crate) fn head(&self) -> usize {
        self.head.load(Ordering::Relaxed)
    }

    /// Producer: stores a word that nobody sees yet.
    #[inline(always)]
    pub(crate) fn put(&self, at: usize, word: u64) {
        if let Some(place) = self.words.get(at & MASK) {
            place.store(word, Ordering::Relaxed);
        }
    }

    /// Producer: stores two words.
    #[inline(always)]
    pub(crate) fn put_two(&self, at: usize, first: u64, second: u64) {
        let words: &[AtomicU64; WORDS] = &self.words;
        if let (Some(one), Some(other)) = (words.get(at & MASK), words.get((at + 1) & MASK)) {
            one.store(first, Ordering::Relaxed);
            other.store(second, Ordering::Relaxed);
        }
    }

    /// Producer: stores words in a row.
    #[inline(always)]
    pub(crate) fn put_all<const N: usize>(&self, at: usize, row: [u64; N]) {
        let from = at & MASK;
        if let Some(places) = self.words.get(from..from + N) {
            for (place, word) in places.iter().zip(row) {
                place.store(word, Ordering::Relaxed);
            }
        } else {
            for (offset, word) in row.into_iter().enumerate() {
                self.put(at + offset, word);
            }
        }
    }

    /// Producer: stores bytes, eight a word, the last word filled up with zeros; returns the position behind them.
    #[inline(always)]
    pub(crate) fn put_bytes(&self, at: usize, bytes: &[u8]) -> usize {
        let (whole, rest) = bytes.as_chunks::<8>();
        let from = at & MASK;
        if let Some(places) = self.words.get(from..from + whole.len()) {
            for (place, word) in places.iter().zip(whole) {
                place.store(u64::from_le_bytes(*word), Ordering::Relaxed);
            }
        } else {
            for (offset, word) in whole.iter().enumerate() {
                self.put(at + offset, u64::from_le_bytes(*word));
            }
        }
        let at = at + whole.len();
        if rest.is_empty() {
            return at;
        }
        self.put(at, last_word(bytes, rest));
        at + 1
    }

    /// Producer: makes every word before `head` visible.
    #[inline(always)]
    pub(crate) fn publish(&self, head: usize) {
        self.head.store(head, Ordering::Release);
    }

    /// Producer: numbers a span.
    #[inline(always)]
    pub(crate) fn number(&self) -> u64 {
        let number = self.numbered.load(Ordering::Relaxed) + 1;
        self.numbered.store(number, Ordering::Relaxed);
        number
    }

    /// Consumer: returns the position before which all words can be read.
    pub(crate) fn published(&self) -> usize {
        self.head.load(Ordering::Acquire)
    }

    /// Consumer: returns a word.
    #[inline(always)]
    pub(crate) fn word(&self, at: usize) -> u64 {
        self.words.get(at & MASK).map_or(0, |place| place.load(Ordering::Relaxed))
    }

    /// Consumer: gives everything before `tail` back.
    pub(crate) fn release(&self, tail: usize) {
        self.tail.0.store(tail, Ordering::Release);
    }

    /// Consumer: returns where it stopped.
    pub(crate) fn tail(&self) -> usize {
        self.tail.0.load(Ordering::Relaxed)
    }
}

/// Returns the words of a ring, as memory that the system has not yet had to provide.
#[cfg(not(loom))]
fn zeros() -> Box<[AtomicU64]> {
    bytemuck::zeroed_slice_box(WORDS)
}

#[cfg(loom)]
fn zeros() -> Box<[AtomicU64]> {
    (0..WORDS).map(|_| AtomicU64::new(0)).collect()
}

/// Returns the word that holds the last bytes, fewer than eight.
#[inline(always)]
fn last_word(bytes: &[u8], rest: &[u8]) -> u64 {
    match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * rest.len()),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(all(test, loom))]
mod models {
    //! Loom looks for a conflict only behind the last access to an atomic, and misses one that lies behind a thread's look
    //! at a position of its own. So the producer, which does that, is the thread that runs first, and the consumer keeps
    //! its position by itself.

    use std::sync::atomic::AtomicUsize as Count;

    use loom::sync::{Arc, Mutex};
    use loom::thread;
    use trackway_model::Value;

    use super::*;
    use crate::aside;

    /// What the number of a record is in its second word.
    const ECHO: u64 = 1000;
    /// A record whose value lies beside the ring.
    const ASIDE: u64 = 500;

    fn write(ring: &Ring, first: u64) -> bool {
        let at = match ring.quick_room(2).map_or_else(|| ring.room(2), Room::At) {
            Room::At(at) | Room::Waking(at) => at,
            Room::None => return false,
        };
        ring.put_two(at, first, first + ECHO);
        ring.publish(at + 2);
        true
    }

    /// Writes what needs no room of its own, as ends do.
    fn end(ring: &Ring, first: u64) {
        let at = ring.head();
        ring.put_two(at, first, first + ECHO);
        ring.publish(at + 2);
    }

    #[derive(Default)]
    struct Reader {
        at: usize,
        seen: Vec<u64>,
    }

    impl Reader {
        /// Reads what is there, and gives it back record by record.
        fn read(&mut self, ring: &Ring) {
            let head = ring.published();
            while self.at < head {
                let first = ring.word(self.at);
                assert_eq!(ring.word(self.at + 1), first + ECHO, "a record is seen whole");
                if first == ASIDE {
                    assert_eq!(aside::take(ring), Some(Value::from(7)), "a value comes with its record");
                }
                self.seen.push(first);
                self.at += 2;
                ring.release(self.at);
            }
        }
    }

    fn reading(ring: &Arc<Ring>, mut reader: Reader) -> thread::JoinHandle<Reader> {
        let ring = ring.clone();
        thread::spawn(move || {
            reader.read(&ring);
            reader
        })
    }

    /// Checks every way in which the threads can meet, of which there must be some.
    fn model(check: impl Fn() + Send + Sync + 'static) {
        let ways = std::sync::Arc::new(Count::new(0));
        let counted = ways.clone();
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            check();
        });
        let ways = ways.load(std::sync::atomic::Ordering::Relaxed);
        println!("{ways} ways");
        assert!(ways > 10, "loom found {ways} ways only");
    }

    /// Returns a ring in which only ends find room, and how many records it holds.
    fn full() -> (Arc<Ring>, usize) {
        let ring = Arc::new(Ring::new(0, 0, true));
        let held = (0..).take_while(|_| write(&ring, 7)).count();
        (ring, held)
    }

    #[test]
    fn records_arrive_whole_and_in_order() {
        model(|| {
            let ring = Arc::new(Ring::new(0, 0, true));
            let reader = reading(&ring, Reader::default());
            let written: Vec<u64> = (1..=3).filter(|number| write(&ring, *number)).collect();
            let mut reader = reader.join().unwrap();
            reader.read(&ring);
            assert_eq!(reader.seen, written);
        });
    }

    #[test]
    fn an_end_finds_room_in_a_full_ring_and_spares_what_is_unread() {
        model(|| {
            let (ring, held) = full();
            let reader = reading(&ring, Reader::default());
            end(&ring, 9);
            end(&ring, 9);
            let mut reader = reader.join().unwrap();
            reader.read(&ring);
            let mut expected = vec![7; held];
            expected.extend([9, 9]);
            assert_eq!(reader.seen, expected);
        });
    }

    #[test]
    fn a_full_ring_takes_records_while_it_is_drained_and_writes_over_none() {
        model(|| {
            let (ring, held) = full();
            let reader = reading(&ring, Reader::default());
            let early: Vec<u64> = [8, 9, 10].into_iter().filter(|number| write(&ring, *number)).collect();
            let mut reader = reader.join().unwrap();
            reader.read(&ring);
            assert!(write(&ring, 11), "what was read makes room");
            reader.read(&ring);
            let mut expected = vec![7; held];
            expected.extend(early);
            expected.push(11);
            assert_eq!(reader.seen, expected);
        });
    }

    #[test]
    fn a_value_beside_the_ring_is_there_when_its_record_is() {
        model(|| {
            let ring = Arc::new(Ring::new(0, 0, true));
            let reader = reading(&ring, Reader::default());
            for number in [1, ASIDE, 2, ASIDE] {
                if number == ASIDE {
                    aside::put(&ring, Value::from(7));
                }
                assert!(write(&ring, number));
            }
            let mut reader = reader.join().unwrap();
            reader.read(&ring);
            assert_eq!(reader.seen, [1, ASIDE, 2, ASIDE]);
        });
    }

    #[test]
    fn the_next_thread_goes_on_where_the_last_one_stopped() {
        model(|| {
            let ring = Arc::new(Ring::new(0, 0, true));
            let free = Arc::new(Mutex::new(None));
            let reader = reading(&ring, Reader::default());
            let next = {
                let free = free.clone();
                thread::spawn(move || {
                    let Some(ring) = free.lock().unwrap().take() else { return false };
                    let ring: Arc<Ring> = ring;
                    assert_eq!(ring.number(), 2, "numbers go on");
                    write(&ring, 3)
                })
            };
            assert!(write(&ring, 1));
            assert_eq!(ring.number(), 1);
            *free.lock().unwrap() = Some(ring.clone());
            let took = next.join().unwrap();
            let mut reader = reader.join().unwrap();
            reader.read(&ring);
            assert_eq!(reader.seen, if took { vec![1, 3] } else { vec![1] });
        });
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_a_ring_asks_to_be_read_and_a_full_one_refuses() {
        let ring = Ring::new(0, 0, true);
        let mut woke = 0;
        let mut written = 0;
        loop {
            let at = match ring.quick_room(2).map_or_else(|| ring.room(2), Room::At) {
                Room::At(at) => at,
                Room::Waking(at) => {
                    woke += 1;
                    at
                }
                Room::None => break,
            };
            ring.publish(at + 2);
            written += 2;
        }
        assert_eq!((woke, written), (1, WORDS - RESERVE));
        ring.release(ring.published());
        assert_eq!(ring.room(2), Room::At(written), "what was read makes room");
    }
}
