//! The one door in: every format, whatever its transport, becomes a frame and a batch here.

pub(crate) mod agents;
mod body;
mod ended;
mod escapes;
mod format;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod records;
mod secrets;
mod shapes;
mod words;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trackway_model::{Batch, SpanRecord, Text};
use trackway_store::{Appending, Clock, Decoder, Error as StoreError, Frame, Held, Span, Store};
use trackway_wire::otlp::{self, Decoded, Encoding, Rejected, Signal};

use crate::{
    Config,
    counters::{Count, Counters},
    live::Live,
    prices::Prices,
};
pub(crate) use format::Format;
pub use secrets::{Masking, PatternError};

/// When a refused sender should come again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Takes requests in.
pub(crate) struct Ingest {
    work: Arc<Work>,
    clock: Clock,
    counters: Arc<Counters>,
    max_body_bytes: usize,
    max_bytes_under_way: usize,
    room: Arc<Semaphore>,
}

/// What the part of a request's way needs that computes.
struct Work {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    prices: Prices,
    /// Absent when secrets are to be kept as they come.
    masking: Option<Masking>,
}

/// One request, its body uncompressed.
pub(crate) struct Request {
    pub(crate) format: Format,
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
///
/// Prices are those of `config`, so that what is known by now is priced by now.
pub fn decoder(config: &Config) -> Decoder {
    let prices = Prices::new(config);
    Box::new(move |frame| match format::decode(frame, &prices, &mut |_| true) {
        Ok(decoded) => Ok(decoded.batch),
        Err(error) => Err(error.to_string()),
    })
}

/// A request that is read and on its way to the disk.
struct Begun {
    rejected: Rejected,
    ignored: u64,
    spans: u64,
    events: u64,
    announced: u64,
    /// Secrets that were masked.
    masked: u64,
    held: Held,
    news: Vec<Span>,
    /// Absent when the request brought nothing to store.
    appending: Option<Appending>,
}

impl Work {
    /// Reads a frame and hands it to the store: all of a request's work that computes.
    fn begin(
        &self,
        mut frame: Frame,
        format: Format,
        open_spans: OpenSpans,
        room: &mut Reservation,
    ) -> Result<Begun, Refusal> {
        let masked = self.mask(&mut frame, format, room)?;
        let Decoded { mut batch, rejected, ignored } = self.decode(&frame, room)?;
        let (mut announced, mut held) = (0, Held::default());
        if let (OpenSpans::Announcements, Format::Otlp(_, encoding)) = (open_spans, format) {
            let open = take_open(&mut batch);
            if !open.is_empty() && !batch.is_empty() {
                (frame, batch) = self.only_ended(frame, encoding, room)?;
            }
            announced = open.len() as u64;
            held = self.store.announce(frame.arrival, open).map_err(refusal)?;
        }
        let (spans, events) = (batch.spans.len() as u64, batch.events.len() as u64);
        let news = self.live.glance(&batch);
        let appending = (!batch.is_empty()).then(|| self.store.append(frame, batch));
        Ok(Begun { rejected, ignored, spans, events, announced, masked, held, news, appending })
    }

    /// Overwrites the secrets in a frame before anything else looks at it; returns how many there were.
    fn mask(&self, frame: &mut Frame, format: Format, room: &mut Reservation) -> Result<u64, Refusal> {
        let Some(masking) = &self.masking else { return Ok(0) };
        let found = secrets::find(masking, format, &frame.body);
        if found.is_empty() {
            return Ok(0);
        }
        room.grow(size_of_val(&*found))?;
        let mut body = match std::mem::take(&mut frame.body).try_into_mut() {
            Ok(body) => body,
            Err(shared) => {
                room.grow(shared.len())?;
                shared.as_ref().into()
            }
        };
        secrets::overwrite(&mut body, format, &found);
        frame.body = body.freeze();
        Ok(found.len() as u64)
    }

    /// Reads a frame with as much memory as there is for it.
    fn decode(&self, frame: &Frame, room: &mut Reservation) -> Result<Decoded, Refusal> {
        let mut refusal = None;
        let mut afford = |bytes| room.grow(bytes).map_err(|refused| refusal = Some(refused)).is_ok();
        let decoded = format::decode(frame, &self.prices, &mut afford);
        match (decoded, refusal) {
            (Ok(decoded), None) => Ok(decoded),
            (_, Some(refusal)) => Err(refusal),
            (Err(error), None) => Err(Refusal::Malformed(error.to_string())),
        }
    }

    /// The frame and the batch without the spans that have no end.
    fn only_ended(&self, frame: Frame, encoding: Encoding, room: &mut Reservation) -> Result<(Frame, Batch), Refusal> {
        let body =
            ended::ended(encoding, &frame.body).ok_or_else(|| Refusal::Malformed("the body cannot be read".into()))?;
        let frame = Frame { body: body.into(), ..frame };
        let batch = self.decode(&frame, room)?.batch;
        // What is written is read again at the next start, where every open span would be a record.
        if batch.spans.iter().any(|span| span.end.is_none()) {
            return Err(Refusal::Malformed("the ends of the spans cannot be read".into()));
        }
        Ok((frame, batch))
    }
}

/// Takes the spans without an end out of a batch.
fn take_open(batch: &mut Batch) -> Vec<SpanRecord> {
    let spans = std::mem::take(&mut batch.spans);
    let (ended, open) = spans.into_iter().partition(|span| span.end.is_some());
    batch.spans = ended;
    open
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
        let work = Work { store, live, prices: Prices::new(config), masking: config.masking.clone() };
        let max_body_bytes = config.max_body_bytes;
        Self { work: Arc::new(work), clock, counters, max_body_bytes, max_bytes_under_way, room }
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
        let Request { format, project, open_spans, source, body, mut room } = request;
        if let Format::Otlp(Signal::Metrics, encoding) = format {
            return self.ignore_metrics(encoding, &body);
        }
        let (content_type, source) = (Text::literal(format.name()), Text::literal(source));
        let frame = Frame { content_type, project, zone: None, source, arrival: (self.clock)(), body };
        let work = Arc::clone(&self.work);
        let computing = move || work.begin(frame, format, open_spans, &mut room).map(|begun| (begun, room));
        let (begun, _room) = run_apart(computing).await??;
        let Begun { rejected, ignored, spans, events, announced, masked, held, news, appending } = begun;
        self.counters.logs_ignored.add(ignored);
        self.counters.spans_announced.add(announced);
        self.counters.secrets_masked.add(masked);
        self.work.live.publish_held(held);
        self.rejections(format).add(rejected.count);
        let Some(appending) = appending else { return Ok(Taken { rejected, ..Taken::default() }) };
        let ack = appending.await.map_err(refusal)?;
        self.counters.spans_accepted.add(spans);
        self.counters.log_events.add(events);
        self.work.live.publish(&ack, news);
        Ok(Taken { rejected, spans, traces: ack.changed.len() as u64 })
    }

    fn rejections(&self, format: Format) -> &Count {
        match format {
            Format::Otlp(Signal::Traces, _) => &self.counters.spans_rejected,
            Format::Otlp(..) => &self.counters.logs_rejected,
            Format::OpenAiAgents => &self.counters.items_rejected,
            Format::Records => &self.counters.lines_rejected,
        }
    }

    fn ignore_metrics(&self, encoding: Encoding, body: &[u8]) -> Result<Taken, Refusal> {
        let metrics = otlp::count_metrics(encoding, body);
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
