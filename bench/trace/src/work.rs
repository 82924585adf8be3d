//! The workloads: what is done with spans, whichever library makes them.

use std::{
    fmt,
    hint::black_box,
    str::FromStr,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::{machine, peers::Peer};

/// One shape of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A root and children without attributes, in chains of at most [`DEPTH`].
    W1,
    /// As `W1`, with four mixed attributes.
    W2,
    /// As `W1`, with four static strings.
    W2s,
    /// As `W1`, with work inside every child.
    W1k,
    /// A root and children one after the other.
    Steps,
    /// One task that awaits children, each polled twice.
    W3,
    /// `W1` on two threads at once.
    W5,
    /// Children of another thread's spans.
    W6,
    Inject,
    Extract,
    ReadBaggage,
    AddBaggage,
    /// `W1` up to OTLP bytes, all threads counted.
    Bytes,
    /// `W2` up to OTLP bytes, all threads counted.
    BytesMixed,
}

const NAMES: [(Kind, &str); 14] = [
    (Kind::W1, "w1"),
    (Kind::W2, "w2"),
    (Kind::W2s, "w2s"),
    (Kind::W1k, "w1k"),
    (Kind::Steps, "steps"),
    (Kind::W3, "w3"),
    (Kind::W5, "w5"),
    (Kind::W6, "w6"),
    (Kind::Inject, "w7-inject"),
    (Kind::Extract, "w7-extract"),
    (Kind::ReadBaggage, "w8-read"),
    (Kind::AddBaggage, "w8-add"),
    (Kind::Bytes, "w9"),
    (Kind::BytesMixed, "w9-mixed"),
];

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(NAMES.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name))
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = NAMES.iter().find(|(_, name)| *name == text);
        Ok(found.with_context(|| format!("there is no workload {text:?}"))?.0)
    }
}

/// What one batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    /// The children of each root.
    pub(crate) children: usize,
    /// The roots, or whatever else is done over and over.
    pub(crate) times: usize,
}

impl Work {
    pub(crate) const fn new(kind: Kind, children: usize, times: usize) -> Self {
        Self { kind, children, times }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.kind, self.children, self.times)
    }
}

impl FromStr for Work {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let mut word = || words.next().with_context(|| format!("{text:?} is too short"));
        Ok(Self { kind: word()?.parse()?, children: word()?.parse()?, times: word()?.parse()? })
    }
}

/// What a batch took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) took: Duration,
    /// Roots included; for what is no span, how often it was done.
    pub(crate) spans: usize,
}

/// The deepest chain of children.
const DEPTH: usize = 10;

/// Does the work; `None` when the library has nothing for it.
pub(crate) fn batch<P: Peer>(work: Work, runtime: &Runtime) -> Option<Batch> {
    Some(match work.kind {
        Kind::W5 => two_threads::<P>(work),
        Kind::W6 => from_another_thread::<P>(work.children),
        Kind::Bytes | Kind::BytesMixed => to_bytes::<P>(work),
        _ => {
            let start = Instant::now();
            let spans = plain::<P>(work, runtime)?;
            Batch { took: start.elapsed(), spans }
        }
    })
}

fn plain<P: Peer>(work: Work, runtime: &Runtime) -> Option<usize> {
    let Work { kind, children, times } = work;
    match kind {
        Kind::Inject => P::inject(times).map(|()| times),
        Kind::Extract => P::extract(times).map(|()| times),
        Kind::ReadBaggage => P::read_baggage(times).map(|()| times),
        Kind::AddBaggage => P::add_baggage(times).map(|()| times),
        _ => {
            let text = String::from("/basket/checkout");
            for _ in 0..times {
                one_root::<P>(kind, children, &text, runtime);
            }
            Some(times * (children + 1))
        }
    }
}

#[inline(always)]
fn one_root<P: Peer>(kind: Kind, children: usize, text: &str, runtime: &Runtime) {
    if kind == Kind::W3 {
        return awaiting::<P>(children, runtime);
    }
    let _root = P::root();
    match kind {
        Kind::W2 | Kind::BytesMixed => in_chains(children, |depth| mixed_chain::<P>(depth, black_box(text))),
        Kind::W2s => in_chains(children, static_chain::<P>),
        Kind::W1k => in_chains(children, |depth| busy_chain::<P>(depth, black_box(depth as u64))),
        Kind::Steps => P::steps(children),
        _ => in_chains(children, chain::<P>),
    }
}

