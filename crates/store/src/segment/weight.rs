//! About how much memory the rows of a segment take, so that whoever reads them knows how many to read at once.

use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use super::schema;

/// The most rows that are read at once, and the fewest, however large they are.
const MOST_ROWS: u64 = 1024;
const FEWEST_ROWS: u64 = 16;
/// About how many bytes of memory may be taken by rows that are read at once.
const BYTES_AT_ONCE: u64 = 4 << 20;

/// What a row takes beside its texts.
const ROW_BYTES: u64 = 512;

/// Columns of which rows share the values once they are read.
const SHARED: [&str; 4] = [schema::PROJECT, schema::SERVICE, schema::RESOURCE, schema::SCOPE];

/// What rows weigh, by what the footer says of their texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight {
    /// The bytes of a row in memory, on average.
    pub(super) row_bytes: u64,
    /// How many rows are read at once: few, where those of some row group are large.
    pub(super) rows_at_once: usize,
}

impl Weight {
    pub(super) fn of(metadata: &ParquetMetaData) -> Self {
        let groups = metadata.row_groups();
        let rows: u64 = groups.iter().map(rows_of).sum();
        let texts: u64 = groups.iter().map(text_bytes).sum();
        let largest = groups.iter().map(|group| of_rows(text_bytes(group), rows_of(group))).max();
        let rows_at_once = (BYTES_AT_ONCE / largest.unwrap_or(ROW_BYTES)).clamp(FEWEST_ROWS, MOST_ROWS);
        Self { row_bytes: of_rows(texts, rows), rows_at_once: rows_at_once as usize }
    }
}

fn of_rows(texts: u64, rows: u64) -> u64 {
    ROW_BYTES + texts / rows.max(1)
}

fn rows_of(group: &RowGroupMetaData) -> u64 {
    u64::try_from(group.num_rows()).unwrap_or_default()
}

/// How many bytes the texts of a row group have once they are read.
fn text_bytes(group: &RowGroupMetaData) -> u64 {
    let columns = group.columns().iter().filter(|column| !SHARED.contains(&column.column_descr().name()));
    let bytes = columns.filter_map(|column| u64::try_from(column.unencoded_byte_array_data_bytes()?).ok());
    bytes.fold(0, u64::saturating_add)
}
