//! What is done with spans in every workload, whichever library makes them.

use std::{
    hint::black_box,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;

use crate::{
    machine,
    peers::Peer,
    work::{Batch, Kind, Work},
};

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
            let took = start.elapsed();
            Batch { took, spans, made: if work.kind.makes_spans() { spans } else { 0 } }
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
            // The compiler is not to know it.
            let text = black_box("/basket/checkout");
            for _ in 0..times {
                one_root::<P>(kind, children, text, runtime);
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
    const WARM_UP: usize = 2;
    let run = || {
        let roots = |times: usize| {
            for _ in 0..times {
                let _root = P::root();
                in_chains(work.children, chain::<P>);
            }
        };
        // The library prepares what it keeps for a thread.
        roots(WARM_UP);
        barrier.wait();
        let start = Instant::now();
        roots(work.times);
        start.elapsed()
    };
    let total: Duration = thread::scope(|scope| {
        let threads = [scope.spawn(run), scope.spawn(run)];
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    });
    let of_one = work.children + 1;
    Batch { took: total / 2, spans: work.times * of_one, made: 2 * (WARM_UP + work.times) * of_one }
}

/// Makes parents here, and lets another thread make a child of each; four times unmeasured, and once measured.
fn from_another_thread<P: Peer>(parents: usize) -> Batch {
    const WARM_UP: usize = 4;
    let remotes: Vec<P::Remote> = (0..parents).map(|_| P::remote()).collect();
    let children = || remotes.iter().for_each(P::child_of);
    let measured = || {
        (0..WARM_UP).for_each(|_| children());
        let start = Instant::now();
        children();
        start.elapsed()
    };
    let took = thread::scope(|scope| scope.spawn(measured).join().unwrap_or_default());
    Batch { took, spans: parents, made: parents * (1 + WARM_UP + 1) }
}

/// How many batches [`to_bytes`] makes: one alone is too short for the clock of the processor time.
const BATCHES: usize = 20;

/// Says what all threads together took until the bytes were there.
fn to_bytes<P: Peer>(work: Work) -> Batch {
    // The compiler is not to know it.
    let text = black_box("/basket/checkout");
    let before = machine::cpu_of_process();
    for _ in 0..BATCHES {
        for _ in 0..work.times {
            let _root = P::root();
            match work.kind {
                Kind::BytesMixed => in_chains(work.children, |depth| mixed_chain::<P>(depth, black_box(text))),
                _ => in_chains(work.children, chain::<P>),
            }
        }
        P::flush();
    }
    let took = machine::cpu_of_process().saturating_sub(before);
    let spans = BATCHES * work.times * (work.children + 1);
    Batch { took, spans, made: spans }
}
