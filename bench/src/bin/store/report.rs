//! The tables.

use std::{fmt::Write, time::Duration};

use anyhow::Result;
use trackway_bench::machine;

use crate::{
    reads::{Latencies, Reads},
    runs::{Conversation, Run},
    servers::{self, Who},
    turn::Turn,
};

const MIB: f64 = (1 << 20) as f64;
/// Rows of the table that shows a server over time.
const MOMENTS: usize = 12;

/// Everything that was measured.
pub(crate) struct Report {
    /// How busy the machine was with other work before.
    others: f64,
    pub(crate) beside: Vec<Turn>,
    pub(crate) alone: Option<Turn>,
    pub(crate) run: Option<Run>,
    pub(crate) conversation: Option<Conversation>,
}

/// A row: its name, its digits, and how a turn has it.
type Row<'a> = (&'a str, usize, &'a dyn Fn(&Turn) -> f64);

impl Report {
    pub(crate) fn new() -> Result<Self> {
        let others = machine::others()?;
        Ok(Self { others, beside: Vec::new(), alone: None, run: None, conversation: None })
    }

    /// Writes the report as Markdown.
    pub(crate) fn markdown(&self) -> Result<String> {
        let mut out = String::new();
        writeln!(out, "# Keeping spans\n")?;
        writeln!(
            out,
            "Trackway {} beside a server that stores the same spans as rows of SQLite (columns, attributes as JSON, four \
             indexes, one synced transaction for what waits together){}. All take the same requests, one server after the \
             other, and are then asked the same questions over HTTP; every answer of Trackway is compared with what was \
             sent. Every figure is from this one run.\n",
            env!("CARGO_PKG_VERSION"),
            if servers::mira().is_some() { ", and beside Mira 0.4.4 with its defaults" } else { "" }
        )?;
        writeln!(out, "- machine: {}; load average {:.1} before the run", machine::facts()?, self.others)?;
        if let Some(first) = self.beside.first() {
            writeln!(out, "- load: {}", first.load)?;
        }
        let rounds = self.of(Who::Trackway).count();
        writeln!(out, "- rounds beside peers: {rounds}; where there are several, medians")?;
        writeln!(
            out,
            "- settled: next to no processor time for 3 s, after Trackway was asked to merge what it would merge later; Mira was \
             waited for {}",
            self.of(Who::Mira).last().map_or("not at all: it is not installed".into(), |turn| {
                format!("{:.0} s", turn.settled_after.as_secs_f64())
            })
        )?;
        writeln!(out, "- again: `make bench-store`, and `SPANS=20000000 make bench-store`\n")?;
        self.beside_peers(&mut out)?;
        if let Some(turn) = &self.alone {
            alone(&mut out, turn)?;
        }
        self.runs(&mut out)?;
        Ok(out)
    }

    fn of(&self, who: Who) -> impl Iterator<Item = &Turn> {
        self.beside.iter().filter(move |turn| turn.who == who)
    }

    fn beside_peers(&self, out: &mut String) -> Result<()> {
        let Some(first) = self.beside.first() else { return Ok(()) };
        writeln!(out, "## Beside peers, {} spans\n", first.sent.spans)?;
        writeln!(
            out,
            "| | Trackway | rows in SQLite | Mira 0.4.4 | rows / Trackway | Mira / Trackway |\n| --- | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for row in INGEST {
            self.row(out, row)?;
        }
        for (name, of) in READS {
            self.row(out, (&format!("{name}, p50 ms"), 2, &|turn| middle(&of(&turn.reads).warm, 0.5)))?;
            self.row(out, (&format!("{name}, p50 ms, cold"), 2, &|turn| middle(&of(&turn.reads).cold, 0.5)))?;
        }
        writeln!(
            out,
            "\nMira answers with spans, and looks at an hour by the spans' times; the others answer with traces. Cold: the \
             system holds none of the server's files in memory, a server what it likes.\n"
        )?;
        Ok(())
    }

    fn row(&self, out: &mut String, (name, digits, of): Row<'_>) -> Result<()> {
        let figure = |who| median(self.of(who).map(of).collect());
        let [ours, rows, mira] = [Who::Trackway, Who::Rows, Who::Mira].map(figure);
        let cell = |figure: Option<f64>| figure.map_or("not installed".into(), |figure| format!("{figure:.digits$}"));
        let ratio = |peer: Option<f64>| match (peer, ours) {
            (Some(peer), Some(ours)) if ours > 0.0 => format!("{:.2}", peer / ours),
            _ => "-".into(),
        };
        let cells = [cell(ours), cell(rows), cell(mira), ratio(rows), ratio(mira)];
        Ok(writeln!(out, "| {name} | {} |", cells.join(" | "))?)
    }

