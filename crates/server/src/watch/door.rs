//! Where what is read goes.

use std::{collections::HashSet, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use trackway_model::{Annotation, RunKey, Text, Timestamp};
use trackway_store::{Clock, Runs, Store};
use trackway_wire::burr::Item;

use crate::{
    App, Config,
    counters::Counters,
    ingest::{Format, OpenSpans, Refusal, Request, http::verdict, records},
};

/// An answer that comes when all is durable; a sentence when it could not be stored.
pub(crate) type Taking<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// An answer about a run; a sentence when the store could not be read.
pub(crate) type Asking<'a> = Pin<Box<dyn Future<Output = Result<Option<Timestamp>, String>> + Send + 'a>>;

/// Takes in what is read.
pub(crate) trait Door: Send + Sync {
    /// Stores what is told of a run.
    fn take<'a>(&'a self, run: &'a Arc<RunKey>, items: Vec<Item>) -> Taking<'a>;

    /// Returns when a run was last deleted, if it was.
    fn deleted_at<'a>(&'a self, run: &'a Arc<RunKey>) -> Asking<'a>;

    /// Stores annotations.
    fn annotate(&self, annotations: Vec<Annotation>) -> Taking<'_>;

    /// Returns where readings are counted.
    fn counters(&self) -> &Arc<Counters>;
}

impl Door for App {
    fn take<'a>(&'a self, run: &'a Arc<RunKey>, items: Vec<Item>) -> Taking<'a> {
        Box::pin(async move {
            if items.is_empty() {
                return Ok(());
            }
            records::take(self, run, items, "directory").await.map(drop).map_err(|refusal| said(&refusal))
        })
    }

    fn deleted_at<'a>(&'a self, run: &'a Arc<RunKey>) -> Asking<'a> {
        Box::pin(async move { self.query.deleted_at(Arc::clone(run)).await.map_err(|error| error.to_string()) })
    }

    fn annotate(&self, annotations: Vec<Annotation>) -> Taking<'_> {
        Box::pin(async {
            let runs: HashSet<_> = annotations.iter().map(|annotation| Arc::clone(&annotation.run)).collect();
            let changed = self.query.import_annotations(annotations).await.map_err(|error| error.to_string())?;
            if changed > 0 {
                runs.iter().for_each(|run| self.live.note_run(run));
            }
            Ok(())
        })
    }

    fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }
}

fn said(refusal: &Refusal) -> String {
    verdict(refusal).2
}

/// Stores what was read into a store that no server has open.
pub struct Importer(App);

impl Importer {
    /// Makes an importer into a store, with the settings that a server would have.
    pub fn new<S: Store + Runs + 'static>(config: &Config, store: Arc<S>, clock: Clock) -> Self {
        Self(App::unserved(config, Arc::clone(&store) as _, store, clock))
    }

    /// Stores what is told of a run; when this returns, it is durable.
    ///
    /// # Errors
    /// A sentence, when the store does not take it.
    pub async fn take(&self, run: &Arc<RunKey>, items: Vec<Item>) -> Result<(), String> {
        Door::take(&self.0, run, items).await
    }

    /// Stores a request of the OpenAI Agents SDK's own tracing; when this returns, it is durable.
    ///
    /// # Errors
    /// A sentence, when it cannot be read, or the store does not take it.
    pub async fn take_agents(&self, project: Text, body: Bytes) -> Result<(), String> {
        let (open_spans, room) = (OpenSpans::Records, self.0.ingest.begin());
        let format = Format::OpenAiAgents;
        let request = Request { format, project: Some(project), open_spans, source: "import", body, room };
        let taken = self.0.ingest.accept(request).await.map_err(|refusal| said(&refusal))?;
        taken.rejected.reasons.into_iter().next().map_or(Ok(()), Err)
    }

    /// Stores annotations; when this returns, they are durable.
    ///
    /// # Errors
    /// A sentence, when the store does not take them.
    pub async fn annotate(&self, annotations: Vec<Annotation>) -> Result<(), String> {
        Door::annotate(&self.0, annotations).await
    }
}
