//! Which traces are recorded.

use trackway_wire::propagation::{Decision, TraceState};

use crate::context::Context;

/// Decides when a trace begins whether it is recorded, in every process alike.
///
/// Probability sampling is OpenTelemetry's
/// [consistent probability sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/):
/// the low 56 bits of the trace id are the random number, what was decided stands in `tracestate` as `ot=th:..`, so that
/// counts can be made good afterwards.
///
/// ```
/// use trackway::{Sampler, Tracer};
///
/// let tracer = Tracer::builder().sampler(Sampler::probability(0.1)).build();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampler {
    /// Traces whose random number is below it are not recorded; `1 << 56` records none.
    pub(crate) threshold: u64,
    pub(crate) follows_parent: bool,
}

const ALL: u64 = 1 << 56;
const RANDOM: u128 = ALL as u128 - 1;

impl Default for Sampler {
    /// Records every trace, except those whose parent in another process is not recorded.
    fn default() -> Self {
        Self::always_on().parent_based()
    }
}

impl Sampler {
    /// Records every trace.
    pub const fn always_on() -> Self {
        Self { threshold: 0, follows_parent: false }
    }

    /// Records no trace.
    pub const fn always_off() -> Self {
        Self { threshold: ALL, follows_parent: false }
    }

    /// Records this share of all traces: 1 is all of them, 0 none. A parent in another process decides for its part;
    /// [`ignoring_parent`](Self::ignoring_parent) has it not.
    ///
    /// Shares outside of 0 to 1 count as the nearer end, what is not a number as 1.
    pub fn probability(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
        let recorded = (share * ALL as f64).round() as u64;
        Self { threshold: ALL - recorded.min(ALL), follows_parent: true }
    }

    /// Has a parent in another process decide: what it records is recorded here, and nothing else of its trace.
    #[must_use]
    pub const fn parent_based(self) -> Self {
        Self { follows_parent: true, ..self }
    }

    /// Decides alone, whatever a parent in another process decided.
    #[must_use]
    pub const fn ignoring_parent(self) -> Self {
        Self { follows_parent: false, ..self }
    }

    /// Returns whether a trace that begins here, or whose part in this process does, is recorded.
    pub(crate) fn samples(self, trace: u128, parent: Option<&Context>) -> bool {
        match parent.map(|parent| (parent, parent.decision())) {
            Some((_, Decision::Debug)) => true,
            Some((_, decision)) if self.follows_parent && decision != Decision::Deferred => decision.is_sampled(),
            _ => {
                let random = parent.and_then(explicit_randomness).unwrap_or(randomness(trace));
                random >= self.threshold
            }
        }
    }

    /// Returns the `tracestate` where it is not the parent's: with our threshold when it was us who decided, and without
    /// another one's when there is none to tell of.
    pub(crate) fn state(self, parent: Option<&Context>, sampled: bool) -> Option<TraceState> {
        if self.follows_parent && parent.is_some_and(|parent| parent.decision() != Decision::Deferred) {
            return None;
        }
        let before = parent.and_then(|parent| parent.more.as_deref()).map(|more| &more.state);
        let entry = before.and_then(|state| state.get("ot")).unwrap_or_default();
        let is_told = sampled && (1..ALL).contains(&self.threshold);
        if !is_told && !entry.split(';').any(is_threshold) {
            return None;
        }
        let threshold = is_told.then(|| {
            let digits = format!("{:014x}", self.threshold);
            format!("th:{}", digits.trim_end_matches('0'))
        });
        let others = entry.split(';').filter(|part| !part.is_empty() && !is_threshold(part));
        let mut entry: String = threshold.iter().map(String::as_str).chain(others).collect::<Vec<_>>().join(";");
        if entry.len() > LONGEST_ENTRY {
            entry = threshold.unwrap_or_default();
        }
        let others = before.into_iter().flat_map(TraceState::members).filter(|(key, _)| *key != "ot");
        let ours = Some(("ot", &*entry)).filter(|(_, entry)| !entry.is_empty());
        let members: Vec<String> =
            ours.into_iter().chain(others).map(|(key, value)| format!("{key}={value}")).collect();
        let fitting = members.get(..TraceState::MOST_MEMBERS).unwrap_or(&members);
        Some(TraceState::parse(fitting))
    }
}

/// The longest value of an entry in `tracestate`.
const LONGEST_ENTRY: usize = 256;

fn is_threshold(part: &str) -> bool {
    part.starts_with("th:")
}

/// Returns the random number of a trace id.
#[inline(always)]
pub(crate) fn randomness(trace: u128) -> u64 {
    (trace & RANDOM) as u64
}

/// The random number that `tracestate` gives in the place of the trace id's: `ot=rv:` and 14 lower-case hexadecimal digits.
fn explicit_randomness(parent: &Context) -> Option<u64> {
    let entry = parent.more.as_ref()?.state.get("ot")?;
    let digits = entry.split(';').find_map(|part| part.strip_prefix("rv:"))?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == 14 && digits.bytes().all(is_digit)).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}
