//! The least that durability costs: bytes written behind a file, and made durable.

use std::{
    fs::OpenOptions,
    io::Write,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::results::Turn;

/// Writes so many bytes and makes them durable, again and again.
pub(crate) fn bare(bytes: usize, times: usize) -> Result<Turn> {
    let root = tempfile::tempdir()?;
    let mut file = OpenOptions::new().append(true).create(true).open(root.path().join("log"))?;
    let line = vec![b'x'; bytes];
    let mut latencies = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        file.write_all(&line)?;
        file.sync_data()?;
        latencies.push(begun.elapsed());
    }
    Turn::of(latencies, Duration::ZERO, (bytes * times) as u64)
}
