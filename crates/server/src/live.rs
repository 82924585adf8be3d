//! News of what is being recorded, for whoever watches.
//!
//! Appending only notes which traces changed. Ten times a second one task looks at what they have become and tells it
//! to every watcher, so that a busy trace costs ten looks a second and not one a span.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{broadcast, watch};
use trackway_model::{Batch, RunKey, StepKey, TraceId};
use trackway_store::{Ack, Held, RunAck, RunSummary, Span, SpanState, Step, TraceStatus, TraceSummary};
use trackway_wire::foreign;

use crate::{
    counters::Counters,
    query::{Query, RunNews},
};

/// How often watchers are told.
const TICK: Duration = Duration::from_millis(100);
/// Every how many ticks they are told how much is going on.
const TICKS_PER_PULSE: u64 = 20;
/// Every how many ticks the store looks which announced spans were lost.
const TICKS_PER_LOOK: u64 = 10;
/// The most traces, and the most spans, of one tick; and of runs and steps. More are counted as missed.
const MOST_TRACES: usize = 200;
const MOST_SPANS: usize = 1_000;
/// How many events a watcher may lie behind.
const QUEUE: usize = 4_096;

/// What watchers are told.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// A trace is new, has changed, or has ended.
    Trace { change: Change, summary: Arc<TraceSummary> },
    /// Traces are gone.
    Deleted { what: DeletedWhat },
    /// Nothing is left of a trace: it was announced, and nothing was heard of it any more.
    Gone(TraceId),
    /// A span has changed.
    Span { change: SpanChange, span: Arc<Span> },
    /// How much is going on.
    Pulse(Pulse),
    /// A run is new, or has changed.
    Run { change: Change, summary: Arc<RunSummary> },
    /// A run is gone.
    DeletedRun(Arc<RunKey>),
    /// A step of a run is new, or has changed.
    Step { run: Arc<RunKey>, step: Arc<Step> },
    /// So many events were left out.
    Missed(u64),
}

/// How a trace changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    New,
    Updated,
    Finished,
}

/// How a span changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanChange {
    /// It was announced, perhaps again.
    Announced,
    Finished,
    Lost,
    /// It was announced, nothing was heard of it any more, and it is forgotten.
    Gone,
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeletedWhat {
    Trace(TraceId),
    Project(String),
}

/// How much is going on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pulse {
    pub(crate) spans_per_second: f64,
    pub(crate) spans: u64,
    pub(crate) dropped: u64,
    pub(crate) bytes_on_disk: u64,
}

/// Gathers changes and tells them to watchers.
pub(crate) struct Live {
    sender: broadcast::Sender<News>,
    gathered: Mutex<Gathered>,
    /// The runs whose steps somebody watches, and how many do.
    watched: Mutex<HashMap<TraceId, usize>>,
    counters: Arc<Counters>,
}

/// Has the steps of a run told until it is dropped.
pub(crate) struct RunWatch {
    live: Arc<Live>,
    run: TraceId,
}

impl Drop for RunWatch {
    fn drop(&mut self) {
        let mut watched = self.live.watched();
        if let Some(watchers) = watched.get_mut(&self.run) {
            *watchers -= 1;
        }
        watched.retain(|_, watchers| *watchers > 0);
    }
}

/// What changed since the last tick.
#[derive(Default)]
struct Gathered {
    /// The traces that changed, and whether they are new.
    traces: BTreeMap<TraceId, bool>,
    spans: Vec<(SpanChange, Arc<Span>)>,
    /// The runs that changed, and whether they are new.
    runs: BTreeMap<Arc<RunKey>, bool>,
    steps: BTreeSet<(Arc<RunKey>, StepKey)>,
    missed: u64,
}

