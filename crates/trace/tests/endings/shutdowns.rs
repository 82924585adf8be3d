//! The program's end, whatever it runs on and whatever takes its spans.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use trackway::{Installed, Traced, span};

use crate::kit::{End, block_on, child};

const RUNTIMES: [&str; 6] = ["none", "current-thread", "multi-thread", "task", "blocking", "threads"];

/// What is slow on a busy machine: to start a process, and to be scheduled.
const TOLERANCE: Duration = Duration::from_secs(4);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Receiver {
    Healthy,
    /// Nobody listens.
    Dead,
    /// Takes connections and requests, and never answers.
    Hanging,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Return,
    Exit,
}

impl Way {
    /// How long the library may wait for the receiver.
    fn deadline(self) -> Duration {
        match self {
            Self::Return => Duration::from_secs(5),
            Self::Exit => Duration::from_secs(2),
        }
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for runtime in RUNTIMES {
        for receiver in [Receiver::Healthy, Receiver::Dead, Receiver::Hanging] {
            for way in [Way::Return, Way::Exit] {
                let name = format!("shutdown::{runtime}_{receiver:?}_{way:?}").to_lowercase().replace('-', "_");
                trials.push(Trial::test(name, move || shut_down(runtime, receiver, way)));
            }
        }
    }
    trials
}

fn shut_down(runtime: &str, receiver: Receiver, way: Way) -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let arrived = Arc::new(AtomicUsize::new(0));
    match receiver {
        Receiver::Dead => drop(listener),
        Receiver::Healthy | Receiver::Hanging => {
            let arrived = arrived.clone();
            thread::spawn(move || serve(&listener, receiver == Receiver::Healthy, &arrived));
        }
    }
    let mut command = child(&format!("shutdown {runtime} {way:?}"));
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    let end = End::of(command, way.deadline() + TOLERANCE)?;
    if !end.is_well {
        return Err(end.said.into());
    }
    let arrived = arrived.load(Ordering::Acquire);
    if receiver == Receiver::Healthy && arrived != SPANS {
        return Err(format!("{arrived} of {SPANS} spans arrived\n{}", end.said).into());
    }
    if receiver != Receiver::Hanging && end.took > way.deadline() {
        return Err(format!("took {:?}, though the receiver is {receiver:?}", end.took).into());
    }
    Ok(())
}

/// Answers every request, or none; counts the spans of [`work`].
fn serve(listener: &TcpListener, answers: bool, arrived: &Arc<AtomicUsize>) {
    let mut kept = Vec::new();
    for stream in listener.incoming().map_while(Result::ok) {
        if answers {
            let arrived = arrived.clone();
            thread::spawn(move || while answer(&stream, &arrived).is_some() {});
        } else {
            kept.push(stream);
        }
    }
}

fn answer(mut stream: &TcpStream, arrived: &AtomicUsize) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap().trim().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    arrived.fetch_add(body.windows(NAME.len()).filter(|part| *part == NAME.as_bytes()).count(), Ordering::Release);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()
}

const NAME: &str = "ending.work";
const SPANS: usize = 120;

pub(crate) fn program(how: &str) {
    let (runtime, way) = how.split_once(' ').unwrap();
    let way = if way == "Exit" { Way::Exit } else { Way::Return };
    let installed = trackway::init();
    match runtime {
        "current-thread" => tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            work().await;
            end(installed, way);
        }),
        "multi-thread" => multi_thread().block_on(async {
            work().await;
            end(installed, way);
        }),
        "task" => multi_thread().block_on(async {
            let task = async move {
                work().await;
                end(installed, way);
            };
            tokio::spawn(task).await.unwrap();
        }),
        "blocking" => multi_thread().block_on(async {
            work().await;
            tokio::task::spawn_blocking(move || end(installed, way)).await.unwrap();
        }),
        runtime => {
            if runtime == "threads" {
                (0..3).for_each(|_| drop(thread::spawn(busy)));
            }
            block_on(work());
            end(installed, way);
        }
    }
}

fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

/// Never ends.
fn busy() {
    loop {
        let _outer = span!("busy");
        drop(span!("inside"));
        trackway::tracer().span("owned").start().finish();
        thread::sleep(Duration::from_millis(1));
    }
}

async fn work() {
    for _ in 0..50 {
        let _outer = span!("ending.work");
        drop(span!("ending.work"));
    }
    for _ in 0..10 {
        trackway::tracer().span("ending.work").start().finish();
        async {}.in_span(trackway::tracer().span("ending.work").start()).await;
    }
}

fn end(installed: Installed, way: Way) {
    match way {
        Way::Return => drop(installed),
        Way::Exit => std::process::exit(0),
    }
}
