//! A share of all traces, by a random number that every process finds in the trace.

use trackway_wire::propagation::TraceState;

use super::custom::{Told, Verdict};
use crate::context::Context;

/// Records the traces whose random number is at least a threshold; 2⁵⁶ records none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) threshold: u64,
}

const ALL: u64 = 1 << 56;
const RANDOM: u128 = ALL as u128 - 1;

impl Share {
    pub(crate) const ALL: Self = Self { threshold: 0 };
    pub(crate) const NONE: Self = Self { threshold: ALL };

    pub(crate) fn of(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
        let recorded = (share * ALL as f64).round() as u64;
        Self { threshold: ALL - recorded.min(ALL) }
    }

    pub(crate) fn as_f64(self) -> f64 {
        (ALL - self.threshold) as f64 / ALL as f64
    }

    pub(crate) fn decide(self, trace: u128, parent: Option<&Context>) -> Verdict {
        let random = parent.and_then(explicit_randomness).unwrap_or(randomness(trace));
        Verdict { told: self.told(), ..Verdict::from(random >= self.threshold) }
    }

    /// Returns what `tracestate` tells of a recorded trace.
    pub(crate) fn told(self) -> Told {
        if (1..ALL).contains(&self.threshold) { Told::Threshold(self.threshold) } else { Told::Nothing }
    }
}

impl Told {
    /// Returns the `tracestate` where it is not the parent's: with our threshold when it was us who decided, and without
    /// another one's when there is none to tell of.
    pub(crate) fn state(self, parent: Option<&Context>, sampled: bool) -> Option<TraceState> {
        let threshold = match self {
            Self::AsParent => return None,
            Self::Threshold(threshold) if sampled => Some(threshold),
            Self::Threshold(_) | Self::Nothing => None,
        };
        let before = parent.and_then(|parent| parent.more.as_deref()).map(|more| &more.state);
        let entry = before.and_then(|state| state.get("ot")).unwrap_or_default();
        if threshold.is_none() && !entry.split(';').any(is_threshold) {
            return None;
        }
        let threshold = threshold.map(|threshold| {
            let digits = format!("{threshold:014x}");
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
