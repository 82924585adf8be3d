//! What is worth knowing of the machine that measured.

use std::{fs, path::Path, thread};

use anyhow::{Context, Result};

/// Returns the machine in one line; nothing that tells whose it is.
pub(crate) fn facts() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("unknown", |it| it.1);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    Ok(format!("{} cores of {model}, Linux {kernel}", thread::available_parallelism()?))
}

/// Returns how many processes wanted a processor in the last minute.
pub(crate) fn others() -> Result<f64> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().context("no load")?.parse()?)
}

/// Returns the bytes of every file below a directory.
pub(crate) fn bytes_below(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in directory.read_dir()? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
