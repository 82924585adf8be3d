//! `POST /api/v1/projects/{project}/apps/{app}/records`: the door of runs, a line each fact and each span.
//!
//! What watches a directory or reads a file hands its items in here too, so that one way leads to the disk: facts go to
//! where runs are kept, spans into the log among all others. The answer comes when both are durable.

use std::{ops::Range, sync::Arc};

use axum::{body::Body, http::HeaderMap};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::future::{self, OptionFuture};
use trackway_model::{Batch, RunKey, RunRecord, SpanRecord, Text, Timestamp};
use trackway_store::{Ack, Appending, Frame, RunAck, Span};
use trackway_wire::{
    otlp::{Decoded, Error, Rejected},
    records::{self, Item},
};

use super::{
    Format, Ingest, Refusal, Reservation, Work, format,
    http::{essence, plain},
    refusal, run_apart,
};
use crate::App;

/// The most lines whose faults are told; the others are counted.
const MOST_TOLD: usize = 1_000;
/// The most characters of a fault.
const FAULT_CHARS: usize = 300;
/// The most reasons that a frame read again gives, and the lines that it has of them.
const MOST_REASONS: usize = 3;

/// What became of the lines of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Recorded {
    /// The keys of what is durable now, in the order of the lines: of a fact its own, of a span `span:` and its id.
    pub(crate) acked: Vec<String>,
    /// The first lines that could not be read.
    pub(crate) rejected: Vec<RejectedLine>,
    /// How many there are of them.
    pub(crate) rejected_count: u64,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RejectedLine {
    /// Its number, from 1.
    pub(crate) line: u64,
    /// What is wrong with it, in a sentence.
    pub(crate) reason: String,
}

/// Stores what the lines of a request tell of a run; when this returns, it is durable.
pub(crate) async fn accept(app: &App, run: &Arc<RunKey>, headers: &HeaderMap, body: Body) -> Result<Recorded, Refusal> {
    let content_type = essence(headers);
    let outcome = match content_type.as_str() {
        "" | "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            match plain(&app.ingest, headers, body).await {
                Ok((body, room)) => store(app, run, Lines::Sent(body), "records", room).await,
                Err(refusal) => Err(refusal),
            }
        }
        other => {
            drop(app.ingest.begin());
            let what =
                format!("content type {other:?} is not known here: use application/x-ndjson, one JSON object a line");
            Err(Refusal::Unsupported(what))
        }
    };
    outcome.inspect_err(|refusal| app.ingest.count(refusal))
}

/// Stores what was read of a run on this machine, by what `source` names; when this returns, it is durable.
///
/// [`Refusal::Busy`] means to come again with the same items: whatever was stored of them before changes nothing then.
pub(crate) async fn take(
    app: &App,
    run: &Arc<RunKey>,
    items: Vec<Item>,
    source: &'static str,
) -> Result<Recorded, Refusal> {
    let room = app.ingest.begin();
    let outcome = store(app, run, Lines::Items(items), source, room).await;
    outcome.inspect_err(|refusal| app.ingest.count(refusal))
}

/// Reads a frame of the log: the line of the run, and behind it those of spans.
pub(super) fn decode(body: &[u8], afford: &mut dyn FnMut(usize) -> bool) -> Result<Decoded, Error> {
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let run = records::decode_run(lines.next().unwrap_or_default()).map_err(Error::Malformed)?;
    let run = Arc::new(run);
    let (mut spans, mut rejected) = (Vec::new(), Rejected::default());
    for line in lines {
        match records::decode(line, &run) {
            Ok(Item::Span(mut span)) => {
                own(&run, &mut span);
                if !afford(span.memory_bytes()) {
                    return Err(Error::Memory);
                }
                spans.push(*span);
            }
            Ok(Item::Fact(_)) => {}
            Err(reason) => {
                rejected.count += 1;
                if rejected.reasons.len() < MOST_REASONS {
                    rejected.reasons.push(reason);
                }
            }
        }
    }
    Ok(Decoded { batch: Batch { spans, ..Batch::default() }, rejected, ignored: 0 })
}

/// A span of a run lists with it, whatever project its line names.
fn own(run: &RunKey, span: &mut SpanRecord) {
    span.project.clone_from(&run.project);
}

