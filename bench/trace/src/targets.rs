//! What is demanded of our library, and whether it holds.

use crate::{
    peers::{EMPTY, FASTRACE, FLOOR, Mode, OTEL, OURS, OURS_UNDER_TRACING, SUBJECTS, TRACING_OTEL},
    plan::Part,
    results::{Figure, Results},
    work::Kind,
};

/// One demand.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) measure: &'static str,
    pub(crate) demand: Demand,
    /// What was measured; `None` when it was not.
    pub(crate) figure: Option<Figure>,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Demand {
    /// At most so many times another's figure.
    Times(f64, &'static str),
    /// At most so many nanoseconds.
    Nanoseconds(f64),
    /// Nothing at all.
    Nothing,
    /// All of it, in parts of one.
    All,
    /// It is so.
    Flat,
}

/// How a demand was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ok,
    Missed,
    /// Spans were lost, so that the figure is not what they cost.
    Lost,
    NotMeasured,
}

impl Target {
    /// Judges by the least of the rounds, which the neighbours on the machine disturb least.
    pub(crate) fn verdict(&self) -> Verdict {
        let Some(figure) = self.figure else { return Verdict::NotMeasured };
        if !figure.is_whole() {
            return Verdict::Lost;
        }
        let least = figure.least;
        let holds = match self.demand {
            Demand::Times(most, _) | Demand::Nanoseconds(most) => least <= most,
            Demand::Nothing => least == 0.0,
            Demand::All | Demand::Flat => least >= 1.0,
        };
        if holds { Verdict::Ok } else { Verdict::Missed }
    }
}

/// Returns every demand with what was measured.
pub(crate) fn all(results: &Results) -> Vec<Target> {
    let found = Found(results);
    let times = |measure, most, of, figure| Target { measure, demand: Demand::Times(most, of), figure };
    let mut all = vec![
        times("w1 N=100, to the floor", 1.15, FLOOR, found.spans(OURS, Kind::W1, 100, FLOOR)),
        times("w1 N=100", 0.75, FASTRACE, found.spans(OURS, Kind::W1, 100, FASTRACE)),
        times("w1 N=1000, to the floor", 1.15, FLOOR, found.spans(OURS, Kind::W1, 1000, FLOOR)),
        times("w1 N=1000", 0.75, FASTRACE, found.spans(OURS, Kind::W1, 1000, FASTRACE)),
        times("w1 N=100, instructions", 0.40, FASTRACE, found.instructions(Kind::W1, 100)),
        times("w1k, added by the span", 0.5, FASTRACE, found.added(Part::Spans, Kind::W1k)),
        times("w1 N=1", 0.35, FASTRACE, found.spans(OURS, Kind::W1, 1, FASTRACE)),
        times("w1 N=10", 0.6, FASTRACE, found.spans(OURS, Kind::W1, 10, FASTRACE)),
        times("w2 N=100", 0.25, FASTRACE, found.spans(OURS, Kind::W2, 100, FASTRACE)),
        times("steps", 0.5, FASTRACE, found.spans(OURS, Kind::Steps, 100, FASTRACE)),
        times("w3, added by the span", 0.2, FASTRACE, found.added(Part::Awaits, Kind::W3)),
        times("w9, no attributes", 0.15, "the best peer", found.bytes(Kind::Bytes)),
        times("w9, 4 attributes", 0.15, "the best peer", found.bytes(Kind::BytesMixed)),
        times(
            "w1 N=100 under tracing",
            0.1,
            TRACING_OTEL,
            found.spans(OURS_UNDER_TRACING, Kind::W1, 100, TRACING_OTEL),
        ),
        times(
            "w2 N=100 under tracing",
            0.1,
            TRACING_OTEL,
            found.spans(OURS_UNDER_TRACING, Kind::W2, 100, TRACING_OTEL),
        ),
    ];
    let other = |measure, demand, figure| Target { measure, demand, figure };
    let allocations = results.allocations(OURS, Kind::W2).map(|found| Figure::exactly(found.times, found.arrived));
    let load = results.sustained(OURS, 500_000);
    let flat = load.map(|load| Figure::exactly(if load.is_flat() { 1.0 } else { 0.0 }, load.part_exported()));
    all.extend([
        other("w2, allocations", Demand::Nothing, allocations),
        other("w1 off or unsampled, added", Demand::Nanoseconds(1.5), found.worst_off(Kind::W1)),
        other("w2 off or unsampled, added", Demand::Nanoseconds(1.5), found.worst_off(Kind::W2)),
        other(
            "500 k spans/s with 4 attributes, exported",
            Demand::All,
            load.map(|load| Figure::exactly(load.part_exported(), 1.0)),
        ),
        other("500 k spans/s with 4 attributes, memory", Demand::Flat, flat),
    ]);
    all
}

