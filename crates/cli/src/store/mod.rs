//! `trackway store`: looking after what is stored, and spans as files that other programs read, and back.

mod check;
mod export;
mod import;
mod output;
mod shown;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::settings::Flags;

/// What `trackway store` can do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Store {
    /// Read everything, compare every checksum, and tell what is damaged and what to do: 0 nothing, 1 something, 2 not known
    Check,
    /// Write all spans to files: Parquet for DuckDB, pandas and for `import`, or OTLP as lines of JSON
    Export(export::Export),
    /// Read such files, through the server that runs or else into the data directory
    Import(import::Import),
}

/// Does it.
pub(crate) fn run(flags: Flags, store: Store) -> Result<ExitCode> {
    match store {
        Store::Check => return Ok(check::run(flags)),
        Store::Export(asked) => export::run(flags, &asked)?,
        Store::Import(asked) => import::run(flags, &asked)?,
    }
    Ok(ExitCode::SUCCESS)
}
