//! Traces that are too large for a table: read in the order of their spans, some at a time.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Instant,
};

use trackway_model::{Event, SpanId, SpanRecord, Timestamp, TraceId};

use super::{
    digest::Digest,
    halfway::{Halfway, Patience, Purpose},
    kept::Version,
    list::{admits, version},
    merge::Judged,
    parts::{Located, Question},
};
use crate::{
    Error, Page, Span, SpanState, TracePage, TraceQuery, TraceSummary,
    cursor::{SpanPlace, page_of, trace_place, write_span_cursor},
    engine::{Gathered, Sequence, shelf::Shelved},
    query::{contains_any_case, title},
    segment::Segment,
    table::Fingerprints,
};

/// The most records with the same start and ids that are compared with each other.
const MOST_COPIES: usize = 1_024;

/// How much memory is taken by what is kept of a giant, about.
const DIGEST_BYTES: usize = 64 << 10;

impl Question<'_> {
    /// Returns a page of a giant.
    pub(super) fn giant_page(
        &self,
        located: &Located,
        after: Option<SpanPlace>,
        limit: usize,
    ) -> Result<Option<TracePage>, Error> {
        let Some(Some(summary)) = self.giant_summary(located, None)? else { return Ok(None) };
        let mut rows = self.rows(located, after.and_then(just_before))?;
        let mut found = Vec::new();
        while found.len() <= limit
            && let Some((place, span)) = rows.next()?
        {
            if after.is_none_or(|after| place > after) {
                found.push((place, span));
            }
        }
        let page = page_of(found, limit, write_span_cursor);
        let items = page.items.into_iter().map(|span| rows.beside.standing(span, self)).collect();
        Ok(Some(TracePage { summary, spans: Page { items, next: page.next } }))
    }

    /// Returns what a list shows of a giant; nothing when the time is over before that is known, and the next who asks goes
    /// on there.
    pub(super) fn giant_summary(
        &self,
        located: &Located,
        until: Option<Instant>,
    ) -> Result<Option<Option<TraceSummary>>, Error> {
        let beside = self.beside_giant(located)?;
        let version = version(located, &self.beside(located)?);
        let known = self.desk.digests().get(located.id, &version);
        let digest = match known {
            Some(digest) => digest,
            None => match self.digest(located, version, until)? {
                Some(digest) => digest,
                None => return Ok(None),
            },
        };
        let mut digest = (*digest).clone();
        for (sequence, span) in &beside.spans {
            digest.note((span.start, span.span_id, *sequence), span);
        }
        Ok(Some(digest.into_summary(located.id, &beside, self.moment)))
    }

    /// Counts the published rows of a giant.
    fn digest(
        &self,
        located: &Located,
        version: Version,
        until: Option<Instant>,
    ) -> Result<Option<Arc<Digest>>, Error> {
        let mut halfway = self.desk.readings.take(located.id, &version, &Purpose::Digest);
        let mut rows = Rows::new(self, located, halfway.after, Gathered::default())?;
        let mut patience = Patience::until(until, self.desk.giant_rows);
        while let Some((place, row)) = rows.next()? {
            halfway.digest.note(place, &row.record);
            if patience.is_over() && rows.is_between() {
                halfway.after = Some(place);
                self.desk.readings.put(located.id, version, Purpose::Digest, halfway);
                return Ok(None);
            }
        }
        let digest = Arc::new(halfway.digest);
        self.desk.digests().put(located.id, version, Arc::clone(&digest), DIGEST_BYTES);
        Ok(Some(digest))
    }

    /// Returns the records of a span of a giant.
    pub(super) fn giant_span(&self, located: &Located, span: SpanId) -> Result<Vec<Span>, Error> {
        let mut rows = self.rows(located, None)?;
        let mut found = Vec::new();
        while let Some((_, row)) = rows.next()? {
            if row.record.span_id == span {
                found.push(rows.beside.standing(row, self));
            }
        }
        Ok(found)
    }

    /// Decides whether a giant matches; when the time is over before, it is left.
    pub(super) fn judge_giant(
        &self,
        query: &TraceQuery,
        id: TraceId,
        until: Instant,
        judged: &mut Judged,
    ) -> Result<(), Error> {
        let located = self.locate(id)?;
        let Some(summary) = self.giant_summary(&located, Some(until))? else {
            judged.left.push(id);
            return Ok(());
        };
        let Some(summary) = summary.filter(|summary| admits(query, summary)) else { return Ok(()) };
        let (version, purpose) = (version(&located, &self.beside(&located)?), Purpose::Judgement(query.clone().into()));
        let (mut it, beside) = (self.desk.readings.take(id, &version, &purpose), self.beside_giant(&located)?);
        let in_heads = beside.spans.len();
        if it.ended_with.is_some_and(|rows| rows != in_heads) {
            it = Halfway::default();
        }
        it.is_named |= query.name.as_deref().is_none_or(|part| contains_any_case(&summary.root_name, part));
        it.is_filtered |= query.spans.is_none();
        let mut rows = Rows::new(self, &located, it.after, beside)?;
        let mut patience = Patience::until(Some(until), self.desk.giant_rows);
        while !(it.is_named && it.is_filtered)
            && let Some((place, row)) = rows.next()?
        {
            judged.scanned += 1;
            it.after = Some(place);
            it.is_named = it.is_named
                || query.name.as_deref().is_some_and(|part| {
                    contains_any_case(&row.record.name, part) || contains_any_case(title(&row.record), part)
                });
            it.is_filtered = it.is_filtered
                || query
                    .spans
                    .as_ref()
                    .is_some_and(|filter| filter.matches(&rows.beside.whole(row, &self.desk.prints)));
            if patience.is_over() && rows.is_between() {
                self.desk.readings.put(id, version, purpose, it);
                judged.left.push(id);
                return Ok(());
            }
        }
        if it.is_named && it.is_filtered {
            judged.found.push((trace_place(summary.start, id), summary));
        }
        it.ended_with = Some(in_heads);
        self.desk.readings.put(id, version, purpose, it);
        Ok(())
    }

    fn rows<'q>(&'q self, located: &Located, after: Option<SpanPlace>) -> Result<Rows<'q>, Error> {
        Rows::new(self, located, after, self.beside_giant(located)?)
    }

    /// What the heads have of a giant, and what the catalog knows of it.
    fn beside_giant(&self, located: &Located) -> Result<Gathered, Error> {
        let mut beside = self.beside(located)?;
        for side in [self.parts.frozen.as_ref(), Some(&self.parts.active)].into_iter().flatten() {
            side.head().gather(located.id, &mut beside);
        }
        Ok(beside)
    }
}

