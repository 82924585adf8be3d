//! The questions, in SQL.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use rusqlite::{Params, types::ValueRef};
use serde::Deserialize;
use serde_json::Value;

use super::{Peer, open};

type Answer = Result<Json<Vec<Value>>, (StatusCode, String)>;

/// The parameters of all questions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    service: String,
    name: String,
    tenant: String,
    start: i64,
    end: i64,
    least: i64,
    user: String,
    text: String,
}

pub(super) async fn trace(State(peer): State<Peer>, Path(id): Path<String>) -> Answer {
    let sql = "SELECT hex(span), hex(parent), service, name, kind, start, duration, status, message, spans.attributes, events,
        resources.attributes FROM spans JOIN resources ON resources.id = resource WHERE trace = unhex(?1) ORDER BY start";
    ask(&peer, sql, [id])
}

pub(super) async fn hour(State(peer): State<Peer>, Query(asked): Query<Asked>) -> Answer {
    let sql = "SELECT hex(trace), max(start) AS latest FROM spans WHERE service = ?1 AND name = ?2 AND start >= ?3
        AND start < ?4 AND duration >= ?5 AND attributes ->> '$.\"app.tenant\"' = ?6
        GROUP BY trace ORDER BY latest DESC LIMIT 50";
    ask(&peer, sql, (asked.service, asked.name, asked.start, asked.end, asked.least, asked.tenant))
}

pub(super) async fn user(State(peer): State<Peer>, Query(asked): Query<Asked>) -> Answer {
    let sql = "SELECT hex(trace), max(start) AS latest FROM spans WHERE attributes ->> '$.\"enduser.id\"' = ?1
        GROUP BY trace ORDER BY latest DESC LIMIT 1000";
    ask(&peer, sql, [asked.user])
}

pub(super) async fn text(State(peer): State<Peer>, Query(asked): Query<Asked>) -> Answer {
    let sql =
        "SELECT hex(trace), max(start) AS latest FROM spans WHERE instr(attributes ->> '$.\"gen_ai.prompt\"', ?1) > 0
        GROUP BY trace ORDER BY latest DESC LIMIT 1000";
    ask(&peer, sql, [asked.text])
}

pub(super) async fn newest(State(peer): State<Peer>) -> Answer {
    let sql = "SELECT hex(trace), service, name, start, duration, status FROM spans WHERE parent IS NULL
        ORDER BY start DESC LIMIT 50";
    ask(&peer, sql, ())
}

/// Asks on a connection of its own, as a handler without a pool does; opening one costs little.
fn ask(peer: &Peer, sql: &str, parameters: impl Params) -> Answer {
    let found = || -> rusqlite::Result<Vec<Value>> {
        let connection = open(&peer.path)?;
        let mut statement = connection.prepare(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map(parameters, |row| {
            (0..columns).map(|column| row.get_ref(column).map(json)).collect::<rusqlite::Result<Value>>()
        })?;
        rows.collect()
    };
    found().map(Json).map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}

fn json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(int) => int.into(),
        ValueRef::Real(float) => float.into(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Null => Value::Null,
    }
}
