//! The list of traces, and searches.

use std::{collections::HashSet, time::Instant};

use trackway_model::TraceId;

use super::{
    BATCH_BYTES, Desk,
    kept::Version,
    merge::{Judged, Limits, merge},
    parts::{Located, Question},
    sources::Listing,
};
use crate::{
    Error, Page, PageRequest, Search, TraceList, TraceQuery, TraceSummary,
    asker::has_left,
    cursor::{TracePlace, page_of, trace_cursor, trace_place, write_trace_cursor},
    engine::Gathered,
    query::contains_any_case,
    segment::Wanted,
    table::Table,
};

impl Desk {
    pub(crate) fn traces(&self, query: &TraceQuery, page: &PageRequest) -> Result<TraceList, Error> {
        self.ask()?.list(query, page)
    }
}

impl Question<'_> {
    pub(super) fn list(&self, query: &TraceQuery, page: &PageRequest) -> Result<TraceList, Error> {
        let (before, limit) = (trace_cursor(page)?.map(read_cut), page.limit.max(1));
        for side in self.sides() {
            self.catch_up(side)?;
        }
        let listing = Listing {
            question: self,
            query,
            before,
            beside: self.matching_beside(query)?,
            has_told: self.parts.published.has_notes() && self.parts.published.catalog().has_told()?,
        };
        let limits = Limits {
            before,
            most: limit.saturating_add(1),
            stop: Instant::now() + self.desk.search_time,
            is_unwanted: &has_left,
        };
        let merged = merge(listing.sources(), &mut |ids| self.judge(query, ids, limits.stop), &limits)?;
        let segments = self.segments_asked();
        let search = Search {
            scanned: merged.scanned,
            segments,
            pruned: (self.parts.published.segments().len() as u64).saturating_sub(segments),
            is_cut: merged.cut.is_some(),
        };
        let Page { items, next } = page_of(merged.found, limit, write_trace_cursor);
        Ok(TraceList { items, next: merged.cut.map(cut_cursor).or(next), search })
    }

    /// Finds the traces that may match by something that no segment knows of: what their client tells of them as a whole,
    /// and events that came apart from their spans.
    fn matching_beside(&self, query: &TraceQuery) -> Result<HashSet<TraceId>, Error> {
        let mut found = HashSet::new();
        if !self.parts.published.has_notes() {
            return Ok(found);
        }
        let catalog = self.parts.published.catalog();
        if let Some(part) = &query.name {
            catalog.each_told(&mut |told| {
                if contains_any_case(&told.record.name, part) {
                    found.insert(told.record.trace_id);
                }
            })?;
        }
        if Wanted::of(query).is_some_and(|wanted| wanted.looks_at_events()) {
            found.extend(catalog.traces_of_late()?);
        }
        Ok(found)
    }

    /// Decides which traces match, each as a whole; giants only as far as there is time.
    pub(super) fn judge(&self, query: &TraceQuery, ids: Vec<TraceId>, until: Instant) -> Result<Judged, Error> {
        let (mut judged, mut giants, mut rest) = (Judged::default(), Vec::new(), ids);
        for side in self.sides() {
            let (of_side, others): (Vec<_>, _) = {
                let (view, head) = (side.view(), side.head());
                rest.into_iter().partition(|id| view.covers(*id) || head.contains(*id))
            };
            rest = others;
            if of_side.is_empty() {
                continue;
            }
            self.catch_up(side)?;
            let view = side.view();
            let (large, of_side): (Vec<_>, Vec<_>) = of_side.into_iter().partition(|id| view.giants().contains(id));
            giants.extend(large);
            let stretch = view.table().pick(query, &of_side, self.moment);
            judged.found.extend(stretch.found);
            judged.scanned += stretch.scanned;
        }
        self.judge_published(query, rest, &mut giants, &mut judged)?;
        for id in giants {
            self.judge_giant(query, id, until, &mut judged)?;
        }
        Ok(judged)
    }

    fn judge_published(
        &self,
        query: &TraceQuery,
        ids: Vec<TraceId>,
        giants: &mut Vec<TraceId>,
        judged: &mut Judged,
    ) -> Result<(), Error> {
        let (mut batch, mut rows, mut bytes) = (Vec::new(), 0, 0);
        for id in ids {
            let located = self.locate(id)?;
            if self.is_giant(&located) {
                giants.push(id);
                continue;
            }
            let beside = self.beside(&located)?;
            if is_of_summary(query)
                && let Some(summary) = self.desk.summaries().get(id, &version(&located, &beside))
            {
                note_summary(query, summary, judged);
                continue;
            }
            (rows, bytes) = (rows + located.rows(), bytes + located.bytes);
            batch.push((located, beside));
            if rows > self.desk.giant_rows || bytes > BATCH_BYTES {
                self.judge_batch(query, std::mem::take(&mut batch), judged)?;
                (rows, bytes) = (0, 0);
            }
        }
        self.judge_batch(query, batch, judged)
    }

    fn judge_batch(
        &self,
        query: &TraceQuery,
        batch: Vec<(Located, Gathered)>,
        judged: &mut Judged,
    ) -> Result<(), Error> {
        let versions: Vec<_> = batch.iter().map(|(located, beside)| (located.id, version(located, beside))).collect();
        let mut table = self.desk.new_table();
        for (located, gathered) in self.gather_published(batch)? {
            table.gather(located.id, gathered, &self.desk.prints);
        }
        if !is_of_summary(query) {
            return list_all(&table, query, self, judged);
        }
        for (id, version) in versions {
            let Some(summary) = table.summary(id, self.moment) else { continue };
            self.keep(version, &summary);
            note_summary(query, summary, judged);
        }
        Ok(())
    }

    /// Keeps a summary that stays as it is until something comes.
    pub(super) fn keep(&self, version: Version, summary: &TraceSummary) {
        if summary.open_count > 0 || summary.about.is_some() {
            return;
        }
        let lists = 96 * (summary.services.len() + summary.outline.len());
        let bytes = 2 * size_of::<TraceSummary>() + lists + summary.root_name.len() + summary.project.len();
        self.desk.summaries().put(summary.trace_id, version, summary.clone(), bytes);
    }
}

