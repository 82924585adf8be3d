//! The peer: the same spans as rows of SQLite, with the columns and indexes that somebody would make in an afternoon.
//!
//! One thread writes. What waits together becomes one transaction, synced before it is acknowledged.

mod ask;
mod span;

use std::{
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use anyhow::{Result, anyhow};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
    routing::{get, post},
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use rusqlite::Connection;
use serde_json::json;
use tokio::sync::oneshot;

use self::span::Row;

const SCHEMA: &str = "
CREATE TABLE spans (
    trace BLOB NOT NULL, span BLOB NOT NULL, parent BLOB, service TEXT NOT NULL, name TEXT NOT NULL, kind INTEGER,
    start INTEGER NOT NULL, duration INTEGER NOT NULL, status INTEGER, message TEXT, attributes TEXT NOT NULL,
    events TEXT, resource INTEGER NOT NULL);
CREATE TABLE resources (id INTEGER PRIMARY KEY, attributes TEXT NOT NULL UNIQUE);
CREATE INDEX spans_by_trace ON spans (trace);
CREATE INDEX spans_by_operation ON spans (service, name, start);
CREATE INDEX spans_by_start ON spans (start);
CREATE INDEX spans_by_duration ON spans (duration);";

/// A request that waits for its transaction.
struct Waiting {
    rows: Vec<Row>,
    done: oneshot::Sender<bool>,
}

#[derive(Clone)]
struct Peer {
    path: PathBuf,
    queue: mpsc::Sender<Waiting>,
}

/// Serves on a free port until the process is killed; the first line on stdout tells where.
pub(crate) fn serve(directory: &Path) -> Result<()> {
    let path = directory.join("spans.db");
    let connection = open(&path)?;
    connection.execute_batch(SCHEMA)?;
    let (queue, waiting) = mpsc::channel();
    thread::spawn(move || write(connection, &waiting));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", json!({"ui": format!("http://{}", listener.local_addr()?)}));
        let router = Router::new()
            .route("/v1/traces", post(take))
            .route("/trace/{id}", get(ask::trace))
            .route("/hour", get(ask::hour))
            .route("/user", get(ask::user))
            .route("/text", get(ask::text))
            .route("/newest", get(ask::newest))
            .layer(DefaultBodyLimit::max(64 << 20))
            .with_state(Peer { path, queue });
        Ok(axum::serve(listener, router).await?)
    })
}

/// Opens the database, as durable as what it is compared with.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.set_prepared_statement_cache_capacity(16);
    Ok(connection)
}

async fn take(State(peer): State<Peer>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else { return StatusCode::BAD_REQUEST };
    let (done, answer) = oneshot::channel();
    let is_queued = peer.queue.send(Waiting { rows: span::rows(request), done }).is_ok();
    let is_stored = is_queued && answer.await == Ok(true);
    if is_stored { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Writes all that waits in one transaction, again and again.
fn write(mut connection: Connection, waiting: &mpsc::Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let is_stored = write_group(&mut connection, &group).inspect_err(|error| eprintln!("{error:#}")).is_ok();
        for request in group {
            let _ = request.done.send(is_stored); // a client that left needs no answer
        }
    }
}

fn write_group(connection: &mut Connection, group: &[Waiting]) -> Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction
            .prepare_cached("INSERT INTO spans VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")?;
        let mut find = transaction.prepare_cached("SELECT id FROM resources WHERE attributes = ?1")?;
        let mut make = transaction.prepare_cached("INSERT INTO resources (attributes) VALUES (?1) RETURNING id")?;
        for row in group.iter().flat_map(|request| &request.rows) {
            let found = find.query_row([&*row.resource], |found| found.get::<_, i64>(0));
            let resource = match found {
                Err(rusqlite::Error::QueryReturnedNoRows) => make.query_row([&*row.resource], |made| made.get(0))?,
                found => found?,
            };
            insert.execute(rusqlite::params![
                row.trace,
                row.span,
                row.parent,
                &*row.service,
                row.name,
                row.kind,
                row.start,
                row.duration,
                row.status,
                row.message,
                row.attributes,
                row.events,
                resource
            ])?;
        }
    }
    transaction.commit().map_err(|error| anyhow!(error))
}
