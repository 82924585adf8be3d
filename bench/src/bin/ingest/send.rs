//! Sends a load as fast as it is acknowledged.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use ureq::Agent;

use crate::load::Load;

/// What came of a load.
#[derive(Default)]
pub(crate) struct Sent {
    /// Spans whose request was acknowledged.
    pub(crate) spans: usize,
    /// Requests that were answered with anything but 200.
    pub(crate) refused: usize,
    /// What the first of these answers said.
    pub(crate) refusal: Option<String>,
    /// From the first byte of a request to the last of its acknowledgement.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) elapsed: Duration,
}

/// Returns a client of one connection.
pub(crate) fn client() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(Duration::from_secs(60))).build().into()
}

/// Sends every request once, each over whichever connection is free first, until the time is over.
pub(crate) fn all(url: &str, load: &Load, connections: usize, most: Duration) -> Result<Sent> {
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    let parts = thread::scope(|scope| {
        let connection = || scope.spawn(|| some(url, load, &next, began + most));
        let connections: Vec<_> = (0..connections).map(|_| connection()).collect();
        connections
            .into_iter()
            .map(|it| it.join().map_err(|_| anyhow!("a sender panicked"))?)
            .collect::<Result<Vec<_>>>()
    });
    let mut sent = Sent { elapsed: began.elapsed(), ..Sent::default() };
    for part in parts? {
        sent.spans += part.spans;
        sent.refused += part.refused;
        sent.refusal = sent.refusal.or(part.refusal);
        sent.latencies.extend(part.latencies);
    }
    Ok(sent)
}

/// The part of the load that one connection gets hold of.
fn some(url: &str, load: &Load, next: &AtomicUsize, end: Instant) -> Result<Sent> {
    let (client, url) = (client(), format!("{url}/v1/traces"));
    let mut sent = Sent::default();
    while Instant::now() < end
        && let Some(request) = load.requests.get(next.fetch_add(1, Relaxed))
    {
        let began = Instant::now();
        let mut answer = client.post(&url).content_type("application/x-protobuf").send(&*request.body)?;
        let body = answer.body_mut().read_to_vec()?;
        sent.latencies.push(began.elapsed());
        // An acknowledgement that says anything else than nothing rejects something.
        if answer.status() == 200 && body.is_empty() {
            sent.spans += request.spans;
        } else {
            sent.refused += 1;
            sent.refusal.get_or_insert_with(|| format!("{} {}", answer.status(), String::from_utf8_lossy(&body)));
        }
    }
    Ok(sent)
}
