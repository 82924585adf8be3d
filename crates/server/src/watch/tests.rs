#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::task::JoinSet;
use trackway_model::{Annotation, RunFact, RunKey};
use trackway_wire::burr::Item;

use super::{
    Place, Shape, WatchState, Watcher, Watching,
    door::{Asking, Door, Taking},
};
use crate::counters::Counters;

/// Keeps what it is given, by run and by the fact's key: the latest counts.
#[derive(Default)]
struct Kept {
    facts: Mutex<BTreeMap<RunKey, BTreeMap<String, RunFact>>>,
    annotations: Mutex<Vec<Annotation>>,
    /// How many times more it refuses.
    refuses: Mutex<u32>,
    counters: Arc<Counters>,
}

impl Door for Kept {
    fn deleted_at<'a>(&'a self, _: &'a Arc<RunKey>) -> Asking<'a> {
        Box::pin(async { Ok(None) })
    }

    fn take<'a>(&'a self, _: &'a Arc<RunKey>, items: Vec<Item>) -> Taking<'a> {
        let mut refuses = self.refuses.lock().unwrap();
        if *refuses > 0 {
            *refuses -= 1;
            return Box::pin(async { Err("the store is full".into()) });
        }
        for item in items {
            if let Item::Fact(record) = item {
                let mut facts = self.facts.lock().unwrap();
                let run = facts.entry(RunKey::clone(&record.run)).or_default();
                run.insert(record.fact.key(), record.fact);
            }
        }
        Box::pin(async { Ok(()) })
    }

    fn annotate(&self, annotations: Vec<Annotation>) -> Taking<'_> {
        *self.annotations.lock().unwrap() = annotations;
        Box::pin(async { Ok(()) })
    }

    fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }
}

struct World {
    directory: TempDir,
    kept: Arc<Kept>,
    watching: Watching,
    _tasks: JoinSet<()>,
}

const BEGIN: &str =
    r#"{"type":"begin_entry","start_time":"2026-11-20T15:26:38.5","action":"ask","inputs":{},"sequence_id":"#;

fn begin(sequence: u32) -> String {
    format!("{BEGIN}{sequence}}}\n")
}

