//! The questions that can be asked of what was recorded. REST is one face of them; no face adds logic of its own.

use std::sync::Arc;

use trackway_model::{SpanId, TraceId};
use trackway_store::{
    Deleted, Error, Held, Page, PageRequest, Project, Service, Span, Store, TracePage, TraceQuery, TraceSummary,
};
use trackway_wire::genai;

use crate::story::{self, Story};

/// Asks the store, on threads where a long answer holds up nobody.
#[derive(Clone)]
pub(crate) struct Query {
    store: Arc<dyn Store>,
}

impl Query {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || question(&*store)).await {
            Ok(answer) => answer,
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }

    pub(crate) async fn projects(&self) -> Result<Vec<Project>, Error> {
        self.ask(|store| store.projects()).await
    }

    pub(crate) async fn services(&self, project: Option<String>) -> Result<Vec<Service>, Error> {
        self.ask(move |store| store.services(project.as_deref())).await
    }

    pub(crate) async fn traces(&self, query: TraceQuery, page: PageRequest) -> Result<Page<TraceSummary>, Error> {
        self.ask(move |store| store.traces(&query, &page)).await
    }

    pub(crate) async fn trace(&self, id: TraceId, page: PageRequest) -> Result<Option<TracePage>, Error> {
        self.ask(move |store| store.trace(id, &page)).await
    }

    /// The summaries of those of these traces that are there.
    pub(crate) async fn summaries(&self, ids: Vec<TraceId>) -> Result<Vec<TraceSummary>, Error> {
        self.ask(move |store| ids.into_iter().filter_map(|id| store.summary(id).transpose()).collect()).await
    }

    /// What the agents of a trace did and said.
    pub(crate) async fn story(&self, id: TraceId) -> Result<Option<(TraceSummary, Story)>, Error> {
        self.ask(move |store| {
            let page = PageRequest { limit: story::MOST_SPANS, cursor: None };
            let Some(TracePage { summary, spans }) = store.trace(id, &page)? else { return Ok(None) };
            let mut story = story::tell(&spans.items, genai::content);
            story.cut |= spans.next.is_some();
            Ok(Some((summary, story)))
        })
        .await
    }

    /// The spans with one id.
    pub(crate) async fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<Span>, Error> {
        self.ask(move |store| store.span(trace, span)).await
    }

    /// What time has changed about announced spans.
    pub(crate) async fn tend(&self) -> Result<Held, Error> {
        self.ask(|store| store.tend()).await
    }

    pub(crate) async fn delete_trace(&self, id: TraceId) -> Result<Deleted, Error> {
        self.ask(move |store| store.delete_trace(id)).await
    }

    pub(crate) async fn delete_project(&self, name: String) -> Result<Deleted, Error> {
        self.ask(move |store| store.delete_project(&name)).await
    }

    pub(crate) fn counters(&self) -> Vec<trackway_store::Counter> {
        self.store.counters()
    }
}
