//! What is worth knowing of the machine that measured, and what the system tells of this process.

use std::{fs, thread, time::Duration};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};

/// Returns the machine in one line; nothing that tells whose it is.
pub(crate) fn facts() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let field = |name: &str| cpus.lines().find_map(|line| line.strip_prefix(name)?.split_once(": "));
    let model = field("model name").map_or("unknown processor", |found| found.1);
    let rate: f64 = field("cpu MHz").context("no rate")?.1.parse()?;
    let virtual_cpu = if cpus.contains(" hypervisor") { "vCPU" } else { "CPU" };
    let clock = fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    let count = thread::available_parallelism()?;
    Ok(format!("{count} {virtual_cpu} {model}, {:.1} GHz, clock source {}, Linux {kernel}", rate / 1e3, clock.trim()))
}

/// Returns how many processes wanted a processor in the last minute.
pub(crate) fn others() -> Result<f64> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().context("no load")?.parse()?)
}

/// Returns the processor time of all threads of this process.
pub(crate) fn cpu_of_process() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The memory of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resident {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

impl Resident {
    pub(crate) fn read() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
            Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
        };
        Ok(Self { now: field("VmRSS:")?, peak: field("VmHWM:")? })
    }
}
