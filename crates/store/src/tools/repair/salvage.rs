//! Takes what can be read out of a damaged SQLite file.

use std::path::Path;

use rusqlite::{Connection, params_from_iter, types::Value};

use crate::{Error, tools::database};

/// Which tables came over whole.
#[derive(Debug, Default)]
pub(super) struct Salvaged {
    pub(super) whole: Vec<String>,
}

/// Copies every row that can be read into a file that has the tables already; what is there stays.
///
/// # Errors
/// [`Error::Catalog`] when the new file cannot be written.
pub(super) fn salvage(old: &Path, new: &mut Connection) -> Result<Salvaged, Error> {
    let mut salvaged = Salvaged::default();
    // A file that cannot be opened has nothing that could be read.
    let Ok(old) = database::open(old) else { return Ok(salvaged) };
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = new.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let change = new.transaction()?;
    for table in tables {
        let wanted = columns(&change, &table)?;
        let Ok(there) = columns(&old, &table) else { continue };
        let common: Vec<_> = wanted.into_iter().filter(|name| there.contains(name)).collect();
        if common.is_empty() {
            continue;
        }
        // Where the way through a table ends at a damaged page, its other end may still be reached.
        if copy(&old, &change, &table, &common, "")? {
            salvaged.whole.push(table);
        } else {
            copy(&old, &change, &table, &common, "ORDER BY rowid DESC")?;
        }
    }
    change.commit()?;
    Ok(salvaged)
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Copies rows as far as they can be read; returns whether those were all.
fn copy(old: &Connection, new: &Connection, table: &str, columns: &[String], order: &str) -> Result<bool, Error> {
    let names = columns.join("\", \"");
    let places = vec!["?"; columns.len()].join(", ");
    let mut insert = new.prepare(&format!("INSERT OR IGNORE INTO \"{table}\" (\"{names}\") VALUES ({places})"))?;
    let Ok(mut read) = old.prepare(&format!("SELECT \"{names}\" FROM \"{table}\" {order}")) else { return Ok(false) };
    let Ok(mut rows) = read.query([]) else { return Ok(false) };
    let mut is_whole = true;
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => (0..columns.len()).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>(),
            Ok(None) => return Ok(is_whole),
            Err(_) => return Ok(false),
        };
        // What damage made of a value need not fit into its column.
        is_whole &= match row {
            Ok(values) => insert.execute(params_from_iter(values)).is_ok(),
            Err(_) => false,
        };
    }
}
