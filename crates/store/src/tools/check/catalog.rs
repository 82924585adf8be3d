//! Checks `catalog.db`.

use std::path::Path;

use super::Checking;
use crate::{
    Error,
    catalog::Published,
    sqlite,
    tools::{Mend, database, disk::length, listing::Listing},
};

impl Checking<'_, '_> {
    pub(super) fn catalog(&mut self, path: &Path) -> Result<(Listing, Published), Error> {
        if !path.exists() {
            self.find(path, None, "it is missing, so nobody knows what was deleted", Mend::Catalog);
            return Ok(Default::default());
        }
        self.at(path);
        let findings = &mut self.report.findings;
        let noted = database::look(path, Mend::Catalog, findings, |connection, found| {
            database::integrity(connection, path, Mend::Catalog, found)?;
            let is_new = sqlite::has_table(connection, "segments")?;
            let published = if is_new { Published::read(connection)? } else { Published::default() };
            Ok((Listing::read(connection)?, published))
        });
        self.done(length(path));
        Ok(noted?.unwrap_or_default())
    }
}
