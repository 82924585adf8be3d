//! What runs cost on the disk, and that questions about a long run cost the page and not the run.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod kit;

use std::{fs, time::Instant};

use kit::{runs::*, *};
use tempfile::TempDir;
use trackway_store::*;

/// The bytes of the file once everything is in it.
fn bytes_of(directory: &TempDir) -> u64 {
    fs::metadata(directory.path().join("runs.db")).unwrap().len()
}

#[test]
fn a_trivial_step_costs_less_than_its_line_in_a_log() {
    let directory = TempDir::new().unwrap();
    let store = open_runs(directory.path(), &Hands::default());
    let run = run_key("counter");
    let mut log = 0;
    for thousand in 0..10 {
        let facts = (1_000 * thousand..1_000 * (thousand + 1)).flat_map(|number| {
            let state = format!(r#"{{"__SEQUENCE_ID":{number},"__PRIOR_STEP":"count","count":{number}}}"#);
            log += state.len() + 220;
            [begin(number, "count", number as u64), end(number, "count", number as u64 + 1, &state)]
        });
        record(&store, &run, facts.collect::<Vec<_>>()).unwrap();
    }
    drop(store);
    let each = bytes_of(&directory) / 10_000;
    println!("{each} bytes a step, {} in a log", log / 10_000);
    assert!(each < 200, "{each} bytes a step");
}

#[test]
fn a_growing_chat_costs_what_is_new() {
    let directory = TempDir::new().unwrap();
    let store = open_runs(directory.path(), &Hands::default());
    let (run, mut chat, mut raw) = (run_key("chat"), Vec::new(), 0);
    for number in 0..100 {
        let words: Vec<_> = (0..30).map(|word| format!("w{}", (number * 7_919 + word * 104_729) % 9_973)).collect();
        chat.push(format!(r#"{{"role":"user","content":"{}"}}"#, words.join(" ")));
        let state = format!(r#"{{"__SEQUENCE_ID":{number},"chat_history":[{}]}}"#, chat.join(","));
        raw += state.len() as u64;
        record(&store, &run, [begin(number, "say", 1), end(number, "say", 2, &state)]).unwrap();
    }
    let stored = counter(&store, "store.state_stored_bytes");
    assert_eq!(counter(&store, "store.state_bytes"), raw);
    drop(store);
    println!("{} bytes a step, states {} of {} raw", bytes_of(&directory) / 100, stored / 100, raw / 100);
    assert!(stored * 20 < raw, "{stored} of {raw} bytes are stored");
}

#[test]
fn a_page_of_a_long_run_costs_the_page() {
    let directory = TempDir::new().unwrap();
    let store = open_runs(directory.path(), &Hands::default());
    let run = run_key("long");
    let steps = std::env::var("STORE_TEST_STEPS").map_or(20_000, |steps| steps.parse().unwrap());
    let started = Instant::now();
    for chunk in 0..steps / 2_000 {
        let facts = (2_000 * chunk..2_000 * (chunk + 1)).flat_map(|number| {
            let state = format!(r#"{{"n":{number},"name":"a long run"}}"#);
            [begin(number, "x", number as u64), end(number, "x", number as u64 + 1, &state)]
        });
        record(&store, &run, facts.collect::<Vec<_>>()).unwrap();
    }
    println!("{steps} steps in {:?}", started.elapsed());
    let time = |name: &str, question: &dyn Fn()| {
        question();
        let started = Instant::now();
        question();
        println!("{name}: {:?}", started.elapsed());
        started.elapsed()
    };
    let page = first(100);
    let slowest = [
        time("list", &|| assert_eq!(store.runs(&RunQuery::default(), &page).unwrap().items.len(), 1)),
        time("run", &|| assert!(store.run(&run).unwrap().is_some())),
        time("first page", &|| assert_eq!(store.steps(&run, Order::Ascending, &page).unwrap().items.len(), 100)),
        time("last page", &|| assert_eq!(store.steps(&run, Order::Descending, &page).unwrap().items.len(), 100)),
        time("state", &|| assert!(store.state(&run, at(steps / 2 + 63)).unwrap().is_some())),
        time("locate", &|| assert_eq!(store.locate(&run, At::Sequence(steps / 3)).unwrap(), Some(at(steps / 3)))),
    ];
    // A tenth of it is usual; who counts steps would need seconds for a million.
    assert!(slowest.iter().all(|it| it.as_millis() < 500), "{slowest:?}");
}
