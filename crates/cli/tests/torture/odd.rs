//! Times that no clock shows, and processes that meet.

use std::process::Command;

use crate::{
    check,
    home::{Home, SMALL_HEADS},
    journal::{Journal, Sent},
    killed::fill,
    pace::Pace,
    support,
    tally::TALLY,
};

const SECOND: u64 = 1_000_000_000;
const TODAY: u64 = 1_795_244_400 * SECOND;

/// Spans of 1970, 2262 and 2554, that last for centuries, end before they begin, or lie decades apart in one trace.
pub(crate) fn times(_: &Pace) {
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(SMALL_HEADS);
    let mut moments = vec![
        (1, 2),
        (1, u64::MAX),
        (TODAY, TODAY),
        (TODAY, TODAY - SECOND),
        (i64::MAX as u64, i64::MAX as u64 + 1),
        (u64::MAX - 1, u64::MAX),
        (u64::MAX, 1),
    ];
    // A day each for two hundred years: as many days as nobody has, in a store that files spans by day.
    moments.extend((0..200).map(|year| (year * 365 * 86_400 * SECOND + 1, year * 365 * 86_400 * SECOND + 2)));
    let answer = send(&server, &moments);
    assert!(answer == b"{}" || String::from_utf8_lossy(&answer).contains("errorMessage"), "{answer:?}");
    let shown = || -> Vec<(String, String)> {
        let trace = check::get(&server, &format!("/api/v1/traces/{TRACE}?limit=1000"));
        let spans = trace["spans"].as_array().unwrap().iter();
        spans.map(|span| (span["name"].to_string(), span["start"].to_string())).collect()
    };
    let before = shown();
    assert!(before.len() >= 200, "{} of {} spans", before.len(), moments.len());
    fill(&server, &journal, 300);
    assert_eq!(shown(), before);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    server.kill();
    let server = home.start(SMALL_HEADS);
    let trace = check::get(&server, &format!("/api/v1/traces/{TRACE}?limit=1000"));
    assert_eq!(trace["spans"].as_array().unwrap().len(), before.len());
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    TALLY.cycle();
}

const TRACE: &str = "0000000900000000000000000000000a";

fn send(server: &support::Trackway, moments: &[(u64, u64)]) -> Vec<u8> {
    let spans = moments.iter().enumerate().map(|(number, (start, end))| {
        format!(
            r#"{{"traceId":"{TRACE}","spanId":"{:016x}","name":"moment {number}","startTimeUnixNano":"{start}","endTimeUnixNano":"{end}"}}"#,
            number + 1
        )
    });
    let spans = spans.collect::<Vec<_>>().join(",");
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#);
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    let (status, answer) = server.post("/v1/traces", &json, body.as_bytes());
    assert_eq!(status, 200);
    answer
}

/// A directory has one server; one that stood still for a while goes on as if nothing had been.
pub(crate) fn processes(_: &Pace) {
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(&[]);
    fill(&server, &journal, 20);
    let second = support::try_start(home.command(&[]));
    assert!(second.is_err(), "two servers have one directory");
    assert!(home.said().contains(&format!("in use by process {}", server.pid())), "{}", home.said());
    signal(&server, "-STOP");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| journal.send_number(&server.ui, 5_000_000));
        signal(&server, "-CONT");
        assert_eq!(waiting.join().unwrap(), Sent::Acknowledged);
    });
    server.kill();
    // What the killed one left of its lock is taken over.
    let server = home.start(&[]);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    TALLY.cycle();
}

fn signal(server: &support::Trackway, signal: &str) {
    assert!(Command::new("kill").arg(signal).arg(server.pid().to_string()).status().unwrap().success());
}
