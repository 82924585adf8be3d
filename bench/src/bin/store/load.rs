//! The load: what twenty services send in a day, made from a seed, a part at a time.

mod span;
pub(crate) mod words;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use self::span::{Writer, resource};
use crate::{
    otlp,
    question::{Hour, RARE_USERS, hours},
    random::{Random, Zipf},
};

pub(crate) const SERVICES: usize = 20;
pub(crate) const OPERATIONS: usize = 200;
pub(crate) const TENANTS: usize = 500;
pub(crate) const USERS: usize = 50_000;
const SPANS_IN_REQUEST: usize = 500;
const LARGEST_TRACE: f64 = 200.0;
/// When the first trace begins, so that two runs send the same bytes: 20 September 2026, 18:00, so that the day from
/// there on lies in two.
pub(crate) const FIRST: u64 = 1_789_927_200 * SECOND;
pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const DAY: u64 = 86_400 * SECOND;
/// Of so many traces one is remembered, to be asked for.
const REMEMBERED: u64 = 97;

/// One encoded request.
pub(crate) struct Request {
    pub(crate) body: Vec<u8>,
    pub(crate) spans: usize,
}

/// A trace that was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) id: [u8; 16],
    pub(crate) spans: usize,
}

/// What is known of a load without asking a server.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) spans: usize,
    pub(crate) bytes: usize,
    pub(crate) traces: Vec<Sent>,
    /// How many traces have one of the rare users, by the user's rank.
    pub(crate) users: BTreeMap<usize, usize>,
    /// How many texts were marked, each with a number of its own from 1.
    pub(crate) marks: u64,
    /// The traces that are the answer to each question over an hour.
    pub(crate) hours: BTreeMap<Hour, BTreeSet<[u8; 16]>>,
}

/// Makes the load; the same for the same seed and number of spans.
pub(crate) struct Load {
    random: Random,
    writer: Writer,
    users: Zipf,
    operations: Zipf,
    resources: Vec<Vec<u8>>,
    /// Spans that have begun, the first to end first: they leave in that order, as through a collector.
    running: BinaryHeap<Reverse<Running>>,
    ready: Vec<Running>,
    all: usize,
    made: usize,
    known: Known,
}

/// An encoded span that is sent when it ends.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Running {
    end: u64,
    number: usize,
    service: usize,
    body: Vec<u8>,
}

/// What later spans of a trace need to know of an earlier one.
struct Parent {
    id: [u8; 8],
    service: usize,
    start: u64,
    end: u64,
}

impl Load {
    /// A load of so many spans, spread over a day.
    pub(crate) fn new(seed: u64, spans: usize) -> Self {
        let mut random = Random(seed);
        let writer = Writer::new(&mut random);
        let known =
            Known { hours: hours().into_iter().map(|hour| (hour, BTreeSet::new())).collect(), ..Known::default() };
        Self {
            random,
            writer,
            users: Zipf::new(USERS, 0.8),
            operations: Zipf::new(OPERATIONS, 1.1),
            resources: (0..SERVICES).map(resource).collect(),
            running: BinaryHeap::new(),
            ready: Vec::new(),
            all: spans,
            made: 0,
            known,
        }
    }

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// Makes the next requests, of about so many spans; none at the end.
    pub(crate) fn part(&mut self, spans: usize) -> Vec<Request> {
        let mut requests = Vec::new();
        let enough = self.made + spans;
        while self.made < enough.min(self.all) {
            // Log-normal with a mean of 16.
            let size = self.random.log_normal(16.6 / (1.1f64 * 1.1 / 2.0).exp(), 1.1).round().clamp(1.0, LARGEST_TRACE);
            // The clock goes with the spans, so that these are spread evenly.
            let start = FIRST + (self.made as f64 / self.all as f64 * DAY as f64 * 0.99) as u64;
            self.leave(start, &mut requests);
            self.trace((size as usize).min(self.all - self.made), start);
        }
        self.known.marks = self.writer.marks();
        if self.made == self.all {
            self.leave(u64::MAX, &mut requests);
            if !self.ready.is_empty() {
                requests.push(self.encode());
            }
        }
        requests
    }

