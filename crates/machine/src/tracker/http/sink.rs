//! Sends the facts of runs, and checks what the server says it has.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;
use trackway_model::{RunKey, StepKey};

use super::client::{Client, encoded};
use crate::{
    Entry, Fact, Fault,
    tracker::{Sink, directory},
};

/// So many bytes of lines are sent in one request, and one line more.
const MOST_BYTES: usize = 4 << 20;

/// Writes entries by sending them: what the server acknowledges is durable.
pub(super) struct Sender {
    client: Arc<Client>,
}

#[derive(Deserialize)]
struct Recorded {
    acked: Vec<String>,
    #[serde(default)]
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Rejected {
    reason: String,
}

/// Lines of one run that wait for their request.
#[derive(Default)]
struct Request {
    lines: Vec<u8>,
    /// The places of the facts among all, and the keys by which the server acknowledges them.
    facts: Vec<(usize, String)>,
}

impl Sender {
    pub(super) fn new(client: Arc<Client>) -> Self {
        Self { client }
    }

    fn send(&self, run: &RunKey, request: &Request, outcomes: &mut [Result<(), Fault>]) -> Result<(), Fault> {
        let answer = self.client.post(&path(run), &request.lines)?;
        if !answer.status.is_success() {
            return Err(format!("{} answered {}", self.client.address(), answer.message()).into());
        }
        let recorded: Recorded = serde_json::from_slice(&answer.body)
            .map_err(|error| format!("{} gave an answer that is none of Trackway's: {error}", self.client.address()))?;
        let mut rejected = recorded.rejected.into_iter();
        let mut left: HashMap<&str, usize> = HashMap::new();
        for key in &recorded.acked {
            *left.entry(key).or_default() += 1;
        }
        for (place, key) in &request.facts {
            match left.get_mut(&**key).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None => {
                    let why = rejected.next().map_or_else(|| "it says nothing of it".into(), |line| line.reason);
                    let lost = format!("{} did not take {key}: {why}", self.client.address());
                    if let Some(outcome) = outcomes.get_mut(*place) {
                        *outcome = Err(lost.into());
                    }
                }
            }
        }
        Ok(())
    }
}

impl Sink for Sender {
    fn write(&mut self, entries: Vec<Entry>) -> Vec<Result<(), Fault>> {
        let mut outcomes: Vec<Result<(), Fault>> = entries.iter().map(|_| Ok(())).collect();
        let mut runs: Vec<&Arc<RunKey>> = Vec::new();
        for entry in &entries {
            if !runs.contains(&&entry.run) {
                runs.push(&entry.run);
            }
        }
        for run in runs {
            let mut of_run = entries.iter().enumerate().filter(|(_, entry)| entry.run == *run).peekable();
            while of_run.peek().is_some() {
                let mut request = Request::default();
                while request.lines.len() < MOST_BYTES
                    && let Some((place, entry)) = of_run.next()
                {
                    if let Some(key) = key(&entry.fact) {
                        directory::write_line(run, &entry.fact, &mut request.lines);
                        request.facts.push((place, key));
                    }
                }
                if request.facts.is_empty() {
                    continue;
                }
                if let Err(error) = self.send(run, &request, &mut outcomes) {
                    // What stands behind it must not arrive without it.
                    let why = error.to_string();
                    for place in
                        request.facts.iter().map(|(place, _)| *place).chain(of_run.by_ref().map(|(place, _)| place))
                    {
                        if let Some(outcome) = outcomes.get_mut(place) {
                            *outcome = Err(why.clone().into());
                        }
                    }
                }
            }
        }
        outcomes
    }
}

/// Returns the address at which the lines of a run are taken.
fn path(run: &RunKey) -> String {
    let partition = run.partition.as_deref().map(|name| format!("?partition={}", encoded(name))).unwrap_or_default();
    format!("/api/v1/projects/{}/apps/{}/records{partition}", encoded(&run.project), encoded(&run.app))
}

/// Returns the key by which a server acknowledges a fact; `None` for one that it is not told.
fn key(fact: &Fact) -> Option<String> {
    let step = |step: &StepKey| format!("{}.{}", step.sequence, step.attempt);
    Some(match fact {
        Fact::Opened(_) => "app".into(),
        Fact::Placed(placed) => {
            placed.after.as_ref().map_or_else(|| "state".into(), |after| format!("{}:state", step(after)))
        }
        Fact::Begun(begun) => format!("{}:begin", step(&begun.step)),
        Fact::Ended(ended) => format!("{}:end", step(&ended.step)),
        Fact::Noted(noted) => {
            format!("{}:attribute:{}:{}", step(&noted.step), noted.span.as_deref().unwrap_or_default(), noted.key)
        }
        Fact::Child(it) => format!("child:{}:{}", it.child.partition.as_deref().unwrap_or_default(), it.child.app),
        Fact::Span(span) => format!("span:{}", span.span_id),
        Fact::Closed => return None,
    })
}
