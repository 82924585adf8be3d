//! SQLite files, looked at from outside.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use super::{Finding, Mend};
use crate::{Error, catalog::is_damage};

/// How many lines SQLite tells of what is wrong.
const MOST_LINES: u32 = 100;
/// How long a file that its writer holds for a moment is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a file that this process does not write to, beside one that may.
pub(crate) fn open(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// Lets SQLite compare the pages of a file with each other.
///
/// # Errors
/// [`Error::Catalog`] when they do not agree.
pub(crate) fn is_whole(path: &Path) -> Result<(), Error> {
    let answer: String = open(path)?.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    let damaged = || {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(answer.clone()))
    };
    if answer == "ok" { Ok(()) } else { Err(damaged().into()) }
}

/// Asks something of a database; damage that is met is a finding and no error.
pub(crate) fn look<T>(
    path: &Path,
    mend: Mend,
    findings: &mut Vec<Finding>,
    question: impl FnOnce(&Connection, &mut Vec<Finding>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    match open(path).and_then(|connection| question(&connection, findings)) {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Catalog(error)) if is_damage(&error) => {
            findings.push(Finding::new(path, None, format!("it cannot be read: {error}"), mend));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Lets SQLite compare its pages and indexes with each other; returns whether they agree.
pub(crate) fn integrity(
    connection: &Connection,
    path: &Path,
    mend: Mend,
    findings: &mut Vec<Finding>,
) -> Result<bool, Error> {
    let page_bytes: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MOST_LINES})"))?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let wrong: Vec<_> = lines.iter().flat_map(|text| text.lines()).filter(|line| *line != "ok").collect();
    for line in &wrong {
        let offset = page(line).map(|page| page.saturating_sub(1) * u64::from(page_bytes));
        findings.push(Finding::new(path, offset, format!("SQLite finds it damaged: {line}"), mend));
    }
    Ok(wrong.is_empty())
}

/// Returns the page that a line of SQLite names.
fn page(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(" page ")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

/// Counts rows that must not be there; each rule has what to say of them, and which rows they are.
pub(crate) fn none_of(
    connection: &Connection,
    rules: &[(&str, &str)],
    path: &Path,
    mend: Mend,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    for (what, rows) in rules {
        let found: i64 = connection.query_row(&format!("SELECT count(*) FROM {rows}"), [], |row| row.get(0))?;
        if found > 0 {
            findings.push(Finding::new(path, None, format!("{found} {what}"), mend));
        }
    }
    Ok(())
}
