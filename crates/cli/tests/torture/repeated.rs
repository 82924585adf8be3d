//! Clients that send the same request again.

use std::{
    collections::BTreeSet,
    sync::{Barrier, Mutex},
    thread,
};

use crate::{
    check,
    home::{Home, SMALL_HEADS},
    journal::{Journal, Sent},
    killed, load,
    pace::{Pace, Random},
    support::Trackway,
};

const REQUESTS: u64 = 24;

/// Sends each request up to five times at once, all of them again behind other load, and again after a kill.
pub(crate) fn at_once_and_later(_: &Pace) {
    let home = Home::new();
    let (journal, mut random) = (Journal::default(), Random(5));
    let server = home.start(SMALL_HEADS);
    let numbers: BTreeSet<u64> = (1_000_000..1_000_000 + REQUESTS).collect();
    for &number in &numbers {
        at_once(&server.ui, &journal, number, 2 + random.below(4) as usize);
    }
    check::everything(&server, &journal.acknowledged(), &numbers);
    killed::fill(&server, &journal, 400);
    send_again(&server.ui, &journal, &numbers);
    check::everything(&server, &journal.acknowledged(), &numbers);
    server.kill();
    let server = home.start(SMALL_HEADS);
    send_again(&server.ui, &journal, &numbers);
    check::everything(&server, &journal.acknowledged(), &numbers);
    counted_once(&server, &numbers);
}

fn at_once(url: &str, journal: &Journal, number: u64, times: usize) {
    let (barrier, results) = (Barrier::new(times), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..times {
            scope.spawn(|| {
                barrier.wait();
                let sent = journal.send_number(url, number);
                results.lock().unwrap().push(sent);
            });
        }
    });
    let results = results.into_inner().unwrap();
    assert!(results.iter().all(|sent| *sent == Sent::Acknowledged), "{results:?}");
}

fn send_again(url: &str, journal: &Journal, numbers: &BTreeSet<u64>) {
    for &number in numbers {
        assert_eq!(journal.send_number(url, number), Sent::Acknowledged);
    }
}

/// What a list counts of a trace is what was sent, too.
fn counted_once(server: &Trackway, numbers: &BTreeSet<u64>) {
    let own = numbers.iter().filter(|number| *number % load::WAYS == 2);
    for number in own {
        let trace = check::get(server, &format!("/api/v1/traces/{}", load::trace(*number, 0)));
        assert_eq!(trace["trace"]["span_count"], load::SPANS, "{}", trace["trace"]);
    }
}
