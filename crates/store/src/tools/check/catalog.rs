//! Checks `catalog.db`.

use std::path::Path;

use super::{Checking, length};
use crate::{
    Error,
    tools::{Mend, database, listing::Listing},
};

impl Checking<'_, '_> {
    pub(super) fn catalog(&mut self, path: &Path) -> Result<Listing, Error> {
        if !path.exists() {
            self.find(path, None, "it is missing, so nobody knows what was deleted", Mend::Catalog);
            return Ok(Listing::default());
        }
        self.at(path);
        let findings = &mut self.report.findings;
        let noted = database::look(path, Mend::Catalog, findings, |connection, found| {
            database::integrity(connection, path, Mend::Catalog, found)?;
            Listing::read(connection)
        });
        self.done(length(path));
        Ok(noted?.unwrap_or_default())
    }
}
