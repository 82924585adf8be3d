//! What the programs and their tests share.

use std::env;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use trackway::export::{Batch, Exporter, Failure, Form};
use trackway::{Stats, Tracer, Value};

/// Names the program that a child is to be.
pub(crate) const PROGRAM: &str = "TRACKWAY_TEST_PROGRAM";

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A program that ends well unless something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) run: fn(),
    /// It is killed after so many seconds.
    pub(crate) within: u64,
}

impl Program {
    pub(crate) fn trial(self) -> Trial {
        Trial::test(self.name, move || {
            let ended = End::of(child(self.name), Duration::from_secs(self.within))?;
            if ended.is_well { Ok(()) } else { Err(ended.said.into()) }
        })
    }
}

/// Returns a command that runs the program of that name, with nothing of the environment that tracing looks at.
pub(crate) fn child(program: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("OTEL_") || name.to_string_lossy().starts_with("TRACKWAY_") {
            command.env_remove(name);
        }
    }
    command.env(PROGRAM, program).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a child ended.
pub(crate) struct End {
    pub(crate) is_well: bool,
    pub(crate) took: Duration,
    /// Its standard output and standard error, one after the other.
    pub(crate) said: String,
}

impl End {
    pub(crate) fn of(mut command: Command, within: Duration) -> Result<Self, Failed> {
        let start = Instant::now();
        let mut child = command.spawn()?;
        let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
        let status = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if start.elapsed() > within => break None,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        let took = start.elapsed();
        if status.is_none() {
            kill(&mut child);
        }
        let said = out.join().unwrap() + &err.join().unwrap();
        match status {
            Some(status) => Ok(Self { is_well: status.success(), took, said: format!("{said}{status}") }),
            None => Err(format!("still running after {took:?}\n{said}").into()),
        }
    }
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn read(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.unwrap().read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Counts spans and forgets them.
#[derive(Clone, Default)]
pub(crate) struct Count(pub(crate) Arc<AtomicU64>);

impl Count {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Exporter for Count {
    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Writes a line for every span into a file that several processes may share.
pub(crate) struct Lines(pub(crate) PathBuf);

impl Lines {
    /// Returns an exporter with a file of its own, which is empty.
    pub(crate) fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("trackway-endings-{}-{name}", std::process::id()));
        std::fs::write(&path, "").unwrap();
        Self(path)
    }

    /// Returns what was written, and removes the file.
    pub(crate) fn take(path: &PathBuf) -> Vec<Line> {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::remove_file(path).unwrap();
        text.lines().map(Line::read).collect()
    }
}

impl Exporter for Lines {
    fn form(&self) -> Form {
        Form::Records
    }

    fn export(&self, batch: &Batch) -> Result<(), Failure> {
        let mut text = String::new();
        for span in batch.records() {
            let parent = span.parent_id.map_or("-".to_owned(), |id| id.to_string());
            let pid = std::process::id();
            let is_own = span.resource.attributes.get("process.pid") == Some(&Value::from(i64::from(pid)));
            text += &format!("{pid} {is_own} {} {} {parent} {}\n", span.trace_id, span.span_id, span.name);
        }
        OpenOptions::new().append(true).open(&self.0).unwrap().write_all(text.as_bytes()).unwrap();
        Ok(())
    }
}

/// A span as [`Lines`] writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The process that exported it.
    pub(crate) pid: u32,
    /// Whether its resource names that process.
    pub(crate) is_own: bool,
    pub(crate) trace: String,
    pub(crate) span: String,
    pub(crate) parent: String,
    pub(crate) name: String,
}

impl Line {
    fn read(line: &str) -> Self {
        let mut parts = line.splitn(6, ' ').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        Self {
            pid: next().parse().unwrap(),
            is_own: next() == "true",
            trace: next(),
            span: next(),
            parent: next(),
            name: next(),
        }
    }
}

/// Asserts that every span of the tracer is accounted for; returns the statistics.
pub(crate) fn assert_counted(tracer: &Tracer) -> Stats {
    let stats = tracer.stats();
    for exporter in &stats.exporters {
        let known =
            stats.dropped.total() + stats.waiting + exporter.exported + exporter.dropped.total() + exporter.waiting;
        assert_eq!(stats.emitted, known, "{stats:#?}");
    }
    stats
}

/// Returns how many bytes of memory the process has in use; 0 where nobody tells.
pub(crate) fn resident() -> usize {
    let Ok(text) = std::fs::read_to_string("/proc/self/statm") else { return 0 };
    let pages: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Runs a future that is never woken by another thread.
pub(crate) fn block_on<F: Future>(work: F) -> F::Output {
    let mut work = std::pin::pin!(work);
    let mut waker = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = work.as_mut().poll(&mut waker) {
            return output;
        }
    }
}
