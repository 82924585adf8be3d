//! Which traces are recorded.

mod asked;
mod census;
mod chosen;
mod custom;
mod names;
mod rate;
mod share;

use std::fmt;
use std::sync::Arc;

use trackway_model::Value;

pub use self::chosen::SamplerOverride;
pub(crate) use self::chosen::{ASKED, Chosen};
pub use self::custom::{Sample, Sampling, Verdict};
pub(crate) use self::share::{Share, randomness};

/// Decides when a trace begins whether it is recorded, in every process alike.
///
/// Probability sampling is OpenTelemetry's
/// [consistent probability sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/):
/// the low 56 bits of the trace id are the random number, what was decided stands in `tracestate` as `ot=th:..`, so that
/// counts can be made good afterwards.
///
/// A sampler is asked once for each trace that begins here, and for this process's part of a trace that began elsewhere.
/// What begins inside a span of this process shares that one's fate; a span that has a sampler
/// [of its own](crate::SpanBuilder::sampler) does not.
///
/// ```
/// use trackway::{Sampler, Tracer};
///
/// let tracer = Tracer::builder().sampler(Sampler::probability(0.1)).build();
/// ```
#[derive(Clone)]
pub struct Sampler {
    rule: Rule,
    follows_parent: bool,
}

#[derive(Clone)]
enum Rule {
    Share(Share),
    Asked(Arc<dyn Sample>),
}

impl Default for Sampler {
    /// Records every trace, except those whose parent in another process is not recorded.
    fn default() -> Self {
        Self::always_on().parent_based()
    }
}

impl Sampler {
    /// Records every trace.
    pub const fn always_on() -> Self {
        Self { rule: Rule::Share(Share::ALL), follows_parent: false }
    }

    /// Records no trace.
    pub const fn always_off() -> Self {
        Self { rule: Rule::Share(Share::NONE), follows_parent: false }
    }

    /// Records this share of all traces: 1 is all of them, 0 none. A parent in another process decides for its part;
    /// [`ignoring_parent`](Self::ignoring_parent) has it not.
    ///
    /// Shares outside of 0 to 1 count as the nearer end, what is not a number as 1.
    pub fn probability(share: f64) -> Self {
        Self { rule: Rule::Share(Share::of(share)), follows_parent: true }
    }

    /// Asks a rule of the program's own: a type that is [`Sample`], or a closure. It is given the parent, which decides
    /// nothing unless [`parent_based`](Self::parent_based) is added.
    ///
    /// The rule is called on the thread that begins the trace. Spans that it makes are not recorded; a panic in it is
    /// caught and counted, and the trace is recorded.
    ///
    /// ```
    /// use trackway::{Sampler, Sampling, Tracer};
    ///
    /// let no_health_checks = Sampler::custom(|span: &Sampling<'_>| (span.name != "GET /health").into());
    /// let (tracer, spans) = trackway::testing::tracer_of(Tracer::builder().sampler(no_health_checks));
    /// tracer.span("GET /health").start().finish();
    /// tracer.span("GET /orders").start().finish();
    /// assert_eq!(spans.tree(), "GET /orders 1s\n");
    /// ```
    pub fn custom(rule: impl Sample) -> Self {
        Self { rule: Rule::Asked(Arc::new(rule)), follows_parent: false }
    }

    /// Records about so many traces a second, whatever their number. A parent in another process decides for its part.
    ///
    /// A trace is recorded with the probability *seconds since the last decision × traces a second*, at most 1, as
    /// OpenCensus's [rate limiting](https://github.com/census-instrumentation/opencensus-specs/blob/master/trace/Sampling.md)
    /// has it: the first of a burst rather than the last, and every one of a trickle. As with
    /// [`probability`](Self::probability), the trace id is the random number, and `tracestate` tells the probability.
    ///
    /// What is not above 0 records nothing.
    ///
    /// ```
    /// use trackway::{Sampler, Tracer};
    ///
    /// let tracer = Tracer::builder().sampler(Sampler::rate_limit(10.0)).build();
    /// ```
    pub fn rate_limit(per_second: f64) -> Self {
        Self { follows_parent: true, ..Self::custom(rate::RateLimit::new(per_second)) }
    }

