//! Traces and their spans.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    param::{InPath, Params, SpanParams, TraceParams, span_id, trace_id},
    problem::Problem,
    span::{Span, ToldSpan, TreeSpan},
    summary::TraceSummary,
};
use crate::App;

/// A page of traces, the newest start first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceList {
    traces: Vec<TraceSummary>,
    /// Asks for the traces behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
    search: Search,
}

/// What it took to find a part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Search {
    /// How many spans were looked at because of `filter`; 0 where names alone decided.
    scanned_spans: u64,
    /// How many segments on the disk were looked into.
    segments: u64,
    /// How many segments were not, since what is known of them told enough.
    pruned_segments: u64,
    /// The search ran out of time before it had enough: `next` goes on with it.
    cut: bool,
}

impl From<trackway_store::Search> for Search {
    fn from(search: trackway_store::Search) -> Self {
        let trackway_store::Search { scanned, segments, pruned, is_cut } = search;
        Self { scanned_spans: scanned, segments, pruned_segments: pruned, cut: is_cut }
    }
}

/// A trace with a page of its spans, in order of start.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trace {
    trace: TraceSummary,
    spans: Spans,
    /// Asks for the spans behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// Whole spans, or, with `fields=tree`, what a waterfall shows of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Spans {
    Whole(Vec<Span>),
    Tree(Vec<TreeSpan>),
}

/// The spans with one id: mostly one, several when clients used an id twice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpanList {
    spans: Vec<ToldSpan>,
}

/// Lists traces, the newest first.
///
/// A search by `filter` answers after two seconds with what it has found: the page may be short, and `next` goes on.
#[utoipa::path(get, path = "/api/v1/traces", tag = "traces", params(TraceParams),
    responses((status = 200, body = TraceList), (status = 400, body = Problem)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Params(params): Params<TraceParams>,
) -> Result<Json<TraceList>, Problem> {
    let (query, page) = params.read((app.clock)())?;
    let page = app.query.traces(query, page).await?;
    let search = Search::from(page.search);
    Ok(Json(TraceList { traces: page.items.iter().map(TraceSummary::from).collect(), next: page.next, search }))
}

/// Returns a trace with a page of its spans.
#[utoipa::path(get, path = "/api/v1/traces/{trace_id}", tag = "traces",
    params(("trace_id" = String, Path, description = "32 hexadecimal digits, or the client's own id"), SpanParams),
    responses((status = 200, body = Trace), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    InPath(id): InPath<String>,
    Params(params): Params<SpanParams>,
) -> Result<Json<Trace>, Problem> {
    let (text, id) = (id.as_str(), trace_id(&id)?);
    let page = params.page()?;
    let (found, spans) = match params.fields.as_deref() {
        None | Some("") => {
            let found = app.query.trace_and_parents(id, page).await?;
            let (found, parents) = found.ok_or_else(|| unknown(text))?;
            let spans = found.spans.items.iter().zip(parents).map(|(span, parent)| Span::of(span, parent));
            let spans = Spans::Whole(spans.collect());
            (found, spans)
        }
        Some("tree") => {
            let found = app.query.trace(id, page).await?.ok_or_else(|| unknown(text))?;
            let spans = Spans::Tree(found.spans.items.iter().map(TreeSpan::of).collect());
            (found, spans)
        }
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "fields={other} is not known; use fields=tree, or leave it out."
            )));
        }
    };
    Ok(Json(Trace { trace: TraceSummary::from(&found.summary), spans, next: found.spans.next }))
}

/// Returns the spans with one id, with what was said in them.
#[utoipa::path(get, path = "/api/v1/traces/{trace_id}/spans/{span_id}", tag = "traces",
    params(("trace_id" = String, Path, description = "32 hexadecimal digits, or the client's own id"),
        ("span_id" = String, Path, description = "16 hexadecimal digits, or the client's own id")),
    responses((status = 200, body = SpanList), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn span(
    State(app): State<Arc<App>>,
    InPath((trace, span)): InPath<(String, String)>,
) -> Result<Json<SpanList>, Problem> {
    let (trace_id, span_id) = (trace_id(&trace)?, span_id(&span)?);
    let mut found = match span_id {
        Some(span_id) => app.query.told(trace_id, span_id).await?,
        None => Vec::new(),
    };
    if found.is_empty() {
        found = app.query.told_by_original(trace_id, span.clone()).await?;
    }
    if found.is_empty() {
        return Err(Problem::not_found(format!("There is no span {span} in a trace {trace} here.")));
    }
    Ok(Json(SpanList { spans: found.iter().map(ToldSpan::from).collect() }))
}

pub(super) fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("There is no trace {id} here. Its spans may not have come yet, or it was deleted."))
}
