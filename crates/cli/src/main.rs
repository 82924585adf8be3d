//! The binary `trackway`: a server with its web page, and tools around it.

// They panic where nothing can be written; `print` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod case;
mod command;
mod demo;
mod disk;
mod import;
mod print;
mod running;
mod serve;
mod settings;
mod state;
mod store;
mod watches;
mod which;

use std::process::ExitCode;

use clap::Parser;

use command::{Command, Trackway};

/// What one thread decodes another one writes and frees: an allocator that gives such memory back
/// ([why](../../../docs/decisions/0011-an-allocator-that-gives-back.md)). Its settings stand in `.cargo/config.toml`.
#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let Trackway { command, settings } = Trackway::parse();
    let done = |outcome: anyhow::Result<()>| outcome.map(|()| ExitCode::SUCCESS);
    let outcome = match command.unwrap_or(Command::Serve) {
        Command::Serve => done(serve::run(settings)),
        Command::Demo => done(demo::run(settings)),
        Command::Import(import) => done(import::run(settings, import)),
        Command::State(asked) => done(state::run(settings, asked)),
        Command::Store(asked) => store::run(settings, asked),
        Command::TestCase(asked) => done(case::run(settings, asked)),
        Command::Config => done(settings::show(settings)),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            print::talk(format_args!("trackway: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
