//! Segments: spans in two files that do not change any more.
//!
//! ```text
//! spans.parquet   a row each span, in order of (second of the start, trace, start, span, sequence)
//!                 sequence | project | trace_id | span_id | parent_id | service | name | kind | status | start | ...
//!                 resource, scope: JSON, each distinct one once in a dictionary     events, links, data: JSON
//!                 a.http.route, a.http.response.status_code, ...: one typed column for each frequent attribute
//!                 attributes_rest: JSON of what has no column       attribute_order: in which order the span had them
//!                 passages: what long texts repeat, once, in files of the store that stay
//! spans.tix       which rows are of which trace
//! ```
//!
//! Whatever reads Parquet can read the first of them: names are for people, times are timestamps, and nothing but the order
//! of attributes is encoded in a way of its own. [`Segment`] gives back the very records that [`SegmentWriter`] was given.
//! Pages are small, and their statistics tell which of them a question needs. Both files carry checksums, so that what
//! became damaged is an error that names the file, and never another answer.

mod agent;
mod alone;
mod bloom;
mod candidates;
mod checked;
mod columns;
mod columns_attributes;
mod columns_bits;
mod columns_bounds;
mod columns_dictionary;
mod columns_number;
mod columns_page;
mod columns_text;
mod counting;
mod gather;
mod listed;
mod parts;
mod passages;
mod read;
mod record;
mod scan;
mod schema;
mod schema_plan;
mod schema_shapes;
mod trace_index;
mod typed_json;
mod weight;
mod words;
mod write;
mod write_files;
mod write_range;
mod write_stream;

use std::path::{Path, PathBuf};

pub(crate) use self::{
    alone::{Alone, Counted},
    bloom::Bloom,
    candidates::{Block, Candidates, Wanted},
    listed::{Flags, Listed},
    parts::{read_attributes, read_events, write_attributes, write_events},
    schema_plan::Plan,
    write_stream::{Effort, SegmentStream, bucket_of, file_order},
};
pub use self::{
    read::{Segment, SegmentSpan, SegmentSpans},
    scan::SegmentFilter,
    write::{SegmentWriter, Written},
};

/// The newest version of a segment that this program reads, which files have whose texts name passages.
const VERSION: u32 = 3;
/// The version of files in which all texts are plain.
const PLAIN_VERSION: u32 = 2;

/// Keys of what the Parquet file says of itself.
const VERSION_KEY: &str = "trackway.segment.version";
const ROWS: &str = "trackway.segment.rows";
const MIN_START: &str = "trackway.segment.min_start";
const MAX_START: &str = "trackway.segment.max_start";
const MAX_END: &str = "trackway.segment.max_end";
/// A JSON array of the keys that have a value in `attributes_rest`; absent when there are too many.
const REST_KEYS: &str = "trackway.segment.rest_keys";
/// How many blocks of passages there are, `@`, and where their table is; absent when there are none.
const PASSAGES: &str = "trackway.segment.passages";

/// Returns where the index of a segment is.
pub(crate) fn index_path(segment: &Path) -> PathBuf {
    segment.with_extension("tix")
}
