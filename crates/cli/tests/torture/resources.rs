//! What a server of these tests takes of the machine, and is allowed to take.

use std::{fs, sync::atomic::Ordering::Relaxed};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

use crate::{support::Trackway, tally::TALLY};

/// Returns the most memory that a server ever had resident, and notes it.
pub(crate) fn peak_bytes(server: &Trackway) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10;
    TALLY.peak_bytes.fetch_max(peak, Relaxed);
    peak
}

/// Sets what a running server may use of something; without a number, what it could use at first.
pub(crate) fn limit(server: &Trackway, resource: Resource, most: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let maximum = getrlimit(resource).maximum;
    prlimit(pid, resource, Rlimit { current: most.or(maximum), maximum }).unwrap();
}

/// Allows this process, and the servers that it starts, as many open files as the system does; returns how many.
pub(crate) fn open_many_files() -> u64 {
    let allowed = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: allowed.maximum, ..allowed }).unwrap();
    allowed.maximum.unwrap_or(u64::MAX)
}
