//! Logs of programs that died, files that were touched, disks that are full.

use std::fs;

use super::kit::*;
use crate::{At, State, tracker::Opening};

/// Writes a small run, and returns its log and its states.
fn small(root: &std::path::Path) -> (Vec<u8>, Vec<String>) {
    let mut run = Run::new(root, "a", State::default().set("note", "x".repeat(300)).set("list", vec![0]));
    let states = (0..5).map(|n| {
        run.step(vec![append("list", n)]).unwrap();
        run.state.to_json()
    });
    let states = states.collect();
    run.close();
    (fs::read(log(root, "a")).unwrap(), states)
}

#[test]
fn a_log_that_was_torn_anywhere_goes_on_from_its_last_whole_line() {
    let root = quick_directory();
    let (whole, states) = small(root.path());
    for len in 0..whole.len() {
        let part = &whole[..len];
        fs::remove_dir_all(directory(root.path(), "a")).unwrap();
        fs::create_dir_all(directory(root.path(), "a")).unwrap();
        fs::write(log(root.path(), "a"), part).unwrap();
        let lines = part.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let ends =
            part[..lines].split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"type\":\"end\"")).count();
        let state = |sequence| load(root.path(), "a", At::Step(sequence)).unwrap().map(|saved| saved.state.to_json());
        let last = ends as i64 - 1;
        if last >= 0 {
            assert_eq!(state(last).as_ref(), states.get(ends - 1));
        }
        let mut run = Run::goes_on(root.path(), "a", last + 1, State::default());
        run.step(vec![set("n", 1)]).unwrap();
        run.close();
        assert_eq!(state(last + 1).unwrap(), r#"{"n":1}"#);
        if last >= 0 {
            assert_eq!(state(last).as_ref(), states.get(ends - 1));
        }
        let torn = fs::read(directory(root.path(), "a").join("torn-1")).unwrap_or_default();
        assert_eq!(torn, &part[lines..], "cut at {len}");
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_another_state_but_never_a_panic() {
    let root = quick_directory();
    let (whole, states) = small(root.path());
    let (mut same, mut errors) = (0, 0);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(log(root.path(), "a"), &damaged).unwrap();
        for at in [At::Latest, At::Step(2)] {
            match load(root.path(), "a", at) {
                Ok(Some(saved)) => same += u32::from(states.contains(&saved.state.to_json())),
                Ok(None) => {}
                Err(_) => errors += 1,
            }
        }
        if let Ok(mut run) = Run::open(root.path(), "a", Opening::GoesOn) {
            run.step(vec![set("n", 1)]).unwrap();
            run.close();
        }
        let _ = fs::remove_file(directory(root.path(), "a").join("torn-1"));
    }
    assert!(same > 0 && errors > 0, "{same} states, {errors} errors");
}

#[test]
fn what_depends_on_a_line_that_cannot_be_read_is_refused() {
    let root = quick_directory();
    let (whole, _) = small(root.path());
    let text = String::from_utf8(whole).unwrap();
    let damaged = text.replacen(r#""append":{"list":[2]}"#, r#""append":{"list":[2!}"#, 1);
    assert_ne!(text, damaged);
    fs::write(log(root.path(), "a"), damaged).unwrap();
    assert!(load(root.path(), "a", At::Step(1)).unwrap().is_some());
    let error = load(root.path(), "a", At::Step(4)).unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.starts_with("the line at byte ") && why.contains("cannot be read"), "{why}");
}

#[test]
fn a_run_that_is_there_is_not_begun_again() {
    let root = quick_directory();
    small(root.path());
    let Err(error) = Run::open(root.path(), "a", Opening::New) else { panic!("it was opened") };
    let place = directory(root.path(), "a").display().to_string();
    assert_eq!(
        error.to_string(),
        format!("a of demo is there already, in {place}: resume it, fork it, or take another app id")
    );
    let other = directory(root.path(), "b");
    fs::create_dir_all(&other).unwrap();
    fs::copy(log(root.path(), "a"), other.join("log.ndjson")).unwrap();
    let Err(error) = Run::open(root.path(), "b", Opening::GoesOn) else { panic!("it was opened") };
    assert_eq!(error.to_string(), format!("{} holds another run: a of demo", other.display()));
}

#[test]
fn a_project_that_cannot_be_read_is_not_one_without_runs() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("demo"), "no directory").unwrap();
    let error = load(root.path(), "a", At::Latest).unwrap_err();
    assert!(matches!(error, crate::LoadError::Unreadable { .. }), "{error}");
}
