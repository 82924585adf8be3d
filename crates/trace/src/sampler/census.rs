//! OpenCensus's probability.

use super::custom::{Sample, Sampling, Verdict};

/// Records a trace when the lower half of its id is at most a bound, and when its parent is recorded.
#[derive(Debug)]
pub(super) struct Probability {
    /// A number of the lower half; `None` records nothing.
    bound: Option<u64>,
}

impl Probability {
    pub(super) fn new(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
        // The product is the libraries' own, rounded to a double. Of 2^64 the largest number is left, at most which all are.
        Self { bound: (share > 0.0).then_some((share * u64::MAX as f64) as u64) }
    }
}

impl Sample for Probability {
    fn sample(&self, span: &Sampling<'_>) -> Verdict {
        if span.parent.is_some_and(|parent| parent.is_sampled()) {
            return Verdict::of_parent(true);
        }
        Verdict::from(self.bound.is_some_and(|bound| span.trace as u64 <= bound))
    }
}
