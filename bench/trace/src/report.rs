//! The tables.

use std::{fmt::Write, fs, process::Command};

use anyhow::{Context, Result};

use crate::{
    arguments::Arguments,
    machine,
    peers::SUBJECTS,
    plan::{ALLOCATING, PARTS, Part, RATES},
    results::{Figure, Instructions, Results},
    targets::{self, Demand, Target, Verdict},
    work::{Kind, Work},
};

/// What the figures were measured under.
pub(crate) struct Conditions {
    rounds: usize,
    seconds: f64,
    quick: bool,
    /// How busy the machine was with other work before.
    others: f64,
    versions: String,
}

const PEERS: [&str; 7] = [
    "fastrace",
    "fastrace-opentelemetry",
    "tracing",
    "tracing-subscriber",
    "tracing-opentelemetry",
    "opentelemetry_sdk",
    "opentelemetry-proto",
];

impl Conditions {
    /// Notes them before the run.
    pub(crate) fn note(arguments: &Arguments) -> Result<Self> {
        let Arguments { rounds, seconds, quick, .. } = *arguments;
        Ok(Self { rounds, seconds, quick, others: machine::others()?, versions: versions()? })
    }
}

/// Returns the versions of the peers that this was built with.
fn versions() -> Result<String> {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"))?;
    let version = |name: &str| {
        let (_, behind) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", behind.split_once('"')?.0))
    };
    let peers: Option<Vec<String>> = PEERS.into_iter().map(version).collect();
    let compiler = Command::new("rustc").arg("--version").output()?;
    let compiler = String::from_utf8(compiler.stdout)?;
    let compiler: Vec<&str> = compiler.split(' ').take(2).collect();
    Ok(format!(
        "{}; {}, fat LTO, 1 codegen unit",
        peers.context("Cargo.lock lacks a peer")?.join(", "),
        compiler.join(" ")
    ))
}

/// Writes the report as Markdown.
pub(crate) fn markdown(results: &Results, conditions: &Conditions) -> Result<String> {
    let mut out = String::new();
    head(&mut out, conditions)?;
    judged(&mut out, &targets::all(results))?;
    for part in PARTS {
        figures(&mut out, part, results)?;
    }
    instructions(&mut out, results)?;
    allocations(&mut out, results)?;
    sustained(&mut out, results)?;
    latencies(&mut out, results)?;
    Ok(out)
}

fn head(out: &mut String, conditions: &Conditions) -> Result<()> {
    let Conditions { rounds, seconds, quick, others, versions } = conditions;
    let roughly = if *quick { " A quick run: the figures are rough." } else { "" };
    writeln!(out, "# What a span costs the program that is traced\n")?;
    writeln!(
        out,
        "Every library does the same in a process of its own, in turns of about a thousand spans, so that whatever else \
         the machine does falls on all of them; what a library does in the background is waited for outside the timed \
         part. Nanoseconds per span, roots counted: **least / median** of the rounds. Spans are counted as they \
         arrive at the exporter; a figure whose spans did not all arrive says how many were lost.{roughly}\n"
    )?;
    writeln!(out, "- date: {}", jiff::Timestamp::now().strftime("%-d %B %Y"))?;
    writeln!(out, "- machine: {}; load average {others:.1} before the run", machine::facts()?)?;
    writeln!(out, "- versions: {versions}")?;
    writeln!(out, "- rounds: {rounds} for recorded spans, half as many for most else; steady loads of {seconds} s")?;
    writeln!(out, "- again: `make bench-trace`; `ROUNDS=15 SECONDS=1 make bench-trace` for a look in a minute\n")?;
    Ok(())
}

