//! What the command line says.

use std::path::PathBuf;

use clap::Parser;

/// Measures what a step of a state machine costs, beside Apache Burr.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// How often everybody has a turn
    #[arg(long, env = "ROUNDS", default_value_t = 30)]
    pub(crate) rounds: usize,
    /// The seconds of each load that fills the queue
    #[arg(long, env = "SECONDS", default_value_t = 4.0)]
    pub(crate) seconds: f64,
    /// The steps of the long run
    #[arg(long, env = "STEPS", default_value_t = 1_000_000)]
    pub(crate) steps: u64,
    /// A Python with Burr; without one ours are measured alone
    #[arg(long, env = "BURR_PYTHON")]
    pub(crate) burr: Option<PathBuf>,
    /// Where the tables are written besides
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../results/machine.md"))]
    pub(crate) out: PathBuf,
    /// Be the one that is measured
    #[arg(long, hide = true)]
    pub(crate) worker: bool,
}
