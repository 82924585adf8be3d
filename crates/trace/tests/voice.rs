//! What a program's user is told on standard error.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use trackway::export::Memory;
use trackway::{Tracer, span};

const PLAYS: &str = "TEST_PLAYS_THE_PROGRAM";

fn nest(depth: usize) {
    let _span = span!("nested");
    if depth > 1 {
        nest(depth - 1);
    }
}

#[test]
fn a_program_whose_spans_were_dropped_is_told_at_its_end() {
    if std::env::var_os(PLAYS).is_some() {
        let _trackway = Tracer::builder().exporter(Memory::new()).install();
        return nest(600);
    }
    let run = |quiet: &str| {
        let mut program = Command::new(std::env::current_exe().unwrap());
        let program = program.args(["--exact", "a_program_whose_spans_were_dropped_is_told_at_its_end", "--nocapture"]);
        let done = program.env(PLAYS, "1").env("TRACKWAY_QUIET", quiet).output().unwrap();
        String::from_utf8(done.stderr).unwrap()
    };
    let told = run("0");
    assert!(told.starts_with("trackway: 88 of 600 spans were dropped: 88 nested too deep ("), "{told}");
    assert_eq!(run("1"), "");
}
