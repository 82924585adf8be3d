//! What is worth knowing of the machine that measured.

use std::{fs, io, path::Path, thread};

use anyhow::{Context, Result};

/// Returns the machine in one line; nothing that tells whose it is.
///
/// # Errors
/// When the system does not tell.
pub fn facts() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("unknown", |it| it.1);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    Ok(format!("{} cores of {model}, Linux {kernel}", thread::available_parallelism()?))
}

/// Returns how many processes wanted a processor in the last minute.
///
/// # Errors
/// When the system does not tell.
pub fn others() -> Result<f64> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().context("no load")?.parse()?)
}

/// Returns the bytes of every file below a directory. A file that goes meanwhile counts nothing.
///
/// # Errors
/// When the directory cannot be read.
pub fn bytes_below(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in directory.read_dir()? {
        let entry = entry?;
        bytes += match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()).or_else(unless_gone)?,
            Ok(metadata) => metadata.len(),
            Err(error) => unless_gone(error.into())?,
        };
    }
    Ok(bytes)
}

/// A server that works removes files.
fn unless_gone(error: anyhow::Error) -> Result<u64> {
    let is_gone = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_gone { Ok(0) } else { Err(error) }
}
