//! `trackway state`: the state of a run after a step, for whatever reads JSON.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use trackway_model::{RunKey, StepKey};
use trackway_store::{At, Runs};
use ureq::Agent;

use crate::{
    print,
    running::{self, escaped},
    serve,
    settings::Flags,
};

/// What `trackway state` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct State {
    /// The application's id, or the run's 32 hexadecimal digits
    #[arg(value_name = "RUN")]
    run: String,
    /// The number of the step [default: the last after which there is a state]
    #[arg(long, value_name = "N")]
    at: Option<u64>,
    /// The how-many-th time that this number began, from 0 [default: the last]
    #[arg(long, value_name = "K", requires = "at")]
    attempt: Option<u32>,
    /// The project of the run [default: the only one that has it]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The partition of the run, "" for none [default: the only one that has it]
    #[arg(long, value_name = "KEY")]
    partition: Option<String>,
}

/// A state and the step that it is after.
struct Found {
    sequence: i64,
    attempt: u32,
    action: String,
    state: String,
}

/// Prints the state, and tells which it is.
pub(crate) fn run(flags: Flags, asked: State) -> Result<()> {
    let settings = flags.resolve()?;
    let found = match running::owner_of(&settings.data_dir) {
        Some(url) => Remote { url, agent: running::agent(Duration::from_secs(60)) }.find(&asked)?,
        None => in_store(&serve::open(&settings)?.0, &asked)?,
    };
    let Found { sequence, attempt, action, state } = found;
    let again = if attempt > 0 { format!(", attempt {attempt}") } else { String::new() };
    print::talk(format_args!("the state after step {sequence} ({action}{again})"));
    print::data(state)
}

/// Looks for a state in a store that no server has open.
fn in_store(store: &dyn Runs, asked: &State) -> Result<Found> {
    let projects = match &asked.project {
        Some(project) => vec![project.clone()],
        None => store.run_projects()?.into_iter().map(|project| project.name.to_string()).collect(),
    };
    let partition = asked.partition.as_deref().map(|partition| Some(partition).filter(|it| !it.is_empty()));
    let mut runs = Vec::new();
    for project in &projects {
        runs.extend(store.find_runs(project, &asked.run, partition)?);
    }
    let run = only(runs, &asked.run, |run: &Arc<RunKey>| named(&run.project, run.partition.as_deref()))?;
    let at = match (asked.at, asked.attempt) {
        (None, _) => At::LatestState,
        (Some(sequence), None) => At::Sequence(i64::try_from(sequence)?),
        (Some(sequence), Some(attempt)) => At::Step(StepKey { sequence: i64::try_from(sequence)?, attempt }),
    };
    let step = store.locate(&run, at)?.with_context(|| no_state(asked))?;
    let state = store.state(&run, step)?.with_context(|| no_state(asked))?;
    let action = store.step(&run, step)?.map(|detail| detail.step.action.to_string()).unwrap_or_default();
    Ok(Found { sequence: step.sequence, attempt: step.attempt, action, state: state.0.to_string() })
}

fn no_state(asked: &State) -> String {
    match asked.at {
        Some(at) => format!("{} has no state after a step {at}", asked.run),
        None => format!("{} has no state yet", asked.run),
    }
}

fn named(project: &str, partition: Option<&str>) -> String {
    match partition {
        Some(partition) => format!("--project {project:?} --partition {partition:?}"),
        None => format!("--project {project:?} --partition \"\""),
    }
}

/// The only one of several, or a word on how to tell them apart.
fn only<T>(mut found: Vec<T>, run: &str, name: impl Fn(&T) -> String) -> Result<T> {
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(name).collect();
        bail!("there are {} runs {run:?}; say which: {}", names.len(), names.join(", or "));
    }
    found.pop().with_context(|| format!("there is no run {run:?} here; `trackway import` reads what Burr wrote"))
}

/// A server that runs.
struct Remote {
    url: String,
    agent: Agent,
}

#[derive(Deserialize)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    name: String,
    run_count: u64,
}