#[inline(always)]
fn in_chains(children: usize, chain: impl Fn(usize)) {
    let mut left = children;
    while left > 0 {
        let depth = left.min(DEPTH);
        chain(depth);
        left -= depth;
    }
}

/// Keeps the compiler from seeing that nothing is done.
#[inline(always)]
pub(crate) fn nothing() {
    black_box(());
}

#[inline(never)]
fn chain<P: Peer>(depth: usize) {
    let _span = P::child();
    nothing();
    if depth > 1 {
        chain::<P>(depth - 1);
    }
}

#[inline(never)]
fn mixed_chain<P: Peer>(depth: usize, text: &str) {
    let _span = P::child_with_mixed(black_box(depth as i64), text);
    nothing();
    if depth > 1 {
        mixed_chain::<P>(depth - 1, text);
    }
}

#[inline(never)]
fn static_chain<P: Peer>(depth: usize) {
    let _span = P::child_with_static();
    nothing();
    if depth > 1 {
        static_chain::<P>(depth - 1);
    }
}

#[inline(never)]
fn busy_chain<P: Peer>(depth: usize, seed: u64) {
    let _span = P::child();
    let result = black_box(busy(seed));
    if depth > 1 {
        busy_chain::<P>(depth - 1, result);
    }
}

/// Some 21 ns in which every instruction waits for the one before.
#[inline(always)]
fn busy(seed: u64) -> u64 {
    let mut number = seed;
    for _ in 0..18 {
        number = (number ^ (number >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    number
}

fn awaiting<P: Peer>(children: usize, runtime: &Runtime) {
    let task = async move {
        for _ in 0..children {
            P::in_child(tokio::task::yield_now()).await;
        }
    };
    // An error would be a panic in the task, which has been printed.
    drop(runtime.block_on(async { tokio::spawn(P::in_root(task)).await }));
}

/// Lets two threads do the same at once, and says what one of them took.
fn two_threads<P: Peer>(work: Work) -> Batch {
    let barrier = Barrier::new(2);
    let run = || {
        let roots = |times: usize| {
            for _ in 0..times {
                let _root = P::root();
                in_chains(work.children, chain::<P>);
            }
        };
        // The library prepares what it keeps for a thread.
        roots(2);
        barrier.wait();
        let start = Instant::now();
        roots(work.times);
        start.elapsed()
    };
    let total: Duration = thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    });
    Batch { took: total / 2, spans: work.times * (work.children + 1) }
}

/// Makes parents here, and lets another thread make a child of each; four times unmeasured, and once measured.
fn from_another_thread<P: Peer>(parents: usize) -> Batch {
    let remotes: Vec<P::Remote> = (0..parents).map(|_| P::remote()).collect();
    let children = || remotes.iter().for_each(P::child_of);
    let measured = || {
        (0..4).for_each(|_| children());
        let start = Instant::now();
        children();
        start.elapsed()
    };
    let took = thread::scope(|scope| scope.spawn(measured).join().unwrap_or_default());
    Batch { took, spans: parents }
}

/// How many batches [`to_bytes`] makes: one alone is too short for the clock of the processor time.
const BATCHES: usize = 20;

/// Says what all threads together took until the bytes were there.
fn to_bytes<P: Peer>(work: Work) -> Batch {
    let text = String::from("/basket/checkout");
    let before = machine::cpu_of_process();
    for _ in 0..BATCHES {
        for _ in 0..work.times {
            let _root = P::root();
            match work.kind {
                Kind::BytesMixed => in_chains(work.children, |depth| mixed_chain::<P>(depth, black_box(&text))),
                _ => in_chains(work.children, chain::<P>),
            }
        }
        P::flush();
    }
    let took = machine::cpu_of_process().saturating_sub(before);
    Batch { took, spans: BATCHES * work.times * (work.children + 1) }
}