/// A record with the events that came apart from it and lie beside it.
struct Row {
    record: Arc<SpanRecord>,
    late: Vec<Event>,
}

/// What is known of a giant beside its rows.
struct Beside {
    late: HashMap<SpanId, Vec<Event>>,
    news: Timestamp,
}

impl Beside {
    /// The span as it stands.
    fn standing(&self, row: Row, question: &Question<'_>) -> Span {
        let record = self.whole(row, &question.desk.prints);
        let state = match record.end {
            Some(_) => SpanState::Finished,
            None => question.moment.stored(self.news),
        };
        Span { record, state, announced: None }
    }

    /// The record with the events that came apart from it.
    fn whole(&self, row: Row, prints: &Fingerprints) -> SpanRecord {
        let mut record = Arc::unwrap_or_clone(row.record);
        let late = row.late.into_iter().chain(self.late.get(&record.span_id).into_iter().flatten().cloned());
        let mut seen: HashSet<u64> = HashSet::new();
        let before = record.events.len();
        let mut late = late.peekable();
        if late.peek().is_some() {
            seen.extend(record.events.iter().map(|event| prints.of_event(event)));
        }
        for event in late {
            if seen.insert(prints.of_event(&event)) {
                record.events.push(event);
            }
        }
        if record.events.len() > before {
            record.events.sort_by_key(|event| event.time);
        }
        record
    }
}

/// All rows of a giant in order of their places, each record once.
struct Rows<'q> {
    parts: Vec<Part<'q>>,
    /// Rows with the same start and ids, settled.
    settled: VecDeque<(SpanPlace, Row)>,
    /// Whether the last row had no other with the same start and ids.
    was_alone: bool,
    beside: Beside,
}

/// The rows of one part, those in memory first.
struct Part<'q> {
    id: TraceId,
    ready: VecDeque<(SpanPlace, Row)>,
    /// Absent when all rows are in memory.
    rest: Option<Rest>,
    question: &'q Question<'q>,
}

struct Rest {
    shelved: Arc<Shelved>,
    segment: Arc<Segment>,
    after: Option<SpanPlace>,
}

