//! Which run is meant, and which step of it; asked of a server that runs, or of the store.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use trackway_model::{RunKey, StepKey};
use trackway_store::{At, Runs};
use ureq::Agent;

use crate::running::{self, escaped};

/// A run and a step of it, as they are named on the command line.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// The application's id, or the run's 32 hexadecimal digits
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// The number of the step [default: the last after which there is a state]
    #[arg(long, value_name = "N")]
    pub(crate) at: Option<u64>,
    /// The how-many-th time that this number began, from 0 [default: the last]
    #[arg(long, value_name = "K", requires = "at")]
    pub(crate) attempt: Option<u32>,
    /// The project of the run [default: the only one that has it]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The partition of the run, "" for none [default: the only one that has it]
    #[arg(long, value_name = "KEY")]
    partition: Option<String>,
}

impl Which {
    /// Finds the run in a store that no server has open.
    pub(crate) fn find(&self, store: &dyn Runs) -> Result<Arc<RunKey>> {
        let projects = match &self.project {
            Some(project) => vec![project.clone()],
            None => store.run_projects()?.into_iter().map(|project| project.name.to_string()).collect(),
        };
        let partition = self.partition.as_deref().map(|partition| Some(partition).filter(|it| !it.is_empty()));
        let mut runs = Vec::new();
        for project in &projects {
            runs.extend(store.find_runs(project, &self.run, partition)?);
        }
        only(runs, &self.run, |run: &Arc<RunKey>| named(&run.project, run.partition.as_deref()))
    }

    /// Returns which step is meant.
    pub(crate) fn step(&self) -> Result<At> {
        Ok(match (self.at, self.attempt) {
            (None, _) => At::LatestState,
            (Some(sequence), None) => At::Sequence(i64::try_from(sequence)?),
            (Some(sequence), Some(attempt)) => At::Step(StepKey { sequence: i64::try_from(sequence)?, attempt }),
        })
    }

    fn query(&self) -> String {
        let mut query = Vec::new();
        query.extend(self.at.map(|at| format!("seq={at}")));
        query.extend(self.attempt.map(|attempt| format!("attempt={attempt}")));
        query.extend(self.partition.as_ref().map(|partition| format!("partition={}", escaped(partition))));
        query.join("&")
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
    found
        .pop()
        .with_context(|| format!("there is no run {run:?} here; `trackway import` reads what was written elsewhere"))
}

/// A server that runs.
pub(crate) struct Remote {
    url: String,
    agent: Agent,
}

/// What a server answered about a step.
pub(crate) struct Answer {
    /// The path that was asked, with its question.
    pub(crate) path: String,
    pub(crate) text: String,
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

/// What a server says when it cannot answer.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Remote {
    pub(crate) fn at(url: String) -> Self {
        Self { url, agent: running::agent(Duration::from_secs(60)) }
    }

    /// Asks something about a step of the run, in whichever project it is; `more` stands behind the question.
    pub(crate) fn ask(&self, which: &Which, what: &str, more: &str) -> Result<Answer> {
        let projects = match &which.project {
            Some(project) => vec![project.clone()],
            None => {
                let all: Projects = serde_json::from_str(&self.must_get("projects")?)?;
                all.projects.into_iter().filter(|it| it.run_count > 0).map(|it| it.name).collect()
            }
        };
        let mut found = Vec::new();
        let mut said = None;
        for project in projects {
            let app = format!("projects/{}/apps/{}", escaped(&project), escaped(&which.run));
            let path = format!("{app}/{what}?{}{more}", which.query());
            match self.get(&path)? {
                (200, text) => found.push((project, Answer { path, text })),
                // Without a run of that name in the project, or without such a step of it.
                (404, text) => match self.get(&app)? {
                    (404, _) => {}
                    _ => said = Some(problem(&text)),
                },
                (_, text) => bail!("{}", problem(&text)),
            }
        }
        if let (true, Some(said)) = (found.is_empty(), said) {
            bail!("{said}");
        }
        only(found, &which.run, |(project, _)| format!("--project {project:?}")).map(|(_, answer)| answer)
    }

    pub(crate) fn must_get(&self, path: &str) -> Result<String> {
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

fn problem(text: &str) -> String {
    serde_json::from_str::<Problem>(text).map_or_else(|_| text.to_owned(), |problem| problem.detail)
}
