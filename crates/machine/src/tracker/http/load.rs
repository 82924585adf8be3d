//! Runs as a server tells them.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use trackway_model::{AppRecord, Graph, RunKey, RunPointer, SpanId, StepKey, Text, TraceId};

use super::client::{Answer, Client, encoded};
use crate::{At, Fault, Map, Saved, State, Status, Value, Wanted};

const NOT_FOUND: u16 = 404;

#[derive(Deserialize)]
struct Run {
    app: Summary,
    graph: Option<Machine>,
    #[serde(default)]
    placements: Vec<Placement>,
}

#[derive(Deserialize)]
struct Summary {
    app_id: String,
    partition_key: Option<String>,
    last_sequence: Option<i64>,
    last_attempt: Option<u32>,
    parent: Option<Pointer>,
    spawned_by: Option<Pointer>,
}

#[derive(Deserialize)]
struct Pointer {
    app_id: String,
    partition_key: Option<String>,
    sequence: Option<i64>,
}

#[derive(Deserialize)]
struct Machine {
    entrypoint: Option<String>,
}

#[derive(Deserialize)]
struct Placement {
    after: Option<PlacedAfter>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct PlacedAfter {
    seq: i64,
    attempt: u32,
}

#[derive(Deserialize)]
struct Step {
    attempt: u32,
    action: String,
    trace_id: Option<String>,
    span_id: Option<String>,
    state: Stands,
    #[serde(default)]
    choice: Option<Choice>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Stands {
    Running,
    Done,
    Failed,
    Lost,
}

#[derive(Deserialize)]
struct Choice {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    state: Box<RawValue>,
}

#[derive(Deserialize)]
struct Runs {
    apps: Vec<Summary>,
    next: Option<String>,
}

/// Returns the runs of a project.
pub(super) fn list(client: &Client, project: &str) -> Result<Vec<RunKey>, Fault> {
    let path = format!("/api/v1/projects/{}/apps?limit=1000", encoded(project));
    let (mut runs, mut next) = (Vec::new(), String::new());
    loop {
        let Some(page) = ask::<Runs>(client, &format!("{path}{next}"))? else { return Ok(runs) };
        runs.extend(page.apps.into_iter().map(|app| key(project, app)));
        let Some(cursor) = page.next else { return Ok(runs) };
        next = format!("&cursor={}", encoded(&cursor));
    }
}

/// Returns a run as it stood at a step; `None` when there is no such run, or no such step in it.
pub(super) fn run(client: &Client, wanted: &Wanted, at: At) -> Result<Option<Saved>, Fault> {
    let base = format!("/api/v1/projects/{}/apps/{}", encoded(&wanted.project), encoded(&wanted.app));
    let partition = wanted.partition.as_deref().unwrap_or_default();
    let mut found = ask::<Run>(client, &format!("{base}?partition={}", encoded(partition)))?;
    if found.is_none() && wanted.partition.is_none() {
        // The one without a partition is not there: it may be of any, if there is only one.
        found = ask(client, &base)?;
    }
    let Some(found) = found else { return Ok(None) };
    let record = AppRecord {
        graph: found.graph.map(|graph| Graph { entrypoint: graph.entrypoint.map(Text::from), ..Graph::default() }),
        parent: found.app.parent.as_ref().map(Pointer::pointer),
        spawned_by: found.app.spawned_by.as_ref().map(Pointer::pointer),
        created: None,
    };
    let latest = found.app.last_sequence.zip(found.app.last_attempt);
    let run = key(&wanted.project, found.app);
    let place = Place { client, base, partition: run.partition.as_deref().unwrap_or_default() };
    let asked = match (at, latest) {
        (At::Step(-1), _) | (At::Latest, None) => None,
        (At::Latest, Some((sequence, attempt))) => Some((sequence, Some(attempt))),
        (At::Step(sequence), _) => Some((sequence, None)),
    };
    let mut saved = match asked {
        None => {
            let state = place.state(-1, "")?;
            if state.is_none() && at != At::Latest {
                return Ok(None);
            }
            let state = state.unwrap_or_default();
            Saved {
                run: run.clone(),
                record,
                step: None,
                action: None,
                span: None,
                status: Status::NotBegun,
                state,
                next: None,
                chosen: None,
            }
        }
        Some((sequence, attempt)) => match place.step(&run, record, sequence, attempt)? {
            Some(saved) => saved,
            None => return Ok(None),
        },
    };
    let step = saved.step;
    let is_after =
        |it: &&Placement| it.after.as_ref().map(|it| StepKey { sequence: it.seq, attempt: it.attempt }) == step;
    if let Some(placement) = found.placements.iter().rfind(is_after)
        && (at == At::Latest || step.is_none())
    {
        if let Some(step) = step {
            let sequence = step.sequence;
            return Err(format!("its state was set by hand after step {sequence}, and servers tell only what steps begin and end with: load it at a step, or from where it was written").into());
        }
        saved.next = placement.next.as_deref().map(Text::from);
    }
    Ok(Some(saved))
}

/// Where the states and steps of a run are asked for.
struct Place<'a> {
    client: &'a Client,
    base: String,
    partition: &'a str,
}

impl Step {
    fn span(&self) -> Option<(TraceId, SpanId)> {
        Some((self.trace_id.as_ref()?.parse().ok()?, self.span_id.as_ref()?.parse().ok()?))
    }
}

impl Place<'_> {
    fn step(
        &self,
        run: &RunKey,
        record: AppRecord,
        sequence: i64,
        attempt: Option<u32>,
    ) -> Result<Option<Saved>, Fault> {
        let asked = attempt.map(|attempt| format!("&attempt={attempt}")).unwrap_or_default();
        let path = format!("{}/steps/{sequence}?partition={}{asked}", self.base, encoded(self.partition));
        let Some(step) = ask::<Step>(self.client, &path)? else { return Ok(None) };
        let (status, side) = match step.state {
            Stands::Done => (Status::Completed, "after"),
            Stands::Failed => (Status::Failed, "after"),
            Stands::Running | Stands::Lost => (Status::Unfinished, "before"),
        };
        let state = self.state(sequence, &format!("&attempt={}&when={side}", step.attempt))?;
        Ok(Some(Saved {
            run: run.clone(),
            record,
            span: step.span(),
            step: Some(StepKey { sequence, attempt: step.attempt }),
            action: Some(step.action.into()),
            status,
            state: state.unwrap_or_default(),
            next: None,
            chosen: step.choice.and_then(|choice| choice.next).map(Text::from),
        }))
    }

