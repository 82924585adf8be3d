//! Connections of those who ask: each sees one state of the catalog, and never waits for the writer.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

use super::{Lookups, schema};
use crate::Error;

/// The most connections that wait for the next question.
const MOST_IDLE: usize = 4;

/// Gives connections to those who ask.
#[derive(Clone)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// A connection that sees the catalog as it was when it was asked for.
pub(crate) struct Reader {
    /// Taken when it is given back.
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Arc::default() }
    }

    /// Returns a connection that from now on sees one state.
    pub(crate) fn begin(&self) -> Result<Reader, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => schema::open_reader(&self.path)?,
        };
        connection.execute_batch("BEGIN")?;
        // Only with its first question the transaction takes hold of a state.
        connection.prepare_cached("SELECT count(*) FROM publication")?.query_row([], |_| Ok(()))?;
        Ok(Reader { connection: Some(connection), idle: Arc::clone(&self.idle) })
    }

    /// Closes the connections that wait, so that the writer is the last that has the file open.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Reader {
    /// Returns what asks over the connection.
    pub(crate) fn lookups(&self) -> Lookups<'_> {
        Lookups(self)
    }
}

impl Deref for Reader {
    type Target = Connection;

    #[allow(clippy::expect_used, reason = "the text is the proof")]
    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("a connection is only taken in drop")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A connection whose transaction does not end is closed, which ends it.
        if connection.execute_batch("COMMIT").is_err() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }
}
