//! `trackway store backup`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use trackway_store::tools::{self, Backup};

use super::shown::{Shown, size};
use crate::{print, settings::Flags};

/// What `trackway store backup` is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Asked {
    /// Where the copy is made: a directory that is empty or not there, or one with an earlier backup
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

/// The line of JSON that programs read.
#[derive(Serialize)]
struct Summary {
    directory: String,
    files: u64,
    bytes: u64,
    copied_files: u64,
    copied_bytes: u64,
    segments: u64,
}

/// Copies the data directory while a server uses it, or without one.
pub(crate) fn run(flags: Flags, asked: &Asked) -> Result<()> {
    let settings = flags.resolve()?;
    let to = std::path::absolute(&asked.to).with_context(|| format!("cannot use {}", asked.to.display()))?;
    let mut shown = Shown::new(settings.json);
    let copied = tools::backup(&settings.data_dir, &to, &mut |step| shown.tell(step));
    shown.end();
    let copied = copied.with_context(|| format!("cannot back up {}", settings.data_dir.display()))?;
    let Backup { files, bytes, copied_files, copied_bytes, segments } = copied;
    let directory = to.display().to_string();
    if settings.json {
        let summary = Summary { directory, files, bytes, copied_files, copied_bytes, segments };
        return print::data(serde_json::to_string(&summary)?);
    }
    let (all, now) = (size(bytes), size(copied_bytes));
    print::data(format_args!(
        "{directory} holds {all} in {files} files; {now} in {copied_files} files were copied now"
    ))?;
    print::talk("To use it: trackway --data-dir on it or on a copy of it; to look through it: trackway store check");
    Ok(())
}
