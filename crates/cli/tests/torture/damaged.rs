//! Files that are torn, flipped, emptied or gone: the start succeeds, the rest is there, and what is not is told of.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value as Json;

use crate::{
    check::{self, Files},
    home::{self, Home, SMALL_HEADS},
    journal::{Journal, Sent},
    killed::fill,
    load,
    mutation::Mutation,
    pace::{Pace, Random},
    support::Trackway,
    tally::TALLY,
};

/// Requests that are there before the damage.
const REQUESTS: usize = 160;
/// The least number of damaged copies of the short form.
const COPIES: u64 = 8;
/// No request's frame in the log is shorter.
const SHORTEST_FRAME: usize = 300;

/// What a file is for, and so what its damage may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Frames as they came: damage costs the frames that it touches.
    Log,
    /// Spans: damage costs what the file holds.
    Segment,
    /// Runs: damage costs runs.
    Runs,
    /// Where a segment's traces are: its damage costs nothing that a repair does not bring back.
    Index,
    /// What can be made again from the others: damage costs nothing.
    Catalog,
    /// Changes to a database that are not in its file yet; nobody can know that they were there.
    Journal,
}

impl Kind {
    fn of(file: &Path) -> Option<Self> {
        let path = file.to_str().unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        match name {
            _ if path.contains("/wal/") => Some(Self::Log),
            _ if name.ends_with(".parquet") => Some(Self::Segment),
            _ if name.ends_with(".tix") => Some(Self::Index),
            "catalog.db" => Some(Self::Catalog),
            "runs.db" => Some(Self::Runs),
            "catalog.db-wal" | "runs.db-wal" => Some(Self::Journal),
            _ => None,
        }
    }
}

/// Damages copies of a store, one file each, and starts them.
pub(crate) fn start(pace: &Pace) {
    let (killed, stopped) = (Home::new(), Home::new());
    let (of_killed, server) = filled(&killed);
    server.kill();
    let (of_stopped, server) = filled(&stopped);
    assert!(server.terminate().0.success());
    let mut random = Random(11);
    let mut done = 0;
    while pace.goes_on(done, COPIES) {
        let (home, journal) = if done % 4 < 3 { (&killed, &of_killed) } else { (&stopped, &of_stopped) };
        damage(home, journal, &mut random, done);
        TALLY.cycle();
        done += 1;
    }
}

fn filled(home: &Home) -> (Journal, Trackway) {
    let (journal, server) = (Journal::default(), home.start(SMALL_HEADS));
    fill(&server, &journal, REQUESTS);
    (journal, server)
}

fn damage(home: &Home, journal: &Journal, random: &mut Random, number: u64) {
    let copy = home.copied();
    let files: Vec<_> =
        home::files(&copy.data()).into_iter().filter_map(|file| Some((Kind::of(&file)?, file))).collect();
    // Each kind has its turn, however many files it has.
    let kinds: Vec<Kind> = files.iter().map(|(kind, _)| *kind).collect::<BTreeSet<_>>().into_iter().collect();
    let kind = kinds[number as usize % kinds.len()];
    let files: Vec<_> = files.into_iter().filter(|(of, _)| *of == kind).collect();
    let file = &files[random.below(files.len() as u64) as usize].1;
    let mutation = Mutation::choose(random, std::fs::metadata(file).unwrap().len() as usize);
    let bytes = mutation.strike(file);
    let what = format!("{mutation:?} of {} ({kind:?})", file.strip_prefix(copy.data()).unwrap().display());

    let server = copy.start(SMALL_HEADS);
    let acknowledged = journal.acknowledged();
    let missing = check::missing(&server, &acknowledged, &acknowledged, Files::Damaged);
    let plain = missing.iter().filter(|(number, _)| !load::is_run(*number)).count();
    let most = match kind {
        Kind::Log => (2 + bytes / SHORTEST_FRAME) * load::SPANS as usize,
        Kind::Runs | Kind::Catalog => 0,
        Kind::Segment | Kind::Index | Kind::Journal => usize::MAX,
    };
    assert!(plain <= most, "{what}: {plain} spans are gone, at most {most} could be: {}", copy.said());
    assert!(kind != Kind::Catalog || missing.is_empty(), "{what}: {} pieces are gone: {}", missing.len(), copy.said());
    let is_told = kind == Kind::Journal || missing.is_empty() || tells_of_damage(&copy, &server);
    assert!(is_told, "{what}: {} pieces are gone, and nothing tells of it: {}", missing.len(), copy.said());
    takes_more(&copy, server, &what);

    repair(&copy, &what);
    let server = copy.start(SMALL_HEADS);
    let after = check::missing(&server, &acknowledged, &acknowledged, Files::Whole);
    let before: BTreeSet<_> = missing.into_iter().collect();
    let by_repair: Vec<_> = after.iter().filter(|piece| !before.contains(piece)).collect();
    assert!(by_repair.is_empty(), "{what}: {} pieces are gone since it was repaired", by_repair.len());
    assert!(kind != Kind::Index || after.is_empty(), "{what}: {} pieces are gone for good", after.len());
}

/// `trackway store repair`, after which there is nothing to repair.
fn repair(home: &Home, what: &str) {
    for arguments in [&["store", "repair", "--yes"][..], &["store", "check"][..]] {
        let output = home.command(SMALL_HEADS).args(arguments).output().unwrap();
        let said = || format!("{}{}", String::from_utf8_lossy(&output.stdout), home.said());
        assert!(output.status.success(), "{what}: {arguments:?}: {} {}", output.status, said());
    }
}

/// Damage is told of on stderr, by a counter, or by a copy that was put aside.
fn tells_of_damage(home: &Home, server: &Trackway) -> bool {
    let stats = check::get(server, "/api/v1/stats");
    let counts = |counter: &Json| {
        let name = counter["name"].as_str().unwrap();
        (name.contains("damaged") || name.contains("torn")) && counter["value"].as_u64() > Some(0)
    };
    let aside = home.data().join("corrupt");
    let is_aside = aside.is_dir() && !home::files(&aside).is_empty();
    is_aside || stats["counters"].as_array().unwrap().iter().any(counts) || home.said().contains("damaged")
}

/// A damaged store works on, and keeps what comes then over another start.
fn takes_more(home: &Home, server: Trackway, what: &str) {
    let later = Journal::default();
    let numbers: BTreeSet<u64> = (2_000_000..2_000_000 + load::WAYS).collect();
    for &number in &numbers {
        assert_eq!(later.send_number(&server.ui, number), Sent::Acknowledged, "{what}");
    }
    server.kill();
    let server = home.start(SMALL_HEADS);
    check::everything(&server, &later.acknowledged(), &numbers);
}