    /// Returns a state with all that it holds: of one with long fields these are asked for one by one.
    fn state(&self, sequence: i64, which: &str) -> Result<Option<State>, Fault> {
        let path = format!("{}/state?seq={sequence}&partition={}{which}", self.base, encoded(self.partition));
        let Some(fields) = self.fields(&path)? else { return Ok(None) };
        let mut whole = fields.clone();
        for (name, _) in fields.iter().filter(|(_, value)| is_cut(value)) {
            let of_name = self.fields(&format!("{path}&key={}", encoded(name)))?;
            if let Some(value) = of_name.as_ref().and_then(|fields| fields.get(name)) {
                whole = whole.with(name, value.clone());
            }
        }
        Ok(Some(State::from(whole)))
    }

    fn fields(&self, path: &str) -> Result<Option<Map>, Fault> {
        let Some(Fields { state }) = ask(self.client, path)? else { return Ok(None) };
        Ok(Value::from_json(state.get())?.as_map().cloned())
    }
}

fn is_cut(value: &Value) -> bool {
    value.as_map().and_then(|map| map.get("$cut")).and_then(Value::as_bool).unwrap_or_default()
}

fn ask<T: DeserializeOwned>(client: &Client, path: &str) -> Result<Option<T>, Fault> {
    let answer: Answer = client.get(path)?;
    match answer.status.as_u16() {
        NOT_FOUND => Ok(None),
        _ if answer.status.is_success() => {
            let strange = |error| format!("an answer that is none of Trackway's: {error}");
            Ok(Some(serde_json::from_slice(&answer.body).map_err(strange)?))
        }
        _ => Err(answer.message().into()),
    }
}

fn key(project: &str, app: Summary) -> RunKey {
    RunKey { project: project.into(), partition: app.partition_key.map(Text::from), app: app.app_id.into() }
}

impl Pointer {
    fn pointer(&self) -> RunPointer {
        let partition = self.partition_key.as_deref().map(Text::from);
        RunPointer { app: self.app_id.as_str().into(), partition, sequence: self.sequence }
    }
}
