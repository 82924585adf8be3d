//! Measures what taking traces in costs, beside a server that decodes the same bytes and keeps nothing.
//!
//! Both take the same requests over as many connections, one after the other in every round, so that whatever else the
//! machine does falls on both. What Trackway acknowledged is then looked for again, and read.

mod load;
mod peer;
mod read;
mod report;
mod send;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use trackway_bench::{
    machine,
    process::{self, Server},
};

use load::Load;
use read::Reads;
use report::{Report, Round};
use send::Sent;

/// Measures what taking traces in costs.
#[derive(Debug, Parser)]
struct Arguments {
    /// The spans of each turn
    #[arg(long, default_value_t = 400_000)]
    max_spans: usize,
    /// The most seconds of each turn
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often each server has its turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The connections that send at once
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Two runs with one seed send the same bytes
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the table is written besides
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/results/ingest.md"))]
    out: PathBuf,
    /// Be the peer: decode what comes, and keep nothing
    #[arg(long, hide = true)]
    decode_only_server: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.decode_only_server {
        return peer::serve();
    }
    let binary = process::trackway()?;
    eprintln!("encoding {} spans", arguments.max_spans);
    let load = Load::generate(arguments.seed, arguments.max_spans);
    let mut report = Report::new(&load, arguments.connections)?;
    for number in 1..=arguments.rounds {
        let (ours, reads) = trackway_turn(&binary, &load, &arguments)?;
        let peer = peer_turn(&load, &arguments)?;
        let round = Round { ours, peer, reads };
        eprintln!("round {number}: {}", round.line());
        report.rounds.push(round);
    }
    let text = report.markdown()?;
    println!("{text}");
    std::fs::write(&arguments.out, text).with_context(|| format!("cannot write {}", arguments.out.display()))
}

/// One server's turn.
struct Turn {
    sent: Sent,
    cpu: Duration,
    peak_bytes: u64,
    /// What it holds on disk; nothing for the peer.
    disk_bytes: u64,
}

impl Turn {
    fn of(server: &Server, load: &Load, arguments: &Arguments) -> Result<Self> {
        let before = server.cpu()?;
        let sent = send::all(server.url(), load, arguments.connections, Duration::from_secs(arguments.seconds))?;
        ensure!(sent.spans > 0, "nothing was acknowledged: {:?}", sent.refusal);
        Ok(Self { sent, cpu: server.cpu()?.saturating_sub(before), peak_bytes: server.peak_bytes()?, disk_bytes: 0 })
    }
}

fn trackway_turn(binary: &Path, load: &Load, arguments: &Arguments) -> Result<(Turn, Reads)> {
    let directory = tempfile::tempdir()?;
    let mut command = Command::new(binary);
    command.env_clear().env("HOME", directory.path());
    command.args(["--json", "--listen", "127.0.0.1:0", "--otlp-http", "off", "--otlp-grpc", "off"]);
    command.arg("--data-dir").arg(directory.path());
    let server = Server::start(command)?;
    let mut turn = Turn::of(&server, load, arguments)?;
    turn.disk_bytes = machine::bytes_below(directory.path())?;
    let reads = read::all(server.url(), arguments.seed)?;
    ensure!(
        reads.spans == turn.sent.spans,
        "{} spans were acknowledged, and {} are stored",
        turn.sent.spans,
        reads.spans
    );
    Ok((turn, reads))
}

fn peer_turn(load: &Load, arguments: &Arguments) -> Result<Turn> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--decode-only-server");
    Turn::of(&Server::start(command)?, load, arguments)
}
