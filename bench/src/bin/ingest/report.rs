//! The table.

use std::{fmt::Write, time::Duration};

use anyhow::Result;

use trackway_bench::machine;

use crate::{
    Turn,
    load::Load,
    read::{Reads, TIMES},
};

/// Everything that was measured.
pub(crate) struct Report {
    load: String,
    connections: usize,
    /// How busy the machine was with other work before.
    others: f64,
    pub(crate) rounds: Vec<Round>,
}

/// One turn of each.
pub(crate) struct Round {
    pub(crate) ours: Turn,
    pub(crate) peer: Turn,
    pub(crate) reads: Reads,
}

impl Turn {
    fn spans_per_second(&self) -> f64 {
        self.sent.spans as f64 / self.sent.elapsed.as_secs_f64()
    }

    fn cpu_per_million(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.sent.spans as f64
    }

    fn ack(&self, part: f64) -> f64 {
        percentile(&self.sent.latencies, part)
    }
}

impl Round {
    /// Returns the round in one line.
    pub(crate) fn line(&self) -> String {
        let (ours, peer) = (self.ours.spans_per_second(), self.peer.spans_per_second());
        let refused = match &self.ours.sent.refusal {
            Some(first) => format!("; {} requests were refused, the first: {first}", self.ours.sent.refused),
            None => String::new(),
        };
        format!("{:.0} k spans/s, the peer {:.0} k{refused}", ours / 1e3, peer / 1e3)
    }
}

impl Report {
    pub(crate) fn new(load: &Load, connections: usize) -> Result<Self> {
        Ok(Self { load: load.description(), connections, others: machine::others()?, rounds: Vec::new() })
    }

    /// Writes the report as Markdown.
    pub(crate) fn markdown(&self) -> Result<String> {
        let mut out = String::new();
        writeln!(out, "# Taking traces in\n")?;
        writeln!(
            out,
            "Trackway {} beside a server that decodes the same bytes with `opentelemetry-proto` and keeps nothing: what \
             that costs, no receiver can save. Trackway acknowledges what is synced to its disk and answers questions.\n",
            env!("CARGO_PKG_VERSION")
        )?;
        writeln!(out, "- machine: {}; load average {:.1} before the run", machine::facts()?, self.others)?;
        writeln!(out, "- load: {}, over {} connections from the same machine", self.load, self.connections)?;
        writeln!(
            out,
            "- {} rounds, in each a turn of both; the median of the rounds, with the least and the most in brackets\n",
            self.rounds.len()
        )?;
        self.ingest(&mut out)?;
        self.reads(&mut out)?;
        Ok(out)
    }

    fn ingest(&self, out: &mut String) -> Result<()> {
        writeln!(out, "| | Trackway | decode only | ratio |\n| --- | ---: | ---: | ---: |")?;
        let mut row = |name: &str, digits: usize, figure: &dyn Fn(&Turn) -> f64| -> Result<()> {
            let ours = self.spread(digits, |round| figure(&round.ours));
            let peer = self.spread(digits, |round| figure(&round.peer));
            let ratio = self.spread(2, |round| figure(&round.ours) / figure(&round.peer));
            Ok(writeln!(out, "| {name} | {ours} | {peer} | {ratio} |")?)
        };
        row("thousand spans/s acknowledged", 0, &|turn| turn.spans_per_second() / 1e3)?;
        row("acknowledgement p50, ms", 1, &|turn| turn.ack(0.5))?;
        row("acknowledgement p99, ms", 1, &|turn| turn.ack(0.99))?;
        row("acknowledgement max, ms", 1, &|turn| turn.ack(1.0))?;
        row("server CPU-seconds per million spans", 2, &|turn| turn.cpu_per_million())?;
        row("peak resident MiB", 0, &|turn| turn.peak_bytes as f64 / f64::from(1 << 20))?;
        let refused: usize = self.rounds.iter().map(|round| round.ours.sent.refused).sum();
        if refused > 0 {
            row("requests refused", 0, &|turn| turn.sent.refused as f64)?;
        }
        let disk = self.spread(0, |round| round.ours.disk_bytes as f64 / round.ours.sent.spans as f64);
        Ok(writeln!(out, "| bytes on disk per span | {disk} | - | - |\n")?)
    }

    fn reads(&self, out: &mut String) -> Result<()> {
        let Some(last) = self.rounds.last() else { return Ok(()) };
        writeln!(
            out,
            "Every span acknowledged was found again through REST, in each round; in the last {} spans of {} traces.\n",
            last.reads.spans, last.reads.traces
        )?;
        writeln!(out, "| read at that size, {TIMES} requests a round | p50, ms | p99, ms |\n| --- | ---: | ---: |")?;
        let mut row = |name: &str, latencies: &dyn Fn(&Reads) -> &[Duration]| -> Result<()> {
            let p50 = self.spread(2, |round| percentile(latencies(&round.reads), 0.5));
            let p99 = self.spread(2, |round| percentile(latencies(&round.reads), 0.99));
            Ok(writeln!(out, "| `{name}` | {p50} | {p99} |")?)
        };
        row("GET /api/v1/traces?limit=50", &|reads| &reads.list)?;
        row("GET /api/v1/traces/{id}?fields=tree", &|reads| &reads.tree)
    }

    /// Returns the median of the rounds with the least and the most.
    fn spread(&self, digits: usize, figure: impl Fn(&Round) -> f64) -> String {
        let mut figures: Vec<f64> = self.rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        match (figures.first(), figures.get(figures.len() / 2), figures.last()) {
            (Some(least), Some(median), Some(most)) => format!("{median:.digits$} [{least:.digits$}, {most:.digits$}]"),
            _ => "-".into(),
        }
    }
}

/// Returns the latency that this part of them does not exceed, in milliseconds.
fn percentile(latencies: &[Duration], part: f64) -> f64 {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e3)
}