fn judged(out: &mut String, targets: &[Target]) -> Result<()> {
    writeln!(out, "## Targets\n\nJudged by the least; what is in brackets is the ratio of the medians.\n")?;
    writeln!(out, "| measure | demanded | measured | |\n| --- | --- | ---: | --- |")?;
    for target in targets {
        let demand = match target.demand {
            Demand::Times(most, of) => format!("≤ {most:.2} × {of}"),
            Demand::Nanoseconds(most) => format!("≤ {most} ns"),
            Demand::Nothing => "none".into(),
            Demand::All => "100 %".into(),
            Demand::Flat => "flat".into(),
        };
        let measured = target.figure.map_or("-".into(), |figure| measured(target.demand, figure));
        let verdict = match target.verdict() {
            Verdict::Ok => "ok",
            Verdict::Missed => "missed",
            Verdict::Lost => "spans lost, so not measured",
            Verdict::NotMeasured => "not measured",
        };
        writeln!(out, "| {} | {demand} | {measured} | {verdict} |", target.measure)?;
    }
    Ok(writeln!(out)?)
}

fn measured(demand: Demand, Figure { least, median, .. }: Figure) -> String {
    match demand {
        Demand::Times(..) => format!("{least:.2} ({median:.2})"),
        Demand::Nanoseconds(_) => format!("{least:.2} ({median:.2})"),
        Demand::Nothing => format!("{least:.4} per span"),
        Demand::All => format!("{:.1} %", least * 100.0),
        Demand::Flat => if least >= 1.0 { "flat" } else { "growing" }.into(),
    }
}

fn title(part: Part) -> (&'static str, &'static str) {
    match part {
        Part::Spans => (
            "Recorded spans",
            "A root and N children in chains of at most ten. w1: no attributes; w2: two integers and two strings made \
             at run time; w2s: four static strings; w1k: w1 with some 21 ns of work in every child; steps: children one \
             after the other, with one clock reading between two where the library can.",
        ),
        Part::Awaits => {
            ("Across awaits (w3)", "One task that awaits 100 child futures, each polled twice; tokio, one thread.")
        }
        Part::Off => ("Not recorded (w4)", "w1 and w2 where the sampler said no, or where nothing was set up."),
        Part::Threads => (
            "More than one thread",
            "w5: w1 on two threads at once, what one of them takes; w6: children of spans that another thread made.",
        ),
        Part::Headers => (
            "From process to process (w7, w8)",
            "Nanoseconds for one header written or read, one key of the baggage read, one key more added and dropped.",
        ),
        Part::Bytes => (
            "To bytes (w9)",
            "Processor time of all threads per span until its OTLP bytes are there, w1 and w2 with N=10; nothing is \
             compressed or sent.",
        ),
    }
}

fn figures(out: &mut String, part: Part, results: &Results) -> Result<()> {
    let (title, text) = title(part);
    writeln!(out, "## {title}\n\n{text}\n")?;
    let subjects: Vec<&str> = part.subjects().iter().map(|subject| subject.name).collect();
    columns(out, "", &subjects)?;
    for work in part.works() {
        write!(out, "| {} |", label(work))?;
        for subject in &subjects {
            let figure = results.figure(part, subject, work.kind, work.children);
            let cell = figure.map_or("-".into(), |it| format!("{:.1} / {:.1}{}", it.least, it.median, loss(it)));
            write!(out, " {cell} |")?;
        }
        writeln!(out)?;
    }
    Ok(writeln!(out)?)
}

/// Returns what makes a figure worthless, if it is.
fn loss(figure: Figure) -> String {
    if figure.is_whole() { String::new() } else { format!(" ({:.1} % lost)", (1.0 - figure.arrived) * 100.0) }
}

fn label(Work { kind, children, .. }: Work) -> String {
    match kind {
        Kind::W1 | Kind::W2 | Kind::W2s | Kind::W1k | Kind::W5 => format!("{kind} N={children}"),
        _ => kind.to_string().replace('-', " "),
    }
}

fn columns(out: &mut String, first: &str, names: &[&str]) -> Result<()> {
    writeln!(out, "| {first} | {} |\n| --- |{}", names.join(" | "), " ---: |".repeat(names.len()))?;
    Ok(())
}

