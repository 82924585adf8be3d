//! Trackway's server.
//!
//! [`Sockets::bind`] takes the sockets, [`Server::run`] serves until it is told to stop. What comes in goes through one
//! door, [`ingest`](decoder), into a [`Store`]; what is asked goes through one set of questions, of which REST and the
//! web UI are faces. The server knows no storage engine and opens no file but those that it [watches](watch).

mod config;
mod counters;
mod demo;
mod difference;
mod error;
mod guard;
mod ingest;
mod listen;
mod live;
mod prices;
mod query;
mod rest;
mod route;
mod story;
#[cfg(test)]
mod tests;
mod ui;
pub mod watch;

use std::{path::PathBuf, sync::Arc};

use jiff::tz::TimeZone;
use tokio::sync;
use trackway_model::Timestamp;
use trackway_store::{Clock, RunIds, Runs, Store};
use trackway_wire::foreign;

pub use config::{Config, Listen, Price};
pub use demo::{Demo, load_demo};
pub use error::Error;
pub use ingest::{Masking, PatternError, decoder};
pub use listen::{Listener, ListenerState, Sockets};
pub use rest::case::test_case;

use counters::Counters;
use guard::Guarded;
use ingest::Ingest;
use live::Live;
use query::Query;
use watch::{Door, Watcher, Watching};

/// A server over a store, ready to run.
pub struct Server {
    app: Arc<App>,
    config: Config,
    sockets: Sockets,
    stop: sync::watch::Sender<bool>,
    watcher: Watcher,
}

/// Ends a running server.
#[derive(Debug, Clone)]
pub struct Stop(sync::watch::Sender<bool>);

/// What the handlers share.
pub(crate) struct App {
    pub(crate) ingest: Ingest,
    pub(crate) query: Query,
    pub(crate) runs: Arc<dyn Runs>,
    pub(crate) live: Arc<Live>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) clock: Clock,
    pub(crate) started: Timestamp,
    pub(crate) data_dir: String,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) stop: sync::watch::Receiver<bool>,
    /// How the watching of directories goes.
    pub(crate) watching: Watching,
    /// Where Burr's tracker writes to by default.
    pub(crate) burr_store: Option<PathBuf>,
    /// The zone of local times in what Burr wrote.
    pub(crate) timezone: Option<TimeZone>,
}

impl Server {
    /// Makes a server that answers on `sockets` from `store` and `runs`, which is mostly the same store, whose directory is
    /// `data_dir` (shown, never opened).
    pub fn new(
        config: Config,
        sockets: Sockets,
        store: Arc<dyn Store>,
        runs: Arc<dyn Runs>,
        data_dir: String,
        clock: Clock,
    ) -> Self {
        let (stop, stopped) = sync::watch::channel(false);
        let (watcher, watching) = Watcher::new(config.watch.clone(), config.projects.clone(), config.timezone.clone());
        let app = App {
            data_dir,
            listeners: sockets.listeners(),
            stop: stopped,
            watching,
            ..App::unserved(&config, store, runs, clock)
        };
        Self { app: Arc::new(app), config, sockets, stop, watcher }
    }

    /// Returns what ends this server.
    pub fn stop(&self) -> Stop {
        Stop(self.stop.clone())
    }

    /// Returns what tells how the watching of directories goes.
    pub fn watching(&self) -> Watching {
        self.app.watching.clone()
    }

    /// Serves until it is stopped, then lets requests under way finish for three seconds.
    pub async fn run(self) {
        let Self { app, config, sockets, stop, watcher } = self;
        let door: Arc<dyn Door> = Arc::clone(&app) as _;
        let _watches = watcher.start(&door); // which end with this function
        let live = tokio::spawn(Arc::clone(&app.live).run(app.query.clone(), stop.subscribe()));
        let mut tasks = vec![live];
        for (bound, router) in sockets.routed(&app) {
            let guarded = Guarded::new(router, bound.addresses(), &config.allow_origins, Arc::clone(&app.counters));
            let counters = Arc::clone(&app.counters);
            tasks.push(tokio::spawn(listen::serve(bound, guarded, config.max_connections, counters, stop.subscribe())));
        }
        for task in tasks {
            drop(task.await); // a panic there was printed where it happened; the others end in order
        }
    }
}

impl App {
    /// Makes what handlers share, of a server that nobody reaches.
    pub(crate) fn unserved(config: &Config, store: Arc<dyn Store>, runs: Arc<dyn Runs>, clock: Clock) -> Self {
        let counters = Arc::new(Counters::default());
        let live = Arc::new(Live::new(Arc::clone(&counters)));
        let (ingested, told) = (Arc::clone(&store), Arc::clone(&live));
        Self {
            ingest: Ingest::new(ingested, told, Arc::clone(&clock), Arc::clone(&counters), config),
            query: Query::new(store, Arc::clone(&runs)),
            runs,
            live,
            counters,
            started: clock(),
            clock,
            data_dir: String::new(),
            listeners: Vec::new(),
            stop: sync::watch::channel(false).1,
            watching: Watcher::new(Vec::new(), None, None).1,
            burr_store: config.burr_store.clone(),
            timezone: config.timezone.clone(),
        }
    }
}

/// Returns what gives runs the ids that REST knows them by; a store is opened with it.
pub fn run_ids() -> RunIds {
    Arc::new(foreign::run_id)
}

impl Stop {
    /// Tells the server to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}