impl Gathered {
    fn note_traces(&mut self, changed: &[TraceId], created: &[TraceId]) {
        for id in changed {
            if self.traces.len() >= MOST_TRACES && !self.traces.contains_key(id) {
                self.missed += 1;
                continue;
            }
            *self.traces.entry(*id).or_default() |= created.contains(id);
        }
    }

    fn note_run(&mut self, run: &Arc<RunKey>, is_new: bool) {
        if self.runs.len() >= MOST_TRACES && !self.runs.contains_key(run) {
            self.missed += 1;
            return;
        }
        *self.runs.entry(Arc::clone(run)).or_default() |= is_new;
    }

    fn note_step(&mut self, run: &Arc<RunKey>, step: StepKey) {
        let step = (Arc::clone(run), step);
        if self.steps.len() >= MOST_SPANS && !self.steps.contains(&step) {
            self.missed += 1;
            return;
        }
        self.steps.insert(step);
    }

    fn note_spans(&mut self, spans: Vec<Span>, change: impl Fn(&Span) -> SpanChange) {
        let room = MOST_SPANS - self.spans.len().min(MOST_SPANS);
        self.missed += spans.len().saturating_sub(room) as u64;
        self.spans.extend(spans.into_iter().take(room).map(|span| (change(&span), Arc::new(span))));
    }
}

fn change_of(span: &Span) -> SpanChange {
    match span.state {
        SpanState::Finished => SpanChange::Finished,
        SpanState::Open => SpanChange::Announced,
        SpanState::Lost => SpanChange::Lost,
    }
}

impl Live {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self { sender: broadcast::channel(QUEUE).0, gathered: Mutex::default(), watched: Mutex::default(), counters }
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<News> {
        self.sender.subscribe()
    }

    /// Has the steps of a run told from now on.
    pub(crate) fn watch_run(self: &Arc<Self>, run: TraceId) -> RunWatch {
        *self.watched().entry(run).or_default() += 1;
        RunWatch { live: Arc::clone(self), run }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<TraceId, usize>> {
        // Whatever a panicking thread left there is a list of numbers at worst.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        // Whatever a panicking thread left there is a list of ids at worst.
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies what watchers will want of a batch that is about to be stored; nothing when nobody watches.
    pub(crate) fn glance(&self, batch: &Batch) -> Vec<Span> {
        if self.sender.receiver_count() == 0 {
            return Vec::new();
        }
        batch.spans.iter().take(MOST_SPANS).map(|span| Span::stored(span.clone())).collect()
    }

    /// Notes what a batch that is now stored has changed.
    pub(crate) fn publish(&self, ack: &Ack, spans: Vec<Span>) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let mut gathered = self.gathered();
        gathered.note_traces(&ack.changed, &ack.created);
        gathered.note_spans(spans, change_of);
    }

    /// Notes what became of announced spans.
    pub(crate) fn publish_held(&self, held: Held) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let mut gathered = self.gathered();
        gathered.note_traces(&held.changed, &held.created);
        gathered.note_spans(held.gone, |_| SpanChange::Gone);
        gathered.note_spans(held.spans, change_of);
    }