/// The smallest id of a trace.
const FIRST_ID: [u8; 16] = 1u128.to_be_bytes();

/// Writes where a search goes on that was cut before a place.
fn cut_cursor((start, id): TracePlace) -> String {
    // The id of zeros, which stands for "before this start", is no trace's and so no cursor's.
    write_trace_cursor((start, id.max(FIRST_ID)))
}

fn read_cut((start, id): TracePlace) -> TracePlace {
    (start, if id == FIRST_ID { [0; 16] } else { id })
}

/// Returns what a trace looks like together with, so that it looks the same while that is the same.
pub(super) fn version(located: &Located, beside: &Gathered) -> Version {
    Version::new(located.parts.iter().map(|(shelved, _)| shelved.id()), beside)
}

fn list_all(table: &Table, query: &TraceQuery, question: &Question<'_>, judged: &mut Judged) -> Result<(), Error> {
    let mut after = None;
    loop {
        let stretch = table.list(query, after, usize::MAX, question.moment);
        judged.found.extend(stretch.found);
        judged.scanned += stretch.scanned;
        after = stretch.rest;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Returns true when the summary of a trace tells whether it matches.
fn is_of_summary(query: &TraceQuery) -> bool {
    query.name.is_none() && query.spans.is_none()
}

fn note_summary(query: &TraceQuery, summary: TraceSummary, judged: &mut Judged) {
    if admits(query, &summary) {
        judged.found.push((trace_place(summary.start, summary.trace_id), summary));
    }
}

/// Returns whether a trace matches, but for the names and the filter of its spans.
pub(super) fn admits(query: &TraceQuery, trace: &TraceSummary) -> bool {
    query.project.as_deref().is_none_or(|project| *project == *trace.project)
        && query.group.as_deref().is_none_or(|group| trace.group.as_deref() == Some(group))
        && query.service.as_deref().is_none_or(|service| trace.services.iter().any(|(name, _)| **name == *service))
        && query.status.is_none_or(|status| status == trace.status)
        && query.min_duration.is_none_or(|least| trace.duration >= least)
        && query.max_duration.is_none_or(|most| trace.duration <= most)
        && query.start.is_none_or(|start| trace.start >= start)
        && query.end.is_none_or(|end| trace.start < end)
}
