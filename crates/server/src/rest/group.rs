//! The traces of a conversation as JSON.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    agent::text,
    param::{GroupParams, InPath, Params},
    problem::Problem,
    summary::{AgentTotals, TraceSummary},
};
use crate::App;

/// A page of the traces of a conversation, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Group {
    group_id: String,
    traces: Vec<GroupTrace>,
    /// What agents did in all traces of the conversation; null where none is of an agent.
    #[schema(required)]
    totals: Option<AgentTotals>,
    /// Asks for the traces behind these, as `cursor`; null at the end.
    #[schema(required)]
    next: Option<String>,
}

/// A trace of a conversation.
#[derive(Debug, Serialize, ToSchema)]
struct GroupTrace {
    trace: TraceSummary,
    /// What the user said: the last that the trace's first model call was told. Null when that was not recorded.
    #[schema(required)]
    first: Option<String>,
    /// What a model answered last; null when that was not recorded.
    #[schema(required)]
    last: Option<String>,
}

/// Lists the traces of a conversation, the oldest first.
#[utoipa::path(get, path = "/api/v1/groups/{group}", tag = "agents",
    params(("group" = String, Path, description = "the client's id of the conversation, thread or session"), GroupParams),
    responses((status = 200, body = Group), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn group(
    State(app): State<Arc<App>>,
    InPath(id): InPath<String>,
    Params(params): Params<GroupParams>,
) -> Result<Json<Group>, Problem> {
    let (query, page) = params.read(id.clone())?;
    let found = app.query.group(query, page).await?;
    let found = found.ok_or_else(|| Problem::not_found(format!("There is no trace of a conversation {id:?} here.")))?;
    let member = |(summary, preview): &(trackway_store::TraceSummary, crate::story::Preview)| GroupTrace {
        trace: TraceSummary::from(summary),
        first: text(&preview.first),
        last: text(&preview.last),
    };
    Ok(Json(Group {
        group_id: id,
        traces: found.members.iter().map(member).collect(),
        totals: found.totals.as_ref().map(AgentTotals::from),
        next: found.next,
    }))
}
