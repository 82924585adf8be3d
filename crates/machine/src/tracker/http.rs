//! A tracker that sends runs to a server.

mod client;
mod load;
mod sink;

use std::{fmt, sync::Arc, time::Duration};

use trackway_model::{AppRecord, RunKey, Text};

use self::{client::Client, load::Unloaded, sink::Sender};
use super::{Lane, OpenError, Opening, Tracker};
use crate::{At, Fault, LoadError, Loader, Saved, Wanted};

/// Where a server on this machine listens.
const HERE: &str = "http://127.0.0.1:7241";

/// How long what still waits in the lane may take before somebody asks the server.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends runs to a Trackway server, and loads them from there. Copies share one connection.
///
/// A server that is busy, restarts or cannot be reached is tried again for five seconds, or as it asks for. Requests to other machines are
/// compressed; redirects are not followed, and `HTTPS_PROXY` and its kin are taken into account for other machines only.
///
/// ```
/// use trackway_machine::{Tracker, tracker::Server};
///
/// let server = Server::at("http://10.0.0.7:7241"); // nothing is sent before the first step
/// assert_eq!(&*server.name(), "server http://10.0.0.7:7241");
/// ```
#[derive(Clone)]
pub struct Server {
    client: Arc<Client>,
    lane: Lane,
}

impl Server {
    /// Sends to the server at a base address, like `http://127.0.0.1:7241`.
    pub fn at(address: &str) -> Self {
        let client = Arc::new(Client::new(address));
        let lane = Lane::new(format!("server {}", client.address()), Sender::new(client.clone()));
        Self { client, lane }
    }

    fn unreadable(&self, project: &str, app: &str, source: Fault) -> LoadError {
        LoadError::Unreadable {
            project: project.into(),
            app: app.into(),
            from: self.client.address().to_owned(),
            source,
        }
    }
}

/// The address in `TRACKWAY_ENDPOINT`, or the server on this machine, `http://127.0.0.1:7241`.
impl Default for Server {
    fn default() -> Self {
        let set = std::env::var("TRACKWAY_ENDPOINT").ok().filter(|address| !address.trim().is_empty());
        Self::at(set.as_deref().unwrap_or(HERE))
    }
}

impl Tracker for Server {
    fn name(&self) -> Text {
        self.lane.name()
    }

    fn lane(&self) -> &Lane {
        &self.lane
    }

    /// Refuses names that no address can have.
    fn open(&self, run: &Arc<RunKey>, _record: &Arc<AppRecord>, _how: Opening) -> Result<(), OpenError> {
        if run.project.is_empty() || run.app.is_empty() {
            return Err(OpenError::Failed("a server takes only runs whose project and app id are not empty".into()));
        }
        Ok(())
    }
}

impl Loader for Server {
    fn load(&self, wanted: &Wanted, at: At) -> Result<Option<Saved>, LoadError> {
        // What this process has told of the run is a part of it, sent or not.
        self.lane.flush(PATIENCE);
        load::run(&self.client, wanted, at).map_err(|error| match error {
            Unloaded::Ambiguous(partitions) => {
                LoadError::Ambiguous { project: wanted.project.clone(), app: wanted.app.clone(), partitions }
            }
            Unloaded::Unreadable(source) => self.unreadable(&wanted.project, &wanted.app, source),
        })
    }

    fn list(&self, project: &str) -> Result<Vec<RunKey>, LoadError> {
        self.lane.flush(PATIENCE); // As above.
        load::list(&self.client, project).map_err(|source| self.unreadable(project, "", source))
    }

    fn home(&self) -> Option<Arc<dyn Tracker>> {
        Some(Arc::new(self.clone()))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.client.address()).finish_non_exhaustive()
    }
}
