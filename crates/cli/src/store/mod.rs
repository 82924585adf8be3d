//! `trackway store`: spans as files that other programs read, and back.

mod export;
mod import;
mod output;

use anyhow::Result;
use clap::Subcommand;

use crate::settings::Flags;

/// What `trackway store` can do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Store {
    /// Write all spans to files: Parquet for DuckDB, pandas and for `import`, or OTLP as lines of JSON
    Export(export::Export),
    /// Read such files, through the server that runs or else into the data directory
    Import(import::Import),
}

/// Does it.
pub(crate) fn run(flags: Flags, store: Store) -> Result<()> {
    match store {
        Store::Export(asked) => export::run(flags, &asked),
        Store::Import(asked) => import::run(flags, &asked),
    }
}
