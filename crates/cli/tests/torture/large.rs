//! Very much at once: a trace of a million spans, and an attribute of a hundred megabytes.

use std::{
    collections::HashSet,
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};

use crate::{
    check,
    home::Home,
    journal::{Journal, Sent, post},
    load::{
        Request,
        protobuf::{self, Span},
    },
    pace::Pace,
    resources,
    support::{self, Trackway},
    tally::TALLY,
};

const TRACE: u128 = 7 << 100;
const SPANS_OF_REQUEST: u64 = 5_000;
/// More than what is kept together in memory when somebody asks.
const SHORT: u64 = 60_000;
const LONG: u64 = 1_000_000;
/// What a trace may add to the memory of a server, however large it is.
const MOST_ADDED: u64 = 320 << 20;
/// Until the first page of a trace is there; these servers are not optimised.
const FIRST_PAGE: Duration = Duration::from_secs(10);

/// Sends one trace of very many small spans, and reads all of it by pages, before and after a kill.
pub(crate) fn trace(pace: &Pace) {
    let spans = if pace.is_long() { LONG } else { SHORT };
    let home = Home::new();
    let server = home.start(&[]);
    let before = resources::peak_bytes(&server);
    let agent = support::agent();
    for first in (0..spans).step_by(SPANS_OF_REQUEST as usize) {
        let sent = loop {
            match post(&agent, &server.ui, &part(first)) {
                // It says itself when to come again; a server that writes what it has is not gone.
                Sent::Refused(503, _) => std::thread::yield_now(),
                sent => break sent,
            }
        };
        assert_eq!(sent, Sent::Acknowledged);
    }
    read(&server, spans);
    let added = resources::peak_bytes(&server) - before;
    assert!(added < MOST_ADDED, "{spans} spans added {} MiB", added >> 20);
    server.kill();
    read(&home.start(&[]), spans);
    TALLY.cycle();
}

fn part(first: u64) -> Request {
    let spans = (first..first + SPANS_OF_REQUEST).map(|number| {
        protobuf::span(&Span {
            trace: TRACE.to_be_bytes(),
            id: number + 1,
            name: "light",
            start: 1_795_244_400_000_000_000 + number,
            text: None,
        })
    });
    Request { path: "/v1/traces".into(), content_type: "application/x-protobuf", body: protobuf::enveloped(spans) }
}

fn read(server: &Trackway, spans: u64) {
    let path = format!("/api/v1/traces/{TRACE:032x}?fields=tree&limit=10000");
    let asked = Instant::now();
    let mut page = check::get(server, &path);
    assert!(asked.elapsed() < FIRST_PAGE, "the first page took {:?}", asked.elapsed());
    assert_eq!(page["trace"]["span_count"], spans);
    let mut ids = HashSet::new();
    loop {
        for span in page["spans"].as_array().unwrap() {
            assert!(ids.insert(span["span_id"].as_str().unwrap().to_owned()), "twice: {span}");
        }
        let Some(next) = page["next"].as_str() else { break };
        page = check::get(server, &format!("{path}&cursor={next}"));
    }
    assert_eq!(ids.len() as u64, spans);
}

/// A text of so many bytes that does not repeat itself in whole.
fn text(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 16);
    for number in 0.. {
        text.push_str(&format!("{number:x} "));
        if text.len() >= bytes {
            break;
        }
    }
    text.truncate(bytes);
    text
}

fn with_attribute(bytes: usize) -> Request {
    let text = text(bytes);
    let span = Span {
        trace: (TRACE + bytes as u128).to_be_bytes(),
        id: 1,
        name: "heavy",
        start: 1_795_244_400_000_000_000,
        text: Some(&text),
    };
    let body = protobuf::enveloped(std::iter::once(protobuf::span(&span)));
    Request { path: "/v1/traces".into(), content_type: "application/x-protobuf", body }
}

/// Sends attributes below and above the bound on a request's size, compressed and not.
pub(crate) fn attribute(_: &Pace) {
    const BELOW: usize = 48 << 20;
    const ABOVE: usize = 100 << 20;
    let (home, journal) = (Home::new(), Journal::default());
    let server = home.start(&[]);
    let before = resources::peak_bytes(&server);
    let agent = support::agent();

    let refused = post(&agent, &server.ui, &with_attribute(ABOVE));
    // The server may answer and close before it has read all of it.
    assert!(matches!(refused, Sent::Refused(413, _) | Sent::Unanswered), "{refused:?}");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&with_attribute(ABOVE).body).unwrap();
    let headers = [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (status, _) = server.post("/v1/traces", &headers, &gzip.finish().unwrap());
    assert_eq!(status, 413);

    let taken = post(&agent, &server.ui, &with_attribute(BELOW));
    match &taken {
        Sent::Acknowledged => is_there(&server, BELOW),
        Sent::Refused(413, text) => assert!(!text.is_empty()),
        other => panic!("{other:?}"),
    }
    assert_eq!(journal.send_number(&server.ui, 0), Sent::Acknowledged);
    let added = resources::peak_bytes(&server) - before;
    // The body, its text, its frame, the span read back, and its JSON, which may be there at once.
    assert!(added < 8 * BELOW as u64, "{} MiB of memory were added", added >> 20);
    server.kill();
    let server = home.start(&[]);
    check::everything(&server, &journal.acknowledged(), &journal.acknowledged());
    if taken == Sent::Acknowledged {
        is_there(&server, BELOW);
    }
    TALLY.cycle();
}

fn is_there(server: &Trackway, bytes: usize) {
    let trace = check::get(server, &format!("/api/v1/traces/{:032x}", TRACE + bytes as u128));
    let value = &trace["spans"][0]["attributes"][0]["value"];
    assert!(value.as_str() == Some(&text(bytes)), "another text than was sent");
}
