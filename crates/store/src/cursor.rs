//! Where a page ended, as an opaque text.
//!
//! A cursor holds the place of the last item, not its number: what comes or goes elsewhere in the list moves nothing.

use trackway_model::{SpanId, Timestamp, TraceId};

use crate::{Error, Page, PageRequest};

/// A trace's place in the list of traces: by start, then by id.
pub(crate) type TracePlace = (Timestamp, [u8; 16]);

/// A span's place in its trace: by start, then by id, then by arrival.
pub(crate) type SpanPlace = (Timestamp, SpanId, u64);

/// Returns the place of a trace.
pub(crate) fn trace_place(start: Timestamp, id: TraceId) -> TracePlace {
    (start, id.bytes())
}

/// Reads the place at which the last page of traces ended.
pub(crate) fn trace_cursor(page: &PageRequest) -> Result<Option<TracePlace>, Error> {
    let Some(cursor) = &page.cursor else { return Ok(None) };
    let place = split(cursor, "t", 16).and_then(|(start, id)| {
        let id: TraceId = id.parse().ok()?;
        Some((Timestamp(number(start)?), id.bytes()))
    });
    place.map(Some).ok_or_else(|| Error::Cursor { cursor: cursor.clone() })
}

/// Reads the place at which the last page of spans ended.
pub(crate) fn span_cursor(page: &PageRequest) -> Result<Option<SpanPlace>, Error> {
    let Some(cursor) = &page.cursor else { return Ok(None) };
    let place = split(cursor, "s", 16).and_then(|(start, rest)| {
        let (id, arrival) = rest.split_at_checked(16)?;
        Some((Timestamp(number(start)?), id.parse().ok()?, number(arrival)?))
    });
    place.map(Some).ok_or_else(|| Error::Cursor { cursor: cursor.clone() })
}

/// Writes the place of a trace.
pub(crate) fn write_trace_cursor((start, id): TracePlace) -> String {
    format!("t{:016x}{:032x}", start.0, u128::from_be_bytes(id))
}

/// Writes the place of a span.
pub(crate) fn write_span_cursor((start, id, arrival): SpanPlace) -> String {
    format!("s{:016x}{id}{arrival:016x}", start.0)
}

/// Makes a page of the items found, of which one more than asked for tells that there are more.
pub(crate) fn page_of<P: Copy, T>(mut found: Vec<(P, T)>, limit: usize, write: impl Fn(P) -> String) -> Page<T> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| write(*place));
    Page { items: found.into_iter().map(|(_, item)| item).collect(), next }
}

fn split<'a>(cursor: &'a str, kind: &str, at: usize) -> Option<(&'a str, &'a str)> {
    cursor.strip_prefix(kind)?.split_at_checked(at)
}

fn number(hex: &str) -> Option<u64> {
    // `from_str_radix` would also take a leading sign.
    let digits = hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(hex, 16).ok()).flatten()
}
