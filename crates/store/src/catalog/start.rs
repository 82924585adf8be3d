//! What a start corrects in the catalog.

use rusqlite::params;

use super::{Catalog, SegmentEntry, SegmentId, segments::insert_segment};
use crate::Error;

impl Catalog {
    /// Begins with segments that were found where the catalog knew nothing of any, or with none.
    pub(crate) fn begin(&self, found: &[SegmentEntry], next_segment: SegmentId) -> Result<(), Error> {
        self.transact(|change| {
            for entry in found {
                insert_segment(change, entry)?;
            }
            let next_age = found.iter().map(|entry| entry.age.0).max().unwrap_or_default() + 1;
            let sequences = found.iter().map(|entry| entry.about.sequences.1.saturating_add(1));
            let next_sequence = sequences.max().unwrap_or_default();
            let values = params![next_segment.0 as i64, next_age as i64, next_sequence as i64];
            change.execute("INSERT INTO publication VALUES (1, ?1, ?2, ?3, NULL, NULL)", values)?;
            Ok(())
        })
    }

    /// Adds segments that were found beside those that the catalog names.
    pub(crate) fn adopt(&self, found: &[SegmentEntry], next_segment: SegmentId) -> Result<(), Error> {
        self.transact(|change| {
            for entry in found {
                insert_segment(change, entry)?;
            }
            let next_age = found.iter().map(|entry| entry.age.0).max().unwrap_or_default() + 1;
            let sequences = found.iter().map(|entry| entry.about.sequences.1.saturating_add(1));
            let next_sequence = sequences.max().unwrap_or_default();
            let sql = "UPDATE publication SET next_segment = max(next_segment, ?1), next_age = max(next_age, ?2), \
                       next_sequence = max(next_sequence, ?3)";
            change.execute(sql, params![next_segment.0 as i64, next_age as i64, next_sequence as i64])?;
            Ok(())
        })
    }

    /// Writes the rows of segments anew.
    pub(crate) fn rewrite(&self, segments: &[SegmentEntry]) -> Result<(), Error> {
        self.transact(|change| {
            for entry in segments {
                change.execute("DELETE FROM segments WHERE id = ?1", [entry.about.id.0 as i64])?;
                insert_segment(change, entry)?;
            }
            Ok(())
        })
    }
}
