//! Finding a Trackway that is already running.

use std::{path::Path, time::Duration};

use serde::Deserialize;
use ureq::Agent;

/// What a server tells of itself.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Health {
    name: String,
    pub(crate) pid: u32,
    pub(crate) data_dir: String,
    pub(crate) listeners: Vec<Listener>,
}

/// Where a server listens.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Listener {
    pub(crate) name: String,
    pub(crate) address: Option<String>,
    pub(crate) state: String,
}

/// Talks to servers on this machine, never through a proxy.
pub(crate) fn agent(timeout: Duration) -> Agent {
    Agent::config_builder().timeout_global(Some(timeout)).proxy(None).http_status_as_error(false).build().into()
}

/// Asks whether a Trackway answers at `url`.
pub(crate) fn health(url: &str) -> Option<Health> {
    let answer = agent(Duration::from_secs(2)).get(format!("{url}/api/v1/health")).call();
    let text = answer.ok()?.body_mut().read_to_string().ok()?;
    serde_json::from_str(&text).ok().filter(|health: &Health| health.name == "trackway")
}

/// Returns the address of the server that owns a directory, if one answers.
pub(crate) fn owner_of(data_dir: &Path) -> Option<String> {
    let owner = trackway_store::owner(data_dir)?;
    health(&owner.url).map(|_| owner.url)
}
