//! One run, from the first worker to the tables.

use std::iter;

use anyhow::{Context, Result};

use crate::{
    arguments::Arguments,
    conditions::Conditions,
    drive::Worker,
    instructions, report,
    results::{Counts, Results, Row, Subject, Turn},
    work::{Kept, WORKS, Work},
    worker::{Request, serve},
};

use clap::Parser;

/// The rounds that nobody looks at.
const WARM_UP: usize = 2;
/// The steps of ours that one turn has, in applications.
const APPLICATIONS: usize = 3;
/// The durable steps of one turn.
const DURABLE: usize = 40;

/// Measures everything and writes the tables, or is the one that is measured.
///
/// # Errors
/// When a process cannot be started, or one that is measured dies.
pub fn measure() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.worker {
        return serve(None);
    }
    let conditions = Conditions::note(&arguments)?;
    let mut results = Results { rows: rows(&arguments)?, ..Results::default() };
    durable(&arguments, &mut results)?;
    eprintln!("allocations and instructions");
    results.counts = counts()?;
    for work in WORKS {
        eprintln!("{work}, as fast as it goes");
        results.sustained.push((work, Worker::ours()?.ask(Request::Sustain(work, arguments.seconds))?));
    }
    eprintln!("{} steps", arguments.steps);
    results.long = Some(Worker::ours()?.ask(Request::Long(arguments.steps))?);
    let text = report::markdown(&results, &conditions)?;
    println!("{text}");
    std::fs::write(&arguments.out, text).with_context(|| format!("cannot write {}", arguments.out.display()))
}

/// Lets everybody have one turn after the other, with every work.
fn rows(arguments: &Arguments) -> Result<Vec<Row>> {
    let mut ours = Worker::ours()?;
    let mut burr = arguments.burr.as_deref().map(Worker::burr).transpose()?;
    let mut rows = Vec::new();
    for work in WORKS {
        eprintln!("{work}");
        let of_ours = [Kept::Bare, Kept::Tracked, Kept::Memory].map(|kept| (Subject::Ours, kept));
        let of_burr = [Kept::Bare, Kept::Tracked].map(|kept| (Subject::Burr, kept));
        let all = of_ours.into_iter().chain(of_burr.into_iter().filter(|_| burr.is_some()));
        let mut these: Vec<Row> = all.map(|(subject, kept)| Row { subject, work, kept, turns: Vec::new() }).collect();
        for round in 0..WARM_UP + arguments.rounds {
            for row in &mut these {
                let turn = match (row.subject, &mut burr) {
                    (Subject::Burr, Some(burr)) => {
                        burr.ask::<Turn>(Request::Steps(work, row.kept, work.steps_each()))?
                    }
                    _ => ours.ask::<Turn>(Request::Steps(work, row.kept, work.steps_each() * APPLICATIONS))?,
                };
                row.turns.extend(iter::once(turn).filter(|_| round >= WARM_UP));
            }
        }
        rows.append(&mut these);
    }
    Ok(rows)
}

/// Takes durable steps in turns with bare writes of as many bytes.
fn durable(arguments: &Arguments, results: &mut Results) -> Result<()> {
    let mut ours = Worker::ours()?;
    for work in [Work::Sync, Work::Chat] {
        eprintln!("{work}, durable");
        let bytes = results.figure(Subject::Ours, work, Kept::Tracked, |turn| turn.bytes).context("no bytes")?.median;
        let (mut turns, mut bare) = (Vec::new(), Vec::new());
        for round in 0..WARM_UP + arguments.rounds {
            let turn = ours.ask::<Turn>(Request::Steps(work, Kept::Durable, DURABLE))?;
            let least = ours.ask::<Turn>(Request::Bare(bytes.round() as usize, DURABLE))?;
            turns.extend(iter::once(turn).filter(|_| round >= WARM_UP));
            bare.extend(iter::once(least).filter(|_| round >= WARM_UP));
        }
        results.rows.push(Row { subject: Subject::Ours, work, kept: Kept::Durable, turns });
        results.bare.push((work, bare));
    }
    Ok(())
}

fn counts() -> Result<Vec<Counts>> {
    let works: Vec<_> =
        WORKS.into_iter().flat_map(|work| [Kept::Bare, Kept::Tracked].map(|kept| (work, kept))).collect();
    let instructions = instructions::count(&works)?;
    let mut worker = Worker::counting()?;
    let mut counts = Vec::new();
    for (place, (work, kept)) in works.into_iter().enumerate() {
        let answer: String = worker.ask(Request::Allocations(work, kept, work.steps_each()))?;
        let (times, bytes) = answer.split_once(' ').context("no bytes")?;
        let instructions = instructions.as_ref().and_then(|counts| counts.get(place).copied());
        counts.push(Counts { work, kept, allocations: times.parse()?, allocated_bytes: bytes.parse()?, instructions });
    }
    Ok(counts)
}
