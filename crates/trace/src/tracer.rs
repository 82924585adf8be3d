//! The tracer: who records, under which name, by which rules, to where.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use trackway_model::{Resource, Scope as Library, SpanRecord, StatusCode, Text, Timestamp, project_of};
use trackway_wire::propagation::TraceFlags;

use crate::active::Active;
use crate::agents::{Begun, Capture, Run};
use crate::builder::{Builder, Config};
use crate::collector::{self, holding::Holding};
use crate::context::{Context, More, Scope};
use crate::export::{Batch, Body, Exporter, Form, lane::Lane};
use crate::limits::Limits;
use crate::processor::Processor;
use crate::propagation::Registry;
use crate::sampler::Chosen;
use crate::scopes::ScopeManager;
use crate::slot::{SLOT, Slot};
use crate::span::{Live, NOTHING_DROPPED, SpanBuilder, SpanData};
use crate::stats::{self, Stats};
use crate::{global, ids, span};

/// Marks the number of a tracer without a collector, which is found through what a context carries.
const DIRECT: u32 = 1 << 31;

/// The tracer of what nobody records, whatever its flags say. No ring takes it, as with those without a collector.
pub(crate) const NOBODY: u32 = u32::MAX;

/// Returns true for the number of a tracer without a collector.
#[inline(always)]
pub(crate) fn is_direct(tracer: u32) -> bool {
    tracer & DIRECT != 0
}

/// Returns the number of a new tracer without a collector. Two of them live at once would have to be two thousand million apart.
fn direct_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed) | DIRECT
}

/// How many open spans of one tracer can be announced.
const MOST_LIVE: usize = 10_000;
/// How many generations of forked processes tell themselves apart in their resource.
const FORKS_TOLD: usize = 8;
/// How many bytes of finished spans wait for the collector before more are dropped.
const MOST_FINISHED: usize = 32 << 20;

/// Records spans. Cheap to clone; all clones are one tracer.
///
/// A program mostly has one, which it [installs](crate::init) once and uses through the macros. A tracer is a value all
/// the same: several of them in one process do not know of each other, and the span of one is never the parent of
/// another's.
///
/// When the last clone is dropped, the tracer is shut down as [`shutdown`](Self::shutdown) does, within two seconds.
///
/// ```
/// use trackway::{Tracer, export::Memory};
/// use std::time::Duration;
///
/// let memory = Memory::new();
/// let tracer = Tracer::builder().service("checkout").exporter(memory.clone()).build();
/// tracer.span("charge").attribute("payment.amount", 8940).start().finish();
/// assert!(tracer.flush(Duration::from_secs(5)));
/// assert_eq!(memory.spans()[0].name, trackway::Text::from("charge"));
/// ```
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Owner>>);

/// Shuts the tracer down when nobody has it any more.
pub(crate) struct Owner(Arc<Core>);

pub(crate) struct Core {
    pub(crate) number: u32,
    pub(crate) config: Config,
    /// By how often the process was forked since the tracer was built: each has a number of its own in it.
    resources: [OnceLock<Arc<Resource>>; FORKS_TOLD],
    /// How often it had been forked before.
    forks: u32,
    pub(crate) library: Arc<Library>,
    pub(crate) project: Text,
    enabled: AtomicBool,
    closed: AtomicBool,
    /// True from the moment on at which it is to be closed.
    closing: AtomicBool,
    /// True once nobody has the tracer any more.
    gone: AtomicBool,
    /// One for every exporter; others after a fork.
    pub(crate) lanes: Mutex<Arc<[Lane]>>,
    /// Owned spans that have begun or ended since the collector last looked.
    pub(crate) inbox: Mutex<Inbox>,
    /// Owned spans that may be open, to be announced.
    live: Mutex<Announced>,
    direct: Option<Direct>,
    pub(crate) sampler: Chosen,
    /// The traces that began here, for those who come back to one.
    begun: Begun,
}

