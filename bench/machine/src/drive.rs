//! The driver's side of those that are measured.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    str::FromStr,
};

use anyhow::{Context, Result, bail};

use crate::worker::Request;

/// A process that is measured; ended when dropped.
pub(crate) struct Worker {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program again as the one that is measured.
    pub(crate) fn ours() -> Result<Self> {
        Self::run(Command::new(std::env::current_exe()?))
    }

    /// Starts the program whose allocator counts.
    pub(crate) fn counting() -> Result<Self> {
        let this = std::env::current_exe()?;
        let name = format!("{}-allocations", Path::new(this.file_name().context("no name")?).display());
        let program = this.with_file_name(name);
        if !program.is_file() {
            bail!("there is no {}; run: make bench-machine", program.display());
        }
        Self::run(Command::new(program))
    }

    /// Starts Burr in a Python that has it.
    pub(crate) fn burr(python: &Path) -> Result<Self> {
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/burr_worker.py"));
        Self::run(command)
    }

    /// Runs a command line, to which is added that it is to be measured.
    pub(crate) fn run(mut command: Command) -> Result<Self> {
        command.arg("--worker").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("its output is piped")?);
        Ok(Self { child, requests, answers })
    }

    /// Returns the answer.
    pub(crate) fn ask<T: FromStr<Err: Into<anyhow::Error>>>(&mut self, request: Request) -> Result<T> {
        let requests = self.requests.as_mut().context("it was told to end")?;
        writeln!(requests, "{request}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        match answer.trim() {
            "" => bail!("it died of {request}"),
            answer => answer.parse().map_err(Into::into),
        }
    }

    /// Lets it end by itself.
    pub(crate) fn end(mut self) -> Result<()> {
        drop(self.requests.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("one that is measured ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.kill()); // it may have ended already
        drop(self.child.wait());
    }
}
