//! What the figures were measured under.

use std::{fs, path::Path, process::Command, thread};

use anyhow::{Context, Result};

use crate::arguments::Arguments;

/// What was known before the run.
pub(crate) struct Conditions {
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
    machine: String,
    /// How busy the machine was with other work before, and the version of the peer.
    others: f64,
    burr: Option<String>,
    compiler: String,
}

impl Conditions {
    /// Notes them before the run.
    pub(crate) fn note(arguments: &Arguments) -> Result<Self> {
        let compiler = said(Command::new("rustc").arg("--version"))?;
        let compiler: Vec<&str> = compiler.split(' ').take(2).collect();
        Ok(Self {
            rounds: arguments.rounds,
            seconds: arguments.seconds,
            machine: machine()?,
            others: load()?,
            burr: arguments.burr.as_deref().map(burr).transpose()?,
            compiler: compiler.join(" "),
        })
    }

    /// Returns them as lines of a list, with how busy the machine is now.
    pub(crate) fn lines(&self) -> Result<[String; 4]> {
        let Self { rounds, seconds, machine, others, burr, compiler } = self;
        let now = load()?;
        let burr = burr.as_deref().unwrap_or("no Burr");
        Ok([
            format!("date: {}", jiff::Timestamp::now().strftime("%-d %B %Y")),
            format!("machine: {machine}; load average {others:.1} before the run and {now:.1} after it"),
            format!("versions: trackway-machine {}, {compiler}, release profile; {burr}", env!("CARGO_PKG_VERSION")),
            format!("rounds: {rounds}; full queues for {seconds} s"),
        ])
    }
}

fn machine() -> Result<String> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |found| found.1);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let kernel = kernel.split('-').next().unwrap_or_default().trim();
    Ok(format!("{} CPUs of {model}, Linux {kernel}", thread::available_parallelism()?))
}

/// Returns how many processes wanted a processor in the last minute.
fn load() -> Result<f64> {
    let load = fs::read_to_string("/proc/loadavg")?;
    Ok(load.split(' ').next().context("no load")?.parse()?)
}

fn burr(python: &Path) -> Result<String> {
    let script = "import sys, importlib.metadata as m; \
                  print(f'apache-burr {m.version(\"apache-burr\")}, Python {sys.version.split()[0]}')";
    said(Command::new(python).args(["-c", script]))
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    anyhow::ensure!(output.status.success(), "{command:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
