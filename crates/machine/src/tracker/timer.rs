//! One thread that wakes whoever waits for a point in time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    task::Waker,
    thread,
    time::{Duration, Instant},
};

use trackway::__process as process;

/// A point in time at which somebody is woken, unless this is dropped before.
pub(crate) struct Alarm {
    key: Key,
    waker: Waker,
    timer: Arc<Timer>,
}

/// Alarms at the same time are told apart by their number.
type Key = (Instant, u64);

struct Timer {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    alarms: BTreeMap<Key, Waker>,
    number: u64,
    /// When the thread looks again; `None` while it waits for the first alarm, or does not run.
    looks_at: Option<Instant>,
    is_running: bool,
}

/// Returns the point in time that is so far away; of what no clock will see, one as good as never.
pub(crate) fn in_time(pause: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(1 << 32);
    Instant::now() + pause.min(NEVER)
}

/// Has somebody woken at a point in time.
pub(crate) fn alarm(at: Instant, waker: Waker) -> Alarm {
    let timer = timer();
    let mut state = timer.lock();
    state.number += 1;
    let key = (at, state.number);
    state.alarms.insert(key, waker.clone());
    if !state.is_running {
        let this = timer.clone();
        let started = thread::Builder::new().name("trackway-timer".into()).spawn(move || this.run());
        // Without the thread nobody is woken by time; the next alarm tries again.
        state.is_running = started.is_ok();
    }
    // The thread need not hear of what is later than its next look: it will see it then.
    let is_earlier = state.looks_at.is_none_or(|next| at < next);
    drop(state);
    if is_earlier {
        timer.news.notify_one();
    }
    Alarm { key, waker, timer }
}

/// Returns the timer of this process. In the child of a fork the parent's has lost its thread, and perhaps keeps its lock.
fn timer() -> Arc<Timer> {
    const GENERATIONS: usize = 16;
    static TIMERS: [OnceLock<Arc<Timer>>; GENERATIONS] = [const { OnceLock::new() }; GENERATIONS];
    let generation = usize::try_from(process::forks()).unwrap_or(usize::MAX);
    let new = || Arc::new(Timer { state: Mutex::default(), news: Condvar::new() });
    TIMERS.get(generation).map_or_else(new, |timer| timer.get_or_init(new).clone())
}

impl Timer {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let due = state.due(now);
            if !due.is_empty() {
                drop(state);
                due.into_iter().for_each(Waker::wake);
                state = self.lock();
                continue;
            }
            state.looks_at = state.alarms.first_key_value().map(|((at, _), _)| *at);
            state = match state.looks_at {
                Some(at) => {
                    let left = at.saturating_duration_since(now).max(Duration::from_millis(1));
                    self.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.news.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl State {
    /// Takes out the wakers whose time has come.
    fn due(&mut self, now: Instant) -> Vec<Waker> {
        let later = self.alarms.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.alarms, later).into_values().collect()
    }
}

impl Alarm {
    /// Returns true when this is whom it wakes.
    pub(crate) fn wakes(&self, waker: &Waker) -> bool {
        self.waker.will_wake(waker)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.timer.lock().alarms.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, task::Wake};

    use super::*;

    struct Told(mpsc::Sender<u32>, u32);

    impl Wake for Told {
        fn wake(self: Arc<Self>) {
            self.0.send(self.1).unwrap();
        }
    }

    #[test]
    fn alarms_ring_in_order_of_their_times_and_not_when_dropped() {
        let (sender, heard) = mpsc::channel();
        let waker = |number| Waker::from(Arc::new(Told(sender.clone(), number)));
        let start = Instant::now();
        let later = alarm(start + Duration::from_millis(60), waker(3));
        let dropped = alarm(start + Duration::from_millis(40), waker(2));
        let soon = alarm(start + Duration::from_millis(20), waker(1));
        drop(dropped);
        assert_eq!([heard.recv().unwrap(), heard.recv().unwrap()], [1, 3]);
        assert!(start.elapsed() >= Duration::from_millis(60));
        drop((later, soon));
    }
}
