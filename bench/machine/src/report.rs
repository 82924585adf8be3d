//! The tables.

use std::fmt::Write;

use anyhow::Result;

use crate::{
    conditions::Conditions,
    million::Long,
    results::{Counts, Figure, Results, Subject, Turn},
    targets::{self, Target},
    work::{Kept, WORKS, Work},
};

/// Writes the report as Markdown.
pub(crate) fn markdown(results: &Results, conditions: &Conditions) -> Result<String> {
    let mut out = String::new();
    head(&mut out, conditions)?;
    judged(&mut out, &targets::all(results))?;
    beside_burr(&mut out, results)?;
    latencies(&mut out, results)?;
    durable(&mut out, results)?;
    counts(&mut out, results)?;
    if let Some(long) = &results.long {
        long_run(&mut out, long)?;
    }
    Ok(out)
}

fn head(out: &mut String, conditions: &Conditions) -> Result<()> {
    writeln!(out, "# What a step of a state machine costs\n")?;
    writeln!(
        out,
        "Ours and Apache Burr take the same steps, one `step()` after another, in processes of their own and in turns, so \
         that whatever else the machine does falls on both. Every step is timed by itself, on the thread that takes it; \
         figures are **least / median** of the rounds. Ours is tracked in a directory with `Durability::Eventual`; between \
         applications of 64 to 1000 steps the tracker is waited for, outside of what is timed, so that no step waits for \
         room. Burr's `LocalTrackingClient` writes within the step, and makes nothing durable.\n"
    )?;
    for line in conditions.lines()? {
        writeln!(out, "- {line}")?;
    }
    writeln!(out, "- again: `make bench-machine`; `ROUNDS=5 SECONDS=1 STEPS=100000 make bench-machine` for a look\n")?;
    writeln!(
        out,
        "The chat has 68 messages of 200 bytes at first, and a step appends one: a hundred, or 20 KB, in the mean of its \
         64 steps. What its log has per step includes the states told whole.\n"
    )?;
    Ok(())
}

fn judged(out: &mut String, targets: &[Target]) -> Result<()> {
    writeln!(out, "## Targets\n\nJudged by the least of the rounds' means; the median is in brackets.\n")?;
    writeln!(out, "| measure | demanded | measured | |\n| --- | --- | ---: | --- |")?;
    for target in targets {
        let Target { measure, most, unit, figure } = target;
        let measured = figure.map_or("-".into(), |Figure { least, median }| format!("{least:.2} ({median:.2})"));
        writeln!(out, "| {measure} | ≤ {most} {unit} | {measured} | {} |", target.verdict())?;
    }
    Ok(writeln!(out)?)
}

fn beside_burr(out: &mut String, results: &Results) -> Result<()> {
    writeln!(out, "## Beside Burr\n\nMicroseconds per step in the mean, and the bytes of the log.\n")?;
    writeln!(out, "| | | Trackway | Burr | Burr / Trackway |\n| --- | --- | ---: | ---: | ---: |")?;
    for work in WORKS {
        let mut row = |title: &str, kept, scale: f64, of: fn(&Turn) -> f64| -> Result<()> {
            let digits = if scale == 1.0 { 0 } else { 2 };
            let figure = |subject| results.figure(subject, work, kept, |turn| of(turn) / scale);
            let (ours, burr) = (figure(Subject::Ours), figure(Subject::Burr));
            let ratio = burr.zip(ours).map(|(burr, ours)| burr.with(ours, |burr, ours| burr / ours));
            let [ours, burr, ratio] =
                [(ours, digits), (burr, digits), (ratio, 1)].map(|(figure, digits)| cell(figure, digits));
            Ok(writeln!(out, "| {} | {title} | {ours} | {burr} | {ratio} |", work.title())?)
        };
        row("untracked", Kept::Bare, 1e3, |turn| turn.mean)?;
        row("tracked", Kept::Tracked, 1e3, |turn| turn.mean)?;
        row("tracked, processor time of its thread", Kept::Tracked, 1e3, |turn| turn.cpu)?;
        row("bytes of the log", Kept::Tracked, 1.0, |turn| turn.bytes)?;
    }
    Ok(writeln!(out)?)
}

