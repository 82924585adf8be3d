//! Where what is read goes: to the server that runs, or into the store that no server has open.

use std::{sync::Arc, thread, time::Duration};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::runtime::Runtime;
use trackway_model::{Annotation, RunKey, Text, Timestamp};
use trackway_server::watch::Importer;
use trackway_store::system_clock;
use trackway_wire::{burr::Item, records};
use ureq::Agent;

use super::count::Count;
use crate::{
    running::{self, escaped},
    serve,
    settings::Settings,
};

/// How much is sent at once, in bytes; a longer line goes alone.
const MOST_BYTES: usize = 4 << 20;
/// How often in a row a server that is busy is asked again.
const MOST_RETRIES: u32 = 60;
/// How long to wait where a busy server does not say.
const WAIT: Duration = Duration::from_secs(2);

/// Where what is read goes.
pub(crate) enum Sink {
    Server { url: String, agent: Agent },
    Store { importer: Box<Importer>, runtime: Runtime },
}

/// A server's answer to records.
#[derive(Debug, Deserialize)]
struct Answer {
    rejected: Vec<Rejected>,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    reason: String,
}

impl Sink {
    /// Sends to a server.
    pub(crate) fn through(url: &str) -> Self {
        Self::Server { url: url.to_owned(), agent: running::agent(Duration::from_secs(120)) }
    }

    /// Stores into the directory, which no other process may have open.
    pub(crate) fn into_store(settings: &Settings) -> Result<Self> {
        let (store, _) = serve::open(settings)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
        let importer = Importer::new(&settings.server, Arc::new(store), system_clock());
        Ok(Self::Store { importer: Box::new(importer), runtime })
    }

    /// Stores what is told of a run; it is durable when this returns.
    pub(crate) fn send(&self, run: &Arc<RunKey>, items: Vec<Item>, count: &mut Count) -> Result<()> {
        match self {
            Self::Store { importer, runtime } => {
                runtime.block_on(importer.take(run, items)).map_err(anyhow::Error::msg)
            }
            Self::Server { url, agent } => {
                let url = records_url(url, run);
                let mut body = String::new();
                for item in &items {
                    let line = records::encode(item);
                    if !body.is_empty() && body.len() + line.len() >= MOST_BYTES {
                        post_records(agent, &url, std::mem::take(&mut body), count)?;
                    }
                    body += &line;
                    body.push('\n');
                }
                if body.is_empty() { Ok(()) } else { post_records(agent, &url, body, count) }
            }
        }
    }

    /// Stores a request of the OpenAI Agents SDK's own tracing; it is durable when this returns.
    pub(crate) fn tell(&self, project: &Text, body: &[u8]) -> Result<()> {
        match self {
            Self::Store { importer, runtime } => {
                let body = body.to_vec().into();
                runtime.block_on(importer.take_agents(project.clone(), body)).map_err(anyhow::Error::msg)
            }
            Self::Server { url, agent } => {
                let headers = [("content-type", "application/json"), ("trackway-project", &**project)];
                send(agent, &format!("{url}/v1/traces/ingest"), &headers, body).map(drop)
            }
        }
    }

    /// Stores annotations of a project.
    pub(super) fn annotate(&self, project: &Text, annotations: Vec<Annotation>) -> Result<()> {
        match self {
            Self::Store { importer, runtime } => {
                runtime.block_on(importer.annotate(annotations)).map_err(anyhow::Error::msg)
            }
            Self::Server { url, agent } => {
                let url = format!("{url}/api/v1/projects/{}/annotations", escaped(project));
                let mut body = String::new();
                for annotation in &annotations {
                    body += &line_of(annotation)?;
                    body.push('\n');
                }
                if body.is_empty() { Ok(()) } else { post(agent, &url, body.as_bytes()).map(drop) }
            }
        }
    }
}

/// Writes an annotation as Burr does, its times in UTC.
fn line_of(annotation: &Annotation) -> Result<String> {
    let time = |time: Option<Timestamp>| {
        let time = time.and_then(|time| jiff::Timestamp::from_nanosecond(i128::from(time.0)).ok());
        time.map(|time| time.to_string())
    };
    let observations: Box<RawValue> = serde_json::from_str(&annotation.observations.0)?;
    let tags: Vec<&str> = annotation.tags.iter().map(|tag| &**tag).collect();
    let line = Line {
        id: annotation.id,
        app_id: &annotation.run.app,
        partition_key: annotation.run.partition.as_deref(),
        step_sequence_id: annotation.sequence,
        step_name: &annotation.step_name,
        span_id: annotation.span.as_deref(),
        tags,
        observations,
        created: time(annotation.created),
        updated: time(annotation.updated),
    };
    Ok(serde_json::to_string(&line)?)
}

/// A line of `annotations.jsonl`.
#[derive(Serialize)]
struct Line<'a> {
    id: u64,
    app_id: &'a str,
    partition_key: Option<&'a str>,
    step_sequence_id: i64,
    step_name: &'a str,
    span_id: Option<&'a str>,
    tags: Vec<&'a str>,
    observations: Box<RawValue>,
    created: Option<String>,
    updated: Option<String>,
}

fn records_url(server: &str, run: &RunKey) -> String {
    let mut url = format!("{server}/api/v1/projects/{}/apps/{}/records", escaped(&run.project), escaped(&run.app));
    if let Some(partition) = &run.partition {
        url += &format!("?partition={}", escaped(partition));
    }
    url
}

fn post_records(agent: &Agent, url: &str, body: String, count: &mut Count) -> Result<()> {
    let text = post(agent, url, body.as_bytes())?;
    let answer: Answer = serde_json::from_str(&text).with_context(|| format!("{url} answered {text:?}"))?;
    answer.rejected.iter().for_each(|rejected| count.flag(&format!("refused by the server: {}", rejected.reason)));
    Ok(())
}

/// Sends lines until the server takes them.
fn post(agent: &Agent, url: &str, body: &[u8]) -> Result<String> {
    send(agent, url, &[("content-type", "application/x-ndjson")], body)
}

fn send(agent: &Agent, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<String> {
    for _ in 0..MOST_RETRIES {
        let request = headers.iter().fold(agent.post(url), |request, (name, value)| request.header(*name, *value));
        let mut answer = request.send(body).with_context(|| format!("{url} does not answer"))?;
        let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse().ok());
        let text = answer.body_mut().read_to_string().context("the answer broke off")?;
        match answer.status().as_u16() {
            200..300 => return Ok(text),
            503 => thread::sleep(wait.map_or(WAIT, Duration::from_secs)),
            status => bail!("the server refused it ({status}): {text}"),
        }
    }
    bail!("the server is busy, or its store is full; try again later, or delete what is not needed")
}
