//! Sending, and noting outside of the server what it acknowledged.

use std::{
    collections::BTreeSet,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use ureq::Agent;

use crate::{
    load::{self, Request, WAYS},
    pace::Random,
    support,
    tally::TALLY,
};

/// How long anything may take that has to come; a loaded machine is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was sent, and what of it was acknowledged.
#[derive(Default)]
pub(crate) struct Journal {
    next: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
    has_more: Condvar,
    /// Nobody knows whether these came; their sender sends them again, as clients do.
    unanswered: Mutex<Vec<u64>>,
}

/// How one request went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Acknowledged,
    Refused(u16, String),
    /// The server was gone.
    Unanswered,
}

impl Journal {
    /// Sends one request after the other, each way in on a thread of its own, until none of them is answered or `until`
    /// says so.
    pub(crate) fn send(&self, url: &str, until: &(dyn Fn(&Sent) -> bool + Sync)) {
        std::thread::scope(|scope| {
            for way in 0..WAYS {
                scope.spawn(move || self.send_one_way(url, way, until));
            }
        });
    }

    fn send_one_way(&self, url: &str, way: u64, until: &(dyn Fn(&Sent) -> bool + Sync)) {
        let agent = support::agent();
        loop {
            let number = self.take(way);
            let request = load::request(number);
            // Some are sent again at once, by a client that did not see its answer.
            let times = 1 + u64::from(Random(number).below(8) == 0);
            for _ in 0..times {
                let sent = post(&agent, url, &request);
                self.note(number, &sent);
                if sent == Sent::Unanswered || until(&sent) {
                    return;
                }
            }
        }
    }

    /// Returns the number of a request to send: one that nobody answered, or a new one.
    fn take(&self, way: u64) -> u64 {
        let mut unanswered = self.unanswered.lock().unwrap();
        match unanswered.iter().position(|number| number % WAYS == way) {
            Some(place) => unanswered.swap_remove(place),
            None => self.next.fetch_add(1, Relaxed) * WAYS + way,
        }
    }

    fn note(&self, number: u64, sent: &Sent) {
        match sent {
            Sent::Acknowledged => {
                if self.acknowledged.lock().unwrap().insert(number) {
                    TALLY.acknowledged.fetch_add(load::spans(number), Relaxed);
                }
                self.has_more.notify_all();
            }
            Sent::Unanswered => self.unanswered.lock().unwrap().push(number),
            Sent::Refused(..) => {}
        }
    }

    /// Sends one request by its number.
    pub(crate) fn send_number(&self, url: &str, number: u64) -> Sent {
        let sent = post(&support::agent(), url, &load::request(number));
        self.note(number, &sent);
        sent
    }

    /// Waits until so many requests have been acknowledged in all.
    pub(crate) fn wait_for(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        let mut acknowledged = self.acknowledged.lock().unwrap();
        while acknowledged.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} requests of {count} were acknowledged in {PATIENCE:?}", acknowledged.len());
            acknowledged = self.has_more.wait_timeout(acknowledged, left).unwrap().0;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    pub(crate) fn acknowledged(&self) -> BTreeSet<u64> {
        self.acknowledged.lock().unwrap().clone()
    }
}

/// Sends a request and tells what became of it.
pub(crate) fn post(agent: &Agent, url: &str, request: &Request) -> Sent {
    let sent = agent.post(format!("{url}{}", request.path)).header("content-type", request.content_type);
    let Ok(mut answer) = sent.send(&request.body) else { return Sent::Unanswered };
    let status = answer.status().as_u16();
    // An answer that is cut off says nothing.
    let Ok(text) = answer.body_mut().read_to_string() else { return Sent::Unanswered };
    // An answer may take a request and refuse a part of it.
    let is_whole = !text.contains("rejectedSpans") && !text.contains("\"rejected\":[{");
    if (200..300).contains(&status) && is_whole { Sent::Acknowledged } else { Sent::Refused(status, text) }
}
