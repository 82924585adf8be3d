//! Checks `catalog.db`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::{Checking, length};
use crate::{
    Error,
    tools::{Mend, database},
    wal::Position,
};

/// What the catalog says of the log.
#[derive(Default, Clone, Copy)]
pub(super) struct Noted {
    pub(super) marker: u64,
    pub(super) durable: Option<Position>,
}

impl Checking<'_, '_> {
    pub(super) fn catalog(&mut self, path: &Path) -> Result<Noted, Error> {
        if !path.exists() {
            self.find(path, None, "it is missing, so nobody knows what was deleted", Mend::Catalog);
            return Ok(Noted::default());
        }
        self.at(path);
        let findings = &mut self.report.findings;
        let noted = database::look(path, Mend::Catalog, findings, |connection, found| {
            database::integrity(connection, path, Mend::Catalog, found)?;
            Noted::read(connection)
        });
        self.done(length(path));
        Ok(noted?.unwrap_or_default())
    }
}

impl Noted {
    fn read(connection: &Connection) -> Result<Self, Error> {
        let marker = connection.query_row("SELECT marker FROM log", [], |row| row.get::<_, i64>(0)).optional()?;
        let sql = "SELECT wal_file, wal_offset FROM durable";
        let durable = connection.query_row(sql, [], |row| {
            Ok(Position { file: row.get::<_, i64>(0)? as u64, offset: row.get::<_, i64>(1)? as u64 })
        });
        Ok(Self { marker: marker.unwrap_or_default() as u64, durable: durable.optional()? })
    }
}
