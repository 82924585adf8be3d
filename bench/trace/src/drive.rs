//! The driver's side of those that are measured.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, anyhow, bail};

use crate::{
    peers::Subject,
    plan::Part,
    results::{Figure, Row},
    sink::Sink,
    worker::Request,
};

/// A process that is measured; ended when dropped.
pub(crate) struct Worker {
    subject: &'static str,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program again as one that is measured.
    pub(crate) fn start(subject: &Subject, sink: Sink) -> Result<Self> {
        Self::run(Command::new(std::env::current_exe()?), subject, sink)
    }

    /// Starts the program whose allocator counts.
    pub(crate) fn start_counting(subject: &Subject) -> Result<Self> {
        let this = std::env::current_exe()?;
        let name = format!("{}-allocations", Path::new(this.file_name().context("no name")?).display());
        let program = this.with_file_name(name);
        if !program.is_file() {
            bail!("there is no {}; run: make bench-trace", program.display());
        }
        Self::run(Command::new(program), subject, Sink::Hold)
    }

    /// Runs a command line, to which what is measured is added.
    pub(crate) fn run(mut command: Command, subject: &Subject, sink: Sink) -> Result<Self> {
        let sink = match sink {
            Sink::Count => "count",
            Sink::Otlp => "otlp",
            Sink::Dead => "dead",
            Sink::Hold => "hold",
        };
        command.args(["--worker", subject.name, "--sink", sink]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("its output is piped")?);
        Ok(Self { subject: subject.name, child, requests, answers })
    }

    /// Returns the answer; `None` when the library cannot do it.
    pub(crate) fn ask(&mut self, request: Request) -> Result<Option<String>> {
        let requests = self.requests.as_mut().context("it was told to end")?;
        writeln!(requests, "{request}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        match answer.trim() {
            "" => bail!("{} died of {request}", self.subject),
            "-" => Ok(None),
            answer => Ok(Some(answer.to_owned())),
        }
    }

    /// Returns the answer as numbers; `None` when the library cannot do it.
    pub(crate) fn numbers<const COUNT: usize>(&mut self, request: Request) -> Result<Option<[f64; COUNT]>> {
        let Some(answer) = self.ask(request)? else { return Ok(None) };
        let numbers = answer.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let numbers = numbers.try_into();
        Ok(Some(numbers.map_err(|_| anyhow!("{} said {answer:?} to {request}", self.subject))?))
    }

    /// Lets it end by itself.
    pub(crate) fn end(mut self) -> Result<()> {
        drop(self.requests.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("{} ended with {status}", self.subject);
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

/// The rounds that nobody looks at.
const WARM_UP: usize = 3;

/// Lets everybody in a part have one turn after the other.
pub(crate) fn in_turns(part: Part, rounds: usize) -> Result<Vec<Row>> {
    let subjects = part.subjects();
    let workers = subjects.iter().map(|subject| Worker::start(subject, part.sink()));
    let mut workers = workers.collect::<Result<Vec<Worker>>>()?;
    let mut rows = Vec::new();
    for work in part.works() {
        let mut turns = vec![Vec::with_capacity(rounds); workers.len()];
        for round in 0..WARM_UP + rounds {
            for (worker, turns) in workers.iter_mut().zip(&mut turns) {
                let answer = worker.numbers(Request::Batch(work))?;
                turns.extend(answer.filter(|_| round >= WARM_UP));
            }
        }
        for (worker, turns) in workers.iter().zip(turns) {
            if let Some(figure) = Figure::of(&turns) {
                rows.push(Row { part, subject: worker.subject, work, figure });
            }
        }
    }
    Ok(rows)
}