    fn runs(&self, out: &mut String) -> Result<()> {
        if let Some(run) = &self.run {
            writeln!(
                out,
                "## A run of {} steps\n\nSent as {} bytes of records, kept in {} bytes. Through REST, {} questions each:\n",
                run.steps,
                run.payload,
                run.bytes,
                run.states.len()
            )?;
            writeln!(out, "| | p50 ms | p99 ms |\n| --- | ---: | ---: |")?;
            for (name, times) in [("the state after any step", &run.states), ("a page of 100 steps", &run.pages)] {
                writeln!(out, "| {name} | {:.2} | {:.2} |", middle(times, 0.5), middle(times, 0.99))?;
            }
            writeln!(out)?;
        }
        if let Some(Conversation { turns, payload, said, bytes }) = self.conversation {
            writeln!(
                out,
                "## A conversation of {turns} turns\n\nEach call of the model repeats what was said before, as agents do: {payload} \
                 bytes were sent, of which {said} are new text. The log and the segments have {bytes} bytes when settled, {:.2} of what was sent.",
                bytes as f64 / payload as f64
            )?;
        }
        Ok(())
    }
}

const INGEST: [Row<'static>; 10] = [
    ("server CPU-seconds per million spans, until acknowledged", 2, &|turn| turn.per_million(turn.cpu_acknowledged)),
    ("the same, until settled", 2, &|turn| turn.per_million(turn.cpu_settled)),
    ("thousand spans/s acknowledged", 0, &|turn| turn.spans_per_second() / 1e3),
    ("acknowledgement p50, ms", 1, &|turn| middle(&turn.sent.latencies, 0.5)),
    ("acknowledgement p99, ms", 1, &|turn| middle(&turn.sent.latencies, 0.99)),
    ("acknowledgement max, ms", 1, &|turn| middle(&turn.sent.latencies, 1.0)),
    ("requests asked to come again", 0, &|turn| turn.sent.refused as f64),
    ("bytes on disk per span, the most under load", 0, &Turn::most_bytes_per_span),
    ("bytes on disk per span, settled", 0, &Turn::settled_bytes_per_span),
    ("peak resident MiB under load", 0, &|turn| turn.peak_bytes as f64 / MIB),
];

type Kind = (&'static str, fn(&Reads) -> &Latencies);

const READS: [Kind; 5] = [
    ("trace by id", |reads| &reads.trace),
    ("service, name, duration and attribute, one hour", |reads| &reads.hour),
    ("traces of a rare user, over everything", |reads| &reads.user),
    ("a text in prompts, over everything", |reads| &reads.text),
    ("newest 50", |reads| &reads.newest),
];

/// The long turn of Trackway.
fn alone(out: &mut String, turn: &Turn) -> Result<()> {
    writeln!(out, "## {} spans\n", turn.sent.spans)?;
    writeln!(
        out,
        "The load is made a million spans at a time while the server waits; what it does meanwhile counts as its processor \
         time, but not as time to acknowledge.\n\n| | |\n| --- | ---: |"
    )?;
    for (name, digits, of) in INGEST {
        writeln!(out, "| {name} | {:.digits$} |", of(turn))?;
    }
    writeln!(out, "| resident MiB when settled | {:.0} |", turn.resident_bytes as f64 / MIB)?;
    writeln!(out, "| peak resident MiB after all questions | {:.0} |", turn.read_peak_bytes as f64 / MIB)?;
    writeln!(out, "| settled after, s | {} |", settled(turn))?;
    writeln!(
        out,
        "\n| question | found | p50 ms | p99 ms | p50 ms, cold | most ms, cold |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for (name, of) in READS {
        let found = of(&turn.reads);
        writeln!(
            out,
            "| {name} | {} | {:.2} | {:.2} | {:.2} | {:.2} |",
            found.items,
            middle(&found.warm, 0.5),
            middle(&found.warm, 0.99),
            middle(&found.cold, 0.5),
            middle(&found.cold, 1.0)
        )?;
    }
    writeln!(
        out,
        "\nUnder load, second by second:\n\n| s | million spans | resident MiB | bytes on disk per span |\n| ---: | ---: | ---: | ---: |"
    )?;
    let step = turn.samples.len().div_ceil(MOMENTS).max(1);
    for sample in turn.samples.iter().skip(step - 1).step_by(step) {
        writeln!(
            out,
            "| {:.0} | {:.1} | {:.0} | {:.0} |",
            sample.at.as_secs_f64(),
            sample.spans as f64 / 1e6,
            sample.resident_bytes as f64 / MIB,
            sample.disk_bytes as f64 / sample.spans.max(1) as f64
        )?;
    }
    Ok(writeln!(out)?)
}

fn settled(turn: &Turn) -> String {
    let seconds = turn.settled_after.as_secs_f64();
    if turn.has_settled { format!("{seconds:.0}") } else { format!("not in {seconds:.0}") }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// The part of answers that took no longer, in milliseconds: the median with 0.5.
fn middle(times: &[Duration], part: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let place = (times.len().saturating_sub(1) as f64 * part).round() as usize;
    times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
