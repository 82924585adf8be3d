//! Measures what keeping spans costs, beside the same spans as rows of SQLite, and beside Mira where that is installed.
//!
//! All take the same requests over as many connections, one after the other; what each acknowledged is then asked for.
//! Trackway is measured once more with as many spans as `--spans` says, observed every second.

mod load;
mod otlp;
mod question;
mod random;
mod reads;
mod report;
mod rows;
mod runs;
mod send;
mod servers;
mod turn;
mod watch;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::Parser;

use load::Load;
use report::Report;
use servers::Who;
use turn::Turn;

/// The spans that are made, and sent, at a time: as many as the memory of any machine holds encoded.
const PART: usize = 1_000_000;

/// Measures what keeping spans costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// The spans that Trackway is measured with at last; no more than the peers' leave that out
    #[arg(long, env = "SPANS", default_value_t = 2_000_000)]
    spans: usize,
    /// The spans of each turn beside peers
    #[arg(long, env = "PEER_SPANS", default_value_t = 2_000_000)]
    peer_spans: usize,
    /// How often each server has its turn
    #[arg(long, env = "ROUNDS", default_value_t = 1)]
    rounds: usize,
    /// The most seconds that Mira is waited for until it has compressed what it keeps
    #[arg(long, env = "MIRA_SETTLE", default_value_t = 20)]
    mira_settle: u64,
    /// The connections that send at once
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Two runs with one seed send the same bytes
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the tables are written besides
    #[arg(long, env = "OUT", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/results/store.md"))]
    out: PathBuf,
    /// Settings for Trackway, besides
    #[arg(long, env = "TRACKWAY_ARGUMENTS", default_value = "")]
    trackway: String,
    /// Be the peer: keep what comes as rows of SQLite in this directory
    #[arg(long, hide = true)]
    rows_server: Option<PathBuf>,
}

impl Arguments {
    /// Settings of a server.
    fn of(&self, who: Who) -> Vec<String> {
        match who {
            Who::Trackway => self.trackway.split_whitespace().map(str::to_owned).collect(),
            Who::Rows | Who::Mira => Vec::new(),
        }
    }

    fn settling(&self, who: Who) -> watch::Settling {
        who.settling(Duration::from_secs(self.mira_settle))
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(directory) = &arguments.rows_server {
        return rows::serve(directory);
    }
    let mut report = Report::new()?;
    report.beside = beside(&arguments)?;
    if arguments.spans > arguments.peer_spans {
        eprintln!("Trackway, {} spans", arguments.spans);
        let mut load = Load::new(arguments.seed, arguments.spans);
        report.alone = Some(Turn::take(Who::Trackway, &arguments, &mut load, &[])?);
    }
    report.run = Some(runs::run(&arguments)?);
    report.conversation = Some(runs::conversation(&arguments)?);
    let text = report.markdown()?;
    println!("{text}");
    std::fs::write(&arguments.out, text).with_context(|| format!("cannot write {}", arguments.out.display()))
}

/// Lets every server that is there have its turns with one load, encoded before.
fn beside(arguments: &Arguments) -> Result<Vec<Turn>> {
    let mut turns = Vec::new();
    eprintln!("encoding {} spans", arguments.peer_spans);
    let mut load = Load::new(arguments.seed, arguments.peer_spans);
    let requests = load.part(arguments.peer_spans);
    for round in 1..=arguments.rounds {
        for who in [Who::Trackway, Who::Rows, Who::Mira] {
            if who == Who::Mira && servers::mira().is_none() {
                continue;
            }
            eprintln!("round {round}: {}", who.title());
            turns.push(Turn::take(who, arguments, &mut load, &requests)?);
        }
    }
    Ok(turns)
}