/// The open spans of a tracer that are told of, up to a number of them.
#[derive(Default)]
struct Announced {
    open: Vec<Weak<Live>>,
    /// How many found no room since somebody looked for those that have ended.
    refused: usize,
}

impl Announced {
    fn add(&mut self, live: &Arc<Live>) {
        // Looking through all of them costs more than one span should.
        if self.open.len() >= MOST_LIVE && self.refused.is_multiple_of(MOST_LIVE / 8) {
            self.open.retain(|live| live.strong_count() > 0);
        }
        if self.open.len() < MOST_LIVE {
            self.refused = 0;
            self.open.push(Arc::downgrade(live));
        } else {
            self.refused += 1;
        }
    }
}

#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) news: Vec<News>,
    bytes: usize,
}

pub(crate) enum News {
    Began(SpanRecord),
    Ended(SpanRecord),
    TraceBegan(Arc<Run>),
    TraceEnded(Arc<Run>),
}

/// What a tracer without a collector makes its ids and times of.
struct Direct {
    traces: AtomicU64,
    spans: AtomicU64,
    time: AtomicU64,
    /// True when traces are counted with the spans, each after its first one.
    one_count: bool,
    /// What waits for a verdict.
    holding: Mutex<Holding>,
}

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// 1 January 2020, the first second of a clock that ticks by itself.
const DAWN: u64 = 1_577_836_800 * SECOND;

