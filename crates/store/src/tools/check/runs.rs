//! Checks `runs.db`.

use std::path::Path;

use super::Checking;
use crate::{
    Error,
    runs::embedded::check_states,
    tools::{Finding, Mend, database, disk::length},
};

/// What no row may be: what to say, and the rows that are it.
const RULES: [(&str, &str); 8] = [
    ("steps are of no run", "steps WHERE id >> 32 NOT IN (SELECT id FROM runs)"),
    ("states are of no run", "states WHERE id >> 32 NOT IN (SELECT id FROM runs)"),
    ("states that were set by hand are of no run", "placements WHERE id >> 32 NOT IN (SELECT id FROM runs)"),
    ("remarks are of no run", "remarks WHERE id >> 32 NOT IN (SELECT id FROM runs)"),
    ("attributes are of no step", "attributes WHERE step NOT IN (SELECT id FROM steps)"),
    (
        "steps have lost their state",
        "steps WHERE state IS NOT NULL AND (id >> 32 << 32) + state NOT IN (SELECT id FROM states)",
    ),
    (
        "states say what changed since one that is not there",
        "states WHERE base IS NOT NULL AND base NOT IN (SELECT id FROM states)",
    ),
    (
        "totals are not what the runs add up to",
        "totals WHERE runs <> (SELECT count(*) FROM runs) OR steps <> (SELECT coalesce(sum(steps), 0) FROM runs)",
    ),
];

impl Checking<'_, '_> {
    pub(super) fn runs(&mut self, path: &Path) -> Result<(), Error> {
        if !path.exists() {
            // Every store has it, with runs or without.
            self.find(path, None, "it is missing, and with it every run", Mend::Runs);
            return Ok(());
        }
        self.at(path);
        let findings = &mut self.report.findings;
        let looked = database::look(path, Mend::Runs, findings, |connection, found| {
            if !database::integrity(connection, path, Mend::Runs, found)? {
                return Ok(());
            }
            database::none_of(connection, &RULES, path, Mend::Runs, found)?;
            let wrong = check_states(connection)?;
            if wrong > 0 {
                let what = format!("{wrong} states are not what was stored, by their checksums");
                found.push(Finding::new(path, None, what, Mend::Runs));
            }
            Ok(())
        });
        self.done(length(path));
        looked.map(|_| ())
    }
}
