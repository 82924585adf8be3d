//! Instructions per step on the thread that takes it, counted by callgrind: the figure that no neighbour disturbs.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    drive::Worker,
    work::{Kept, Work},
    worker::Request,
};

/// Returns the instructions per step of every work, in order; `None` when there is no valgrind.
pub(crate) fn count(works: &[(Work, Kept)]) -> Result<Option<Vec<f64>>> {
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("there is no valgrind: instructions are not measured (apt-get install valgrind)");
        return Ok(None);
    }
    let directory = tempfile::tempdir()?;
    let out = directory.path().join("counts");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]);
    // Of two options with one pattern, callgrind forgets the second.
    command.args(["--toggle-collect=*counted_region*", "--dump-after=trackway_bench_machine::worker::counted_region*"]);
    command.arg(format!("--callgrind-out-file={}", out.display())).arg(std::env::current_exe()?);
    command.stderr(Stdio::null());
    let mut worker = Worker::run(command)?;
    let steps = |work: Work| work.steps_each();
    for (work, kept) in works {
        worker.ask::<usize>(Request::Instructions(*work, *kept, steps(*work)))?;
    }
    worker.end()?;
    let mut counts = Vec::new();
    for (number, (work, _)) in (1..).zip(works) {
        let dump = out.with_extension(number.to_string());
        counts.push(total(&dump)? / steps(*work) as f64);
    }
    Ok(Some(counts))
}

/// Returns the instructions of one dump.
fn total(dump: &Path) -> Result<f64> {
    let text = fs::read_to_string(dump).with_context(|| format!("callgrind wrote no {}", dump.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("summary:").or(line.strip_prefix("totals:")));
    Ok(line.context("no total")?.trim().parse()?)
}
