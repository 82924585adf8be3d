//! Looks for what was stored, and measures how long that takes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;
use ureq::Agent;

use crate::{load::Random, send::client};

/// How often each question is asked.
pub(crate) const TIMES: usize = 200;

/// What was found again, and how long each answer took, its last byte included.
pub(crate) struct Reads {
    pub(crate) spans: usize,
    pub(crate) traces: usize,
    pub(crate) list: Vec<Duration>,
    pub(crate) tree: Vec<Duration>,
}

/// Counts every stored span, then reads the newest traces and the waterfalls of random ones.
pub(crate) fn all(url: &str, seed: u64) -> Result<Reads> {
    let client = client();
    let counts = counts(&client, url)?;
    let mut random = Random(seed);
    let mut list = Vec::with_capacity(TIMES);
    let mut tree = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let (traces, took) = get(&client, &format!("{url}/api/v1/traces?limit=50"))?;
        ensure!(array(&traces, "traces")?.len() == counts.len().min(50), "the list is short");
        list.push(took);
    }
    for _ in 0..TIMES {
        let (id, spans) = counts.get(random.below(counts.len())).context("nothing is stored")?;
        let (trace, took) = get(&client, &format!("{url}/api/v1/traces/{id}?fields=tree"))?;
        ensure!(array(&trace, "spans")?.len() == *spans, "the trace {id} has lost spans");
        tree.push(took);
    }
    Ok(Reads { spans: counts.iter().map(|(_, spans)| spans).sum(), traces: counts.len(), list, tree })
}

/// Returns the id and the number of spans of every trace.
fn counts(client: &Agent, url: &str) -> Result<Vec<(String, usize)>> {
    let mut counts = Vec::new();
    let mut cursor = String::new();
    loop {
        let (page, _) = get(client, &format!("{url}/api/v1/traces?limit=1000&cursor={cursor}"))?;
        for trace in array(&page, "traces")? {
            let id = trace.get("trace_id").and_then(Json::as_str).context("no id")?;
            let spans = trace.get("span_count").and_then(Json::as_u64).context("no count")?;
            counts.push((id.to_owned(), usize::try_from(spans)?));
        }
        match page.get("next").and_then(Json::as_str) {
            Some(next) => cursor = next.to_owned(),
            None => return Ok(counts),
        }
    }
}

fn get(client: &Agent, url: &str) -> Result<(Json, Duration)> {
    let began = Instant::now();
    let mut answer = client.get(url).call()?;
    let body = answer.body_mut().read_to_vec()?;
    let took = began.elapsed();
    ensure!(answer.status() == 200, "{url}: {}", String::from_utf8_lossy(&body));
    Ok((serde_json::from_slice(&body)?, took))
}

fn array<'a>(json: &'a Json, name: &str) -> Result<&'a Vec<Json>> {
    json.get(name).and_then(Json::as_array).with_context(|| format!("no {name}"))
}
