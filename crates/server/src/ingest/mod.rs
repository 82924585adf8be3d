//! The one door in: every format, whatever its transport, becomes a frame and a batch here.

mod body;
mod ended;
pub(crate) mod grpc;
pub(crate) mod http;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trackway_model::{Batch, SpanRecord, Text};
use trackway_store::{Appending, Clock, Decoder, Error as StoreError, Frame, Held, Span, Store};
use trackway_wire::otlp::{self, Decoded, Encoding, Rejected, Signal};

use crate::{Config, counters::Counters, live::Live};

/// When a refused sender should come again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The content types in the log. They are on people's disks: a name may be added, and never changed.
const TYPES: [(&str, Signal, Encoding); 4] = [
    ("otlp.traces.protobuf", Signal::Traces, Encoding::Protobuf),
    ("otlp.traces.json", Signal::Traces, Encoding::Json),
    ("otlp.logs.protobuf", Signal::Logs, Encoding::Protobuf),
    ("otlp.logs.json", Signal::Logs, Encoding::Json),
];

/// Takes requests in.
pub(crate) struct Ingest {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Clock,
    counters: Arc<Counters>,
    max_body_bytes: usize,
    max_bytes_under_way: usize,
    room: Arc<Semaphore>,
}

/// One request, its body uncompressed.
pub(crate) struct Request {
    pub(crate) signal: Signal,
    pub(crate) encoding: Encoding,
    /// The project that the request's header asked for.
    pub(crate) project: Option<Text>,
    /// What its spans without an end are.
    pub(crate) open_spans: OpenSpans,
    /// The door through which it came.
    pub(crate) source: &'static str,
    pub(crate) body: Bytes,
    /// The memory that the body takes; more is reserved for the records that it becomes.
    pub(crate) room: Reservation,
}

/// What the spans without an end in a request are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenSpans {
    /// Records like the others, of a client that may never send the end.
    Records,
    /// Announcements of our own library, which comes again while they run: shown, and never written.
    Announcements,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    /// Items that could not be read.
    pub(crate) rejected: Rejected,
    /// Spans that are stored.
    pub(crate) spans: u64,
    /// Traces that changed.
    pub(crate) traces: u64,
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The body is not what it claims.
    Malformed(String),
    /// The request is over a limit, and will be whenever it comes again.
    TooLarge(String),
    /// The body came too slowly, or broke off.
    Slow,
    /// The content type or the compression is unknown.
    Unsupported(String),
    /// Too much is under way or stored; come again.
    Busy(String),
    /// The server is at fault.
    Failed(String),
}

/// Part of the memory that requests under way may take together; given back when dropped.
pub(crate) struct Reservation {
    room: Arc<Semaphore>,
    /// What one request may take at most.
    most: usize,
    held: Option<OwnedSemaphorePermit>,
}

/// Reads a frame as it was read when it came: the decoder that the store replays its log with.
pub fn decoder() -> Decoder {
    Box::new(|frame| match decode(frame, &mut |_| true) {
        Ok(decoded) => Ok(decoded.batch),
        Err(error) => Err(error.to_string()),
    })
}

/// Reads a frame; `afford` is asked for the memory of each record before that is made.
fn decode(frame: &Frame, afford: &mut dyn FnMut(usize) -> bool) -> Result<Decoded, otlp::Error> {
    let Some((_, signal, encoding)) = TYPES.iter().find(|(name, ..)| *name == &*frame.content_type) else {
        return Err(otlp::Error::Malformed(format!("{:?} is a content type of a newer version", frame.content_type)));
    };
    match signal {
        Signal::Traces => otlp::decode_traces(*encoding, &frame.body, frame.project.as_ref(), afford),
        Signal::Logs | Signal::Metrics => otlp::decode_logs(*encoding, &frame.body, afford),
    }
}

/// A request that is read and on its way to the disk.
struct Begun {
    rejected: Rejected,
    ignored: u64,
    spans: u64,
    events: u64,
    announced: u64,
    held: Held,
    news: Vec<Span>,
    /// Absent when the request brought nothing to store.
    appending: Option<Appending>,
}

/// Reads a frame and hands it to the store: all of a request's work that computes.
fn begin(
    store: &dyn Store,
    live: &Live,
    mut frame: Frame,
    open_spans: OpenSpans,
    encoding: Encoding,
    room: &mut Reservation,
) -> Result<Begun, Refusal> {
    let Decoded { mut batch, rejected, ignored } = decode_within(&frame, room)?;
    let (mut announced, mut held) = (0, Held::default());
    if open_spans == OpenSpans::Announcements {
        let open = take_open(&mut batch);
        if !open.is_empty() && !batch.is_empty() {
            (frame, batch) = only_ended(frame, encoding, room)?;
        }
        announced = open.len() as u64;
        held = store.announce(frame.arrival, open).map_err(refusal)?;
    }
    let (spans, events) = (batch.spans.len() as u64, batch.events.len() as u64);
    let news = live.glance(&batch);
    let appending = (!batch.is_empty()).then(|| store.append(frame, batch));
    Ok(Begun { rejected, ignored, spans, events, announced, held, news, appending })
}

/// Reads a frame with as much memory as there is for it.
fn decode_within(frame: &Frame, room: &mut Reservation) -> Result<Decoded, Refusal> {
    let mut refusal = None;
    let decoded = decode(frame, &mut |bytes| room.grow(bytes).map_err(|refused| refusal = Some(refused)).is_ok());
    match (decoded, refusal) {
        (Ok(decoded), None) => Ok(decoded),
        (_, Some(refusal)) => Err(refusal),
        (Err(error), None) => Err(Refusal::Malformed(error.to_string())),
    }
}

