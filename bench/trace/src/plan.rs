//! Who does what, in which order, how often.

use crate::{
    peers::{EMPTY, FASTRACE, FLOOR, Mode, OTEL, OURS, OURS_UNDER_TRACING, REGISTRY, SUBJECTS, Subject, TRACING_OTEL},
    sink::Sink,
    work::{Kind, Work},
};

/// A table of the report: some subjects that do the same in turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Recorded spans on one thread.
    Spans,
    /// Spans across awaits, recorded or not.
    Awaits,
    /// Spans that are not recorded.
    Off,
    /// Spans of more than one thread.
    Threads,
    /// What goes from process to process.
    Headers,
    /// All the way to bytes.
    Bytes,
}

pub(crate) const PARTS: [Part; 6] = [Part::Spans, Part::Awaits, Part::Off, Part::Threads, Part::Headers, Part::Bytes];

impl Part {
    /// Returns those that take part, in the order of the tables.
    pub(crate) fn subjects(self) -> Vec<Subject> {
        let chosen = |subject: &&Subject| match self {
            Self::Spans => subject.mode == Mode::Sampled,
            Self::Awaits => subject.name != FLOOR && subject.name != OURS_UNDER_TRACING,
            Self::Off => subject.mode != Mode::Sampled || subject.name == EMPTY,
            Self::Threads => [FLOOR, FASTRACE, REGISTRY, TRACING_OTEL, OTEL, OURS].contains(&subject.name),
            Self::Headers => [FASTRACE, OTEL, OURS].contains(&subject.name),
            Self::Bytes => is_exporting(subject),
        };
        SUBJECTS.iter().filter(chosen).copied().collect()
    }

    /// Returns the batches of one round; around a thousand spans each, which no library's queue refuses.
    pub(crate) fn works(self) -> Vec<Work> {
        match self {
            Self::Spans => {
                let shapes = [(1, 500), (10, 100), (100, 12), (1000, 1)];
                let with = |kind| shapes.map(|(children, times)| Work::new(kind, children, times));
                let others = [Kind::W2s, Kind::W1k, Kind::Steps].map(|kind| Work::new(kind, 100, 12));
                [with(Kind::W1).as_slice(), &with(Kind::W2), &others].concat()
            }
            Self::Awaits => vec![Work::new(Kind::W3, 100, 10)],
            Self::Off => vec![Work::new(Kind::W1, 100, 200), Work::new(Kind::W2, 100, 200)],
            Self::Threads => {
                vec![Work::new(Kind::W1, 100, 6), Work::new(Kind::W5, 100, 6), Work::new(Kind::W6, 200, 1)]
            }
            Self::Headers => [Kind::Inject, Kind::Extract, Kind::ReadBaggage, Kind::AddBaggage]
                .map(|kind| Work::new(kind, 0, 1000))
                .to_vec(),
            Self::Bytes => vec![Work::new(Kind::Bytes, 10, 180), Work::new(Kind::BytesMixed, 10, 180)],
        }
    }

    /// Returns how many rounds there are when the spans have so many.
    pub(crate) fn rounds(self, of_spans: usize) -> usize {
        let part = match self {
            Self::Spans => 1,
            Self::Awaits | Self::Off | Self::Threads | Self::Headers => 2,
            Self::Bytes => 10,
        };
        (of_spans / part).max(3)
    }

    pub(crate) fn sink(self) -> Sink {
        if self == Self::Bytes { Sink::Otlp } else { Sink::Count }
    }
}

/// Returns true for those that export what they record.
pub(crate) fn is_exporting(subject: &Subject) -> bool {
    [FASTRACE, TRACING_OTEL, OTEL, OURS, OURS_UNDER_TRACING].contains(&subject.name)
}

/// Returns true for those whose every span is to arrive.
pub(crate) fn is_recorded_and_exported(subject: &Subject) -> bool {
    subject.mode == Mode::Sampled && is_exporting(subject)
}

/// The steady loads, in spans per second.
pub(crate) const RATES: [u64; 3] = [100_000, 500_000, 2_000_000];

/// Returns what is done for the counts of instructions, which need no repetition.
pub(crate) fn counted_works(subject: &Subject) -> Vec<Work> {
    let spans = [
        Work::new(Kind::W1, 1, 500),
        Work::new(Kind::W1, 100, 10),
        Work::new(Kind::W2, 100, 10),
        Work::new(Kind::W2s, 100, 10),
        Work::new(Kind::W3, 100, 10),
    ];
    let headers = Part::Headers.works();
    match subject.mode {
        Mode::Sampled => [spans.as_slice(), &headers].concat(),
        Mode::Unsampled | Mode::Off => spans.to_vec(),
    }
}

/// What is done for the counts of allocations.
pub(crate) const ALLOCATING: [Work; 3] =
    [Work::new(Kind::W1, 100, 10), Work::new(Kind::W2, 100, 10), Work::new(Kind::W2s, 100, 10)];