fn latencies(out: &mut String, results: &Results) -> Result<()> {
    writeln!(
        out,
        "## One by one\n\nMicroseconds of single steps that never wait; and how many steps a second one application takes that \
         never pauses, so that its queue is full and steps wait for the directory.\n"
    )?;
    writeln!(out, "| | | p50 | p99 | mean | thousand steps/s |\n| --- | --- | ---: | ---: | ---: | ---: |")?;
    for work in WORKS {
        for (title, subject, kept) in [
            ("Trackway, untracked", Subject::Ours, Kept::Bare),
            ("Trackway, directory", Subject::Ours, Kept::Tracked),
            ("Trackway, memory", Subject::Ours, Kept::Memory),
            ("Burr, untracked", Subject::Burr, Kept::Bare),
            ("Burr, directory", Subject::Burr, Kept::Tracked),
        ] {
            let part = |of: fn(&Turn) -> f64| cell(results.figure(subject, work, kept, |turn| of(turn) / 1e3), 2);
            let [p50, p99, mean] = [part(|turn| turn.p50), part(|turn| turn.p99), part(|turn| turn.mean)];
            let sustained = results
                .sustained
                .iter()
                .find(|(of, _)| *of == work && (subject, kept) == (Subject::Ours, Kept::Tracked));
            let sustained = sustained.map_or(String::new(), |(_, rate)| format!("{:.0}", rate / 1e3));
            writeln!(out, "| {} | {title} | {p50} | {p99} | {mean} | {sustained} |", work.title())?;
        }
    }
    Ok(writeln!(out)?)
}

fn durable(out: &mut String, results: &Results) -> Result<()> {
    writeln!(
        out,
        "## Durable steps\n\nMicroseconds of a step with `Durability::Step`, which is on the disk before it ends, beside a \
         write of as many bytes with `fdatasync` and nothing else.\n"
    )?;
    writeln!(out, "| | | p50 | p99 | mean |\n| --- | --- | ---: | ---: | ---: |")?;
    for work in [Work::Sync, Work::Chat] {
        let step = |of: fn(&Turn) -> f64| results.figure(Subject::Ours, work, Kept::Durable, |turn| of(turn) / 1e3);
        let bare = |of: fn(&Turn) -> f64| results.bare(work, |turn| of(turn) / 1e3);
        let parts: [fn(&Turn) -> f64; 3] = [|turn| turn.p50, |turn| turn.p99, |turn| turn.mean];
        let [p50, p99, mean] = parts.map(|of| cell(step(of), 0));
        writeln!(out, "| {} | step | {p50} | {p99} | {mean} |", work.title())?;
        let [p50, p99, mean] = parts.map(|of| cell(bare(of), 0));
        writeln!(out, "| | write and fdatasync | {p50} | {p99} | {mean} |")?;
        let ratio = |of| step(of).zip(bare(of)).map(|(step, bare)| step.with(bare, |step, bare| step / bare));
        let [p50, p99, mean] = parts.map(|of| cell(ratio(of), 2));
        writeln!(out, "| | ratio | {p50} | {p99} | {mean} |")?;
    }
    Ok(writeln!(out)?)
}

fn counts(out: &mut String, results: &Results) -> Result<()> {
    writeln!(
        out,
        "## What no clock shows\n\nPer step, on the thread that takes it: allocations, and instructions counted by callgrind.\n"
    )?;
    writeln!(out, "| | | allocations | bytes of them | instructions |\n| --- | --- | ---: | ---: | ---: |")?;
    for Counts { work, kept, allocations, allocated_bytes, instructions } in &results.counts {
        let title = if *kept == Kept::Bare { "untracked" } else { "directory" };
        let instructions = instructions.map_or("-".into(), |count| format!("{count:.0}"));
        writeln!(out, "| {} | {title} | {allocations:.1} | {allocated_bytes:.0} | {instructions} |", work.title())?;
    }
    Ok(writeln!(out)?)
}

fn long_run(out: &mut String, long: &Long) -> Result<()> {
    let Long { steps, steps_per_second, log_bytes, index_bytes, warm, cold, page, resumed, resumed_cold, listed } =
        long;
    writeln!(
        out,
        "## A long run\n\n{steps} trivial steps in one application, {:.0} thousand a second until all were on the disk; a log of \
         {:.0} MB and an index of {:.0} MB. Milliseconds to load the state after any step, to go on with the run, and to list \
         the project; cold is without the files in the memory of the system.\n",
        steps_per_second / 1e3,
        log_bytes / 1e6,
        index_bytes / 1e6
    )?;
    writeln!(out, "| | p50 | p99 | max |\n| --- | ---: | ---: | ---: |")?;
    for (title, [p50, p99, most]) in
        [("any state, warm", warm), ("any state, cold", cold), ("one cold read of 4 KB, to compare", page)]
    {
        writeln!(out, "| {title} | {:.3} | {:.3} | {:.3} |", p50 / 1e3, p99 / 1e3, most / 1e3)?;
    }
    for (title, p50) in [("resumed, warm", resumed), ("resumed, cold", resumed_cold), ("listed", listed)] {
        writeln!(out, "| {title} | {:.3} | | |", p50 / 1e3)?;
    }
    Ok(())
}

/// Returns the least and the median.
fn cell(figure: Option<Figure>, digits: usize) -> String {
    figure.map_or("-".into(), |Figure { least, median }| format!("{least:.digits$} / {median:.digits$}"))
}
