//! How the server is.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::rfc3339;
use crate::{App, ListenerState, ingest::run_apart, watch};

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

/// What the server looks at by itself, and what it could.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Watches {
    /// What Burr's tracker wrote to its usual directory, where nobody watches that; null when there is nothing.
    #[schema(required)]
    burr_store: Option<BurrStore>,
    /// The directories that are watched.
    watched: Vec<Watched>,
}

/// What could be imported, or watched.
#[derive(Debug, Serialize, ToSchema)]
struct BurrStore {
    path: String,
    /// How many projects are in it, of the first hundred folders.
    projects: usize,
}

/// A directory that is watched.
#[derive(Debug, Serialize, ToSchema)]
struct Watched {
    path: String,
    state: WatchState,
    /// Why it cannot be watched, and what to do about it.
    #[schema(required)]
    message: Option<String>,
    /// How many applications are in it.
    applications: u64,
    /// How many of them have been read as far as they were written.
    read: u64,
    /// What cannot be read in it, the first twenty; each is tried again.
    troubles: Vec<Trouble>,
    trouble_count: u64,
}

/// Something that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
struct Trouble {
    path: String,
    what: String,
}

/// `waiting`: it is not there yet; `reading`: for the first time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WatchState {
    Waiting,
    Reading,
    Watching,
    Failed,
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

/// Tells which directories are watched and how that goes, and what else there is to watch.
#[utoipa::path(get, path = "/api/v1/state", tag = "server", responses((status = 200, body = Watches)))]
pub(crate) async fn state(State(app): State<Arc<App>>) -> Json<Watches> {
    let watched: Vec<_> = app.watching.borrow().iter().filter(|watched| watched.is_worth_telling()).cloned().collect();
    let burr_store = match app.burr_store.clone() {
        Some(path) => {
            let watched: Vec<_> = watched.iter().map(|watched| watched.path.clone()).collect();
            run_apart(move || unwatched(&path, &watched)).await.ok().flatten()
        }
        None => None,
    };
    Json(Watches { burr_store, watched: watched.into_iter().map(Watched::from).collect() })
}

/// Returns what Burr wrote to a directory, unless that is watched or nothing is there.
fn unwatched(path: &Path, watched: &[PathBuf]) -> Option<BurrStore> {
    let real = path.canonicalize().ok()?;
    if watched.iter().any(|watched| watched.canonicalize().is_ok_and(|watched| watched == real)) {
        return None;
    }
    let projects = watch::projects(&real);
    (projects > 0).then(|| BurrStore { path: path.display().to_string(), projects })
}

impl From<watch::Watched> for Watched {
    fn from(watched: watch::Watched) -> Self {
        let (state, message) = match watched.state {
            watch::WatchState::Waiting => (WatchState::Waiting, None),
            watch::WatchState::Reading => (WatchState::Reading, None),
            watch::WatchState::Watching => (WatchState::Watching, None),
            watch::WatchState::Failed { message } => (WatchState::Failed, Some(message)),
        };
        let trouble = |it: watch::Trouble| Trouble { path: it.path.display().to_string(), what: it.what };
        Self {
            path: watched.path.display().to_string(),
            state,
            message,
            applications: watched.applications,
            read: watched.read,
            troubles: watched.troubles.into_iter().map(trouble).collect(),
            trouble_count: watched.trouble_count,
        }
    }
}
