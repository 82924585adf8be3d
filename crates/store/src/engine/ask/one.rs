//! One trace: its summary, its spans, and what all parts have of it.

use std::{collections::BTreeSet, sync::Arc};

use trackway_model::{SpanId, TraceId};

use super::{
    Desk,
    list::version,
    parts::{Located, Question},
};
use crate::{
    Error, Page, PageRequest, Span, TracePage, TraceSummary,
    cursor::{page_of, span_cursor, write_span_cursor},
    query::MOST_FOUND,
    table::Table,
};

/// What a trace is asked of.
enum Asked<T> {
    Answer(T),
    /// It is too large for a table.
    Giant(Located),
}

impl Desk {
    pub(crate) fn trace(&self, id: TraceId, page: &PageRequest) -> Result<Option<TracePage>, Error> {
        let (after, limit) = (span_cursor(page)?, page.limit.max(1));
        let question = self.ask()?;
        let moment = question.moment;
        let asked = question.ask_trace(id, |table| {
            let summary = table.summary(id, moment)?;
            Some((summary, table.spans(id, after, limit.saturating_add(1), moment)))
        })?;
        let (summary, found) = match asked {
            Asked::Giant(located) => return question.giant_page(&located, after, limit),
            Asked::Answer(None) => return Ok(None),
            Asked::Answer(Some(answer)) => answer,
        };
        let spans = page_of(found, limit, write_span_cursor);
        let items = spans.items.into_iter().map(|found| found.into_span(&self.prints)).collect();
        Ok(Some(TracePage { summary, spans: Page { items, next: spans.next } }))
    }

    pub(crate) fn summary(&self, id: TraceId) -> Result<Option<TraceSummary>, Error> {
        let question = self.ask()?;
        match question.ask_trace(id, |table| table.summary(id, question.moment))? {
            Asked::Answer(summary) => Ok(summary),
            Asked::Giant(located) => Ok(question.giant_summary(&located, None)?.flatten()),
        }
    }

    pub(crate) fn span(&self, trace: TraceId, span: SpanId) -> Result<Vec<Span>, Error> {
        let question = self.ask()?;
        match question.ask_trace(trace, |table| table.span(trace, span, question.moment))? {
            Asked::Answer(found) => Ok(found.into_iter().map(|found| found.into_span(&self.prints)).collect()),
            Asked::Giant(located) => question.giant_span(&located, span),
        }
    }

    pub(crate) fn find_original(&self, id: &str) -> Result<Vec<(TraceId, SpanId)>, Error> {
        let question = self.ask()?;
        let mut found = BTreeSet::from_iter(question.parts.published.catalog().originals(id)?);
        for side in question.sides() {
            found.extend(side.head().find_original(id));
            if side.has_announced() {
                question.catch_up(side)?;
                found.extend(side.view().table().find_original(id));
            }
        }
        let mut confirmed = Vec::new();
        for (trace, span) in found {
            if confirmed.len() < MOST_FOUND && question.is_original(trace, span, id)? {
                confirmed.push((trace, span));
            }
        }
        Ok(confirmed)
    }
}

impl Question<'_> {
    /// Returns true when a record that counts has this id: what a part has of a span, another may supersede.
    fn is_original(&self, trace: TraceId, span: SpanId, id: &str) -> Result<bool, Error> {
        match self.ask_trace(trace, |table| table.find_original(id).contains(&(trace, span)))? {
            Asked::Answer(is_original) => Ok(is_original),
            Asked::Giant(_) => Ok(true),
        }
    }

    /// Asks a table that has the whole of a trace.
    fn ask_trace<T>(&self, id: TraceId, ask: impl FnOnce(&Table) -> T) -> Result<Asked<T>, Error> {
        let active = &self.parts.active;
        if active.has_announced() {
            self.catch_up(active)?;
            let view = active.view();
            if view.covers(id) && !view.giants().contains(&id) {
                return Ok(Asked::Answer(ask(view.table())));
            }
        }
        let located = self.locate(id)?;
        if self.is_giant(&located) {
            return Ok(Asked::Giant(located));
        }
        if self.sides().any(|side| side.head().contains(id)) {
            return Ok(match self.gather(id)? {
                Some(gathered) => Asked::Answer(ask(&self.table_of(id, gathered))),
                None => Asked::Giant(located),
            });
        }
        let beside = self.beside(&located)?;
        let version = version(&located, &beside);
        if let Some(table) = self.desk.tables().get(id, &version) {
            return Ok(Asked::Answer(ask(&table)));
        }
        let gathered = self.gather_published(vec![(located, beside)])?.pop().map(|(_, gathered)| gathered);
        let table = Arc::new(self.table_of(id, gathered.unwrap_or_default()));
        let bytes = usize::try_from(table.memory_bytes()).unwrap_or(usize::MAX);
        self.desk.tables().put(id, version, Arc::clone(&table), bytes);
        Ok(Asked::Answer(ask(&table)))
    }
}