fn instructions(out: &mut String, results: &Results) -> Result<()> {
    writeln!(out, "## Instructions\n\nPer span, on the thread that makes it, counted by callgrind.\n")?;
    let Some(counts) = &results.instructions else {
        return Ok(writeln!(out, "Not measured: there was no valgrind.\n")?);
    };
    let mut works: Vec<Work> = Vec::new();
    for Instructions { work, .. } in counts {
        if !works.contains(work) {
            works.push(*work);
        }
    }
    let labels: Vec<String> = works.iter().map(|work| label(*work)).collect();
    columns(out, "", &labels.iter().map(String::as_str).collect::<Vec<_>>())?;
    for subject in SUBJECTS {
        write!(out, "| {} |", subject.name)?;
        for work in &works {
            let count = results.instructions(subject.name, work.kind, work.children);
            write!(out, " {} |", count.map_or("-".into(), |count| format!("{:.0}{}", count.least, loss(count))))?;
        }
        writeln!(out)?;
    }
    Ok(writeln!(out)?)
}

fn allocations(out: &mut String, results: &Results) -> Result<()> {
    writeln!(
        out,
        "## Allocations\n\nPer span with N=100, on the thread that makes it: allocations, the bytes of them, and what \
         of these a finished span still holds while nothing is exported. What a library allocated before is not in it.\n"
    )?;
    let names = ALLOCATING.map(|work| work.kind.to_string());
    columns(out, "", &names.each_ref().map(String::as_str))?;
    for subject in SUBJECTS {
        write!(out, "| {} |", subject.name)?;
        for work in ALLOCATING {
            let cell = results.allocations(subject.name, work.kind).map_or("-".into(), |found| {
                let lost = loss(Figure::exactly(found.times, found.arrived));
                format!("{:.2}, {:.0} B, {:.0} B held{lost}", found.times, found.bytes, found.held)
            });
            write!(out, " {cell} |")?;
        }
        writeln!(out)?;
    }
    Ok(writeln!(out)?)
}

fn sustained(out: &mut String, results: &Results) -> Result<()> {
    writeln!(
        out,
        "## Steady loads\n\nw2 with N=10 at a rate, or as near to it as one thread comes; the exporter makes OTLP bytes. \
         Processor time is of all threads and has the pauses of the load in it, which `empty` shows. Memory: the most in \
         each third of the time; flat is less than a tenth and a MiB of growth from the first to the last.\n"
    )?;
    writeln!(
        out,
        "| offered | | made, k/s | producer, ns/span | CPU, ns/exported span | exported | resident, MiB | peak, MiB | |"
    )?;
    writeln!(out, "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")?;
    for rate in RATES {
        for (subject, _, load) in results.sustained.iter().filter(|(_, of, _)| *of == rate) {
            let mebibytes = |bytes: u64| format!("{:.0}", bytes as f64 / f64::from(1 << 20));
            let per_second = load.made as f64 / load.elapsed.as_secs_f64() / 1e3;
            let producer = load.producing.as_nanos() as f64 / load.made as f64;
            let (cpu, exported) = match load.exported {
                0 => ("-".into(), "-".into()),
                exported => {
                    let cpu = load.cpu.as_nanos() as f64 / exported as f64;
                    (format!("{cpu:.0}"), format!("{:.1} %", load.part_exported() * 100.0))
                }
            };
            let resident = load.resident.map(mebibytes).join(" → ");
            let growth = if load.is_flat() { "flat" } else { "growing" };
            writeln!(
                out,
                "| {} k/s | {subject} | {per_second:.0} | {producer:.0} | {cpu} | {exported} | {resident} | {} | {growth} |",
                rate / 1000,
                mebibytes(load.peak),
            )?;
        }
    }
    Ok(writeln!(out)?)
}

fn latencies(out: &mut String, results: &Results) -> Result<()> {
    writeln!(
        out,
        "## The end of a span while the exporter fails\n\nNanoseconds, one reading of the clock included; ten traces of \
         ten children with four static strings a millisecond, roots counted; nothing listens where the spans go.\n"
    )?;
    columns(out, "", &["p50", "p99", "p99.9"])?;
    for (subject, [p50, p99, p999]) in &results.latencies {
        writeln!(out, "| {subject} | {p50:.0} | {p99:.0} | {p999:.0} |")?;
    }
    Ok(())
}