impl Tracer {
    /// Returns a builder; without any setting its tracer records everything and exports nothing.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(config: Config, exporters: Vec<Arc<dyn Exporter>>) -> Self {
        crate::clock::choose();
        crate::panics::install_hook();
        let bounds = config.queue.bounds();
        let lanes: Vec<Lane> = exporters.into_iter().map(|exporter| Lane::new(exporter, bounds)).collect();
        let number = if config.direct { Some(direct_number()) } else { collector::number() };
        // Without a number nothing can be recorded, which is said once and then true.
        let Some(number) = number else { return Self(None) };
        let resource = config.resource();
        let library = Arc::new(Library {
            name: "trackway".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            ..Library::default()
        });
        let project = project_of(None, &resource);
        let direct = config.direct.then(|| Direct {
            traces: AtomicU64::new(0),
            spans: AtomicU64::new(0),
            time: AtomicU64::new(DAWN),
            one_count: config.one_count,
            holding: Mutex::default(),
        });
        let core = Arc::new(Core {
            number,
            enabled: AtomicBool::new(!config.disabled),
            closed: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            resources: [const { OnceLock::new() }; FORKS_TOLD],
            forks: collector::forks(),
            library,
            project,
            sampler: Chosen::new(config.sampler.clone().unwrap_or_default()),
            config,
            lanes: Mutex::new(lanes.into()),
            inbox: Mutex::default(),
            live: Mutex::default(),
            begun: Begun::default(),
            direct,
        });
        core.resource();
        if !is_direct(number) {
            collector::open(&core);
            stats::of(number).set_tail(core.config.tail.is_some());
        }
        Self(Some(Arc::new(Owner(core))))
    }

    pub(crate) fn core(&self) -> Option<&Arc<Core>> {
        self.0.as_ref().map(|owner| &owner.0)
    }

    /// Returns the propagators that were registered with the tracer; `None` for one that never records.
    pub(crate) fn own_propagators(&self) -> Option<&Registry> {
        self.core().map(|core| &core.config.propagators)
    }

    /// Returns a span to be begun.
    ///
    /// The name says what kind of work it is, in few words and with few variants: `charge`, not `charge order 42`.
    pub fn span(&self, name: impl Into<Text>) -> SpanBuilder<'_> {
        SpanBuilder::new(self, name.into())
    }

    /// Returns a span to be begun that is about a value with a type: its name, kind and attributes are the value's.
    pub fn span_of<D: SpanData>(&self, data: D) -> SpanBuilder<'_, D> {
        SpanBuilder::of(self, data)
    }

    /// Returns who says what is active for this tracer, when that is not the thread.
    pub fn scope_manager(&self) -> Option<&Arc<dyn ScopeManager>> {
        self.core()?.config.scope_manager.as_ref()
    }

    /// Returns the context in which a span of this tracer would begin here: [`current`](crate::current), or what the tracer's
    /// [`ScopeManager`] says; outside of every trace where the active span is another tracer's.
    pub fn current(&self) -> Context {
        let around = self.around();
        if around.trace == 0 || self.takes(&around) { around } else { span::outside_of(&around) }
    }

    /// Returns this tracer's span that is active here; `None` when there is none.
    ///
    /// ```
    /// let (tracer, spans) = trackway::testing::tracer();
    /// tracer.span("request").run(|_| {
    ///     if let Some(span) = tracer.active_span() {
    ///         span.attribute("cache", "hit");
    ///     }
    /// });
    /// assert_eq!(spans.tree(), "request 1s cache=hit\n");
    /// assert!(tracer.active_span().is_none());
    /// ```
    pub fn active_span(&self) -> Option<Active> {
        let around = self.around();
        if !self.takes(&around) {
            return None;
        }
        Some(if self.scope_manager().is_some() { Active::of(&around) } else { crate::active() })
    }

    /// Returns what is active where this tracer looks for it, whoever's it is.
    pub(crate) fn around(&self) -> Context {
        match self.scope_manager() {
            Some(manager) => self.ask_manager(|| manager.active()).flatten().unwrap_or_default(),
            None => SLOT.with(Slot::context).fresh(),
        }
    }

    /// Returns true when spans of this tracer that begin there are part of what is there: the active span of another tracer is
    /// no parent.
    pub(crate) fn takes(&self, around: &Context) -> bool {
        around.trace != 0 && [0, NOBODY, self.number()].contains(&around.tracer)
    }

    /// Returns the tracer that records nothing.
    pub(crate) fn none() -> &'static Self {
        static NONE: Tracer = Tracer(None);
        &NONE
    }

    /// Has the macros use this tracer on this thread until the scope is dropped, in the place of the global one.
    ///
    /// ```
    /// let (tracer, spans) = trackway::testing::tracer();
    /// let _scope = tracer.activate();
    /// drop(trackway::span!("work"));
    /// assert_eq!(spans.tree(), "work 1s\n");
    /// ```
    pub fn activate(&self) -> Scope {
        let more = More { owner: Some(self.clone()), ..More::default() };
        Context { tracer: self.number(), more: Some(Arc::new(more)), ..Context::none() }.attach()
    }

    /// Returns true while the tracer records.
    pub fn is_enabled(&self) -> bool {
        self.core()
            .is_some_and(|core| core.enabled.load(Ordering::Relaxed) && !core.is_closed() && !collector::is_lost())
    }

    /// Has the tracer record again.
    pub fn enable(&self) {
        self.switch(true);
    }

    /// Has the tracer record no new traces and no new owned spans; what runs is recorded to its end. A disabled tracer
    /// costs a nanosecond a span.
    pub fn disable(&self) {
        self.switch(false);
    }

    fn switch(&self, enabled: bool) {
        if let Some(core) = self.core() {
            core.enabled.store(enabled, Ordering::Relaxed);
            global::switched(self);
            if enabled && core.direct.is_none() {
                collector::wake();
            }
        }
    }

    /// Has everything recorded before this call exported or counted as dropped; returns whether that was done in time.
    /// [Tail rules](crate::Tail) judge the traces that have ended; what they hold of others waits on.
    ///
    /// May be called from anywhere but a processor or an exporter, where it does nothing and returns false.
    pub fn flush(&self, within: Duration) -> bool {
        let Some(core) = self.core() else { return true };
        let until = after(within);
        if core.direct.is_some() {
            return core.flush_processors(until);
        }
        if collector::in_collector() {
            return false;
        }
        let collected = collector::collect(until);
        let processed = core.flush_processors(until) && collected;
        core.lanes().iter().fold(processed, |done, lane| lane.flush(until) && done)
    }

    /// Stops recording, exports what was recorded, and counts what cannot be exported in time as dropped; returns whether
    /// everything was exported or refused by its receiver in time. Never waits longer than that; to call it again does
    /// nothing.
    pub fn shutdown(&self, within: Duration) -> bool {
        global::uninstall(self);
        self.core().is_none_or(|core| core.shut_down(after(within)))
    }

    /// Adds hooks to those that the tracer was [built](Builder::processor) with; they see what begins from now on.
    ///
    /// Of work that has begun already they may see the end alone, or nothing.
    pub fn add_processor(&self, processor: impl Processor) {
        if let Some(core) = self.core() {
            let added: Arc<dyn Processor> = Arc::new(processor);
            core.config.processors.change(|all| all.iter().cloned().chain([added]).collect());
        }
    }

    /// Has these hooks see what begins from now on, in the place of those before, which are neither flushed nor shut down.
    pub fn set_processors(&self, processors: impl IntoIterator<Item = Arc<dyn Processor>>) {
        if let Some(core) = self.core() {
            let all = processors.into_iter().collect();
            core.config.processors.change(|_| all);
        }
    }

    /// Returns what became of all spans so far.
    pub fn stats(&self) -> Stats {
        let Some(core) = self.core() else { return Stats::default() };
        let exporters = core.lanes().iter().map(Lane::stats).collect();
        if core.direct.is_some() {
            Stats { exporters, ..Stats::default() }
        } else {
            stats::of(core.number).stats(exporters)
        }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Some(one), Some(other)) if Arc::ptr_eq(one, other))
    }

    /// Returns 0 for a tracer that never records.
    pub(crate) fn number(&self) -> u32 {
        self.core().map_or(0, |core| core.number)
    }

    pub(crate) fn is_direct(&self) -> bool {
        is_direct(self.number())
    }

    pub(crate) fn chosen(&self) -> Option<&Chosen> {
        self.core().map(|core| &core.sampler)
    }

    pub(crate) fn downgrade(&self) -> WeakTracer {
        WeakTracer(self.0.as_ref().map(Arc::downgrade))
    }

    /// Returns the context with what a recorded trace that begins in it is to say of the sampler.
    pub(crate) fn marked(&self, context: Context) -> Context {
        let Some(mark) = self.chosen().and_then(Chosen::mark) else { return context };
        match &context.more {
            None => Context { more: Some(mark), ..context },
            Some(_) => context.with_state(mark.state.clone()),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.core().map_or(Limits::default(), |core| core.config.limits.unwrap_or_default())
    }

    fn direct(&self) -> Option<&Direct> {
        self.core().and_then(|core| core.direct.as_ref())
    }

    /// Returns the time by the tracer's clock, which its spans begin and end by.
    pub fn now(&self) -> Timestamp {
        if let Some(direct) = self.direct() {
            return Timestamp(direct.time.fetch_add(SECOND, Ordering::Relaxed));
        }
        Timestamp(collector::time::wall_now().unwrap_or_else(|| {
            u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos())
                .unwrap_or(u64::MAX)
        }))
    }

    /// Returns the id of a new trace, and that of its first span where that is counted with it.
    pub(crate) fn new_trace(&self) -> (u128, Option<u64>) {
        match self.direct() {
            Some(direct) if direct.one_count => {
                let before = direct.spans.fetch_add(2, Ordering::Relaxed);
                (u128::from(before + 2), Some(before + 1))
            }
            Some(direct) => (u128::from(direct.traces.fetch_add(1, Ordering::Relaxed) + 1), None),
            None => (ids::trace_id(), None),
        }
    }

    pub(crate) fn new_span_id(&self) -> u64 {
        match self.direct() {
            Some(direct) => direct.spans.fetch_add(1, Ordering::Relaxed) + 1,
            None => ids::span_id(),
        }
    }

    /// Returns the record of a span of which nothing is known but its place.
    pub(crate) fn blank(&self, context: &Context) -> SpanRecord {
        let Some(core) = self.core() else { unreachable!("a tracer that never records has no spans") };
        core.blank(context.trace, context.span, context.flags)
    }

    pub(crate) fn began(&self, record: &SpanRecord) {
        let Some(core) = self.core() else { return };
        if core.config.processors.is_empty() {
            return;
        }
        if core.direct.is_some() {
            return span::silently(|| {
                core.config.processors.now().iter().for_each(|processor| processor.on_start(record))
            });
        }
        core.tell(News::Began(record.clone()));
    }

    pub(crate) fn ended(&self, record: SpanRecord) {
        let Some(core) = self.core() else { return };
        if core.direct.is_none() {
            stats::of(core.number).ended.fetch_add(1, Ordering::Relaxed);
            return core.tell(News::Ended(record));
        }
        span::silently(|| core.end_directly(record));
    }

    /// Has a trace kept or left out, where there are tail rules.
    pub(crate) fn judge(&self, trace: u128, keep: bool) {
        let Some(core) = self.core().filter(|core| core.config.tail.is_some()) else { return };
        match core.direct {
            Some(ref direct) => {
                let now = direct.time.load(Ordering::Relaxed);
                span::silently(|| core.release_directly(|holding| holding.judge(trace, keep, now)));
            }
            None => collector::verdicts::tell(core.number, trace, keep),
        }
    }

    pub(crate) fn trace_began(&self, run: Arc<Run>) {
        let Some(core) = self.core() else { return };
        core.begun.add(&run);
        if core.direct.is_none() {
            return core.tell(News::TraceBegan(run));
        }
        span::silently(|| {
            core.config.processors.now().iter().for_each(|processor| processor.on_trace_start(&run.record));
            let run = match &core.config.redact {
                Some(redact) => Arc::new(run.redacted(core.shown(&run), |record| {
                    redact(record);
                    true
                })),
                None => run,
            };
            for exporter in core.config.direct_exporters.iter().filter(|exporter| exporter.wants_traces()) {
                // A test's exporter that fails does so in the test's own hands.
                let body = Body::Records(Vec::new());
                let _ = exporter.export(&Batch { spans: 0, body, traces: vec![run.clone()] });
            }
        });
    }

    pub(crate) fn trace_ended(&self, run: Arc<Run>) {
        let Some(core) = self.core() else { return };
        if core.direct.is_none() {
            return core.tell(News::TraceEnded(run));
        }
        span::silently(|| {
            core.config.processors.now().iter().for_each(|processor| processor.on_trace_end(&run.record));
        });
    }

    /// Returns true when this tracer began that trace, as it is told of now.
    pub(crate) fn has_begun(&self, run: &Run, key_hash: Option<&str>) -> bool {
        self.core().is_some_and(|core| core.begun.has(run, key_hash))
    }

    /// Returns how much of what agents say is recorded, where a trace does not say.
    pub(crate) fn capture(&self) -> Capture {
        self.core().map_or(Capture::default(), |core| core.config.capture.unwrap_or_default())
    }

    pub(crate) fn project(&self) -> Text {
        self.core().map(|core| core.project.clone()).unwrap_or_default()
    }

    /// Has an open span announced, where somebody wants to hear of it.
    pub(crate) fn remember(&self, live: &Arc<Live>) {
        let Some(core) = self.core().filter(|core| core.direct.is_none()) else { return };
        collector::unforked(|| {
            let mut announced = core.live.lock().unwrap_or_else(PoisonError::into_inner);
            announced.add(live);
        });
    }
}