fn append(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Watches `below` a new directory in which `before` was done.
fn watch(below: &str, before: impl FnOnce(&Path)) -> World {
    let directory = tempfile::tempdir().unwrap();
    before(directory.path());
    let kept = Arc::new(Kept::default());
    let (watcher, watching) = Watcher::new(vec![directory.path().join(below)], None, Some(TimeZone::UTC));
    let door: Arc<dyn Door> = Arc::clone(&kept) as _;
    World { directory, kept, watching, _tasks: watcher.start(&door) }
}

impl World {
    fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }

    /// Waits until something is so, and returns how long that took.
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !is_so(self) {
            assert!(
                start.elapsed() < Duration::from_secs(20),
                "{what}: {:#?}\n{:?}",
                self.runs(),
                self.watching.borrow()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        start.elapsed()
    }

    async fn until_read(&self) {
        self.until("all is read", |world| world.watching.borrow()[0].state == WatchState::Watching).await;
    }

    /// Every run with the keys of its facts.
    fn runs(&self) -> BTreeMap<String, Vec<String>> {
        let facts = self.kept.facts.lock().unwrap();
        let name = |run: &RunKey| format!("{}/{}/{}", run.project, run.partition.as_deref().unwrap_or("-"), run.app);
        facts.iter().map(|(run, facts)| (name(run), facts.keys().cloned().collect())).collect()
    }

    fn has(&self, run: &str, fact: &str) -> bool {
        self.runs().get(run).is_some_and(|facts| facts.iter().any(|key| key == fact))
    }
}

#[tokio::test]
async fn what_is_there_is_read_and_what_comes_is_seen_soon() {
    let world = watch("", |root| append(&root.join("demo/chat/log.jsonl"), &begin(0)));
    world.until_read().await;
    assert!(world.has("demo/-/chat", "0.0:begin"));
    append(&world.path("demo/chat/log.jsonl"), &begin(1));
    let took = world.until("the next line", |world| world.has("demo/-/chat", "1.0:begin")).await;
    assert!(took < Duration::from_secs(2), "it took {took:?}");
}

#[tokio::test]
async fn a_line_that_comes_in_pieces_is_read_once_when_it_is_whole() {
    let world = watch("", |root| append(&root.join("demo/chat/log.jsonl"), &begin(0)));
    world.until_read().await;
    let line = begin(1);
    for piece in line.as_bytes().chunks(7) {
        append(&world.path("demo/chat/log.jsonl"), std::str::from_utf8(piece).unwrap());
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    world.until("the line", |world| world.has("demo/-/chat", "1.0:begin")).await;
    assert_eq!(world.runs()["demo/-/chat"], ["0.0:begin", "1.0:begin"]);
}

#[tokio::test]
async fn new_projects_and_applications_are_found_with_all_that_was_written_before_they_were() {
    let world = watch("", |root| append(&root.join("demo/chat/log.jsonl"), &begin(0)));
    world.until_read().await;
    for application in 0..50 {
        append(&world.path(&format!("new{}/app{application}/log.jsonl", application % 3)), &begin(0));
        append(&world.path(&format!("new{}/app{application}/log.jsonl", application % 3)), &begin(1));
    }
    let all = |world: &World| (0..50).all(|it| world.has(&format!("new{}/-/app{it}", it % 3), "1.0:begin"));
    world.until("all applications", all).await;
}

#[tokio::test]
async fn a_directory_that_is_not_there_yet_is_waited_for_and_takes_shape_as_a_project() {
    let world = watch("later/demo", |_| {});
    world.until("it waits", |world| world.watching.borrow()[0].state == WatchState::Waiting).await;
    fs::create_dir_all(world.path("later/demo")).unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    append(&world.path("later/demo/chat/log.jsonl"), &begin(0));
    world.until("the application", |world| world.has("demo/-/chat", "0.0:begin")).await;
}

#[tokio::test]
async fn a_directory_that_goes_away_is_waited_for_again() {
    let world = watch("store", |root| append(&root.join("store/demo/chat/log.jsonl"), &begin(0)));
    world.until_read().await;
    fs::remove_dir_all(world.path("store")).unwrap();
    world.until("it waits", |world| world.watching.borrow()[0].state == WatchState::Waiting).await;
    append(&world.path("store/demo/chat/log.jsonl"), &begin(1));
    world.until("the new line", |world| world.has("demo/-/chat", "1.0:begin")).await;
}

#[tokio::test]
async fn a_log_that_is_cut_or_replaced_is_read_from_its_beginning() {
    let world = watch("", |root| append(&root.join("demo/chat/log.jsonl"), &(begin(0) + &begin(1))));
    world.until_read().await;
    fs::write(world.path("demo/chat/log.jsonl"), begin(7)).unwrap();
    world.until("the cut log", |world| world.has("demo/-/chat", "7.0:begin")).await;
    append(&world.path("other"), &[begin(7), begin(8), begin(9)].concat());
    fs::rename(world.path("other"), world.path("demo/chat/log.jsonl")).unwrap();
    world.until("the new log", |world| world.has("demo/-/chat", "9.0:begin")).await;
    assert!(!world.has("demo/-/chat", "7.1:begin"), "no line was told twice: {:?}", world.runs());
    fs::remove_dir_all(world.path("demo")).unwrap();
    append(&world.path("demo/chat/log.jsonl"), &begin(20));
    world.until("the folder that came back", |world| world.has("demo/-/chat", "20.0:begin")).await;
    assert!(world.has("demo/-/chat", "0.0:begin"), "what is deleted there stays here");
}

#[tokio::test]
async fn an_application_has_the_partition_that_its_metadata_names_however_late_that_comes() {
    let world = watch("", |root| fs::create_dir(root.join("demo")).unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    append(&world.path("demo/chat/graph.json"), r#"{"entrypoint":"ask","actions":[{"name":"ask"}],"transitions":[]}"#);
    tokio::time::sleep(Duration::from_millis(100)).await;
    append(&world.path("demo/chat/metadata.json"), r#"{"partition_key": "#);
    tokio::time::sleep(Duration::from_millis(300)).await;
    append(&world.path("demo/chat/metadata.json"), r#""ann"}"#);
    append(&world.path("demo/chat/log.jsonl"), &begin(0));
    world.until("the line", |world| world.has("demo/ann/chat", "0.0:begin")).await;
    assert_eq!(world.runs().into_keys().collect::<Vec<_>>(), ["demo/ann/chat"]);
}

#[tokio::test]
async fn nothing_is_read_while_nobody_writes() {
    let world = watch("", |root| {
        for application in 0..1_000 {
            append(&root.join(format!("demo/app{application}/log.jsonl")), &begin(0));
        }
    });
    world.until_read().await;
    assert_eq!(world.runs().len(), 1_000);
    // What the reading itself caused is heard by then.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = world.kept.counters.watch_reads.get();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.kept.counters.watch_reads.get(), before);
    // Most readers sleep by now: they go on where they were all the same.
    for application in [0, 500, 999] {
        append(&world.path(&format!("demo/app{application}/log.jsonl")), &begin(1));
    }
    let all = |world: &World| [0, 500, 999].iter().all(|it| world.has(&format!("demo/-/app{it}"), "1.0:begin"));
    let took = world.until("three lines", all).await;
    assert!(took < Duration::from_secs(2), "it took {took:?}");
    // A reader that slept reads twice: up to where it was, and what is new.
    assert!(world.kept.counters.watch_reads.get() - before <= 6);
}

#[tokio::test]
async fn what_was_refused_comes_again_whole() {
    let world = watch("", |root| append(&root.join("demo/chat/log.jsonl"), &begin(0)));
    world.until_read().await;
    *world.kept.refuses.lock().unwrap() = 1;
    append(&world.path("demo/chat/log.jsonl"), &begin(1));
    world.until("it is told", |world| world.watching.borrow()[0].trouble_count == 1).await;
    assert!(world.watching.borrow()[0].troubles[0].what.contains("the store is full"));
    world.until("the line", |world| world.has("demo/-/chat", "1.0:begin")).await;
    world.until("all is well", |world| world.watching.borrow()[0].trouble_count == 0).await;
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_passed_by_and_ids_with_slashes_are_ids() {
    let elsewhere = tempfile::tempdir().unwrap();
    append(&elsewhere.path().join("secret/log.jsonl"), &begin(0));
    let world = watch("", |root| {
        append(&root.join("demo/team/chat/log.jsonl"), &begin(0));
        append(&root.join("demo/linked/graph.json"), "{}");
        std::os::unix::fs::symlink(elsewhere.path(), root.join("demo/away")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.join("away")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("secret/log.jsonl"), root.join("demo/linked/log.jsonl"))
            .unwrap();
    });
    world.until_read().await;
    assert_eq!(world.runs()["demo/-/team/chat"], ["0.0:begin"]);
    world.until("the graph that no metadata follow", |world| world.has("demo/-/linked", "remark:graph.json")).await;
    assert_eq!(world.runs()["demo/-/linked"], ["remark:graph.json"]);
    assert_eq!(world.runs().len(), 2);
    assert_eq!(world.kept.counters.watch_links.get(), 3);
}

#[tokio::test]
async fn annotations_are_read_whenever_they_change() {
    let line = |id: u32| {
        format!(
            r#"{{"id":{id},"app_id":"chat","partition_key":null,"step_sequence_id":0,"step_name":"ask","tags":[],"observations":[]}}"#
        )
    };
    let world = watch("", |root| {
        append(&root.join("demo/chat/log.jsonl"), &begin(0));
        append(&root.join("demo/annotations.jsonl"), &(line(0) + "\n"));
    });
    let ids = |world: &World| world.kept.annotations.lock().unwrap().iter().map(|it| it.id).collect::<Vec<_>>();
    world.until("the first", |world| ids(world) == [0]).await;
    append(&world.path("demo/annotations.jsonl"), &(line(1) + "\n{\"id\":2,"));
    world.until("the second", |world| ids(world) == [0, 1]).await;
}

#[test]
fn a_directory_is_known_by_what_it_holds() {
    let store = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/burr/store"));
    let shape = |below: &str| Place::at(&store.join(below), None).unwrap().map(|place| place.shape());
    assert_eq!(shape(""), Some(Shape::Store));
    assert_eq!(shape("fx_spans"), Some(Shape::Project));
    assert_eq!(shape("fx_spans/spans-all"), Some(Shape::Application));
    assert_eq!(shape("../generate"), None);
    let all = Place::at(store, None).unwrap().unwrap().walk();
    assert_eq!((all.applications.len(), all.annotations.len(), all.troubles.len()), (applications(store), 1, 0));
    let one = Place::at(&store.join("fx_spans/spans-all"), Some("mine".into())).unwrap().unwrap().walk();
    assert_eq!((&*one.applications[0].project, &*one.applications[0].app), ("mine", "spans-all"));
}

/// How many folders of folders there are.
fn applications(store: &Path) -> usize {
    let folders = |path: &Path| {
        fs::read_dir(path).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_dir()).collect::<Vec<_>>()
    };
    folders(store).iter().map(|project| folders(project).len()).sum()
}

/// The lines of a run of our own tracker, by which the state has so many items.
fn native(items: u32) -> String {
    let end = |sequence: u32| {
        let told = match sequence {
            0 => r#""state":{"list":[0]}"#.to_owned(),
            _ => format!(r#""delta":{{"append":{{"list":[{sequence}]}}}}"#),
        };
        format!("{{\"type\":\"end\",\"sequence\":{sequence},\"action\":\"add\",{told}}}\n")
    };
    (0..items).map(end).collect()
}

const NAMED: &str = "{\"type\":\"run\",\"project\":\"demo\",\"partition\":\"ann/bob\",\"app\":\"chat\"}\n";

impl World {
    /// The state after a step of the run that [`NAMED`] names.
    fn state(&self, step: u32) -> Option<String> {
        let facts = self.kept.facts.lock().unwrap();
        let run = facts.values().next()?;
        let RunFact::End(end) = run.get(&format!("{step}.0:end"))? else { return None };
        end.state.as_ref().map(|state| state.0.to_string())
    }
}

#[tokio::test]
async fn our_own_logs_are_read_beside_those_of_burr_and_their_names_are_those_of_the_log() {
    let world = watch("", |root| {
        append(&root.join("demo/chat~ann%2Fbob/log.ndjson"), &(NAMED.to_owned() + &native(2)));
        append(&root.join("demo/old/log.jsonl"), &begin(0));
    });
    world.until_read().await;
    assert_eq!(world.runs().into_keys().collect::<Vec<_>>(), ["demo/-/old", "demo/ann/bob/chat"]);
    append(&world.path("demo/chat~ann%2Fbob/log.ndjson"), native(3).lines().last().unwrap());
    append(&world.path("demo/chat~ann%2Fbob/log.index"), "whatever");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!world.has("demo/ann/bob/chat", "2.0:end"), "half a line waits");
    append(&world.path("demo/chat~ann%2Fbob/log.ndjson"), "\n");
    let took = world.until("the whole line", |world| world.has("demo/ann/bob/chat", "2.0:end")).await;
    assert!(took < Duration::from_millis(300), "it took {took:?}");
}

#[tokio::test]
async fn a_half_line_that_is_cut_when_the_run_goes_on_leaves_nothing_behind() {
    let torn = NAMED.to_owned() + &native(2) + "{\"type\":\"end\",\"seq";
    let world = watch("", |root| append(&root.join("demo/chat/log.ndjson"), &torn));
    world.until_read().await;
    let log = OpenOptions::new().write(true).open(world.path("demo/chat/log.ndjson")).unwrap();
    log.set_len((NAMED.len() + native(2).len()) as u64).unwrap();
    append(&world.path("demo/chat/log.ndjson"), native(3).lines().last().unwrap());
    append(&world.path("demo/chat/log.ndjson"), "\n");
    world.until("the next step", |world| world.has("demo/ann/bob/chat", "2.0:end")).await;
    assert_eq!(world.runs()["demo/ann/bob/chat"], ["0.0:end", "1.0:end", "2.0:end"]);
    assert_eq!(world.state(2).unwrap(), r#"{"list":[0,1,2]}"#);
}

#[tokio::test]
async fn a_reader_that_slept_knows_the_state_that_the_next_step_builds_on() {
    let world = watch("", |root| {
        append(&root.join("demo/chat/log.ndjson"), &(NAMED.to_owned() + &native(2)));
        for application in 0..400 {
            append(&root.join(format!("demo/app{application}/log.jsonl")), &begin(0));
        }
    });
    world.until_read().await;
    for application in 0..400 {
        append(&world.path(&format!("demo/app{application}/log.jsonl")), &begin(1));
    }
    let read = |world: &World| world.runs().values().filter(|facts| facts.iter().any(|key| key == "1.0:begin")).count();
    world.until("all", |world| read(world) == 400).await;
    world.kept.facts.lock().unwrap().clear();
    append(&world.path("demo/chat/log.ndjson"), native(3).lines().last().unwrap());
    append(&world.path("demo/chat/log.ndjson"), "\n");
    world.until("the next step", |world| world.state(2).is_some()).await;
    assert_eq!(world.state(2).unwrap(), r#"{"list":[0,1,2]}"#);
    assert_eq!(world.runs()["demo/ann/bob/chat"], ["2.0:end"], "what was told is not told again");
}

#[tokio::test]
async fn the_directory_of_this_machines_programs_is_a_store_from_its_first_file_on() {
    let directory = tempfile::tempdir().unwrap();
    let (kept, own) = (Arc::new(Kept::default()), directory.path().join("projects"));
    fs::create_dir(&own).unwrap();
    let (watcher, watching) = Watcher::new(Vec::new(), Some(own.clone()), None);
    let door: Arc<dyn Door> = Arc::clone(&kept) as _;
    let world = World { directory, kept, watching, _tasks: watcher.start(&door) };
    world.until_read().await;
    assert!(!world.watching.borrow()[0].is_worth_telling(), "nothing is in it");
    append(&own.join("demo/chat/log.ndjson"), &(NAMED.to_owned() + &native(1)));
    let took = world.until("the run", |world| world.has("demo/ann/bob/chat", "0.0:end")).await;
    assert!(took < Duration::from_millis(300), "it took {took:?}");
    world.until("it is told", |world| world.watching.borrow()[0].is_worth_telling()).await;
}
