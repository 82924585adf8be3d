//! What is demanded of our steps, and whether it holds.

use crate::{
    results::{Figure, Results, Subject, Turn},
    work::{Kept, Work},
};

/// One demand.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) measure: &'static str,
    /// At most so much.
    pub(crate) most: f64,
    pub(crate) unit: &'static str,
    /// What was measured; `None` when it was not.
    pub(crate) figure: Option<Figure>,
}

impl Target {
    /// Judges by the least of the rounds, which the neighbours on the machine disturb least.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.figure {
            Some(figure) if figure.least <= self.most => "ok",
            Some(_) => "missed",
            None => "not measured",
        }
    }
}

/// Returns every demand with what was measured.
pub(crate) fn all(results: &Results) -> Vec<Target> {
    let steps = |work| results.figure(Subject::Ours, work, Kept::Tracked, |turn| turn.mean / 1e3);
    let bytes = results.figure(Subject::Ours, Work::Chat, Kept::Tracked, |turn: &Turn| turn.bytes);
    let span = steps(Work::Spans).zip(steps(Work::Sync));
    let span = span.map(|(spans, plain)| spans.with(plain, |spans, plain| (spans - plain) / 10.0));
    let [_, _, warm] = results.long.map_or([f64::NAN; 3], |long| long.warm);
    let [_, cold, _] = results.long.map_or([f64::NAN; 3], |long| long.cold);
    let long = |micros: f64| results.long.map(|_| Figure::exactly(micros / 1e3));
    let target = |measure, most, unit, figure| Target { measure, most, unit, figure };
    vec![
        target("trivial sync step, tracked", 2.0, "µs", steps(Work::Sync)),
        target("trivial async step, tracked", 2.0, "µs", steps(Work::Async)),
        target("20 KB chat state, tracked", 5.0, "µs", steps(Work::Chat)),
        target("20 KB chat state, log", 2048.0, "bytes a step", bytes),
        target("a span with an attribute, tracked", 1.0, "µs", span),
        target("any state of the long run, warm, the slowest", 10.0, "ms", long(warm)),
        target("any state of the long run, cold, p99", 10.0, "ms", long(cold)),
    ]
}
