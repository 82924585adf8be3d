//! A trace as a thing of its own: a name, a conversation, and what else is known of all that happens in it.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use trackway_model::{Attributes, SpanRecord, Text, TraceId, TraceRecord, Value, keys};

use super::{Capture, original};
use crate::collector;
use crate::context::{Context, Scope};
use crate::field::Field;
use crate::global;
use crate::reference::Reference;
use crate::sampler::Sampling;
use crate::slot::{SLOT, Slot};
use crate::span::{is_silent, outside_of};
use crate::tracer::Tracer;

/// The attribute for the conversation that a trace belongs to.
const CONVERSATION: &str = "gen_ai.conversation.id";

/// What everything that happens in a trace knows of it.
pub(crate) struct Run {
    pub(crate) record: TraceRecord,
    pub(crate) capture: Capture,
    /// Whose account at the receiver the trace goes to, in the place of the exporter's.
    pub(crate) key: Option<Text>,
    /// What the sampler adds to its first spans.
    pub(crate) attributes: Vec<(Text, Value)>,
}

impl Run {
    /// Returns it as a redact hook leaves it, which sees it as the first span of the trace: by its name and its attributes.
    /// Nothing the program says of it is left when the hook panics.
    pub(crate) fn redacted(&self, mut shown: SpanRecord, redact: impl FnOnce(&mut SpanRecord) -> bool) -> Self {
        let trace = &self.record;
        shown.name = trace.name.clone();
        shown.attributes = facts_of(self).into_iter().collect();
        let is_redacted = redact(&mut shown);
        let mut original_id = original::trace_text(trace.trace_id);
        let (mut name, mut group, mut metadata) = (Text::literal("redaction failed"), None, Attributes::default());
        if is_redacted {
            let told = shown.attributes.text(keys::TRACKWAY_TRACE_NAME).map(Text::from).unwrap_or_default();
            name = if shown.name == trace.name { told } else { shown.name };
            group = shown.attributes.text(CONVERSATION).map(Text::from);
            original_id = shown.attributes.text(keys::TRACKWAY_TRACE_ID).map_or(original_id, Text::from);
            let kept = shown.attributes.0.into_iter();
            metadata = kept
                .filter_map(|(key, value)| Some((Text::from(key.strip_prefix(keys::TRACKWAY_TRACE_METADATA)?), value)))
                .collect();
        }
        let record = TraceRecord { original_id, name, group, metadata, ..trace.clone() };
        Self { record, capture: self.capture, key: self.key.clone(), attributes: self.attributes.clone() }
    }
}

/// The key is a secret.
impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("record", &self.record).finish_non_exhaustive()
    }
}

/// A trace with a name, which spans begin in: [`Tracer::trace`] makes it.
///
/// It is no span. The spans that begin in it without a parent are its roots; they carry what is known of it as attributes,
/// and processors and exporters are told of it apart. It is over when it is [finished](Self::finish) or dropped; spans that
/// still run go on. A root that [`span!`](macro@crate::span) or `#[trace]` makes is a part of it without these attributes.
///
/// ```
/// let (tracer, spans) = trackway::testing::tracer();
/// let run = tracer.trace("support-triage").group("thread_123").start();
/// {
///     let _scope = run.activate(); // what begins on this thread now is a part of it
///     tracer.span("triage").start().finish();
/// }
/// run.finish();
/// assert_eq!(spans.finished()[0].attributes.text("gen_ai.conversation.id"), Some("thread_123"));
/// ```
pub struct Trace {
    tracer: Tracer,
    /// `None` where nothing is recorded.
    run: Option<Arc<Run>>,
    context: Context,
    /// True when it is not for this value to finish it.
    over: AtomicBool,
}

/// A trace that is about to begin. [`Tracer::trace`] makes it.
#[must_use = "the trace begins with `start`"]
pub struct TraceBuilder<'a> {
    tracer: &'a Tracer,
    name: Text,
    id: Option<Text>,
    group: Option<Text>,
    metadata: Attributes,
    capture: Option<Capture>,
    key: Option<Text>,
    disabled: bool,
    /// Whether it may be one that began here before, and with a key of what hash.
    resumed: Option<Option<Text>>,
}

impl Tracer {
    /// Returns a trace to be begun, by the name of the workflow that it is a run of.
    pub fn trace(&self, name: impl Into<Text>) -> TraceBuilder<'_> {
        TraceBuilder {
            tracer: self,
            name: name.into(),
            id: None,
            group: None,
            metadata: Attributes::default(),
            capture: None,
            key: None,
            disabled: false,
            resumed: None,
        }
    }
}

