//! What the command line says.

use std::path::PathBuf;

use clap::Parser;

use crate::sink::Sink;

/// Measures what a span costs the program that is traced, beside other tracing libraries.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// How often everybody has a turn
    #[arg(long, env = "ROUNDS", default_value_t = 300)]
    pub(crate) rounds: usize,
    /// The seconds of each steady load
    #[arg(long, env = "SECONDS", default_value_t = 4.0)]
    pub(crate) seconds: f64,
    /// A look at everything in about a minute; its figures are rough
    #[arg(long)]
    pub(crate) quick: bool,
    /// Where the tables are written besides
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/trace.md"))]
    pub(crate) out: PathBuf,
    /// Be one of those that are measured
    #[arg(long, hide = true)]
    pub(crate) worker: Option<String>,
    /// What that one does with its spans
    #[arg(long, hide = true, default_value = "count")]
    pub(crate) sink: Sink,
}

impl Arguments {
    /// Reads the command line.
    pub(crate) fn read() -> Self {
        let arguments = Self::parse();
        if arguments.quick { Self { rounds: 15, seconds: 1.0, ..arguments } } else { arguments }
    }
}
