//! What was acknowledged is there after `kill -9`, whenever it strikes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

/// How often the server is killed.
const KILLS: u64 = 50;
/// Spans of each request.
const SPANS: u64 = 20;

/// A request of `SPANS` spans in a trace of its own, and the trace's id.
fn request(number: u64) -> (String, String) {
    let trace = format!("{:032x}", number + 1);
    let spans: Vec<String> = (1..=SPANS)
        .map(|span| {
            format!(
                r#"{{"traceId":"{trace}","spanId":"{span:016x}","name":"work {number}.{span}","startTimeUnixNano":"{}",
                   "endTimeUnixNano":"{}"}}"#,
                1_795_244_400_000_000_000 + number * 1_000 + span,
                1_795_244_400_000_000_000 + number * 1_000 + span + 500
            )
        })
        .collect();
    (trace, format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(",")))
}

/// Sends until the server is gone; returns nothing, notes what was acknowledged.
fn send(url: &str, numbers: &AtomicU64, acknowledged: &Mutex<BTreeMap<u64, String>>) {
    let agent = support::agent();
    loop {
        let number = numbers.fetch_add(1, Relaxed);
        let (trace, body) = request(number);
        let answer = agent.post(format!("{url}/v1/traces")).header("content-type", "application/json").send(body);
        match answer {
            Ok(answer) if answer.status() == 200 => {
                acknowledged.lock().unwrap().insert(number, trace);
            }
            _ => return,
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_fifty_times_under_load() {
    let directory = tempfile::tempdir().unwrap();
    let numbers = AtomicU64::new(0);
    let acknowledged = Mutex::new(BTreeMap::new());
    // A fixed sequence of moments, so that a failure can be repeated.
    let mut moment = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..KILLS {
        let server = support::start(directory.path());
        let url = server.ui.clone();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| send(&url, &numbers, &acknowledged));
            }
            moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            thread::sleep(Duration::from_millis(20 + (moment >> 33) % 130));
            server.kill();
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    let server = support::start(directory.path());
    let mut lost = Vec::new();
    for (number, trace) in &acknowledged {
        let found = server.get(&format!("/api/v1/traces/{trace}"));
        let spans = found["spans"].as_array().map_or(0, Vec::len) as u64;
        let name = found["spans"][0]["name"].as_str().unwrap_or_default().to_owned();
        if spans != SPANS || name != format!("work {number}.1") {
            lost.push((number, spans));
        }
    }
    assert!(lost.is_empty(), "{} of {} acknowledged requests: {lost:?}", lost.len(), acknowledged.len());
    assert!(acknowledged.len() as u64 > KILLS, "the load was no load: {} requests", acknowledged.len());
    println!("{KILLS} kills, {} spans acknowledged, 0 lost", acknowledged.len() as u64 * SPANS);
}
