//! One server's turn with a load.

use std::{
    sync::atomic::AtomicU64,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use trackway_bench::machine::bytes_below;

use crate::{
    Arguments, PART,
    load::{self, Load, Request},
    reads::Reads,
    send::Sent,
    servers::{Running, Who},
    watch::{self, Sample, settle},
};

/// What was found in one turn.
pub(crate) struct Turn {
    pub(crate) who: Who,
    pub(crate) load: String,
    pub(crate) sent: Sent,
    /// Processor time until the last span was acknowledged, and until the server had nothing to do any more.
    pub(crate) cpu_acknowledged: Duration,
    pub(crate) cpu_settled: Duration,
    pub(crate) settled_after: Duration,
    pub(crate) has_settled: bool,
    /// While it took the load.
    pub(crate) samples: Vec<Sample>,
    pub(crate) settled_bytes: u64,
    /// Before anything was asked.
    pub(crate) peak_bytes: u64,
    pub(crate) resident_bytes: u64,
    pub(crate) reads: Reads,
    /// After everything was asked.
    pub(crate) read_peak_bytes: u64,
}

impl Turn {
    /// Sends `requests`, or without any what a load makes part by part; then asks.
    pub(crate) fn take(who: Who, arguments: &Arguments, load: &mut Load, requests: &[Request]) -> Result<Self> {
        let running = Running::start(who, &arguments.of(who))?;
        let (spans, mut samples, mut sent) = (AtomicU64::new(0), Vec::new(), Sent::default());
        let before = running.server.cpu()?;
        watch::while_doing(&running.server, running.directory(), &spans, &mut samples, || {
            let url = running.server.url();
            if !requests.is_empty() {
                return sent.add(url, requests, arguments.connections, &spans);
            }
            loop {
                let part = load.part(PART);
                if part.is_empty() {
                    return Ok(());
                }
                sent.add(url, &part, arguments.connections, &spans)?;
                eprintln!("  {} spans", sent.spans);
            }
        })?;
        ensure!(sent.spans == load.known().spans, "{} of {} spans", sent.spans, load.known().spans);
        let cpu_acknowledged = running.server.cpu()?.saturating_sub(before);
        let waited = Instant::now();
        running.put_away()?;
        let has_settled = settle(&running.server, arguments.settling(who))?;
        let settled_after = waited.elapsed();
        let cpu_settled = running.server.cpu()?.saturating_sub(before);
        let settled_bytes = bytes_below(running.directory())?;
        let (peak_bytes, resident_bytes) = (running.server.peak_bytes()?, running.server.resident_bytes()?);
        eprintln!(
            "  {:.0} k spans/s, {:.2} CPU-s a million, {:.0} B a span; asking",
            sent.spans as f64 / sent.elapsed.as_secs_f64() / 1e3,
            cpu_settled.as_secs_f64() * 1e6 / sent.spans as f64,
            settled_bytes as f64 / sent.spans as f64
        );
        let reads = Reads::measure(&running, load.known())?;
        let read_peak_bytes = running.server.peak_bytes()?;
        Ok(Self {
            who,
            load: load::description(load.known(), arguments.connections),
            sent,
            cpu_acknowledged,
            cpu_settled,
            settled_after,
            has_settled,
            samples,
            settled_bytes,
            peak_bytes,
            resident_bytes,
            reads,
            read_peak_bytes,
        })
    }

    pub(crate) fn per_million(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * 1e6 / self.sent.spans as f64
    }

    pub(crate) fn spans_per_second(&self) -> f64 {
        self.sent.spans as f64 / self.sent.elapsed.as_secs_f64()
    }

    /// The most bytes on the disk for each span acknowledged by then, once there are a good many.
    pub(crate) fn most_bytes_per_span(&self) -> f64 {
        let many = (self.sent.spans as u64 / 2).min(2_000_000);
        let counted = self.samples.iter().filter(|sample| sample.spans >= many);
        counted.map(|sample| sample.disk_bytes as f64 / sample.spans as f64).fold(0.0, f64::max)
    }

    pub(crate) fn settled_bytes_per_span(&self) -> f64 {
        self.settled_bytes as f64 / self.sent.spans as f64
    }
}
