//! Programs that die, programs that meet, disks that are full: each in a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::kit::*;
use crate::{At, State, Status, tracker::Opening};

const DIRECTORY: &str = "MACHINE_TEST_DIRECTORY";

fn child_directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Starts a test once more in a process of its own, where it plays the child, after some words of shell.
fn start(name: &str, directory: &Path, shell: &str) -> Child {
    let name = format!("tracker::directory::tests::processes::{name}");
    Command::new("sh")
        .args(["-c", &format!("{shell} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(DIRECTORY, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> {
    BufReader::new(child.stdout.as_mut().unwrap()).lines().map_while(Result::ok)
}

#[test]
fn what_was_made_durable_outlasts_any_kill() {
    if let Some(root) = child_directory() {
        let at = load(&root, "a", At::Latest).unwrap();
        let mut run = match at {
            None => Run::new(&root, "a", State::default()),
            Some(saved) => {
                let next = match (saved.step, saved.status) {
                    (None, _) => 0,
                    (Some(step), Status::Unfinished) => step.sequence,
                    (Some(step), _) => step.sequence + 1,
                };
                Run::goes_on(&root, "a", next, saved.state)
            }
        };
        loop {
            let n = run.sequence();
            run.step(vec![append("list", n), set("n", n)]).unwrap();
            run.sync();
            println!("\nis durable: {n}");
        }
    }
    let root = tempfile::tempdir().unwrap();
    let mut durable = -1;
    for round in 0..20 {
        let mut child = start("what_was_made_durable_outlasts_any_kill", root.path(), "");
        let told = lines(&mut child).filter_map(|line| line.strip_prefix("is durable: ")?.parse::<i64>().ok());
        durable = told.take(3 + round % 7).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let saved = load(root.path(), "a", At::Latest).unwrap().unwrap();
        let last = saved.step.unwrap().sequence;
        assert!(last >= durable, "{durable} was durable, and the log ends with {last}");
    }
    for n in 0..=durable {
        let expected = (0..=n).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        assert_eq!(state_at(root.path(), "a", n), format!(r#"{{"list":[{expected}],"n":{n}}}"#));
    }
}

#[test]
fn a_run_is_written_by_one_process_and_the_other_is_told_which() {
    if let Some(root) = child_directory() {
        let run = Run::new(&root, "a", State::default());
        println!("\nready");
        let _ = std::io::stdin().read(&mut [0]);
        run.close();
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let mut child = start("a_run_is_written_by_one_process_and_the_other_is_told_which", root.path(), "");
    assert!(lines(&mut child).any(|line| line == "ready"));
    for how in [Opening::New, Opening::GoesOn] {
        let Err(error) = Run::open(root.path(), "a", how) else { panic!("it was opened") };
        let pid = child.id();
        assert_eq!(error.to_string(), format!("a of demo is written by process {pid}: end that application first"));
    }
    child.stdin.take();
    child.wait().unwrap();
    Run::goes_on(root.path(), "a", 0, State::default()).step(vec![set("n", 1)]).unwrap();
}

#[test]
fn a_full_disk_costs_what_does_not_fit_and_nothing_else() {
    if let Some(root) = child_directory() {
        let mut run = Run::new(&root, "a", State::default().set("n", 0));
        let (mut lost, mut n) = (0, 0);
        while lost == 0 {
            n += 1;
            lost += u32::from(run.step(vec![set("n", n)]).is_err());
        }
        let long = State::default().set("text", "x".repeat(20_000));
        println!("\nlost: {}", run.tell([ended(99, 0, &long, None)]).unwrap_err());
        println!("\nsteps: {n}");
        std::process::exit(0);
    }
    let root = tempfile::tempdir().unwrap();
    // Blocks of 512 bytes; the signal would end the program.
    let shell = "trap '' XFSZ; ulimit -f 32;";
    let mut child = start("a_full_disk_costs_what_does_not_fit_and_nothing_else", root.path(), shell);
    let told: Vec<String> = lines(&mut child).collect();
    child.wait().unwrap();
    let found = |start: &str| told.iter().find_map(|line| line.strip_prefix(start)).unwrap().to_owned();
    assert!(found("lost: ").contains("cannot write to"), "{told:?}");
    let steps: i64 = found("steps: ").parse().unwrap();
    let text = std::fs::read_to_string(log(root.path(), "a")).unwrap();
    assert!(text.ends_with('\n') && text.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    // The step that did not fit is lost, or its end is.
    let saved = load(root.path(), "a", At::Latest).unwrap().unwrap();
    assert_eq!(saved.state.to_json(), format!(r#"{{"n":{}}}"#, steps - 1));
    let mut run = Run::goes_on(root.path(), "a", steps, saved.state);
    run.step(vec![set("n", steps)]).unwrap();
    assert_eq!(state_at(root.path(), "a", steps), format!(r#"{{"n":{steps}}}"#));
}
