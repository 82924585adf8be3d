//! Spans that are about to begin.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock};

use trackway_model::{Attributes, Link, SpanKind, SpanRecord, Text, Timestamp, Value};

use super::{Live, Span, SpanData, add_attribute, add_link, cut_text, is_silent, link, typed};
use crate::agents::{self, Capture};
use crate::context::{Context, DEBUG_ID, More};
use crate::errors::Fault;
use crate::field::{Field, Label};
use crate::reference::Reference;
use crate::sampler::{Sampler, Sampling, Verdict};
use crate::tags::SAMPLING_PRIORITY;
use crate::tracer::{NOBODY, Tracer};
use crate::{collector, global};

enum Parent {
    Active,
    Of(Context),
    None,
}

/// A span that is about to begin. [`Tracer::span`] and [`Tracer::span_of`] make it.
#[must_use = "the span begins with `start`"]
pub struct SpanBuilder<'a, D = ()> {
    pub(super) tracer: &'a Tracer,
    pub(super) name: Text,
    pub(super) kind: SpanKind,
    parent: Parent,
    pub(super) start: Option<Timestamp>,
    pub(super) sampler: Option<Sampler>,
    pub(super) attributes: Vec<(Text, Value)>,
    pub(super) links: Vec<Link>,
    pub(super) same_process: Option<bool>,
    pub(super) data: D,
    /// Returns what the data says as attributes.
    pub(super) describe: fn(&D, Capture) -> Attributes,
    /// The id that the program gives it beside ours.
    pub(super) original: Option<Text>,
}

impl<'a> SpanBuilder<'a> {
    pub(crate) fn new(tracer: &'a Tracer, name: Text) -> Self {
        Self::with(tracer, name, SpanKind::Internal, (), |(), _| Attributes::default())
    }
}

impl<'a, D: SpanData> SpanBuilder<'a, D> {
    pub(crate) fn of(tracer: &'a Tracer, data: D) -> Self {
        let (name, kind) = (data.name(), data.kind());
        Self::with(tracer, name, kind, data, typed::described)
    }
}

impl<'a, D> SpanBuilder<'a, D> {
    fn with(tracer: &'a Tracer, name: Text, kind: SpanKind, data: D, describe: fn(&D, Capture) -> Attributes) -> Self {
        let (attributes, links) = (Vec::new(), Vec::new());
        let (parent, start, sampler, same_process) = (Parent::Active, None, None, None);
        Self {
            tracer,
            name,
            kind,
            parent,
            start,
            sampler,
            attributes,
            links,
            same_process,
            data,
            describe,
            original: None,
        }
    }

