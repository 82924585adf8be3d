//! What the store does by itself now and then, done at once.

use std::sync::Arc;

use axum::{Json, extract::State};

use super::{
    problem::Problem,
    state::{Stats, stats},
};
use crate::App;

/// Writes what is in memory as segments, and returns every counter when these are published. It happens by itself when
/// there is much in memory, or nothing came for a while.
#[utoipa::path(post, path = "/api/v1/store/flush", tag = "server",
    responses((status = 200, body = Stats), (status = 503, body = Problem)))]
pub(crate) async fn flush(State(app): State<Arc<App>>) -> Result<Json<Stats>, Problem> {
    app.query.flush().await?;
    Ok(stats(State(app)).await)
}

/// Merges segments until nothing is left to be merged, drops what is to go, and returns every counter. It happens by
/// itself, a part at a time. With many segments the answer takes minutes.
#[utoipa::path(post, path = "/api/v1/store/compact", tag = "server",
    responses((status = 200, body = Stats), (status = 503, body = Problem)))]
pub(crate) async fn compact(State(app): State<Arc<App>>) -> Result<Json<Stats>, Problem> {
    app.query.flush().await?;
    app.query.compact().await?;
    Ok(stats(State(app)).await)
}
