//! Reading back: everything that was acknowledged, and nothing that was never sent.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::atomic::Ordering::Relaxed,
};

use serde_json::Value as Json;
use ureq::Agent;

use crate::{
    load::{self, ENDED_LATER},
    support::{self, Trackway},
    tally::TALLY,
};

/// A span or a step by the number of its request and its place in that.
type Piece = (u64, u64);

/// Whether an answer other than "here it is" and "there is none" fails the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    Whole,
    /// What cannot be read may be answered with an error.
    Damaged,
}

/// Reads back all that was acknowledged of `numbers`; `acknowledged` are all numbers that ever were. Fails for anything
/// that is lost.
pub(crate) fn everything(server: &Trackway, acknowledged: &BTreeSet<u64>, numbers: &BTreeSet<u64>) {
    let missing = missing(server, acknowledged, numbers, Files::Whole);
    TALLY.lost.fetch_add(missing.len() as u64, Relaxed);
    let some: Vec<_> = missing.iter().take(10).collect();
    assert!(missing.is_empty(), "{} of {} requests' spans and steps are lost: {some:?}", missing.len(), numbers.len());
}

/// Returns what was acknowledged of `numbers` and is not there. Fails for every answer that is wrong: a span with another
/// content than was sent, in another trace, or twice.
pub(crate) fn missing(
    server: &Trackway,
    acknowledged: &BTreeSet<u64>,
    numbers: &BTreeSet<u64>,
    files: Files,
) -> Vec<Piece> {
    let reader = Reader { server, agent: support::agent(), files };
    let (mut traces, mut runs) = (BTreeMap::<String, Vec<Piece>>::new(), BTreeMap::<String, Vec<Piece>>::new());
    for &number in numbers {
        for index in 0..load::spans(number) {
            traces.entry(load::trace(number, index)).or_default().push((number, index));
            if load::is_run(number) {
                runs.entry(load::app(number)).or_default().push((number, index));
            }
        }
    }
    let mut missing = Vec::new();
    for (trace, wanted) in traces {
        let found = reader.spans(&trace);
        missing.extend(wanted.into_iter().filter(|piece| !is_there(&found, *piece, acknowledged)));
    }
    for (run, wanted) in runs {
        missing.extend(reader.missing_steps(&run, wanted));
    }
    missing
}

fn is_there(found: &HashMap<Piece, bool>, (number, index): Piece, acknowledged: &BTreeSet<u64>) -> bool {
    let must_be_finished = !load::begins_open(number, index) || acknowledged.contains(&(number + ENDED_LATER));
    found.get(&(number, index)).is_some_and(|is_finished| *is_finished || !must_be_finished)
}

struct Reader<'a> {
    server: &'a Trackway,
    agent: Agent,
    files: Files,
}

impl Reader<'_> {
    /// Returns the spans of a trace, each with whether it has ended.
    fn spans(&self, trace: &str) -> HashMap<Piece, bool> {
        let mut found = HashMap::new();
        for span in self.pages(&format!("/api/v1/traces/{trace}?limit=1000"), "spans") {
            let (number, index) = piece(&span["name"]);
            assert_eq!(load::trace(number, index), trace, "a span in a trace that is not its own: {span}");
            let has_text = load::is_run(number) || span.to_string().contains(&load::text(number, index));
            assert!(has_text, "another text than was sent: {span}");
            let twice = found.insert((number, index), span["state"] == "finished");
            assert!(twice.is_none(), "a span is there twice: {span}");
        }
        found
    }

    fn missing_steps(&self, run: &str, wanted: Vec<Piece>) -> Vec<Piece> {
        let path = format!("/api/v1/projects/torture/apps/{run}");
        let steps = self.pages(&format!("{path}/steps?limit=200"), "steps");
        let done = steps.iter().filter(|step| step["state"] == "done");
        let done: BTreeSet<(Piece, u64)> =
            done.map(|step| (piece(&step["action"]), step["sequence"].as_u64().unwrap())).collect();
        let is_missing = |&(number, index): &Piece| {
            let sequence = load::sequence(number, index);
            if !done.contains(&((number, index), sequence)) {
                return true;
            }
            let Some(state) = self.get(&format!("{path}/state?seq={sequence}")) else { return true };
            let is_right = state["state"]["number"] == number && state["state"]["text"] == load::text(number, index);
            assert!(is_right, "another state than was sent after step {sequence} of {run}: {state}");
            false
        };
        wanted.into_iter().filter(is_missing).collect()
    }

    /// Reads a list to its end.
    fn pages(&self, path: &str, list: &str) -> Vec<Json> {
        let (mut items, mut next) = (Vec::new(), String::new());
        loop {
            let Some(mut page) = self.get(&format!("{path}{next}")) else { return items };
            items.append(page[list].as_array_mut().unwrap());
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => return items,
            }
        }
    }

    fn get(&self, path: &str) -> Option<Json> {
        let mut answer = self.agent.get(format!("{}{path}", self.server.ui)).call().unwrap();
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(1 << 30).read_to_string().unwrap();
        match status {
            200 => Some(serde_json::from_str(&text).unwrap()),
            404 => None,
            _ if self.files == Files::Damaged => None,
            _ => panic!("{path}: {status}: {text}"),
        }
    }
}

/// Reads the name of a span.
fn piece(name: &Json) -> Piece {
    let parts = name.as_str().and_then(|name| name.strip_prefix("work ")?.split_once('.'));
    let (number, index) = parts.unwrap_or_else(|| panic!("nobody sent a span {name}"));
    (number.parse().unwrap(), index.parse().unwrap())
}

/// Asks for something that must be there.
pub(crate) fn get(server: &Trackway, path: &str) -> Json {
    Reader { server, agent: support::agent(), files: Files::Whole }.get(path).unwrap_or_else(|| panic!("no {path}"))
}

/// Returns the value of a counter.
pub(crate) fn counter(server: &Trackway, name: &str) -> u64 {
    let stats = get(server, "/api/v1/stats");
    let found = stats["counters"].as_array().unwrap().iter().find(|counter| counter["name"] == name);
    found.unwrap_or_else(|| panic!("no counter {name}"))["value"].as_u64().unwrap()
}
