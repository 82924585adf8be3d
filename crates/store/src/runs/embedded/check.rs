//! Whether every state is still the one that was stored.

use rusqlite::Connection;
use trackway_model::{Json, State};

use super::{
    pack::{unpack_delta, unpack_text},
    states::{print, read_state},
};
use crate::Error;

/// Reads every state, and returns how many are not what their checksums say.
pub(crate) fn check_states(connection: &Connection) -> Result<usize, Error> {
    wrong_states(connection).map(|wrong| wrong.len())
}

/// Reads every state, and returns the rows of those that are not what their checksums say.
pub(super) fn wrong_states(connection: &Connection) -> Result<Vec<i64>, Error> {
    let mut statement = connection.prepare("SELECT id, base, body, print FROM states ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut wrong = Vec::new();
    // Mostly a state is what changed since the row before it.
    let mut before: Option<(i64, Json)> = None;
    while let Some(row) = rows.next()? {
        let (id, base, body): (i64, Option<i64>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let state = match (base, before.take()) {
            (None, _) => unpack_text(&body).map(|text| Json(text.into())),
            (Some(base), Some((known, state))) if base == known => applied(&state, &body),
            _ => read_state(connection, id),
        };
        match state {
            Ok(state) if print(&state.0) == row.get::<_, i64>(3)? => before = Some((id, state)),
            Ok(_) => wrong.push(id),
            Err(Error::Catalog(error)) if is_of_the_file(&error) => return Err(error.into()),
            Err(_) => wrong.push(id),
        }
    }
    Ok(wrong)
}

/// Returns true for what SQLite says of its file; what a body lacks is damage of that state alone.
fn is_of_the_file(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(..))
}

fn applied(before: &Json, delta: &[u8]) -> Result<Json, Error> {
    let before = State::read(&before.0).ok_or_else(super::pack::damaged)?;
    unpack_delta(delta)?.apply(&before).ok_or_else(super::pack::damaged)
}
