//! How a batch comes into a head.

use std::sync::{Arc, RwLockReadGuard};

use trackway_model::{Batch, SpanEvent, SpanRecord, Timestamp, TraceId, TraceRecord};

use super::{Elsewhere, Head, Kept, LateEvent, Row, Telling, announced::Ids, link::Link, rows::Belongs, told_bytes};
use crate::{Ack, quick::HashMap, table::Arrival};

/// A batch on its way in.
struct Taking<'a> {
    arrival: Timestamp,
    elsewhere: &'a mut dyn FnMut(TraceId) -> Elsewhere,
    announced: RwLockReadGuard<'a, Ids>,
    ack: Ack,
}

impl Taking<'_> {
    /// Notes that a list shows a trace from now on, if none did before.
    fn note_listing(&mut self, id: TraceId, kept: &Kept) {
        if !kept.is_listed() && kept.elsewhere != Elsewhere::Listed && !self.announced.has(id) {
            self.ack.created.push(id);
        }
    }

    /// Notes that a trace looks different.
    fn note_change(&mut self, id: TraceId, kept: &mut Kept, batch: u64) {
        if kept.changed != batch {
            kept.changed = batch;
            self.ack.changed.push(id);
        }
    }
}

impl Head {
    /// Takes a batch that is durable; each record of it uses up a number. `elsewhere` tells what older parts have of a
    /// trace; it is asked once a trace.
    ///
    /// Duplicates and news are told as far as this head knows: what older parts have of the records of a trace is not
    /// compared.
    pub(crate) fn apply(
        &mut self,
        batch: Batch,
        arrival: Timestamp,
        elsewhere: &mut dyn FnMut(TraceId) -> Elsewhere,
    ) -> Ack {
        self.batch += 1;
        let announced = Arc::clone(&self.announced);
        let mut taking = Taking { arrival, elsewhere, announced: announced.read(), ack: Ack::default() };
        for record in batch.traces {
            self.apply_record(record, &mut taking);
        }
        for record in batch.spans {
            self.apply_span(record, &mut taking);
        }
        for event in batch.events {
            self.apply_event(event, &mut taking);
        }
        self.tallies.duplicates += taking.ack.duplicates;
        taking.ack
    }

    fn apply_record(&mut self, record: TraceRecord, taking: &mut Taking<'_>) {
        let id = record.trace_id;
        self.next += 1;
        if self.told(id).last().is_some_and(|last| *last.record == record) {
            taking.ack.duplicates += 1;
            return;
        }
        let kept = kept(&mut self.traces, id, &mut self.has_spread, taking.elsewhere);
        taking.note_listing(id, kept);
        self.tallies.trace_records += u64::from(kept.told.is_empty());
        self.told_bytes += told_bytes(&record);
        kept.told.push(self.told.len());
        kept.news = kept.news.max(Some(taking.arrival));
        taking.note_change(id, kept, self.batch);
        self.told.push(Some(Telling { arrival: taking.arrival, record: Arc::new(record) }));
    }

    fn apply_span(&mut self, mut record: SpanRecord, taking: &mut Taking<'_>) {
        let (id, span) = (record.trace_id, record.span_id);
        let sequence = self.next;
        self.next += 1;
        self.sharing.share(&mut record, &self.prints);
        let record = Arc::new(record);
        let kept = kept(&mut self.traces, id, &mut self.has_spread, taking.elsewhere);
        let belongs = Belongs { earlier: kept.last_row, is_spread: kept.elsewhere != Elsewhere::Nothing };
        let is_foreign = record.foreign.is_some();
        let row = Row { sequence, arrival: taking.arrival, record, is_only: false };
        let (outcome, place) = self.rows.insert(row, belongs, &self.prints, |gone| self.originals.release(gone));
        match outcome {
            Arrival::Duplicate => taking.ack.duplicates += 1,
            Arrival::Superseded => self.tallies.superseded += 1,
            Arrival::Stored { replaced } => {
                taking.note_listing(id, kept);
                self.tallies.superseded += replaced;
                kept.spans = kept.spans + 1 - replaced;
                kept.last_row = place;
                kept.news = kept.news.max(Some(taking.arrival));
                taking.note_change(id, kept, self.batch);
                self.late.note_span((id, span));
                if is_foreign && let Some(row) = self.rows.row(place) {
                    self.originals.hold(&row.record);
                }
            }
        }
    }

    fn apply_event(&mut self, event: SpanEvent, taking: &mut Taking<'_>) {
        let (id, span, arrival) = (event.trace_id, event.span_id, taking.arrival);
        let sequence = self.next;
        self.next += 1;
        let kept = kept(&mut self.traces, id, &mut self.has_spread, taking.elsewhere);
        let print = self.prints.of_late(&event);
        let Some(place) = self.late.insert(LateEvent { sequence, arrival, event }, print, kept.last_event) else {
            taking.ack.duplicates += 1;
            return;
        };
        kept.last_event = place;
        kept.events += 1;
        // Where an older part has the trace, it may have the span: whoever gathers both knows whether the event is news.
        let is_here = self.rows.has_span(id, span);
        let may_be_stored = is_here || kept.elsewhere == Elsewhere::Listed;
        if is_here {
            kept.news = kept.news.max(Some(arrival));
        } else if !may_be_stored {
            self.late.wait(place, (id, span), arrival);
        }
        if may_be_stored || taking.announced.contains(id, span) {
            taking.note_change(id, kept, self.batch);
        }
    }
}

/// What there is of a trace; when it is met for the first time, older parts are asked for it.
fn kept<'a>(
    traces: &'a mut HashMap<TraceId, Kept>,
    id: TraceId,
    has_spread: &mut bool,
    elsewhere: &mut dyn FnMut(TraceId) -> Elsewhere,
) -> &'a mut Kept {
    traces.entry(id).or_insert_with(|| {
        let elsewhere = elsewhere(id);
        *has_spread |= elsewhere != Elsewhere::Nothing;
        Kept {
            elsewhere,
            changed: 0,
            spans: 0,
            events: 0,
            last_row: Link::NONE,
            last_event: Link::NONE,
            told: Vec::new(),
            news: None,
        }
    })
}
