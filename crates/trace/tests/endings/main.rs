//! How programs end: every test is a program of its own, run as a child of the tests and killed when it takes too long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[cfg(unix)]
mod forks;
mod hooks;
mod hostile;
mod kit;
mod memory;
mod panics;
mod shutdowns;
mod threads;

use std::env;

use libtest_mimic::{Arguments, Trial};

use crate::kit::{PROGRAM, Program};

fn programs() -> Vec<Program> {
    #[cfg(unix)]
    let forks = forks::PROGRAMS;
    #[cfg(not(unix))]
    let forks = &[];
    [threads::PROGRAMS, hooks::PROGRAMS, panics::PROGRAMS, memory::PROGRAMS, forks].concat()
}

fn main() {
    if let Ok(name) = env::var(PROGRAM) {
        return match name.split_once(' ') {
            Some(("shutdown", how)) => shutdowns::program(how),
            Some(_) => hostile::program(),
            None => {
                (programs().into_iter().find(|program| program.name == name).expect("a program of that name").run)()
            }
        };
    }
    let mut arguments = Arguments::from_args();
    // They wait more than they work.
    arguments.test_threads.get_or_insert(12);
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(shutdowns::trials());
    trials.extend(programs().into_iter().map(Program::trial));
    trials.extend(hostile::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
