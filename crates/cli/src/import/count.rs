//! What was imported.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use trackway_model::{RunFact, RunKey, SpanId, StepKey};
use trackway_wire::burr::Item;

/// How many kinds of flagged lines are told; the others count as one.
const MOST_KINDS: usize = 20;
const OTHER_KINDS: &str = "something else";

/// What one source brought; what is told again as more becomes known counts once.
#[derive(Debug, Default)]
pub(crate) struct Count {
    runs: HashSet<RunKey>,
    steps: HashSet<(RunKey, StepKey)>,
    spans: HashSet<SpanId>,
    suspects: HashSet<(RunKey, StepKey)>,
    /// Lines that were told of, by what they say and where.
    places: HashSet<String>,
    flagged: BTreeMap<String, u64>,
    pub(super) annotations: u64,
    /// Logs whose last line has no end.
    pub(super) unfinished: u64,
}

/// What all sources brought.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) total: Total,
    flagged: BTreeMap<String, u64>,
    /// Symbolic links that were passed by.
    pub(super) links: u64,
    /// What could not be read or stored.
    pub(super) errors: Vec<String>,
    /// How many sources were read.
    pub(super) read: usize,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(super) struct Total {
    pub(super) runs: u64,
    steps: u64,
    spans: u64,
    annotations: u64,
    /// Steps whose state is likely that of before.
    suspect_states: u64,
    unfinished_lines: u64,
}

/// The line of JSON that programs read.
#[derive(Debug, Serialize)]
pub(super) struct Summary<'a> {
    #[serde(flatten)]
    total: Total,
    flagged: &'a BTreeMap<String, u64>,
    links_passed_by: u64,
    errors: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    ui: Option<&'a str>,
}

impl Count {
    /// Notes what is told of a run.
    pub(super) fn note(&mut self, run: &RunKey, items: &[Item]) {
        if !items.is_empty() {
            self.runs.insert(run.clone());
        }
        for item in items {
            match item {
                Item::Span(span) => {
                    self.spans.insert(span.span_id);
                }
                Item::Fact(record) => self.note_fact(run, &record.fact),
            }
        }
    }

    fn note_fact(&mut self, run: &RunKey, fact: &RunFact) {
        match fact {
            RunFact::Begin(begin) => {
                self.steps.insert((run.clone(), begin.step));
            }
            RunFact::End(end) => {
                self.steps.insert((run.clone(), end.step));
                if end.is_suspect {
                    self.suspects.insert((run.clone(), end.step));
                }
            }
            RunFact::Remark(remark) if self.places.insert(remark.place.to_string()) => self.flag(&remark.what),
            _ => {}
        }
    }

    /// Returns what could not be used, with how often.
    pub(crate) fn flagged(&self) -> &BTreeMap<String, u64> {
        &self.flagged
    }

    /// Notes that something could not be used.
    pub(super) fn flag(&mut self, what: &str) {
        flag(&mut self.flagged, what, 1);
    }
}

fn flag(flagged: &mut BTreeMap<String, u64>, what: &str, times: u64) {
    let is_known = flagged.contains_key(what) || flagged.len() < MOST_KINDS;
    *flagged.entry(if is_known { what } else { OTHER_KINDS }.to_owned()).or_default() += times;
}

impl Tally {
    pub(super) fn add(&mut self, count: &Count) {
        let Total { runs, steps, spans, annotations, suspect_states, unfinished_lines } = &mut self.total;
        *runs += count.runs.len() as u64;
        *steps += count.steps.len() as u64;
        *spans += count.spans.len() as u64;
        *annotations += count.annotations;
        *suspect_states += count.suspects.len() as u64;
        *unfinished_lines += count.unfinished;
        count.flagged.iter().for_each(|(what, times)| flag(&mut self.flagged, what, *times));
    }

    pub(super) fn summary<'a>(&'a self, ui: Option<&'a str>) -> Summary<'a> {
        let Self { total, flagged, links, errors, .. } = self;
        Summary { total: *total, flagged, links_passed_by: *links, errors, ui }
    }

    /// Tells what was imported, a number and a name in each line.
    pub(super) fn lines(&self) -> Vec<String> {
        let Total { runs, steps, spans, annotations, suspect_states, unfinished_lines } = self.total;
        let mut lines = vec![row(runs, "runs"), row(steps, "steps"), row(spans, "spans")];
        let mut some = |number, name: &str| {
            if number > 0 {
                lines.push(row(number, name));
            }
        };
        some(annotations, "annotations");
        some(suspect_states, "steps flagged: the state after them is likely that of before");
        self.flagged.iter().for_each(|(what, times)| some(*times, &format!("flagged: {what}")));
        some(unfinished_lines, "logs whose last line has no end yet; import again when it has");
        some(self.links, "symbolic links passed by");
        lines
    }
}

fn row(number: u64, name: &str) -> String {
    format!("{number:>9}  {name}")
}