/// Takes the spans without an end out of a batch.
fn take_open(batch: &mut Batch) -> Vec<SpanRecord> {
    let spans = std::mem::take(&mut batch.spans);
    let (ended, open) = spans.into_iter().partition(|span| span.end.is_some());
    batch.spans = ended;
    open
}

/// The frame and the batch without the spans that have no end.
fn only_ended(frame: Frame, encoding: Encoding, room: &mut Reservation) -> Result<(Frame, Batch), Refusal> {
    let body =
        ended::ended(encoding, &frame.body).ok_or_else(|| Refusal::Malformed("the body cannot be read".into()))?;
    let frame = Frame { body: body.into(), ..frame };
    let batch = decode_within(&frame, room)?.batch;
    // What is written is read again at the next start, where every open span would be a record.
    if batch.spans.iter().any(|span| span.end.is_none()) {
        return Err(Refusal::Malformed("the ends of the spans cannot be read".into()));
    }
    Ok((frame, batch))
}

impl Ingest {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        live: Arc<Live>,
        clock: Clock,
        counters: Arc<Counters>,
        config: &Config,
    ) -> Self {
        let max_bytes_under_way = config.max_bytes_under_way.min(u32::MAX as usize);
        let room = Arc::new(Semaphore::new(max_bytes_under_way));
        Self { store, live, clock, counters, max_body_bytes: config.max_body_bytes, max_bytes_under_way, room }
    }

    /// Stores what a request brings; when this returns, it is durable.
    pub(crate) async fn accept(&self, request: Request) -> Result<Taken, Refusal> {
        let outcome = self.store(request).await;
        if let Err(refusal) = &outcome {
            self.count(refusal);
        }
        outcome
    }

    /// Counts a refusal; also for those of the transports, which refuse before there is a request.
    pub(crate) fn count(&self, refusal: &Refusal) {
        let counter = match refusal {
            Refusal::Malformed(_) => &self.counters.refused_malformed,
            Refusal::TooLarge(_) => &self.counters.refused_too_large,
            Refusal::Slow => &self.counters.refused_slow,
            Refusal::Unsupported(_) => &self.counters.refused_unsupported,
            Refusal::Busy(_) => &self.counters.refused_busy,
            Refusal::Failed(_) => &self.counters.refused_failed,
        };
        counter.add(1);
    }

    async fn store(&self, request: Request) -> Result<Taken, Refusal> {
        self.counters.bytes.add(request.body.len() as u64);
        if request.signal == Signal::Metrics {
            return self.ignore_metrics(&request);
        }
        let frame = Frame {
            content_type: content_type(request.signal, request.encoding),
            project: request.project,
            zone: None,
            source: Text::literal(request.source),
            arrival: (self.clock)(),
            body: request.body,
        };
        let (store, live) = (Arc::clone(&self.store), Arc::clone(&self.live));
        let mut room = request.room;
        let (open_spans, encoding) = (request.open_spans, request.encoding);
        let work = move || begin(&*store, &live, frame, open_spans, encoding, &mut room).map(|begun| (begun, room));
        let (begun, _room) = run_apart(work).await??;
        let Begun { rejected, ignored, spans, events, announced, held, news, appending } = begun;
        self.counters.logs_ignored.add(ignored);
        self.counters.spans_announced.add(announced);
        self.live.publish_held(held);
        let rejections =
            if request.signal == Signal::Traces { &self.counters.spans_rejected } else { &self.counters.logs_rejected };
        rejections.add(rejected.count);
        let Some(appending) = appending else { return Ok(Taken { rejected, ..Taken::default() }) };
        let ack = appending.await.map_err(refusal)?;
        self.counters.spans_accepted.add(spans);
        self.counters.log_events.add(events);
        self.live.publish(&ack, news);
        Ok(Taken { rejected, spans, traces: ack.changed.len() as u64 })
    }

    fn ignore_metrics(&self, request: &Request) -> Result<Taken, Refusal> {
        let metrics = otlp::count_metrics(request.encoding, &request.body);
        self.counters.metrics_ignored.add(metrics.map_err(|error| Refusal::Malformed(error.to_string()))?);
        Ok(Taken::default())
    }

    /// Begins a request: counts it, and reserves memory for it as it grows.
    pub(crate) fn begin(&self) -> Reservation {
        self.counters.requests.add(1);
        Reservation { room: Arc::clone(&self.room), most: self.max_bytes_under_way, held: None }
    }
}

impl Reservation {
    /// Reserves `bytes` more.
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let permits = u32::try_from(bytes).ok().filter(|_| held.saturating_add(bytes) <= self.most);
        let permits = permits.ok_or_else(|| {
            Refusal::TooLarge(format!(
                "the request takes more than {} bytes of memory: send smaller batches",
                self.most
            ))
        })?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(permits);
        let more = more.map_err(|_| Refusal::Busy("too many requests are under way".into()))?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

fn content_type(signal: Signal, encoding: Encoding) -> Text {
    let name = TYPES.iter().find(|(_, s, e)| (*s, *e) == (signal, encoding)).map_or("", |(name, ..)| name);
    Text::literal(name)
}

fn refusal(error: StoreError) -> Refusal {
    match error {
        StoreError::Full { .. } => Refusal::Busy(error.to_string()),
        StoreError::TooLarge { .. } => Refusal::TooLarge(error.to_string()),
        other => Refusal::Failed(other.to_string()),
    }
}

/// Runs work that computes for long on a thread made for it, so that it holds up no other connection.
pub(crate) async fn run_apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::Failed("the server failed on this request".into()))
}