/// A server's answer about a state, its fields as they are written.
#[derive(Deserialize)]
struct Answer {
    seq: i64,
    attempt: u32,
    action: String,
    state: Box<RawValue>,
}

/// What stands for a field that is too large to be sent unasked.
#[derive(Deserialize)]
struct Cut {
    #[serde(rename = "$cut")]
    _cut: bool,
}

/// What a server says when it cannot answer.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Remote {
    fn find(&self, asked: &State) -> Result<Found> {
        let projects = match &asked.project {
            Some(project) => vec![project.clone()],
            None => {
                let all: Projects = serde_json::from_str(&self.must_get("projects")?)?;
                all.projects.into_iter().filter(|it| it.run_count > 0).map(|it| it.name).collect()
            }
        };
        let mut found = Vec::new();
        let mut said = None;
        for project in projects {
            let path = format!("projects/{}/apps/{}/state?{}", escaped(&project), escaped(&asked.run), query(asked));
            match self.get(&path)? {
                (200, text) => found.push((project, path, text)),
                (404, text) => said = Some(problem(&text)),
                (_, text) => bail!("{}", problem(&text)),
            }
        }
        if let (true, Some(said)) = (found.is_empty(), said.filter(|_| asked.project.is_some())) {
            bail!("{said}");
        }
        let (_, path, text) = only(found, &asked.run, |(project, ..)| format!("--project {project:?}"))?;
        let answer: Answer = serde_json::from_str(&text).with_context(|| format!("the server answered {text:?}"))?;
        let state = self.whole(&path, &answer.state)?;
        Ok(Found { sequence: answer.seq, attempt: answer.attempt, action: answer.action, state })
    }

    /// Puts the fields in their places that the server left out for their size.
    fn whole(&self, path: &str, state: &RawValue) -> Result<String> {
        let Ok(fields) = serde_json::from_str::<Fields<'_>>(state.get()) else { return Ok(state.get().to_owned()) };
        let is_cut = |value: &RawValue| value.get().len() < 64 && serde_json::from_str::<Cut>(value.get()).is_ok();
        if !fields.0.iter().any(|(_, value)| is_cut(value)) {
            return Ok(state.get().to_owned());
        }
        let mut whole = Vec::with_capacity(fields.0.len());
        for (key, value) in fields.0 {
            let value = if is_cut(value) { self.field(path, &key)? } else { value.get().to_owned() };
            whole.push(format!("{}:{value}", serde_json::to_string(&key)?));
        }
        Ok(format!("{{{}}}", whole.join(",")))
    }

    fn field(&self, path: &str, key: &str) -> Result<String> {
        let answer: Answer = serde_json::from_str(&self.must_get(&format!("{path}&key={}", escaped(key)))?)?;
        let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(answer.state.get())?;
        fields.remove(key).map(|value| value.get().to_owned()).with_context(|| format!("the server lost {key:?}"))
    }

    fn must_get(&self, path: &str) -> Result<String> {
        match self.get(path)? {
            (200, text) => Ok(text),
            (_, text) => bail!("{}", problem(&text)),
        }
    }

    fn get(&self, path: &str) -> Result<(u16, String)> {
        let url = format!("{}/api/v1/{path}", self.url);
        let mut answer = self.agent.get(&url).call().with_context(|| format!("{url} does not answer"))?;
        let text = answer.body_mut().with_config().limit(u64::MAX).read_to_string().context("the answer broke off")?;
        Ok((answer.status().as_u16(), text))
    }
}

/// The fields of an object in their order.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn query(asked: &State) -> String {
    let mut query = Vec::new();
    query.extend(asked.at.map(|at| format!("seq={at}")));
    query.extend(asked.attempt.map(|attempt| format!("attempt={attempt}")));
    query.extend(asked.partition.as_ref().map(|partition| format!("partition={}", escaped(partition))));
    query.join("&")
}

fn problem(text: &str) -> String {
    serde_json::from_str::<Problem>(text).map_or_else(|_| text.to_owned(), |problem| problem.detail)
}
