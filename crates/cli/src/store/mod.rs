//! `trackway store`: looking after what is stored, and spans as files that other programs read, and back.

mod backup;
mod beside;
mod check;
mod compact;
mod export;
mod import;
mod lines;
mod output;
mod repair;
mod runs;
mod shown;
mod stats;
mod told;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::settings::Flags;

/// What `trackway store` can do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Store {
    /// Tell what the data directory takes, by its parts and projects
    Stats,
    /// Read everything, compare every checksum, and tell what is damaged and what to do: 0 nothing, 1 something, 2 not known
    Check,
    /// Merge segments into larger ones and drop what is dead in them, by the server that runs or else here
    Compact,
    /// Say how what `check` finds is mended, and with --yes do it; no server may run
    Repair(repair::Asked),
    /// Copy the data directory, while a server uses it too; an earlier copy is brought up to date
    Backup(backup::Asked),
    /// Write all spans and runs to files: Parquet for DuckDB, pandas and for `import`, or OTLP as lines of JSON
    Export(export::Export),
    /// Read such files, through the server that runs or else into the data directory
    Import(import::Import),
}

/// Does it.
pub(crate) fn run(flags: Flags, store: Store) -> Result<ExitCode> {
    match store {
        Store::Stats => stats::run(flags)?,
        Store::Compact => compact::run(flags)?,
        Store::Check => return Ok(check::run(flags)),
        Store::Repair(asked) => return repair::run(flags, &asked),
        Store::Backup(asked) => backup::run(flags, &asked)?,
        Store::Export(asked) => export::run(flags, &asked)?,
        Store::Import(asked) => import::run(flags, &asked)?,
    }
    Ok(ExitCode::SUCCESS)
}
