//! `trackway store check`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;
use trackway_store::tools::{self, Finding, Report};

use super::shown::{Shown, size};
use crate::{
    print,
    settings::{Flags, Settings},
};

/// Nothing is known of the directory.
const COULD_NOT_CHECK: u8 = 2;

/// A finding as programs read it.
#[derive(Serialize)]
pub(super) struct Found<'a> {
    file: String,
    offset: Option<u64>,
    what: &'a str,
    advice: &'a str,
}

/// The line of JSON that programs read.
#[derive(Serialize)]
struct Summary<'a> {
    findings: Vec<Found<'a>>,
    notes: &'a [String],
    files: u64,
    bytes: u64,
    spans: u64,
}

/// Checks a directory; tells by its exit code whether it is whole (0), is not (1), or could not be checked (2).
pub(crate) fn run(flags: Flags) -> ExitCode {
    match flags.resolve().and_then(|settings| checked(&settings)) {
        Ok(report) if report.findings.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            print::talk(format_args!("trackway: {error:#}"));
            ExitCode::from(COULD_NOT_CHECK)
        }
    }
}

fn checked(settings: &Settings) -> Result<Report> {
    let directory = &settings.data_dir;
    let mut shown = Shown::new(settings.json);
    let report = tools::check(directory, &trackway_server::decoder(&settings.server), &mut |it| shown.tell(it));
    shown.end();
    let report = report.with_context(|| format!("cannot check {}", directory.display()))?;
    if settings.json {
        print::data(serde_json::to_string(&Summary::of(&report))?)?;
        return Ok(report);
    }
    report.notes.iter().for_each(print::talk);
    for finding in &report.findings {
        tell(finding)?;
    }
    let Report { files, bytes, spans, .. } = &report;
    let found = match report.findings.len() {
        0 => "nothing is wrong".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    print::data(format_args!("{found} in {files} files, {}, {spans} records of spans", size(*bytes)))?;
    Ok(report)
}

/// Prints a finding in two lines: what it is and what to do.
pub(super) fn tell(finding: &Finding) -> Result<()> {
    let place = finding.offset.map(|offset| format!(" at {offset}")).unwrap_or_default();
    print::data(format_args!("{}{place}: {}", finding.file.display(), finding.what))?;
    print::data(format_args!("    {}", finding.advice))
}

impl<'a> Found<'a> {
    pub(super) fn of(finding: &'a Finding) -> Self {
        let Finding { file, offset, what, advice, .. } = finding;
        Self { file: file.display().to_string(), offset: *offset, what, advice }
    }
}

impl<'a> Summary<'a> {
    fn of(report: &'a Report) -> Self {
        let Report { findings, notes, files, bytes, spans } = report;
        let findings = findings.iter().map(Found::of).collect();
        Self { findings, notes, files: *files, bytes: *bytes, spans: *spans }
    }
}
