//! Rules of the program's own.

use trackway_model::{Link, SpanKind, Text, TraceId, Value};
use trackway_wire::propagation::Decision;

use crate::callsite::Callsite;
use crate::context::Context;
use crate::field::Field;

/// Decides about a trace that begins, by what is known of its first span. Closures are such rules.
///
/// ```
/// use trackway::{Verdict, Sample, Sampler, Sampling};
///
/// struct Tenants(Vec<String>);
///
/// impl Sample for Tenants {
///     fn sample(&self, span: &Sampling<'_>) -> Verdict {
///         let tenant = span.parent.and_then(|parent| parent.baggage("tenant"));
///         let is_listed = tenant.is_some_and(|tenant| self.0.iter().any(|known| known == tenant));
///         Verdict::from(is_listed).attribute("sampled.for", tenant)
///     }
/// }
/// let sampler = Sampler::custom(Tenants(vec!["acme".to_owned()]));
/// ```
pub trait Sample: Send + Sync + 'static {
    /// Decides whether the trace is recorded.
    fn sample(&self, span: &Sampling<'_>) -> Verdict;
}

impl<F: Fn(&Sampling<'_>) -> Verdict + Send + Sync + 'static> Sample for F {
    fn sample(&self, span: &Sampling<'_>) -> Verdict {
        self(span)
    }
}

/// What is known of a span about which a [`Sampler`](crate::Sampler) decides.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Sampling<'a> {
    /// The trace that it is to be a part of.
    pub trace_id: TraceId,
    /// The span that it is to be a part of; `None` where a trace begins.
    pub parent: Option<&'a Context>,
    /// Its name.
    pub name: &'a str,
    /// Which side of a call it is.
    pub kind: SpanKind,
    /// What is recorded of it already. Those that a macro gives are not known yet.
    pub attributes: &'a [(Text, Value)],
    /// To which other spans it is related, as far as it is known yet.
    pub links: &'a [Link],
    pub(crate) trace: u128,
}

impl<'a> Sampling<'a> {
    /// Returns a span that begins a trace, of which no more is known.
    pub fn new(trace_id: TraceId, name: &'a str) -> Self {
        let trace = u128::from_be_bytes(trace_id.bytes());
        let (parent, kind) = (None, SpanKind::Internal);
        Self { trace_id, parent, name, kind, attributes: &[], links: &[], trace }
    }

    /// Returns the span of a callsite.
    pub(crate) fn at(trace: u128, parent: Option<&'a Context>, site: &Callsite) -> Self {
        Self { parent, kind: site.kind, ..Self::of(trace, site.name) }
    }

    pub(crate) fn of(trace: u128, name: &'a str) -> Self {
        let Some(trace_id) = TraceId::new(trace.to_be_bytes()) else { unreachable!("no trace id is made of zeros") };
        Self::new(trace_id, name)
    }

    /// Returns what is settled before anybody is asked: a trace that is being looked into, and what a parent decided who is to
    /// be followed.
    pub(crate) fn decided(&self, follows_parent: bool) -> Option<Verdict> {
        match self.parent?.decision() {
            Decision::Debug => Some(Verdict::of_parent(true)),
            Decision::Deferred => None,
            decision => follows_parent.then(|| Verdict::of_parent(decision.is_sampled())),
        }
    }

    /// Returns the span as a part of that one.
    #[must_use]
    pub fn child_of(self, parent: &'a Context) -> Self {
        Self { parent: Some(parent), ..self }
    }

    /// Returns what is recorded under that name; `None` when nothing is.
    pub fn attribute(&self, key: &str) -> Option<&'a Value> {
        self.attributes.iter().rev().find(|(known, _)| &**known == key).map(|(_, value)| value)
    }
}

/// What a sampler decided.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    pub(crate) sampled: bool,
    pub(crate) told: Told,
    pub(crate) attributes: Vec<(Text, Value)>,
}

/// What `tracestate` tells others of a decision.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Told {
    /// What it said before: it was not decided here.
    AsParent,
    Threshold(u64),
    #[default]
    Nothing,
}

impl Verdict {
    /// The trace is recorded.
    pub fn record() -> Self {
        Self::from(true)
    }

    /// The trace is not recorded.
    pub fn leave_out() -> Self {
        Self::from(false)
    }

    /// Has the first span record an attribute, such as the rule by which it was chosen.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Text>, value: impl Field) -> Self {
        if let Some(value) = value.lend(|value| value.to_value()) {
            self.attributes.push((key.into(), value));
        }
        self
    }

    /// Returns whether the trace is recorded.
    pub fn is_recorded(&self) -> bool {
        self.sampled
    }

    /// What the parent decided.
    pub(crate) fn of_parent(sampled: bool) -> Self {
        Self { told: Told::AsParent, ..Self::from(sampled) }
    }
}

impl From<bool> for Verdict {
    /// Records the trace when it is true.
    fn from(sampled: bool) -> Self {
        Self { sampled, ..Self::default() }
    }
}
