//! Runs as a server tells them.

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::value::RawValue;
use trackway_model::{AppRecord, Graph, RunKey, RunPointer, SpanId, StepKey, Text, TraceId};

use super::client::{Answer, Client, encoded};
use crate::{At, Fault, Map, Saved, State, Status, Value, Wanted, foreign::own_fields};

const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

/// Why a run cannot be loaded.
pub(super) enum Unloaded {
    /// It is not said which of these partitions is meant.
    Ambiguous(Vec<String>),
    /// Anything else.
    Unreadable(Fault),
}

impl<E: Into<Fault>> From<E> for Unloaded {
    fn from(error: E) -> Self {
        Self::Unreadable(error.into())
    }
}

/// What a server says of a run that there are several of.
#[derive(Deserialize)]
struct Several {
    partitions: Vec<Option<String>>,
}

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
    after: Option<IgnoredAny>,
    next: Option<String>,
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
    #[serde(default)]
    next: Option<String>,
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
pub(super) fn run(client: &Client, wanted: &Wanted, at: At) -> Result<Option<Saved>, Unloaded> {
    let base = format!("/api/v1/projects/{}/apps/{}", encoded(&wanted.project), encoded(&wanted.app));
    let partition = wanted.partition.as_deref().unwrap_or_default();
    let mut found = ask::<Run>(client, &format!("{base}?partition={}", encoded(partition)))?;
    if found.is_none() && wanted.partition.is_none() {
        // The one without a partition is not there: it may be of any, if there is only one.
        let answer = client.get(&base)?;
        if answer.status.as_u16() == CONFLICT {
            let mut partitions: Vec<_> =
                serde_json::from_slice::<Several>(&answer.body)?.partitions.into_iter().flatten().collect();
            partitions.sort();
            return Err(Unloaded::Ambiguous(partitions));
        }
        found = read(&answer)?;
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
    let place = Place { client, base, partition: encoded(run.partition.as_deref().unwrap_or_default()) };
    let asked = match (at, latest) {
        (At::Step(-1), _) | (At::Latest, None) => None,
        (At::Latest, Some((sequence, attempt))) => Some((sequence, Some(attempt))),
        (At::Step(sequence), _) => Some((sequence, None)),
    };
    let Some((sequence, attempt)) = asked else {
        let stood = place.state(if at == At::Latest { "when=latest" } else { "seq=-1" })?;
        if stood.is_none() && at != At::Latest {
            return Ok(None);
        }
        let first = found.placements.into_iter().find(|placement| placement.after.is_none());
        let next = first.and_then(|placement| placement.next).map(Text::from);
        let (status, state) = (Status::NotBegun, stood.map(|stood| stood.state).unwrap_or_default());
        return Ok(Some(Saved {
            run,
            record,
            step: None,
            action: None,
            span: None,
            status,
            state,
            next,
            chosen: None,
            kept: None,
        }));
    };
    let Some((step, status)) = place.step(sequence, attempt)? else { return Ok(None) };
    let stood = place.state(&match (at, status) {
        (At::Latest, _) => "when=latest".to_owned(),
        (_, Status::Unfinished) => format!("seq={sequence}&attempt={}&when=before", step.attempt),
        _ => format!("seq={sequence}&attempt={}", step.attempt),
    })?;
    let Some(Stood { state, next }) = stood else {
        return Err(format!("nobody told the server of a state at step {sequence}").into());
    };
    Ok(Some(Saved {
        run,
        record,
        span: step.span(),
        step: Some(StepKey { sequence, attempt: step.attempt }),
        action: Some(step.action.into()),
        status,
        state,
        next,
        chosen: step.choice.and_then(|choice| choice.next).map(Text::from),
        kept: None,
    }))
}

/// Where the states and steps of a run are asked for.
struct Place<'a> {
    client: &'a Client,
    base: String,
    partition: String,
}

/// A state, and the action that was set to come next there.
struct Stood {
    state: State,
    next: Option<Text>,
}

impl Step {
    fn span(&self) -> Option<(TraceId, SpanId)> {
        Some((self.trace_id.as_ref()?.parse().ok()?, self.span_id.as_ref()?.parse().ok()?))
    }
}

impl Place<'_> {
    fn step(&self, sequence: i64, attempt: Option<u32>) -> Result<Option<(Step, Status)>, Fault> {
        let asked = attempt.map(|attempt| format!("&attempt={attempt}")).unwrap_or_default();
        let path = format!("{}/steps/{sequence}?partition={}{asked}", self.base, self.partition);
        let Some(step) = ask::<Step>(self.client, &path)? else { return Ok(None) };
        let status = match step.state {
            Stands::Done => Status::Completed,
            Stands::Failed => Status::Failed,
            Stands::Running | Stands::Lost => Status::Unfinished,
        };
        Ok(Some((step, status)))
    }

    /// Returns a state with all that it holds: of one with long fields these are asked for one by one.
    fn state(&self, which: &str) -> Result<Option<Stood>, Fault> {
        let path = format!("{}/state?partition={}&{which}", self.base, self.partition);
        let Some((fields, next)) = self.fields(&path)? else { return Ok(None) };
        let mut whole = fields.clone();
        for (name, _) in fields.iter().filter(|(_, value)| is_cut(value)) {
            let of_name = self.fields(&format!("{path}&key={}", encoded(name)))?;
            let value = of_name.as_ref().and_then(|(fields, _)| fields.get(name));
            let value = value.ok_or_else(|| format!("the field {name} changed while it was read"))?;
            whole = whole.with(name, value.clone());
        }
        Ok(Some(Stood { state: own_fields(State::from(whole)), next: next.map(Text::from) }))
    }

    fn fields(&self, path: &str) -> Result<Option<(Map, Option<String>)>, Fault> {
        let Some(Fields { state, next }) = ask(self.client, path)? else { return Ok(None) };
        let state = Value::from_json(state.get())?;
        let fields = state.as_map().cloned().ok_or("its state is no object of fields")?;
        Ok(Some((fields, next)))
    }
}

fn is_cut(value: &Value) -> bool {
    value.as_map().and_then(|map| map.get("$cut")).and_then(Value::as_bool).unwrap_or_default()
}

fn ask<T: DeserializeOwned>(client: &Client, path: &str) -> Result<Option<T>, Fault> {
    read(&client.get(path)?)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, Fault> {
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
