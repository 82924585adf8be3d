//! `trackway store repair`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use trackway_store::tools::Repair;

use super::{
    check::{self, Found},
    shown::Shown,
};
use crate::{print, settings::Flags};

/// What `trackway store repair` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Asked {
    /// Do it, and do not only say what would be done
    #[arg(long)]
    yes: bool,
}

/// The line of JSON that programs read.
#[derive(Serialize)]
struct Summary<'a> {
    findings: Vec<Found<'a>>,
    steps: &'a [String],
    is_done: bool,
    /// What is still found afterwards.
    left: Vec<Found<'a>>,
}

/// Mends the data directory, or says how; fails while something is left to be mended.
pub(crate) fn run(flags: Flags, asked: &Asked) -> Result<ExitCode> {
    let settings = flags.resolve()?;
    let directory = &settings.data_dir;
    let (decoder, mut shown) = (trackway_server::decoder(&settings.server), Shown::new(settings.json));
    let begun = Repair::begin(directory, &decoder, &mut |step| shown.tell(step));
    shown.end();
    let repair = begun.with_context(|| format!("cannot repair {}", directory.display()))?;
    let (findings, steps) = (repair.findings().to_vec(), repair.steps());
    if !settings.json {
        findings.iter().try_for_each(check::tell)?;
        steps
            .iter()
            .try_for_each(|step| print::data(format_args!("{}: {step}", if asked.yes { "do" } else { "would" })))?;
    }
    let is_done = asked.yes || steps.is_empty();
    let mut left = Vec::new();
    if asked.yes && !steps.is_empty() {
        let mut shown = Shown::new(settings.json);
        let mended = repair.run(&mut |step| shown.tell(step));
        shown.end();
        left = mended.with_context(|| format!("cannot repair {}", directory.display()))?.findings;
    }
    if settings.json {
        let (findings, left) = (findings.iter().map(Found::of).collect(), left.iter().map(Found::of).collect());
        print::data(serde_json::to_string(&Summary { findings, steps: &steps, is_done, left })?)?;
    } else if steps.is_empty() {
        print::data("nothing is to be mended")?;
    } else if !asked.yes {
        print::data("Nothing was changed; with --yes it is done. Make a copy of the directory first if you can.")?;
    } else if left.is_empty() {
        print::data("All of it is mended; what was taken out is in corrupt/")?;
    } else {
        print::data("Some of it could not be mended:")?;
        left.iter().try_for_each(check::tell)?;
    }
    let is_well = is_done && left.is_empty();
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
