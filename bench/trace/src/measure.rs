//! One run, from the first worker to the tables.

use anyhow::{Context, Result};

use crate::{
    arguments::Arguments,
    drive::{Worker, in_turns},
    instructions,
    peers::{EMPTY, SUBJECTS, Subject},
    plan::{self, PARTS},
    report,
    results::{Allocations, Results},
    sink::Sink,
    worker::{Request, serve},
};

/// Measures everything and writes the tables, or is one of those that are measured.
///
/// # Errors
/// When a process cannot be started, or one that is measured dies.
pub fn measure() -> Result<()> {
    let arguments = Arguments::read();
    if let Some(subject) = &arguments.worker {
        return serve(subject, arguments.sink, None);
    }
    let conditions = report::Conditions::note(&arguments)?;
    eprintln!("instructions");
    let mut results = Results { instructions: instructions::count()?, ..Results::default() };
    for part in PARTS {
        eprintln!("{part:?}");
        results.rows.extend(in_turns(part, part.rounds(arguments.rounds))?);
    }
    eprintln!("allocations");
    results.allocations = allocations()?;
    eprintln!("latencies");
    results.latencies = latencies(arguments.seconds)?;
    for rate in plan::RATES {
        eprintln!("{rate} spans/s");
        for subject in exporting() {
            let answer = Worker::start(&subject, Sink::Otlp)?.ask(Request::Sustain(rate, arguments.seconds))?;
            let sustained = answer.context("everybody can do it")?.parse()?;
            results.sustained.push((subject.name, rate, sustained));
        }
    }
    let text = report::markdown(&results, &conditions)?;
    println!("{text}");
    std::fs::write(&arguments.out, text).with_context(|| format!("cannot write {}", arguments.out.display()))
}

/// Returns those that export, and the workload with nothing in it.
fn exporting() -> impl Iterator<Item = Subject> {
    SUBJECTS.iter().filter(|subject| plan::is_exporting(subject) || subject.name == EMPTY).copied()
}

fn allocations() -> Result<Vec<(&'static str, crate::work::Kind, Allocations)>> {
    let mut all = Vec::new();
    for subject in SUBJECTS {
        let mut worker = Worker::start_counting(subject)?;
        for work in plan::ALLOCATING {
            let answer = worker.numbers(Request::Allocations(work))?;
            let [times, bytes, held, arrived] = answer.context("everybody can do it")?;
            all.push((subject.name, work.kind, Allocations { times, bytes, held, arrived }));
        }
    }
    Ok(all)
}

fn latencies(seconds: f64) -> Result<Vec<(&'static str, [f64; 3])>> {
    exporting()
        .map(|subject| {
            let mut worker = Worker::start(&subject, Sink::Dead)?;
            let answer = worker.numbers(Request::Latencies(seconds))?;
            Ok((subject.name, answer.context("everybody can do it")?))
        })
        .collect()
}
