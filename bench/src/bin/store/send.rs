//! Sends a part of the load as fast as it is acknowledged.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use ureq::Agent;

use crate::load::Request;

/// How often a request is sent again that was refused for the moment.
const TRIES: usize = 600;
/// How long a refused sender waits.
const PAUSE: Duration = Duration::from_millis(50);

/// What came of a load so far.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) spans: usize,
    /// Answers that asked to come again.
    pub(crate) refused: usize,
    /// From the first byte of an accepted request to the last of its acknowledgement.
    pub(crate) latencies: Vec<Duration>,
    /// While there was something to send.
    pub(crate) elapsed: Duration,
}

/// Returns a client of one connection.
pub(crate) fn client() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).proxy(None);
    config.timeout_global(Some(Duration::from_secs(300))).build().into()
}

impl Sent {
    /// Sends every request once, each over whichever connection is free first.
    pub(crate) fn add(&mut self, url: &str, requests: &[Request], connections: usize, total: &AtomicU64) -> Result<()> {
        let (next, began) = (AtomicUsize::new(0), Instant::now());
        let parts = thread::scope(|scope| {
            let connections: Vec<_> =
                (0..connections).map(|_| scope.spawn(|| some(url, requests, &next, total))).collect();
            let joined = connections.into_iter().map(|it| it.join().map_err(|_| anyhow!("a sender panicked"))?);
            joined.collect::<Result<Vec<_>>>()
        });
        self.elapsed += began.elapsed();
        for part in parts? {
            self.spans += part.spans;
            self.refused += part.refused;
            self.latencies.extend(part.latencies);
        }
        Ok(())
    }
}

fn some(url: &str, requests: &[Request], next: &AtomicUsize, total: &AtomicU64) -> Result<Sent> {
    let (client, url) = (client(), format!("{url}/v1/traces"));
    let mut sent = Sent::default();
    while let Some(request) = requests.get(next.fetch_add(1, Relaxed)) {
        let mut tries = 0;
        loop {
            let began = Instant::now();
            let mut answer = client.post(&url).content_type("application/x-protobuf").send(&*request.body)?;
            let body = answer.body_mut().read_to_vec()?;
            if answer.status() == 200 {
                ensure!(body.is_empty(), "a part was rejected: {}", String::from_utf8_lossy(&body));
                sent.latencies.push(began.elapsed());
                break;
            }
            tries += 1;
            let may_come_again = [429, 503].contains(&answer.status().as_u16()) && tries < TRIES;
            ensure!(may_come_again, "{}: {}", answer.status(), String::from_utf8_lossy(&body));
            sent.refused += 1;
            thread::sleep(PAUSE);
        }
        sent.spans += request.spans;
        total.fetch_add(request.spans as u64, Relaxed);
    }
    Ok(sent)
}