/// What came of a run.
enum Lines {
    /// As a client sent it.
    Sent(Bytes),
    /// As it was read here.
    Items(Vec<Item>),
}

/// Lines that were read, and are on their way to the disk.
struct Begun {
    recorded: Recorded,
    masked: u64,
    facts: Vec<RunRecord>,
    spans: u64,
    news: Vec<Span>,
    appending: Option<Appending>,
}

async fn store(
    app: &App,
    run: &Arc<RunKey>,
    lines: Lines,
    source: &'static str,
    mut room: Reservation,
) -> Result<Recorded, Refusal> {
    let ingest = &app.ingest;
    let (work, run, arrival) = (Arc::clone(&ingest.work), Arc::clone(run), (ingest.clock)());
    let computing =
        move || begin(&work, &run, lines, Text::literal(source), arrival, &mut room).map(|begun| (begun, room));
    let (begun, _room) = run_apart(computing).await??;
    let Begun { recorded, masked, facts, spans, news, appending } = begun;
    ingest.counters.secrets_masked.add(masked);
    ingest.counters.lines_rejected.add(recorded.rejected_count);
    let told = facts.len() as u64;
    let recording = (!facts.is_empty()).then(|| app.runs.record(facts));
    let (appended, kept) = future::join(OptionFuture::from(appending), OptionFuture::from(recording)).await;
    // What one of the two has stored is told, also where the other failed and the sender comes again with both.
    let appended = appended.transpose().map_err(refusal).inspect(|ack| tell_spans(ingest, ack.as_ref(), spans, news));
    let kept = kept.transpose().map_err(refusal).inspect(|ack| tell_facts(ingest, ack.as_ref(), told));
    appended.and(kept).map(|_| recorded)
}

fn tell_spans(ingest: &Ingest, ack: Option<&Ack>, spans: u64, news: Vec<Span>) {
    if let Some(ack) = ack {
        ingest.counters.spans_accepted.add(spans);
        ingest.work.live.publish(ack, news);
    }
}

fn tell_facts(ingest: &Ingest, ack: Option<&RunAck>, facts: u64) {
    if let Some(ack) = ack {
        ingest.counters.facts_accepted.add(facts);
        ingest.work.live.publish_runs(ack);
    }
}

/// Masks and reads lines, and hands their spans to the store: all of the work that computes.
fn begin(
    work: &Work,
    run: &Arc<RunKey>,
    lines: Lines,
    source: Text,
    arrival: Timestamp,
    room: &mut Reservation,
) -> Result<Begun, Refusal> {
    let body = match &lines {
        Lines::Sent(body) => body.clone(),
        Lines::Items(items) => encode(items, room)?,
    };
    let content_type = Text::literal(Format::Records.name());
    let mut frame = Frame { content_type, project: Some(run.project.clone()), zone: None, source, arrival, body };
    let sent = match lines {
        Lines::Sent(body) => {
            drop(body); // so that secrets can be overwritten in place
            None
        }
        Lines::Items(items) => Some(items),
    };
    let masked = work.mask(&mut frame, Format::Records, room)?;
    let mut read = Read::default();
    match sent.filter(|_| masked == 0) {
        Some(items) => read.items(run, items, &frame.body, room)?,
        None => read.lines(run, &frame.body, room)?,
    }
    let Read { recorded, facts, mut spans, lines } = read;
    frame.body = spans_only(run, &frame.body, &lines, room)?;
    let afforded = format::finish(&mut spans, &work.prices, &mut |bytes| room.grow(bytes).is_ok());
    afforded.map_err(|_| Refusal::Busy("there is no memory for what the spans say".into()))?;
    let (count, batch) = (spans.len() as u64, Batch { spans, ..Batch::default() });
    let news = work.live.glance(&batch);
    let appending = (!batch.is_empty()).then(|| work.store.append(frame, batch));
    Ok(Begun { recorded, masked, facts, spans: count, news, appending })
}