/// A tracer that may be gone.
#[derive(Clone, Debug)]
pub(crate) struct WeakTracer(Option<Weak<Owner>>);

impl WeakTracer {
    pub(crate) fn upgrade(&self) -> Option<Tracer> {
        Some(Tracer(Some(self.0.as_ref()?.upgrade()?)))
    }
}

impl Core {
    /// Does at once what a collector does later.
    fn end_directly(&self, record: SpanRecord) {
        self.config.processors.now().iter().for_each(|processor| processor.on_end(&record));
        let Some(tail) = &self.config.tail else { return self.export_directly(record) };
        let (speaks, now) = (tail.is_spoken_for_by(&record), record.end.map_or(0, |end| end.0));
        self.release_directly(|holding| {
            holding.take(record, speaks, tail, now);
            holding.settle(tail, now, false);
        });
    }

    /// Changes what waits for a verdict, and exports what does so no more.
    fn release_directly(&self, change: impl FnOnce(&mut Holding)) {
        let Some(direct) = &self.direct else { return };
        let kept = {
            let mut holding = direct.holding.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut holding);
            std::mem::take(&mut holding.out).kept
        };
        kept.into_iter().for_each(|record| self.export_directly(record));
    }

    fn export_directly(&self, mut record: SpanRecord) {
        if let Some(redact) = &self.config.redact {
            redact(&mut record);
        }
        for exporter in &self.config.direct_exporters {
            let body = match exporter.form() {
                Form::Records => Body::Records(vec![record.clone()]),
                Form::Otlp => Body::Otlp(trackway_wire::encode::records(std::slice::from_ref(&record))),
            };
            // A test's exporter that fails does so in the test's own hands.
            let _ = exporter.export(&Batch { spans: 1, body, traces: Vec::new() });
        }
    }

    pub(crate) fn lanes(&self) -> Arc<[Lane]> {
        collector::unforked(|| self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Returns what is true of this process.
    pub(crate) fn resource(&self) -> &Arc<Resource> {
        let forks = (collector::forks().saturating_sub(self.forks) as usize).min(FORKS_TOLD - 1);
        let [first, ..] = &self.resources;
        self.resources.get(forks).unwrap_or(first).get_or_init(|| Arc::new(self.config.resource()))
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Returns a span that stands for a trace where a redact hook is shown what is told of it.
    pub(crate) fn shown(&self, run: &Run) -> SpanRecord {
        let sampled = TraceFlags::SAMPLED.0;
        self.blank(u128::from_be_bytes(run.record.trace_id.bytes()), ids::span_id(), sampled)
    }

    pub(crate) fn blank(&self, trace: u128, span: u64, flags: u8) -> SpanRecord {
        use trackway_model::{SpanId, TraceId};
        let ids = TraceId::new(trace.to_be_bytes()).zip(SpanId::new(span.to_be_bytes()));
        let Some((trace_id, span_id)) = ids else { unreachable!("no id is made of zeros") };
        SpanRecord {
            trace_id,
            span_id,
            parent_id: None,
            flags: u32::from(flags) | 0x100,
            trace_state: Text::default(),
            name: Text::default(),
            kind: trackway_model::SpanKind::Internal,
            start: Timestamp(0),
            end: None,
            attributes: Default::default(),
            events: Vec::new(),
            links: Vec::new(),
            status: trackway_model::Status { code: StatusCode::Unset, message: Text::default() },
            dropped: NOTHING_DROPPED,
            scope: self.library.clone(),
            resource: self.resource().clone(),
            project: self.project.clone(),
            data: None,
            foreign: None,
            repeats: Default::default(),
        }
    }

    fn tell(&self, news: News) {
        let bytes = match &news {
            News::Began(record) | News::Ended(record) => record.memory_bytes(),
            News::TraceBegan(run) | News::TraceEnded(run) => run.record.memory_bytes(),
        };
        let full = collector::unforked(|| self.add(news, bytes));
        // In the child of a fork it is the first span that starts the thread.
        if full || !collector::is_running() {
            collector::wake();
        }
    }

    /// Returns true when the collector should hurry.
    fn add(&self, news: News, bytes: usize) -> bool {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        if inbox.bytes + bytes > MOST_FINISHED {
            let counters = stats::of(self.number);
            match news {
                News::Ended(_) => counters.memory.fetch_add(1, Ordering::Relaxed),
                News::TraceBegan(_) => counters.traces_lost.fetch_add(1, Ordering::Relaxed),
                // The end of either tells what there was.
                News::Began(_) | News::TraceEnded(_) => 0,
            };
            return true;
        }
        inbox.bytes += bytes;
        inbox.news.push(news);
        inbox.bytes > MOST_FINISHED / 2
    }

    /// Begins anew in the child of a fork, with nothing that the parent will send.
    pub(crate) fn forked(&self) {
        let lanes: Vec<Lane> = self.lanes().iter().map(Lane::again).collect();
        *self.lanes.lock().unwrap_or_else(PoisonError::into_inner) = lanes.into();
        drop(self.take_news());
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Announced::default();
        self.resource();
    }

    /// Calls `tell` with every open owned span that has not been told of since `before`, and notes `now` for it.
    pub(crate) fn each_live(&self, started_before: u64, before: u64, now: u64, mut tell: impl FnMut(&SpanRecord)) {
        let mut announced = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        announced.open.retain(|live| {
            let Some(live) = live.upgrade() else { return false };
            let Some(held) = live.lock() else { return false };
            let Some(record) = held.as_ref() else { return false };
            if record.start.0 <= started_before && live.announced.load(Ordering::Relaxed) <= before {
                live.announced.store(now, Ordering::Relaxed);
                tell(record);
            }
            true
        });
    }

    /// Takes the news that wait, in order.
    pub(crate) fn take_news(&self) -> Vec<News> {
        let mut inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        inbox.bytes = 0;
        std::mem::take(&mut inbox.news)
    }

    /// Has every processor deliver what it keeps back; one that panics was not done.
    fn flush_processors(&self, until: Instant) -> bool {
        self.config.processors.now().iter().fold(true, |done, processor| {
            let left = until.saturating_duration_since(Instant::now());
            Self::hook(|| processor.flush(left)).unwrap_or(false) && done
        })
    }

    fn hook<R>(hook: impl FnOnce() -> R) -> Option<R> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| span::silently(hook))).ok()
    }

    fn shut_down(&self, until: Instant) -> bool {
        if self.is_closed() {
            // Somebody else may not be done with it, and the process end when this returns.
            return self.end_lanes(until);
        }
        self.closing.store(true, Ordering::Relaxed);
        self.release_directly(Holding::keep_all);
        let collected = self.direct.is_some() || collector::collect(until);
        self.closed.store(true, Ordering::Release);
        if self.direct.is_none() {
            // What ended in between is counted.
            collector::collect(until);
        }
        for processor in self.config.processors.now().iter() {
            Self::hook(|| processor.shutdown(until.saturating_duration_since(Instant::now())));
        }
        self.end_lanes(until) && collected
    }

    /// Ends every exporter's lane, also when another one was not done in time.
    fn end_lanes(&self, until: Instant) -> bool {
        let mut done = true;
        for lane in self.lanes().iter() {
            done &= lane.shutdown(until);
        }
        done
    }
}

/// Returns when so much time will have passed; in a year, if it is more.
fn after(within: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    Instant::now() + within.min(YEAR)
}

/// How long the last owner of a tracer waits for it.
const PARTING: Duration = Duration::from_secs(2);

impl Drop for Owner {
    fn drop(&mut self) {
        let until = after(PARTING);
        self.0.shut_down(until);
        self.0.gone.store(true, Ordering::Release);
        if self.0.direct.is_none() {
            collector::close();
        }
    }
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let service = self.core().map(|core| core.resource().service().to_owned());
        f.debug_struct("Tracer").field("service", &service).field("enabled", &self.is_enabled()).finish()
    }
}

// What a panic may leave half done is behind locks that are taken over, and hooks that are caught.
impl std::panic::RefUnwindSafe for Core {}
