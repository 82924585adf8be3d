//! The questions that can be asked of what was recorded. REST is one face of them; no face adds logic of its own.

mod activity;
mod group;
mod run;

use std::sync::Arc;

use trackway_model::{Content, SpanId, SpanRecord, TraceId};
use trackway_store::{
    Asker, Deleted, Error, Held, PageRequest, Project, Runs, Service, Span, Store, TraceList, TracePage, TraceQuery,
    TraceSummary,
};
use trackway_wire::genai;

pub(crate) use self::{
    activity::Doing,
    group::Group,
    run::{Before, RunNews, RunPage, Side, StateAt, States, StepPage, Tested, tested},
};
use crate::story::{self, Story};

/// A parent in another trace, where a span has one.
pub(crate) type Elsewhere = Option<(TraceId, SpanId)>;

/// A span with what was said in it.
pub(crate) struct Told {
    pub(crate) span: Span,
    pub(crate) parent_elsewhere: Elsewhere,
    /// Absent for a span of no agent.
    pub(crate) content: Option<Content>,
}

/// Leaves when it is dropped: when the client goes away, its request is.
#[derive(Default)]
struct Waiting(Asker);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Asks the store, on threads where a long answer holds up nobody.
#[derive(Clone)]
pub(crate) struct Query {
    store: Arc<dyn Store>,
    runs: Arc<dyn Runs>,
}

impl Query {
    pub(crate) fn new(store: Arc<dyn Store>, runs: Arc<dyn Runs>) -> Self {
        Self { store, runs }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (store, waiting) = (Arc::clone(&self.store), Waiting::default());
        let asker = waiting.0.clone();
        match tokio::task::spawn_blocking(move || asker.ask(|| question(&*store))).await {
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

    pub(crate) async fn traces(&self, query: TraceQuery, page: PageRequest) -> Result<TraceList, Error> {
        self.ask(move |store| store.traces(&query, &page)).await
    }

    pub(crate) async fn trace(&self, id: TraceId, page: PageRequest) -> Result<Option<TracePage>, Error> {
        self.ask(move |store| store.trace(id, &page)).await
    }

    /// The summaries of those of these traces that are there.
    pub(crate) async fn summaries(&self, ids: Vec<TraceId>) -> Result<Vec<TraceSummary>, Error> {
        self.ask(move |store| ids.into_iter().filter_map(|id| store.summary(id).transpose()).collect()).await
    }

    /// The spans with one id, each with what was said in it.
    pub(crate) async fn told(&self, trace: TraceId, span: SpanId) -> Result<Vec<Told>, Error> {
        self.ask(move |store| told(store, trace, span)).await
    }

    /// As [`Query::told`], by the id that the span's client gave it.
    pub(crate) async fn told_by_original(&self, trace: TraceId, original: String) -> Result<Vec<Told>, Error> {
        self.ask(move |store| {
            let mut found = store.find_original(&original)?.into_iter();
            found.find(|(of, _)| *of == trace).map_or(Ok(Vec::new()), |(_, span)| told(store, trace, span))
        })
        .await
    }

    /// A page of a trace, and for each of its spans the parent that its client placed in another trace.
    pub(crate) async fn trace_and_parents(
        &self,
        id: TraceId,
        page: PageRequest,
    ) -> Result<Option<(TracePage, Vec<Elsewhere>)>, Error> {
        self.ask(move |store| {
            let Some(page) = store.trace(id, &page)? else { return Ok(None) };
            let parents = page.spans.items.iter().map(|span| parent_elsewhere(store, &span.record));
            let parents = parents.collect::<Result<_, _>>()?;
            Ok(Some((page, parents)))
        })
        .await
    }

    /// A part of a conversation; `None` when it has no traces.
    pub(crate) async fn group(&self, query: TraceQuery, page: PageRequest) -> Result<Option<Group>, Error> {
        self.ask(move |store| group::group(store, &query, &page)).await
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

    pub(crate) async fn flush(&self) -> Result<(), Error> {
        self.ask(|store| store.flush()).await
    }

    pub(crate) async fn compact(&self) -> Result<(), Error> {
        self.ask(|store| store.compact()).await
    }

    pub(crate) fn counters(&self) -> Vec<trackway_store::Counter> {
        self.store.counters()
    }
}

fn told(store: &dyn Store, trace: TraceId, span: SpanId) -> Result<Vec<Told>, Error> {
    let tell = |span: Span| {
        let content = span.record.data.is_some().then(|| genai::content(&span.record));
        Ok(Told { parent_elsewhere: parent_elsewhere(store, &span.record)?, content, span })
    };
    store.span(trace, span)?.into_iter().map(tell).collect()
}

/// The parent by its client's id, when that is not in the span's own trace, and just one other span has the id.
fn parent_elsewhere(store: &dyn Store, span: &SpanRecord) -> Result<Elsewhere, Error> {
    let original = span.foreign.as_ref().and_then(|foreign| foreign.parent_id.as_deref());
    let Some((original, parent)) = original.zip(span.parent_id) else { return Ok(None) };
    if !store.span(span.trace_id, parent)?.is_empty() {
        return Ok(None);
    }
    match store.find_original(original)?.as_slice() {
        [(trace, parent)] => Ok(Some((*trace, *parent))),
        _ => Ok(None),
    }
}
