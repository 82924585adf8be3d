//! OpenCensus's probability.

use super::custom::{Sample, Sampling, Verdict};

/// Records a trace when the lower half of its id is at most a bound, and when its parent is recorded.
#[derive(Debug)]
pub(super) struct Probability {
    /// A number of the lower half; the product is the libraries' own, rounded to a double.
    bound: f64,
}

impl Probability {
    pub(super) fn new(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share.clamp(0.0, 1.0) };
        Self { bound: share * u64::MAX as f64 }
    }
}

impl Sample for Probability {
    fn sample(&self, span: &Sampling<'_>) -> Verdict {
        if span.parent.is_some_and(|parent| parent.is_sampled()) {
            return Verdict::of_parent(true);
        }
        // Compared as whole numbers: a bound of 2^64 or more becomes the largest, below which everything is.
        Verdict::from(span.trace as u64 <= self.bound as u64)
    }
}