    /// Sends the spans that have ended by then.
    fn leave(&mut self, now: u64, requests: &mut Vec<Request>) {
        while self.running.peek().is_some_and(|Reverse(span)| span.end < now) {
            let Some(Reverse(span)) = self.running.pop() else { break };
            self.ready.push(span);
            if self.ready.len() == SPANS_IN_REQUEST {
                requests.push(self.encode());
            }
        }
    }

    fn encode(&mut self) -> Request {
        let spans = std::mem::take(&mut self.ready);
        let groups = self.resources.iter().enumerate().map(|(service, resource)| {
            let of_service = spans.iter().filter(|span| span.service == service);
            (resource.as_slice(), of_service.map(|span| span.body.as_slice()).collect::<Vec<_>>())
        });
        let body = otlp::request(groups.filter(|(_, spans)| !spans.is_empty()));
        self.known.spans += spans.len();
        self.known.bytes += body.len();
        Request { body, spans: spans.len() }
    }

    fn trace(&mut self, size: usize, start: u64) {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.random.next().to_be_bytes());
        id[8..].copy_from_slice(&self.random.next().to_be_bytes());
        let user = self.users.draw(&mut self.random);
        let tenant = self.random.below(TENANTS);
        let session = self.random.next();
        if RARE_USERS.contains(&user) {
            *self.known.users.entry(user).or_default() += 1;
        }
        if self.random.next().is_multiple_of(REMEMBERED) {
            self.known.traces.push(Sent { id, spans: size });
        }
        let mut parents: Vec<Parent> = Vec::with_capacity(size);
        for index in 0..size {
            let operation = self.operations.draw(&mut self.random);
            let parent = self.parent(&parents, index);
            let (begun, end, service) = match parent.and_then(|place| parents.get(place)) {
                None => {
                    let lasts = self.random.log_normal(120e6, 1.0) * (1.0 + size as f64 / 16.0);
                    (start, start + lasts.min(60e9) as u64, operation % SERVICES)
                }
                Some(parent) => {
                    let room = (parent.end - parent.start).max(1_000) as f64;
                    let begun = parent.start + (self.random.fraction() * room * 0.6) as u64;
                    let left = parent.end.saturating_sub(begun) as f64;
                    let end = begun + 1_000 + (self.random.fraction() * left * 0.9) as u64;
                    // Half of the work stays in its process.
                    let stays = self.random.chance(0.5);
                    (begun, end, if stays { parent.service } else { operation % SERVICES })
                }
            };
            let above = parent.and_then(|place| parents.get(place)).map(|parent| (parent.id, parent.service));
            let span_id = self.random.next().to_be_bytes();
            let span = span::Span {
                trace: id,
                id: span_id,
                above,
                service,
                operation,
                start: begun,
                end,
                user,
                tenant,
                session,
            };
            let (body, is_call) = self.writer.write(&mut self.random, &span);
            if !is_call {
                self.note_hour(&span, start);
            }
            self.running.push(Reverse(Running { end, number: self.made, service, body }));
            parents.push(Parent { id: span_id, service, start: begun, end });
            self.made += 1;
        }
    }

    /// The latest spans are likelier parents, so that trees get both deep and wide.
    fn parent(&mut self, parents: &[Parent], index: usize) -> Option<usize> {
        if parents.is_empty() {
            return None;
        }
        let back = self.random.below(8.min(index)) + 1;
        Some(if self.random.chance(0.7) { index - back } else { self.random.below(index) })
    }

    fn note_hour(&mut self, span: &span::Span, trace_start: u64) {
        let hour =
            Hour { number: (trace_start - FIRST) / (3_600 * SECOND), tenant: span.tenant, service: span.service };
        if span.operation < SERVICES
            && span.end - span.start >= Hour::LEAST_NANOS
            && let Some(traces) = self.known.hours.get_mut(&hour)
        {
            traces.insert(span.trace);
        }
    }
}

/// Returns what the load is, in words.
pub(crate) fn description(known: &Known, connections: usize) -> String {
    format!(
        "OTLP/HTTP protobuf, {SPANS_IN_REQUEST} spans a request, {:.0} bytes a span, over {connections} connections from the \
         same machine; {SERVICES} services, {OPERATIONS} operations, traces of 1 to {LARGEST_TRACE} spans with a mean of 16, 12 \
         attributes a span and 8 a service, 1 to 4 KB of text in 5 %; start times spread over 24 hours",
        known.bytes as f64 / known.spans as f64
    )
}
