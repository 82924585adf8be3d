//! Servers that are killed under load, and while they recover from that.

use std::{collections::BTreeSet, thread, time::Duration};

use crate::{
    check,
    home::{Home, SMALL_HEADS},
    journal::{Journal, Sent},
    pace::{Pace, Random},
    resources,
    support::{self, Trackway},
    tally::TALLY,
};

/// The least number of kills of the short form.
const KILLS: u64 = 10;

/// Kills servers whose memory takes all that comes.
pub(crate) fn while_memory_fills(pace: &Pace) {
    kill_again_and_again(pace, &[]);
}

/// Kills servers that write and merge segments all the time, since they may hold but little in memory.
pub(crate) fn while_segments_are_written(pace: &Pace) {
    kill_again_and_again(pace, SMALL_HEADS);
}

fn kill_again_and_again(pace: &Pace, settings: &[&str]) {
    let home = Home::new();
    let (journal, mut random) = (Journal::default(), Random(settings.len() as u64));
    let (mut kills, mut checked) = (0, BTreeSet::new());
    while pace.goes_on(kills, KILLS) {
        for _ in 0..random.below(3) {
            kill_while_starting(&home, settings, &mut random);
        }
        let server = home.start(settings);
        let acknowledged = journal.acknowledged();
        check::everything(&server, &acknowledged, &acknowledged.difference(&checked).copied().collect());
        checked = acknowledged;
        let enough = journal.count() + 4 + random.below(120) as usize;
        let url = server.ui.clone();
        thread::scope(|scope| {
            scope.spawn(|| journal.send(&url, &|_| false));
            journal.wait_for(enough);
            resources::peak_bytes(&server);
            end(server, &mut random);
        });
        TALLY.cycle();
        kills += 1;
    }
    let server = home.start(settings);
    let acknowledged = journal.acknowledged();
    check::everything(&server, &acknowledged, &acknowledged);
    // A write under way is cut off; nothing that was whole is taken for damage.
    assert!(!home.said().contains("damaged"), "{}", home.said());
    assert!(acknowledged.len() as u64 > 4 * kills, "the load was no load: {} requests", acknowledged.len());
}

/// Mostly by `kill -9`, now and then as an administrator does.
fn end(server: Trackway, random: &mut Random) {
    if random.below(8) > 0 {
        return server.kill();
    }
    let (status, took) = server.terminate();
    assert!(status.success() && took < Duration::from_secs(30), "{status} after {took:?}");
}

/// Starts a server and kills it at a random moment, mostly before it is ready.
fn kill_while_starting(home: &Home, settings: &[&str], random: &mut Random) {
    let mut child = support::spawn(home.command(settings));
    // The moment of the blow: nothing is waited for.
    thread::sleep(Duration::from_micros(random.below(60_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    TALLY.cycle();
}

/// Sends until so many requests are acknowledged, and all senders have their answers.
pub(crate) fn fill(server: &Trackway, journal: &Journal, requests: usize) {
    journal.send(&server.ui, &|sent| {
        assert!(!matches!(sent, Sent::Unanswered), "the server left");
        journal.count() >= requests
    });
}