/// Returns what is known of the trace that is active on this thread; `None` outside of those that [`Tracer::trace`] made.
pub fn current_trace() -> Option<TraceRecord> {
    SLOT.with(Slot::context).known_trace().map(|run| run.record.clone())
}

impl TraceBuilder<'_> {
    /// Says to which conversation the trace belongs, by an id of the program.
    pub fn group(mut self, id: impl Into<Text>) -> Self {
        self.group = Some(id.into());
        self
    }

    /// Tells something more of the trace.
    pub fn metadata(mut self, key: impl Into<Text>, value: impl Field) -> Self {
        if let Some(value) = value.lend(|value| value.to_value()) {
            self.metadata.push(key, value);
        }
        self
    }

    /// Gives the trace an id: `trace_` and 32 hexadecimal digits, which become its own.
    ///
    /// With the feature `openai-agents` any other text will do: its own id is then a hash of that, the same in every process.
    /// Without it any other text is left out.
    pub fn original_id(mut self, id: impl Into<Text>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Says how much of what is said in the trace is recorded, in the place of what the tracer says.
    pub fn capture(mut self, capture: Capture) -> Self {
        self.capture = Some(capture);
        self
    }

    /// Says to whose account at the receiver the trace goes, where the exporter knows of accounts. It is recorded nowhere.
    pub fn api_key(mut self, key: impl Into<Text>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Has nothing recorded in the trace if `disabled` is true, whatever is active around it.
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    #[cfg(feature = "openai-agents")]
    pub(super) fn with_metadata(mut self, metadata: Attributes) -> Self {
        self.metadata = metadata;
        self
    }

    /// Has nobody told of the trace again if it began here before, is told of as it was, and went to the account whose key
    /// has that hash.
    #[cfg(feature = "openai-agents")]
    pub(super) fn resumed(mut self, key_hash: Option<Text>) -> Self {
        self.resumed = Some(key_hash);
        self
    }

    /// Begins the trace. Whatever trace is active around it is no part of it.
    pub fn start(self) -> Trace {
        let tracer = self.tracer.clone();
        let around = outside_of(&SLOT.with(Slot::context));
        if !tracer.is_enabled() || is_silent() {
            return Trace { tracer, run: None, context: around, over: AtomicBool::new(true) };
        }
        let id = self.id.as_deref().and_then(original::trace).unwrap_or_else(|| tracer.new_trace().0);
        let verdict = (!self.disabled).then(|| tracer.decide(None, &Sampling::of(id, &self.name)));
        let sampled = verdict.as_ref().is_some_and(|verdict| verdict.sampled);
        let state = verdict.as_ref().and_then(|verdict| verdict.told.state(None, sampled));
        let flags = global::flags(sampled, None);
        // A trace that is not recorded is one all the same: what begins in it is a part of nothing else.
        let context = Context { trace: id, span: 0, flags, remote: false, tracer: tracer.number(), ..around };
        let context = state.map(|state| context.with_state(state)).unwrap_or(context);
        let attributes = verdict.map(|verdict| verdict.attributes).unwrap_or_default();
        let run = if sampled { self.into_run(id, attributes) } else { None };
        let Some((run, resumed)) = run else {
            return Trace { tracer, run: None, context, over: AtomicBool::new(true) };
        };
        let context = context.change(|more| {
            more.run = Some(run.clone());
            more.owner = tracer.is_direct().then(|| tracer.clone()).or(more.owner.take());
        });
        let goes_on = resumed.is_some_and(|key_hash| tracer.has_begun(&run, key_hash.as_deref()));
        if !goes_on {
            tracer.trace_began(run.clone());
        }
        Trace { tracer, run: Some(run), context, over: AtomicBool::new(goes_on) }
    }

    /// Returns the trace that is active on this thread, which stays whoever's it is; begins one where there is none.
    pub fn join(self) -> Trace {
        let around = SLOT.with(Slot::context);
        let is_there = around.tracer == self.tracer.number() && around.known_trace().is_some();
        if !is_there || self.disabled {
            return self.start();
        }
        let (tracer, run) = (self.tracer.clone(), around.known_trace().cloned());
        Trace { tracer, run, context: around, over: AtomicBool::new(true) }
    }

    /// Begins the trace, calls `work` inside it, and finishes it.
    pub fn run<R>(self, work: impl FnOnce(&Trace) -> R) -> R {
        let trace = self.start();
        let _scope = trace.activate();
        work(&trace)
    }

    fn into_run(self, id: u128, attributes: Vec<(Text, Value)>) -> Option<(Arc<Run>, Option<Option<Text>>)> {
        let trace_id = TraceId::new(id.to_be_bytes())?;
        let known = self.id.filter(|given| original::trace(given) == Some(id));
        let record = TraceRecord {
            trace_id,
            original_id: known.unwrap_or_else(|| original::trace_text(trace_id)),
            name: self.name,
            group: self.group,
            metadata: self.metadata,
            project: self.tracer.project(),
        };
        let capture = self.capture.unwrap_or_else(|| self.tracer.capture());
        Some((Arc::new(Run { record, capture, key: self.key, attributes }), self.resumed))
    }
}

impl Trace {
    /// Returns whether anything is recorded of it.
    pub fn is_recording(&self) -> bool {
        self.run.is_some()
    }

    /// Returns what the trace is called; `no-op` where nothing is recorded.
    pub fn name(&self) -> Text {
        self.run.as_ref().map_or(original::NONE, |run| run.record.name.clone())
    }

    /// Returns the id that the trace was given, or its own after `trace_`; `no-op` where nothing is recorded.
    pub fn original_id(&self) -> Text {
        self.run.as_ref().map_or(original::NONE, |run| run.record.original_id.clone())
    }

    /// Returns all that is known of it; `None` where nothing is recorded.
    pub fn record(&self) -> Option<&TraceRecord> {
        self.run.as_ref().map(|run| &run.record)
    }

    /// Returns its place, for what begins in it elsewhere.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Has what begins on this thread be a part of it, until the scope is dropped. The trace goes on after that.
    pub fn activate(&self) -> Scope {
        self.context.attach()
    }

    /// Has the trace be over; to call it again does nothing.
    pub fn finish(&self) {
        if let Some(run) = &self.run
            && !self.over.swap(true, Ordering::Relaxed)
        {
            self.tracer.trace_ended(run.clone());
        }
    }

    #[cfg(feature = "openai-agents")]
    pub(super) fn known(&self) -> Option<&Run> {
        self.run.as_deref()
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Reference for Trace {
    fn referred(&self) -> Option<&Context> {
        Some(&self.context)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("name", &self.name()).field("context", &self.context).finish_non_exhaustive()
    }
}

impl fmt::Debug for TraceBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceBuilder").field("name", &self.name).field("group", &self.group).finish_non_exhaustive()
    }
}

/// Returns what a root of a trace says of it.
pub(crate) fn facts(parent: &Context) -> Vec<(Text, Value)> {
    parent.known_trace().filter(|_| parent.span == 0).map(|run| facts_of(run)).unwrap_or_default()
}

fn facts_of(run: &Run) -> Vec<(Text, Value)> {
    let TraceRecord { trace_id, original_id, name, group, metadata, .. } = &run.record;
    let mut facts = vec![(Text::literal(keys::TRACKWAY_TRACE_NAME), Value::Text(name.clone()))];
    if *original_id != original::trace_text(*trace_id) {
        facts.push((Text::literal(keys::TRACKWAY_TRACE_ID), Value::Text(original_id.clone())));
    }
    if let Some(group) = group {
        facts.push((Text::literal(CONVERSATION), Value::Text(group.clone())));
    }
    let more =
        metadata.iter().map(|(key, value)| (format!("{}{key}", keys::TRACKWAY_TRACE_METADATA).into(), value.clone()));
    facts.extend(more);
    facts.extend(run.attributes.iter().cloned());
    facts
}

/// The traces that began at a tracer, as they were told of; the latest 4,096.
#[derive(Default)]
pub(crate) struct Begun(Mutex<VecDeque<(TraceId, u64)>>);

impl Begun {
    pub(crate) fn add(&self, run: &Run) {
        const MOST: usize = 4096;
        let told = told(&run.record, key_hash(run.key.as_deref()).as_deref());
        collector::unforked(|| {
            let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if begun.len() >= MOST {
                begun.pop_front();
            }
            begun.push_back((run.record.trace_id, told));
        });
    }

    /// Returns true when that trace is among them, with a key of that hash.
    pub(crate) fn has(&self, run: &Run, key_hash: Option<&str>) -> bool {
        let sought = (run.record.trace_id, told(&run.record, key_hash));
        collector::unforked(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&sought))
    }
}

/// Returns a hash of what is told of a trace, and of whose account it goes to.
fn told(record: &TraceRecord, key_hash: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let TraceRecord { name, group, metadata, .. } = record;
    (&**name, group.as_deref(), format!("{metadata:?}"), key_hash).hash(&mut hasher);
    hasher.finish()
}

fn key_hash(key: Option<&str>) -> Option<String> {
    #[cfg(feature = "openai-agents")]
    let hash = key.map(trackway_wire::openai_ingest::key_hash);
    #[cfg(not(feature = "openai-agents"))]
    let hash = key.map(str::to_owned); // Nobody comes back to a trace by it.
    hash
}