    /// Asks a sampler for each name, which `choose` makes when the name is first met; so each callsite of the macros
    /// has one of its own.
    ///
    /// The names are those that traces begin with. Beyond a thousand of them the rest share the sampler that `choose`
    /// makes of the empty name; of a longer name the first 1,024 bytes count. Whether a parent in another process decides, each sampler says for itself.
    ///
    /// ```
    /// use trackway::{Sampler, Tracer};
    ///
    /// let sampler = Sampler::per_name(|name| match name {
    ///     "GET /health" => Sampler::always_off(),
    ///     _ => Sampler::rate_limit(5.0), // five a second of each name
    /// });
    /// let tracer = Tracer::builder().sampler(sampler).build();
    /// ```
    pub fn per_name(choose: impl Fn(&str) -> Self + Send + Sync + 'static) -> Self {
        Self::custom(names::PerName::new(choose))
    }

    /// Records this share of all traces by the rule of OpenCensus's libraries, for programs that are to agree with
    /// services that still use one: a trace is recorded when a parent in another process is, or when the lower half of
    /// the trace id, as a number, is at most the share of 2⁶⁴ − 1.
    ///
    /// Shares outside of 0 to 1 count as the nearer end, what is not a number as 1. A share of 0 records nothing, where
    /// the libraries record a trace whose lower half is zero. Their default is one in ten thousand.
    ///
    /// ```
    /// use trackway::{Sampler, Sampling};
    ///
    /// let quarter = Sampler::opencensus(0.25);
    /// let decide = |id: &str| quarter.decide(&Sampling::new(id.parse().unwrap(), "work")).is_recorded();
    /// assert!(decide("11111111111111113fffffffffffffff"));
    /// assert!(!decide("11111111111111114000000000000001"));
    /// ```
    pub fn opencensus(share: f64) -> Self {
        Self::custom(census::Probability::new(share))
    }

    /// Returns what OpenTracing's `sampling.priority` asks for; `None` when it is no number.
    pub(crate) fn of_priority(priority: &Value) -> Option<Self> {
        let is_wanted = match priority {
            Value::Int(priority) => *priority > 0,
            Value::Double(priority) => *priority > 0.0,
            _ => return None,
        };
        Some(if is_wanted { Self::always_on() } else { Self::always_off() })
    }

    /// Has a parent in another process decide: what it records is recorded here, and nothing else of its trace.
    #[must_use]
    pub fn parent_based(self) -> Self {
        Self { follows_parent: true, ..self }
    }

    /// Decides alone, whatever a parent in another process decided.
    #[must_use]
    pub fn ignoring_parent(self) -> Self {
        Self { follows_parent: false, ..self }
    }

    /// Decides about a trace that begins with this span, or whose part in this process does.
    ///
    /// Rules of the program's own ask other samplers with it:
    ///
    /// ```
    /// use trackway::{Sampler, Sampling};
    ///
    /// let few = Sampler::probability(0.01);
    /// let sampler = Sampler::custom(move |span: &Sampling<'_>| {
    ///     if span.attribute("user.is_beta") == Some(&true.into()) { true.into() } else { few.decide(span) }
    /// });
    /// ```
    pub fn decide(&self, span: &Sampling<'_>) -> Verdict {
        span.decided(self.follows_parent).unwrap_or_else(|| match &self.rule {
            Rule::Share(share) => share.decide(span.trace, span.parent),
            Rule::Asked(rule) => rule.sample(span),
        })
    }

    /// Returns the share of traces without a parent that it records; `None` when somebody is to be asked.
    fn share(&self) -> Option<Share> {
        match &self.rule {
            Rule::Share(share) => Some(*share),
            Rule::Asked(_) => None,
        }
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sampler = f.debug_struct("Sampler");
        if let Rule::Share(share) = &self.rule {
            sampler.field("share", &share.as_f64());
        }
        sampler.field("follows_parent", &self.follows_parent).finish_non_exhaustive()
    }
}