struct Found<'a>(&'a Results);

impl Found<'_> {
    fn spans(&self, subject: &str, kind: Kind, children: usize, base: &str) -> Option<Figure> {
        let figure = |subject| self.0.figure(Part::Spans, subject, kind, children);
        Some(figure(subject)?.over(figure(base)?))
    }

    fn instructions(&self, kind: Kind, children: usize) -> Option<Figure> {
        let count = |subject| self.0.instructions(subject, kind, children);
        Some(count(OURS)?.over(count(FASTRACE)?))
    }

    /// Returns what a span adds to what is there without it, as a part of what fastrace adds.
    fn added(&self, part: Part, kind: Kind) -> Option<Figure> {
        let figure = |subject| self.0.figure(part, subject, kind, 100);
        let empty = figure(EMPTY)?;
        Some(figure(OURS)?.minus(empty).over(figure(FASTRACE)?.minus(empty)))
    }

    fn bytes(&self, kind: Kind) -> Option<Figure> {
        let figure = |subject| self.0.figure(Part::Bytes, subject, kind, 10);
        let best = [FASTRACE, TRACING_OTEL, OTEL].into_iter().filter_map(figure).reduce(Figure::min)?;
        Some(figure(OURS)?.over(best))
    }

    /// Returns the most that any way of ours not to record adds.
    fn worst_off(&self, kind: Kind) -> Option<Figure> {
        let figure = |subject| self.0.figure(Part::Off, subject, kind, 100);
        let empty = figure(EMPTY)?;
        let ours = SUBJECTS.iter().filter(|subject| subject.name.starts_with(OURS) && subject.mode != Mode::Sampled);
        ours.filter_map(|subject| Some(figure(subject.name)?.minus(empty))).reduce(Figure::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        assert!(all(&Results::default()).iter().all(|target| target.verdict() == Verdict::NotMeasured));
    }

    #[test]
    fn the_least_decides() {
        let target = |least, demand| {
            let figure = Some(Figure { least, median: 9.0, arrived: 1.0 });
            Target { measure: "", demand, figure }.verdict()
        };
        assert_eq!(target(0.74, Demand::Times(0.75, FASTRACE)), Verdict::Ok);
        assert_eq!(target(0.76, Demand::Times(0.75, FASTRACE)), Verdict::Missed);
        assert_eq!(target(0.01, Demand::Nothing), Verdict::Missed);
        assert_eq!(target(0.999, Demand::All), Verdict::Missed);
        assert_eq!(target(1.0, Demand::All), Verdict::Ok);
    }

    #[test]
    fn a_library_that_loses_spans_is_not_fast() {
        let ours = Figure::of(&[[8.8, 0.5], [9.0, 0.6]]);
        let ratio = ours.map(|ours| ours.over(Figure::exactly(26.7, 1.0)));
        let target = Target { measure: "", demand: Demand::Times(0.75, FASTRACE), figure: ratio };
        assert_eq!(target.verdict(), Verdict::Lost);
    }
}
