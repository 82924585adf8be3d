//! Runs and traces in one list.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    param::{Params, TraceParams},
    problem::Problem,
    run::RunSummary,
    summary::TraceSummary,
    trace::Search,
};
use crate::{App, query::Doing};

/// A page of runs and traces, the newest start first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Activity {
    items: Vec<ActivityItem>,
    /// Asks for what is behind these, as `cursor`; null at the end. Where little matches, a page can be short and have
    /// another behind it.
    #[schema(required)]
    next: Option<String>,
    search: Search,
}

/// A run or a trace. A trace that is wholly of one run is listed as that run only.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum ActivityItem {
    Run { run: Box<RunSummary> },
    Trace { trace: Box<TraceSummary> },
}

/// Lists runs and traces, the newest first.
///
/// `name` is looked for in a run's application id and in the names of its spans; no run has a `service` or a `group`. With
/// a `filter`, the traces are listed that have such a span, those of runs too, and no run.
#[utoipa::path(get, path = "/api/v1/activity", tag = "runs", params(TraceParams),
    responses((status = 200, body = Activity), (status = 400, body = Problem)))]
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Params(params): Params<TraceParams>,
) -> Result<Json<Activity>, Problem> {
    let (query, page) = params.read((app.clock)())?;
    let page = app.query.activity(query, page).await?;
    let item = |doing: &Doing| match doing {
        Doing::Run(run) => ActivityItem::Run { run: Box::new(RunSummary::from(&**run)) },
        Doing::Trace(trace) => ActivityItem::Trace { trace: Box::new(TraceSummary::from(&**trace)) },
    };
    let search = Search::from(page.search);
    Ok(Json(Activity { items: page.items.iter().map(item).collect(), next: page.next, search }))
}