    /// Says which side of a call the span is; internal unless said.
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.kind = kind;
        self
    }

    /// Makes the span a part of that one, in the place of the one that is active; `None` changes nothing. A span is part of one
    /// other span, the first: to further ones it is linked, with the attribute `opentracing.ref_type` of OpenTelemetry's
    /// OpenTracing conventions.
    pub fn child_of(mut self, parent: impl Reference) -> Self {
        if let Some(parent) = parent.referred() {
            match &self.parent {
                Parent::Of(_) => self.links.extend(link(parent, reference_type("child_of"))),
                Parent::Active | Parent::None => self.parent = Parent::Of(parent.clone()),
            }
        }
        self
    }

    /// Has the span begin a trace of its own, whatever is active; with the baggage, which is not part of any trace.
    pub fn root(mut self) -> Self {
        self.parent = Parent::None;
        self
    }

    /// Records a relation to a span that this one is no part of.
    pub fn link(mut self, to: impl Reference) -> Self {
        self.links.extend(to.referred().and_then(|to| link(to, Vec::new())));
        self
    }

    /// Records that the span was caused by another one that does not wait for it, such as the one that put the work into
    /// a queue: a link with the attribute `opentracing.ref_type` of OpenTelemetry's OpenTracing conventions.
    pub fn follows_from(mut self, cause: impl Reference) -> Self {
        self.links.extend(cause.referred().and_then(|cause| link(cause, reference_type("follows_from"))));
        self
    }

    /// Records an attribute. A [`sampling.priority`](crate::tags::SAMPLING_PRIORITY) is also obeyed, as a
    /// [`sampler`](Self::sampler) is: above 0 the span is recorded, with 0 it is not.
    pub fn attribute(mut self, key: impl Label, value: impl Field) -> Self {
        if let Some(value) = value.lend(|value| value.to_value()) {
            let key = Text::from(key.name().as_str());
            if &*key == SAMPLING_PRIORITY {
                self.sampler = Sampler::of_priority(&value).or(self.sampler);
            }
            self.attributes.push((key, value));
        }
        self
    }

    /// Gives the span an id beside its own, for receivers that have such ids; its own is a hash of it, the same in every
    /// process.
    #[cfg(feature = "openai-agents")]
    pub fn original_id(mut self, id: impl Into<Text>) -> Self {
        self.original = Some(id.into());
        self
    }

    /// Says that the span began at another time than now.
    pub fn starting_at(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Has a sampler decide about this span and what begins inside it, in the place of the tracer's and of the span
    /// around it, which only decides where the sampler is [`parent_based`](Sampler::parent_based).
    ///
    /// ```
    /// use trackway::Sampler;
    ///
    /// let (tracer, spans) = trackway::testing::tracer();
    /// let _request = tracer.span("request").enter();
    /// tracer.span("poll").sampler(Sampler::always_off()).start().finish();
    /// assert_eq!(spans.finished().len(), 0);
    /// ```
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Says whether the parent is a span of this process, where that is known better than by how its context came: one that
    /// was read from headers is remote.
    pub fn same_process_as_parent(mut self, is_same: bool) -> Self {
        self.same_process = Some(is_same);
        self
    }

    /// Begins the span.
    ///
    /// Without a tracer that records, and inside of hooks and exporters, its context is its parent's as it is: whoever is
    /// called next learns of no span that is not there, and of no decision that nobody made.
    pub fn start(mut self) -> Span<D> {
        let tracer = self.tracer;
        let around = match &self.parent {
            Parent::Active => tracer.around(),
            Parent::Of(context) => context.clone(),
            Parent::None => outside_of(&tracer.around()),
        };
        let is_parent = tracer.takes(&around);
        if !tracer.is_enabled() || is_silent() {
            let passes_on = is_parent || tracer.number() == 0;
            return self.unrecorded(unrecorded(if passes_on { around } else { outside_of(&around) }));
        }
        let carried = around.more.clone();
        let parent = Some(around).filter(|_| is_parent);
        let (trace, first) = match &parent {
            Some(parent) => (parent.trace, None),
            None => tracer.new_trace(),
        };
        let new_span = || first.unwrap_or_else(|| tracer.new_span_id());
        let inside = parent.as_ref().filter(|parent| ![0, NOBODY].contains(&parent.tracer));
        let verdict = match inside {
            Some(parent) if self.sampler.is_none() => Verdict::of_parent(parent.is_sampled()),
            _ => tracer.decide(self.sampler.as_ref(), &self.sampling(trace, parent.as_ref())),
        };
        let sampled = verdict.sampled;
        let state = verdict.told.state(parent.as_ref(), sampled).unwrap_or_else(|| {
            let more = parent.as_ref().and_then(|parent| parent.more.as_ref());
            more.map(|more| more.state.clone()).unwrap_or_default()
        });
        let flags = global::flags(sampled, parent.as_ref());
        let mut context = Context { trace, span: 0, flags, remote: false, tracer: tracer.number(), more: None };
        if !sampled {
            let known = parent.as_ref().map_or(0, |parent| parent.span);
            context.span = if known == 0 { new_span() } else { known };
            context.more = carried.as_deref().and_then(only_baggage);
            let context = if state.is_empty() { context } else { context.with_state(state) };
            return self.unrecorded(context);
        }
        let run = parent.as_ref().and_then(Context::known_trace).cloned();
        let capture = run.as_ref().map_or_else(|| tracer.capture(), |run| run.capture);
        let original = self.original.clone();
        let known = original.as_deref().and_then(|id| agents::original::span(trace, run.as_deref(), id));
        context.span = known.unwrap_or_else(new_span);
        self.attributes.extend(verdict.attributes);
        // Who was only told of a trace has no parent.
        let remote = parent.as_ref().is_some_and(|parent| parent.is_remote() && parent.span != 0);
        let state_text = state.to_string();
        let (record, data, told) = self.into_record(&context, parent.as_ref(), remote, &state_text, capture);
        let start = record.start;
        tracer.began(&record);
        let live = Arc::new(Live {
            tracer: tracer.clone(),
            record: Mutex::new(Some(record)),
            announced: AtomicU64::new(0),
            forks: collector::forks(),
            later: Mutex::default(),
            has_later: AtomicBool::new(false),
            start,
            ended: OnceLock::new(),
            original,
        });
        tracer.remember(&live);
        let more = More {
            baggage: carried.as_ref().map(|more| more.baggage.clone()).unwrap_or_default(),
            local: carried.map(|more| more.local.clone()).unwrap_or_default(),
            decision: parent.as_ref().filter(|parent| parent.is_debug()).map(Context::decision),
            debug_id: None,
            run,
            state_text: state_text.into(),
            state,
            live: Some((context.span, live.clone())),
            owner: tracer.is_direct().then(|| tracer.clone()),
        };
        context.more = Some(Arc::new(more));
        Span { live: Some(live), context, data, told, capture, unrecorded_by: None }
    }

    fn unrecorded(self, context: Context) -> Span<D> {
        let unrecorded_by = self.tracer.scope_manager().map(|_| self.tracer.clone());
        let (told, capture) = (Vec::new(), Capture::Everything);
        Span { live: None, context, data: self.data, told, capture, unrecorded_by }
    }

    /// Begins the span, calls `work` inside it, and ends it.
    pub fn run<R>(self, work: impl FnOnce(&Span<D>) -> R) -> R {
        let span = self.enter();
        work(&span)
    }

    /// As [`run`](Self::run), for work that can fail: its error is [recorded](Span::record_error) and passed on.
    ///
    /// ```
    /// let (tracer, spans) = trackway::testing::tracer();
    /// let read = tracer.span("read").try_run(|span| {
    ///     span.attribute("text", "many");
    ///     "many".parse::<u8>()
    /// });
    /// assert!(read.is_err());
    /// assert_eq!(&*spans.finished()[0].status.message, "invalid digit found in string");
    /// ```
    ///
    /// # Errors
    /// What `work` returns.
    pub fn try_run<T, E, How>(self, work: impl FnOnce(&Span<D>) -> Result<T, E>) -> Result<T, E>
    where
        E: Fault<How>,
    {
        self.run(|span| {
            let result = work(span);
            if let Err(error) = &result {
                span.record_error(error);
            }
            result
        })
    }

    fn sampling<'b>(&'b self, trace: u128, parent: Option<&'b Context>) -> Sampling<'b> {
        let Self { kind, attributes, links, .. } = self;
        Sampling { parent, kind: *kind, attributes, links, ..Sampling::of(trace, &self.name) }
    }

    /// Makes the record; returns with it the data, and the keys of the attributes that say what that says.
    fn into_record(
        self,
        context: &Context,
        parent: Option<&Context>,
        remote: bool,
        state: &str,
        capture: Capture,
    ) -> (SpanRecord, D, Vec<Text>) {
        let limits = self.tracer.limits();
        let mut record = self.tracer.blank(context);
        record.parent_id = parent.and_then(Context::span_id);
        record.flags |= if self.same_process.map_or(remote, |is_same| !is_same) { 0x200 } else { 0 };
        record.trace_state = state.into();
        record.name = cut_text(self.name, &limits);
        record.foreign = agents::original::of(&record, self.original, parent);
        record.kind = self.kind;
        record.start = self.start.unwrap_or_else(|| self.tracer.now());
        let described = (self.describe)(&self.data, capture).0;
        let told = described.iter().map(|(key, _)| key.clone()).collect();
        let facts = parent.map(agents::facts).unwrap_or_default();
        for (key, value) in described.into_iter().chain(facts).chain(self.attributes) {
            add_attribute(&mut record.attributes, &mut record.dropped.attributes, &limits, &key, value);
        }
        if let Some(id) = parent.filter(|parent| parent.span == 0).and_then(Context::debug_id) {
            let (list, dropped) = (&mut record.attributes, &mut record.dropped.attributes);
            add_attribute(list, dropped, &limits, DEBUG_ID, Value::from(id));
        }
        for link in self.links {
            add_link(&mut record, &limits, link);
        }
        (record, self.data, told)
    }
}

impl<D> fmt::Debug for SpanBuilder<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanBuilder").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Says how a span refers to another one.
fn reference_type(name: &'static str) -> Vec<(Text, Value)> {
    vec![(Text::from("opentracing.ref_type"), Value::from(name))]
}

/// Returns the context of a span that nobody records: its parent's, in which nothing is recorded either.
fn unrecorded(parent: Context) -> Context {
    let more = match parent.more {
        // What is added to the active span is not the parent's; and a thread's tracer is no part of a span.
        Some(more) if more.live.is_some() || more.owner.is_some() => {
            Some(Arc::new(More { live: None, owner: None, ..More::clone(&more) }))
        }
        more => more,
    };
    Context { tracer: NOBODY, more, ..parent }
}

/// Returns the context of what begins a trace of its own there: the baggage and a library's value are not part of any span.
pub(crate) fn outside_of(context: &Context) -> Context {
    Context { more: context.more.as_deref().and_then(only_baggage), ..Context::none() }
}

fn only_baggage(more: &More) -> Option<Arc<More>> {
    More::only_baggage(&More { owner: None, ..more.clone() })
}
