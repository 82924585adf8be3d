//! The binary `trackway`: a server with its web page, and tools around it.

mod command;
mod demo;
mod running;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use command::{Command, Trackway};

fn main() -> ExitCode {
    let Trackway { command, settings } = Trackway::parse();
    let outcome = match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(settings),
        Command::Demo => demo::run(settings),
        Command::Config => settings::show(settings),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trackway: {error:#}");
            ExitCode::FAILURE
        }
    }
}