    /// Notes what facts of runs that are now stored have changed.
    pub(crate) fn publish_runs(&self, ack: &RunAck) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let watched: HashSet<_> = {
            let watched = self.watched();
            let is_watched = |run: &&Arc<RunKey>| !watched.is_empty() && watched.contains_key(&foreign::run_id(run));
            ack.changed.iter().filter(is_watched).cloned().collect()
        };
        let mut gathered = self.gathered();
        for run in &ack.changed {
            gathered.note_run(run, ack.created.contains(run));
        }
        for (run, step) in ack.steps.iter().filter(|(run, _)| watched.contains(run)) {
            gathered.note_step(run, *step);
        }
    }

    /// Notes that a run looks different.
    pub(crate) fn note_run(&self, run: &Arc<RunKey>) {
        self.gathered().note_run(run, false);
    }

    /// Tells that a run was deleted.
    pub(crate) fn deleted_run(&self, run: Arc<RunKey>) {
        self.send(News::DeletedRun(run));
    }

    /// Tells that something was deleted.
    pub(crate) fn deleted(&self, what: DeletedWhat) {
        self.send(News::Deleted { what });
    }

    fn send(&self, news: News) {
        drop(self.sender.send(news)); // fails only when nobody watches
    }

    /// Tells watchers the news until `stop` turns true.
    pub(crate) async fn run(self: Arc<Self>, query: Query, mut stop: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(TICK);
        let mut last = self.counters.spans_accepted.get();
        for tick in 1u64.. {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            // A store that cannot be read has told whoever asked it directly.
            if tick % TICKS_PER_LOOK == 0
                && let Ok(held) = query.tend().await
            {
                self.publish_held(held);
            }
            self.tell(&query).await;
            if tick % TICKS_PER_PULSE == 0 {
                let now = self.counters.spans_accepted.get();
                self.send(News::Pulse(self.pulse(&query, now - last)));
                last = now;
            }
        }
    }

    async fn tell(&self, query: &Query) {
        let Gathered { traces, spans, runs, steps, missed } = std::mem::take(&mut *self.gathered());
        if missed > 0 {
            self.counters.live_lagged.add(missed);
            self.send(News::Missed(missed));
        }
        self.tell_runs(query, runs, steps).await;
        self.tell_traces(query, traces, spans).await;
    }

    async fn tell_runs(
        &self,
        query: &Query,
        changed: BTreeMap<Arc<RunKey>, bool>,
        steps: BTreeSet<(Arc<RunKey>, StepKey)>,
    ) {
        if changed.is_empty() && steps.is_empty() {
            return;
        }
        // A store that cannot be read has told whoever asked it directly.
        let news = query.run_news(changed.keys().cloned().collect(), steps.into_iter().collect()).await;
        let Ok(RunNews { runs, steps }) = news else { return };
        for summary in runs.into_iter().map(Arc::new) {
            let is_new = changed.get(&summary.key).copied().unwrap_or(false);
            let change = if is_new { Change::New } else { Change::Updated };
            self.send(News::Run { change, summary });
        }
        for (run, step) in steps {
            self.send(News::Step { run, step: Arc::new(step) });
        }
    }

    async fn tell_traces(
        &self,
        query: &Query,
        mut traces: BTreeMap<TraceId, bool>,
        spans: Vec<(SpanChange, Arc<Span>)>,
    ) {
        if traces.is_empty() {
            return;
        }
        // A store that cannot be read has told whoever asked it directly.
        let Ok(summaries) = query.summaries(traces.keys().copied().collect()).await else { return };
        for summary in summaries.into_iter().map(Arc::new) {
            let is_new = traces.remove(&summary.trace_id).unwrap_or(false);
            let ended = summary.has_root && matches!(summary.status, TraceStatus::Ok | TraceStatus::Error);
            if is_new {
                self.send(News::Trace { change: Change::New, summary: Arc::clone(&summary) });
            }
            if ended {
                self.send(News::Trace { change: Change::Finished, summary });
            } else if !is_new {
                self.send(News::Trace { change: Change::Updated, summary });
            }
        }
        for id in traces.into_keys() {
            self.send(News::Gone(id));
        }
        for (change, span) in spans {
            self.send(News::Span { change, span });
        }
    }

    /// How much is going on, given how many spans came in the last two seconds.
    fn pulse(&self, query: &Query, spans: u64) -> Pulse {
        let store = query.counters();
        let value = |name| store.iter().find(|counter| counter.name == name).map_or(0, |counter| counter.value);
        Pulse {
            spans_per_second: spans as f64 / (TICK.as_secs_f64() * TICKS_PER_PULSE as f64),
            spans: value("store.spans"),
            dropped: self.counters.dropped(),
            bytes_on_disk: value("store.bytes_on_disk"),
        }
    }
}
