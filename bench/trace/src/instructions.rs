//! Instructions per span on the thread that makes it, counted by callgrind: the figure that no neighbour disturbs.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};

use crate::{
    drive::Worker,
    peers::{SUBJECTS, Subject},
    plan,
    results::Instructions,
    sink::Sink,
    worker::Request,
};

/// Returns the instructions per span of every subject; `None` when there is no valgrind.
pub(crate) fn count() -> Result<Option<Vec<Instructions>>> {
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("there is no valgrind: instructions are not measured (apt-get install valgrind)");
        return Ok(None);
    }
    let mut counts = Vec::new();
    for subject in SUBJECTS {
        counts.extend(of_subject(subject)?);
    }
    Ok(Some(counts))
}

fn of_subject(subject: &Subject) -> Result<Vec<Instructions>> {
    let directory = tempfile::tempdir()?;
    let out = directory.path().join("counts");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet"]);
    // Of two options with one pattern, callgrind forgets the second.
    command.args(["--toggle-collect=*counted_region*", "--dump-after=trackway_bench_trace::worker::counted_region*"]);
    command.arg(format!("--callgrind-out-file={}", out.display())).arg(std::env::current_exe()?);
    command.stderr(Stdio::null());
    let mut worker = Worker::run(command, subject, Sink::Count)?;
    let mut spans = Vec::new();
    for work in plan::counted_works(subject) {
        spans.push((work, worker.numbers(Request::Instructions(work))?));
    }
    worker.end()?;
    let mut counts = Vec::new();
    for (number, (work, spans)) in (1..).zip(spans) {
        let Some([spans, arrived]) = spans else { continue };
        let dump = out.with_extension(number.to_string());
        let each = total(&dump)? / spans;
        counts.push(Instructions { subject: subject.name, work, each, arrived });
    }
    Ok(counts)
}

/// Returns the instructions of one dump.
fn total(dump: &Path) -> Result<f64> {
    let text = fs::read_to_string(dump).with_context(|| format!("callgrind wrote no {}", dump.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("summary:").or(line.strip_prefix("totals:")));
    Ok(line.context("no total")?.trim().parse()?)
}
