//! A program that is killed at any moment goes on with all that it was told is done.

use std::{collections::BTreeMap, env, thread, time::Duration};

use trackway_machine::{At, Error, LoadError, Loader, Status, Step, Wanted, tracker::Directory};

use crate::{
    log::Log,
    plan::{Deed, Plan},
    process::{self, start},
};

/// How often the program is killed; the environment may say otherwise.
const KILLS: u64 = 100;

/// How often the same run is, at most.
const KILLS_OF_A_RUN: u64 = 12;

/// How many steps the run has.
const STEPS: i64 = 150;

const APP: &str = "run";

fn plan() -> Plan {
    let actions = vec![Deed::Count, Deed::Chat(20), Deed::Write, Deed::Fail(5), Deed::Answer, Deed::Chat(3)];
    let leaps = vec![(3, 1), (40, 4), (0, 0), (60, 1), (90, 0), (100, 3)];
    Plan { actions, leaps, edits: vec![0, 7, 8, 50], resets: vec![5, 30] }
}

fn load(directory: &Directory) -> Option<(i64, Status)> {
    let saved = directory.load(&Wanted::new("demo", APP), At::Latest).unwrap()?;
    Some((saved.step.map_or(-1, |step| step.sequence), saved.status))
}

/// The child: goes on with the run, and says what it was told is done.
#[test]
fn program() {
    let Some(root) = process::root() else { return };
    let directory = Directory::at(root);
    if load(&directory).is_some_and(|(last, status)| last + 1 >= STEPS && status != Status::Unfinished) {
        return;
    }
    println!("\nresumes");
    let graph = plan().graph(|step: &Step| {
        println!("\ninside {}", step.sequence());
        // Some steps are long enough for their begin to be written alone.
        thread::sleep(Duration::from_micros(step.sequence() as u64 % 4 * 300));
    });
    let builder = match graph.resume_from(&directory, &Wanted::new("demo", APP)) {
        Ok(builder) => builder,
        Err(Error::Load(LoadError::Missing { .. })) => {
            graph.start(Plan::beginning()).project("demo").app_id(APP).tracker(directory)
        }
        Err(error) => panic!("{}", error.chain()),
    };
    let mut app = builder.strict_trackers().build().unwrap();
    println!("\nbegins");
    plan().go_on(&mut app, STEPS, |app| {
        println!("\ndone {} {}", app.sequence().unwrap(), app.state()["total"].to_json())
    });
}

/// Numbers that are random enough to choose moments.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn micros(&mut self, limit: u64) -> Duration {
        Duration::from_micros(self.below(limit))
    }
}

/// Lets the child go on until some moment, or to its end. Returns what it said, and whether it was killed.
fn live(root: &std::path::Path, until: Option<(&str, u64, Duration)>) -> (Vec<String>, bool) {
    let (mut child, said) = start("kills::program", root, "");
    let mut heard = Vec::new();
    if let Some((word, times, more)) = until {
        let mut left = times;
        while left > 0 {
            let Ok(line) = said.recv() else { break };
            left -= u64::from(line.starts_with(word));
            heard.push(line);
        }
        thread::sleep(more);
        child.kill().unwrap();
    }
    heard.extend(said);
    let ended = child.wait().unwrap();
    assert!(ended.success() || ended.code().is_none(), "{heard:#?}");
    (heard, !ended.success())
}

/// Takes up what was said to be done, and checks that the log has it.
fn note(root: &std::path::Path, heard: &[String], done: &mut BTreeMap<i64, i64>) {
    for line in heard.iter().filter_map(|line| line.strip_prefix("done ")) {
        let (sequence, total) = line.split_once(' ').unwrap();
        let known = done.insert(sequence.parse().unwrap(), total.parse().unwrap());
        assert_eq!(known, None, "step {sequence} was done twice");
    }
    let log = Log::read(root, APP);
    log.assert_whole(0);
    assert!(log.ended.len() >= done.len(), "{} steps were done, and the log has {}", done.len(), log.ended.len());
}

#[test]
fn every_step_that_was_told_is_done_exactly_once() {
    let kills = env::var("TRACKWAY_TEST_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    let mut dice = Dice(kills);
    let undisturbed = tempfile::tempdir().unwrap();
    let expected = {
        let start = plan().graph(|_| {}).start(Plan::beginning()).project("demo").app_id(APP);
        let mut app = start.tracker(Directory::at(undisturbed.path())).build().unwrap();
        plan().go_on(&mut app, STEPS, |_| {});
        app.state().clone()
    };
    let path = Log::read(undisturbed.path(), APP).path();
    let mut killed = 0;
    while killed < kills {
        let root = tempfile::tempdir().unwrap();
        let mut done = BTreeMap::new();
        for round in 0..KILLS_OF_A_RUN.min(kills - killed) {
            let moment = match (round, dice.below(5)) {
                (0, 0..2) => ("begins", 1, dice.micros(500)),
                (0, 2..4) => ("inside 0", 1, dice.micros(300)),
                (_, 0) => ("", 0, dice.micros(30_000)),
                (_, 1) => ("resumes", 1, dice.micros(2_000)),
                (_, 2) => ("inside", 1 + dice.below(20), dice.micros(900)),
                (_, 3) => ("done", 1 + dice.below(20), Duration::ZERO),
                _ => ("done", 1 + dice.below(20), dice.micros(3_000)),
            };
            let (heard, was_killed) = live(root.path(), Some(moment));
            note(root.path(), &heard, &mut done);
            killed += u64::from(was_killed);
        }
        let (heard, _) = live(root.path(), None);
        note(root.path(), &heard, &mut done);
        let log = Log::read(root.path(), APP);
        assert_eq!(log.path(), path);
        let directory = Directory::at(root.path());
        let wanted = Wanted::new("demo", APP);
        assert_eq!(directory.load(&wanted, At::Latest).unwrap().unwrap().state, expected);
        for (sequence, total) in done {
            let saved = directory.load(&wanted, At::Step(sequence)).unwrap().unwrap();
            assert_eq!(saved.state["total"], total, "after step {sequence}");
        }
    }
}
