//! `runs.db`: apps, steps, states and annotations, in SQLite.
//!
//! It is a file beside `catalog.db` and not a part of it. SQLite lets one transaction write a file at a time, and the log's
//! writer must never wait with a deletion until a large state is synced; and a file of runs that is damaged is put aside
//! without taking the log's deletions along.
//!
//! A step's id is its run's id, shifted by 32 bits, and its place in the run. So the steps of a run lie together, a page of
//! them is a range, and no index is needed for their order. The ids of states, placements and remarks are made in the same way.

use std::path::Path;

use rusqlite::Connection;

use crate::{Error, sqlite};

/// What brings the schema from each version to the next.
const MIGRATIONS: [&str; 3] = ["
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL, app TEXT NOT NULL, partition TEXT,
    run_id BLOB,
    told INTEGER NOT NULL, news INTEGER NOT NULL, start INTEGER NOT NULL, first INTEGER, last INTEGER, created INTEGER,
    steps INTEGER NOT NULL, errors INTEGER NOT NULL, suspects INTEGER NOT NULL, remarks INTEGER NOT NULL,
    tip INTEGER, states INTEGER NOT NULL, raw INTEGER NOT NULL, stored INTEGER NOT NULL,
    parent_app TEXT, parent_partition TEXT, parent_sequence INTEGER,
    spawn_app TEXT, spawn_partition TEXT, spawn_sequence INTEGER,
    graph BLOB
) STRICT;
CREATE INDEX runs_by_name ON runs (project, app, partition);
CREATE INDEX runs_by_id ON runs (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX runs_by_start ON runs (start, id);
CREATE INDEX runs_by_project ON runs (project, start, id);
CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL, attempt INTEGER NOT NULL,
    flags INTEGER NOT NULL, action TEXT NOT NULL, end_action TEXT,
    start INTEGER, finish INTEGER, trace BLOB, span BLOB,
    state INTEGER, error BLOB, inputs BLOB, result BLOB
) STRICT;
CREATE UNIQUE INDEX steps_by_key ON steps (id >> 32, sequence, attempt);
CREATE TABLE states (
    id INTEGER PRIMARY KEY,
    base INTEGER, depth INTEGER NOT NULL, print INTEGER NOT NULL, raw INTEGER NOT NULL,
    changed BLOB, body BLOB NOT NULL
) STRICT;
CREATE TABLE attributes (
    id INTEGER PRIMARY KEY,
    step INTEGER NOT NULL, span TEXT, key TEXT NOT NULL, value BLOB NOT NULL, tags BLOB, time INTEGER
) STRICT;
CREATE INDEX attributes_by_key ON attributes (step, span, key);
CREATE TABLE streams (step INTEGER PRIMARY KEY, begin INTEGER, first INTEGER, finish INTEGER, items INTEGER) STRICT;
CREATE TABLE remarks (id INTEGER PRIMARY KEY, place TEXT NOT NULL, what TEXT NOT NULL, text BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX remarks_by_place ON remarks (id >> 32, place);
CREATE TABLE links (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL, app TEXT NOT NULL, partition TEXT, child_app TEXT NOT NULL, child_partition TEXT,
    told_event INTEGER, told_sequence INTEGER, told_time INTEGER,
    named_event INTEGER, named_sequence INTEGER
) STRICT;
CREATE INDEX links_by_parent ON links (project, app, partition, child_app, child_partition);
CREATE INDEX links_by_child ON links (project, child_app, child_partition);
CREATE TABLE actions (
    run INTEGER, name TEXT, visits INTEGER NOT NULL, errors INTEGER NOT NULL, duration INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID, STRICT;
CREATE TABLE moves (
    run INTEGER, origin TEXT, target TEXT, count INTEGER NOT NULL, PRIMARY KEY (run, origin, target)
) WITHOUT ROWID, STRICT;
CREATE TABLE annotations (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL, number INTEGER NOT NULL, app TEXT NOT NULL, partition TEXT,
    sequence INTEGER NOT NULL, attempt INTEGER, span TEXT, step_name TEXT NOT NULL,
    tags BLOB NOT NULL, observations BLOB NOT NULL, created INTEGER, updated INTEGER
) STRICT;
CREATE UNIQUE INDEX annotations_by_number ON annotations (project, number);
CREATE INDEX annotations_by_run ON annotations (project, app, partition, sequence);
CREATE TABLE origins (project TEXT, theirs INTEGER, here INTEGER NOT NULL, PRIMARY KEY (project, theirs)) WITHOUT ROWID, STRICT;
CREATE INDEX origins_by_number ON origins (project, here);
CREATE TABLE numbers (project TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE totals (
    only INTEGER PRIMARY KEY CHECK (only = 1), runs INTEGER NOT NULL, steps INTEGER NOT NULL,
    raw INTEGER NOT NULL, stored INTEGER NOT NULL
) STRICT;
INSERT INTO totals VALUES (1, 0, 0, 0, 0)",
    // Of a deleted run only the hash of its names stays.
    "CREATE TABLE deleted (run BLOB PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID, STRICT;",
    // What comes after a step and why, and states that no step made.
    "
ALTER TABLE steps ADD COLUMN choice BLOB;
CREATE TABLE placements (
    id INTEGER PRIMARY KEY, sequence INTEGER, attempt INTEGER, next TEXT, time INTEGER, state BLOB NOT NULL
) STRICT;
CREATE INDEX placements_by_step ON placements (id >> 32, sequence, attempt);"];

/// Opens the file for its one writer, and makes it when it is missing.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let connection = sqlite::open(path, &MIGRATIONS, |connection| {
        // Only a file without tables takes it; whatever is deleted gives its room back.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")
    })?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the file for a reader.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Error> {
    sqlite::open_reader(path, 8_192)
}
