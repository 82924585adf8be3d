//! A log that ends anywhere is gone on with as if nothing had happened.

use std::{env, fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index};
use trackway_machine::{
    Application, At, Durability, Error, LoadError, Loader, Status, Wanted, state, tracker::Directory,
};

use crate::{
    log::Log,
    plan::{Deed, Plan},
};

/// How many machines are tried; the environment may say otherwise.
const CASES: u32 = 40;

const APP: &str = "run";
const FORK: &str = "fork";
const LOG: &str = "demo/run/log.ndjson";
const INDEX: &str = "demo/run/log.index";

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        Just(Deed::Count),
        (1..80_usize).prop_map(Deed::Chat),
        Just(Deed::Write),
        Just(Deed::Answer),
        (2..5_i64).prop_map(Deed::Fail),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    vec((deed(), 0..30_i64, any::<Index>()), 1..6).prop_flat_map(|deeds| {
        let (edits, resets) = (vec(0..20_i64, 0..3), vec(0..20_i64, 0..2));
        (Just(deeds), edits, resets).prop_map(|(deeds, edits, resets)| {
            let leaps = deeds.iter().map(|(_, below, to)| (*below, to.index(deeds.len()))).collect();
            let actions = deeds.into_iter().map(|(deed, ..)| deed).collect();
            Plan { actions, leaps, edits, resets }
        })
    })
}

/// What is left of an index when the program dies.
#[derive(Debug, Clone)]
enum Kept {
    Nothing,
    All,
    Part(Index),
}

fn kept() -> impl Strategy<Value = Kept> {
    prop_oneof![Just(Kept::Nothing), Just(Kept::All), any::<Index>().prop_map(Kept::Part)]
}

fn quick_directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Copies a run as it is while its program dies: a part of its log, and an index of some age.
fn die(from: &Path, to: &Path, at: &Index, index: &Kept) {
    fs::create_dir_all(to.join("demo/run")).unwrap();
    let log = fs::read(from.join(LOG)).unwrap();
    fs::write(to.join(LOG), &log[..at.index(log.len() + 1)]).unwrap();
    let entries = fs::read(from.join(INDEX)).unwrap_or_default();
    match index {
        Kept::Nothing => {}
        Kept::All => fs::write(to.join(INDEX), entries).unwrap(),
        Kept::Part(at) => fs::write(to.join(INDEX), &entries[..at.index(entries.len() + 1)]).unwrap(),
    }
}

/// Begins the run, or goes on with what is left of it; `None` where all of it is there.
fn go_on(plan: &Plan, directory: &Directory, steps: i64, durability: Durability) -> Option<Application> {
    let (graph, wanted) = (plan.graph(|_| {}), Wanted::new("demo", APP));
    let saved = directory.load(&wanted, At::Latest).unwrap();
    if saved.is_some_and(|it| it.status != Status::Unfinished && it.step.is_some_and(|it| it.sequence + 1 >= steps)) {
        return None;
    }
    let builder = match graph.resume_from(directory, &wanted) {
        Ok(builder) => builder,
        Err(Error::Load(LoadError::Missing { .. })) => {
            graph.start(Plan::beginning()).project("demo").app_id(APP).tracker(directory.clone())
        }
        Err(error) => panic!("{}", error.chain()),
    };
    Some(builder.durability(durability).strict_trackers().build().unwrap())
}

/// Returns the state at the end of a run.
fn finish(plan: &Plan, directory: &Directory, steps: i64, durability: Durability) -> trackway_machine::State {
    if let Some(mut app) = go_on(plan, directory, steps, durability) {
        plan.go_on(&mut app, steps, |_| {});
    }
    directory.load(&Wanted::new("demo", APP), At::Latest).unwrap().unwrap().state
}

/// Returns the state at the end of a fork of the run.
fn fork(plan: &Plan, directory: &Directory, at: i64) -> trackway_machine::State {
    let builder = plan.graph(|_| {}).fork_from(directory, &Wanted::new("demo", APP), at).unwrap();
    let mut app = builder.app_id(FORK).set("forked", state! { at: at }).build().unwrap();
    plan.go_on(&mut app, at + 6, |_| {});
    app.state().clone()
}

fn cases() -> u32 {
    env::var("TRACKWAY_TEST_CUTS").map_or(CASES, |number| number.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_log_that_ends_anywhere_is_gone_on_with(
        plan in plan(),
        steps in 1..90_i64,
        deaths in vec((any::<Index>(), kept()), 1..4),
        at in any::<Index>(),
        durability in prop_oneof![Just(Durability::Step), Just(Durability::Eventual)],
    ) {
        let root = quick_directory();
        let undisturbed = root.path().join("undisturbed");
        let directory = Directory::at(&undisturbed);
        let expected = finish(&plan, &directory, steps, durability);
        let path = Log::read(&undisturbed, APP).path();
        let at = at.index(steps as usize) as i64;
        let forked = fork(&plan, &directory, at);

        let mut from = undisturbed.clone();
        for (number, (cut, index)) in deaths.iter().enumerate() {
            let to = root.path().join(number.to_string());
            die(&from, &to, cut, index);
            let directory = Directory::at(&to);
            prop_assert_eq!(finish(&plan, &directory, steps, durability), expected.clone());
            let log = Log::read(&to, APP);
            log.assert_whole(0);
            prop_assert_eq!(log.path(), path.clone());
            prop_assert_eq!(fork(&plan, &directory, at), forked.clone());
            prop_assert_eq!(Log::read(&to, FORK).path(), Log::read(&undisturbed, FORK).path());
            from = to;
        }
    }
}
