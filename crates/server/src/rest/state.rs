//! How the server is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::rfc3339;
use crate::{App, ListenerState};

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    status: HealthStatus,
    /// Always `trackway`: tells this server from another one on its port.
    name: &'static str,
    version: &'static str,
    started: String,
    pid: u32,
    data_dir: String,
    listeners: Vec<Listener>,
}

/// `read_only` after the disk failed: nothing more is taken, everything can be read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    Ok,
    ReadOnly,
}

/// Where the server listens.
#[derive(Debug, Serialize, ToSchema)]
struct Listener {
    /// `main`, `otlp_http` or `otlp_grpc`.
    name: &'static str,
    #[schema(required)]
    address: Option<String>,
    state: ListenState,
    /// What to do when the port was taken.
    #[schema(required)]
    message: Option<String>,
}

/// Whether a listener is there; `taken`: another program has its default port.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ListenState {
    Ready,
    Taken,
    Off,
}

/// Every counter with its meaning.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stats {
    counters: Vec<Counter>,
}

/// A number that the server keeps about itself.
#[derive(Debug, Serialize, ToSchema)]
struct Counter {
    /// Dotted, `store.spans`.
    name: &'static str,
    value: u64,
    unit: &'static str,
    /// What it counts.
    help: &'static str,
}

/// Tells how the server is, and where it listens.
#[utoipa::path(get, path = "/api/v1/health", tag = "server", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(app): State<Arc<App>>) -> Json<Health> {
    let read_only = app.query.counters().iter().any(|counter| counter.name == "store.read_only" && counter.value > 0);
    let listener = |listener: &crate::Listener| {
        let (state, message) = match &listener.state {
            ListenerState::Ready => (ListenState::Ready, None),
            ListenerState::Taken(message) => (ListenState::Taken, Some(message.clone())),
            ListenerState::Off => (ListenState::Off, None),
        };
        let address = listener.address.map(|address| address.to_string());
        Listener { name: listener.name, address, state, message }
    };
    Json(Health {
        status: if read_only { HealthStatus::ReadOnly } else { HealthStatus::Ok },
        name: "trackway",
        version: env!("CARGO_PKG_VERSION"),
        started: rfc3339(app.started),
        pid: std::process::id(),
        data_dir: app.data_dir.clone(),
        listeners: app.listeners.iter().map(listener).collect(),
    })
}

/// Returns every counter.
#[utoipa::path(get, path = "/api/v1/stats", tag = "server", responses((status = 200, body = Stats)))]
pub(crate) async fn stats(State(app): State<Arc<App>>) -> Json<Stats> {
    let counters = app.counters.list().into_iter().chain(app.query.counters());
    let counter = |counter: trackway_store::Counter| Counter {
        name: counter.name,
        value: counter.value,
        unit: counter.unit,
        help: counter.help,
    };
    Json(Stats { counters: counters.map(counter).collect() })
}
