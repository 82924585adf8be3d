//! The command line.

use clap::{Parser, Subcommand};

use crate::{case::TestCase, import::Import, settings::Flags, state::State, store::Store};

/// Records what agents, state machines and services did, shows it live, and goes back to any step.
#[derive(Debug, Parser)]
#[command(name = "trackway", version, about, after_help = EXAMPLES, max_term_width = 100, subcommand_value_name = "COMMAND")]
pub(crate) struct Trackway {
    /// What to do; without it, trackway serves.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Settings of the server and of what looks for it.
    #[command(flatten)]
    pub(crate) settings: Flags,
}

/// What trackway can do.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Take traces in and show them (the default)
    Serve,
    /// Load recorded traces, moved to now, for a look around
    Demo,
    /// Read what Burr or programs here wrote, through the server that runs or else into the data directory
    Import(Import),
    /// Print the state of a run after a step or before it, as JSON
    State(State),
    /// Write a recorded step as a test: the state before, the inputs, and what came of it
    TestCase(TestCase),
    /// Look after the data directory: what it takes, check, repair, backup, export
    #[command(subcommand)]
    Store(Store),
    /// Print every setting with its value and where the value came from
    Config,
}

const EXAMPLES: &str = "\
Examples:
  trackway                                   serve on http://127.0.0.1:7241 and open the browser
  trackway --listen 127.0.0.1:8080 --no-open serve elsewhere
  trackway --otlp-grpc off                   leave port 4317 to another program
  trackway --data-dir /tmp/try               keep data somewhere else
  trackway demo                              have something to look at
  trackway --watch ~/.burr                   show what Burr's tracker writes, as it is written
  trackway import ~/.burr                    read it once
  trackway state RUN --at 3                  the state of a run after its step 3
  trackway test-case RUN --at 3 --out 3.json the same step as a test
  trackway store check                       is every byte what was written?
  trackway store backup /mnt/copy            copy everything, while the server runs
  trackway store export --out spans          write every span as Parquet, for DuckDB or pandas
  trackway store import spans/*.parquet      read them back, here or elsewhere
  trackway config                            see what is set, and by what

Send traces from any OpenTelemetry SDK:
  export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:7241

Every setting can also come from the environment (TRACKWAY_LISTEN, TRACKWAY_NO_OPEN=1, ...) and, but
for --data-dir, from config.toml in the data directory (listen = \"127.0.0.1:8080\", ...). A flag wins
over the environment, the environment over the file. --json is a way of printing and no setting.";