/// Writes items as a client would send them.
fn encode(items: &[Item], room: &mut Reservation) -> Result<Bytes, Refusal> {
    let mut body = BytesMut::new();
    for item in items {
        let line = records::encode(item);
        room.grow(line.len() + 1)?;
        body.put_slice(line.as_bytes());
        body.put_u8(b'\n');
    }
    Ok(body.freeze())
}

/// Returns the frame that is written: the line of the run, and behind it those of spans, which stand in `body` or were made.
fn spans_only(run: &RunKey, body: &Bytes, spans: &[Line], room: &mut Reservation) -> Result<Bytes, Refusal> {
    let head = records::encode_run(run);
    let length = head.len() + spans.iter().map(|span| span.of(body).len() + 1).sum::<usize>();
    room.grow(length)?;
    let mut lines = BytesMut::with_capacity(length);
    lines.put_slice(head.as_bytes());
    for span in spans {
        lines.put_u8(b'\n');
        lines.put_slice(span.of(body));
    }
    Ok(lines.freeze())
}

/// What lines tell.
#[derive(Default)]
struct Read {
    recorded: Recorded,
    facts: Vec<RunRecord>,
    spans: Vec<SpanRecord>,
    /// The lines of the spans.
    lines: Vec<Line>,
}

/// The line of a span.
enum Line {
    /// It stands here in what came.
    At(Range<usize>),
    /// It did not come as one.
    Made(String),
}

impl Line {
    fn of<'a>(&'a self, body: &'a [u8]) -> &'a [u8] {
        match self {
            Self::At(place) => body.get(place.clone()).unwrap_or_default(),
            Self::Made(line) => line.as_bytes(),
        }
    }
}

impl Read {
    /// Reads lines; one that cannot be read costs no other.
    fn lines(&mut self, run: &Arc<RunKey>, body: &[u8], room: &mut Reservation) -> Result<(), Refusal> {
        for (number, place) in (1..).zip(places(body)) {
            let line = body.get(place.clone()).unwrap_or_default();
            if line.is_empty() || (number == 1 && names(line, run)) {
                continue;
            }
            room.grow(line.len())?;
            match records::decode_all(line, run) {
                Ok((item, span)) => {
                    self.item(run, item, Line::At(place), room)?;
                    // Only the lines of the step tell of this span: it is written as a line of its own.
                    if let Some(span) = span.map(Item::Span) {
                        let line = records::encode(&span);
                        room.grow(line.len())?;
                        self.item(run, span, Line::Made(line), room)?;
                    }
                }
                Err(reason) => self.reject(number, &reason),
            }
        }
        Ok(())
    }

    /// Takes items that `body` has a line of each.
    fn items(
        &mut self,
        run: &Arc<RunKey>,
        items: Vec<Item>,
        body: &[u8],
        room: &mut Reservation,
    ) -> Result<(), Refusal> {
        items.into_iter().zip(places(body)).try_for_each(|(item, place)| self.item(run, item, Line::At(place), room))
    }

    fn item(&mut self, run: &Arc<RunKey>, item: Item, line: Line, room: &mut Reservation) -> Result<(), Refusal> {
        match item {
            Item::Fact(fact) => {
                self.recorded.acked.push(fact.fact.key());
                self.facts.push(fact);
            }
            Item::Span(mut span) => {
                own(run, &mut span);
                room.grow(span.memory_bytes())?;
                self.recorded.acked.push(format!("span:{}", span.span_id));
                self.spans.push(*span);
                self.lines.push(line);
            }
        }
        Ok(())
    }

    fn reject(&mut self, line: u64, reason: &str) {
        let recorded = &mut self.recorded;
        recorded.rejected_count += 1;
        if recorded.rejected.len() < MOST_TOLD {
            recorded.rejected.push(RejectedLine { line, reason: reason.chars().take(FAULT_CHARS).collect() });
        }
    }
}

/// Whether a line names just this run, as the first line of a file does.
fn names(line: &[u8], run: &RunKey) -> bool {
    records::decode_run(line).is_ok_and(|named| named == *run)
}

/// Returns where the lines stand, without the space around them.
fn places(body: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    body.split(|byte| *byte == b'\n').map(move |line| {
        let begin = at + line.len() - line.trim_ascii_start().len();
        at += line.len() + 1;
        begin..begin + line.trim_ascii().len()
    })
}