impl<'q> Rows<'q> {
    fn new(
        question: &'q Question<'q>,
        located: &Located,
        after: Option<SpanPlace>,
        beside: Gathered,
    ) -> Result<Self, Error> {
        let Gathered { spans, late, mut news, .. } = beside;
        let mut in_heads: Vec<_> = spans
            .into_iter()
            .map(|(sequence, record)| ((record.start, record.span_id, sequence), Row { record, late: Vec::new() }))
            .filter(|(place, _)| after.is_none_or(|after| *place > after))
            .collect();
        in_heads.sort_by_key(|(place, _)| *place);
        let mut parts = vec![Part { id: located.id, ready: in_heads.into(), rest: None, question }];
        for (shelved, _) in &located.parts {
            let Some(segment) = question.open(shelved)? else { continue };
            let rest = Some(Rest { shelved: Arc::clone(shelved), segment, after });
            parts.push(Part { id: located.id, ready: VecDeque::new(), rest, question });
        }
        let mut of_spans = HashMap::<SpanId, Vec<Event>>::new();
        for (_, arrival, late) in late {
            news = news.max(arrival);
            of_spans.entry(late.span_id).or_default().push(late.event);
        }
        Ok(Self { parts, settled: VecDeque::new(), was_alone: false, beside: Beside { late: of_spans, news } })
    }

    fn next(&mut self) -> Result<Option<(SpanPlace, Row)>, Error> {
        if let Some(settled) = self.settled.pop_front() {
            return Ok(Some(settled));
        }
        let Some((place, row)) = self.next_row()? else { return Ok(None) };
        self.was_alone = false;
        let mut copies = vec![(place, row)];
        while copies.len() < MOST_COPIES
            && let Some(next) = self.next_place()?
            && (next.0, next.1) == (place.0, place.1)
        {
            copies.extend(self.next_row()?);
        }
        if copies.len() == 1 {
            self.was_alone = true;
            return Ok(copies.pop());
        }
        self.settled = settle(copies).into();
        Ok(self.settled.pop_front())
    }

    /// Whether whoever goes on behind the last row misses nothing.
    fn is_between(&self) -> bool {
        self.was_alone
    }

    fn next_place(&mut self) -> Result<Option<SpanPlace>, Error> {
        let mut least = None;
        for part in &mut self.parts {
            let first = part.first()?;
            least = [least, first].into_iter().flatten().min();
        }
        Ok(least)
    }

    fn next_row(&mut self) -> Result<Option<(SpanPlace, Row)>, Error> {
        let Some(place) = self.next_place()? else { return Ok(None) };
        let part = self.parts.iter_mut().find(|part| part.ready.front().is_some_and(|(first, _)| *first == place));
        Ok(part.and_then(|part| part.ready.pop_front()))
    }
}

impl Part<'_> {
    /// The place of the next row, which is then in memory.
    fn first(&mut self) -> Result<Option<SpanPlace>, Error> {
        if self.ready.is_empty()
            && let Some(Rest { shelved, segment, after }) = self.rest.take()
        {
            let at_once = segment.rows_at_once();
            let read = segment.trace_behind(self.id, after, at_once);
            let read = self.question.readable(&shelved, read)?.unwrap_or_default();
            let is_more = read.len() == at_once;
            self.ready.extend(read.into_iter().map(|span| {
                let place = (span.record.start, span.record.span_id, span.sequence);
                (place, Row { record: Arc::new(span.record), late: span.late_events })
            }));
            let after = self.ready.back().map(|(place, _)| *place);
            self.rest = is_more.then_some(Rest { shelved, segment, after });
        }
        Ok(self.ready.front().map(|(place, _)| *place))
    }
}

/// Keeps those of some records with the same start and ids that count.
fn settle(copies: Vec<(SpanPlace, Row)>) -> Vec<(SpanPlace, Row)> {
    let mut late = HashMap::<Sequence, Vec<Event>>::new();
    let mut gathered = Gathered::default();
    for ((_, _, sequence), row) in copies {
        late.insert(sequence, row.late);
        gathered.spans.push((sequence, row.record));
    }
    // What came apart from one record came for each of them.
    let all_late: Vec<_> = late.into_values().flatten().collect();
    let place = |sequence, record: &SpanRecord| (record.start, record.span_id, sequence);
    let mut settled: Vec<_> = gathered
        .settled()
        .spans
        .into_iter()
        .map(|(sequence, record)| (place(sequence, &record), Row { record, late: all_late.clone() }))
        .collect();
    settled.sort_by_key(|(place, _)| *place);
    settled
}

/// A place behind which all records with the same start and ids lie; `None` when that is the beginning.
fn just_before((start, id, _): SpanPlace) -> Option<SpanPlace> {
    let before = u64::from_be_bytes(id.bytes()) - 1;
    if let Some(id) = SpanId::new(before.to_be_bytes()) {
        return Some((start, id, Sequence::MAX));
    }
    let last = SpanId::new([u8::MAX; 8])?;
    Some((Timestamp(start.0.checked_sub(1)?), last, Sequence::MAX))
}
