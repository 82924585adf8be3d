//! Spans that are announced while they run.

use std::{path::Path, sync::Arc, time::Duration};

use axum::http::StatusCode;
use futures_util::StreamExt;
use serde_json::Value as Json;
use trackway_store::{Embedded, TraceQuery};

use super::{Answer, TestServer, server, serving, span};
use crate::{Config, live::News};

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const ANNOUNCING: (&str, &str) = ("trackway-open-spans", "1");

/// A JSON span that runs.
fn open(trace: u8, id: u8, rest: &str) -> String {
    format!(
        r#"{{"traceId":"{trace:032x}","spanId":"{id:016x}","name":"span {id}","startTimeUnixNano":"1795244000000000000"{rest}}}"#
    )
}

fn request(spans: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
}

async fn announce(server: &TestServer, spans: &str) -> Answer {
    server.send("POST", "/v1/traces", &[JSON, ANNOUNCING], request(spans)).await
}

async fn tree(server: &TestServer, trace: u8) -> Json {
    server.get(&format!("/api/v1/traces/{trace:032x}?fields=tree")).await.json()
}

/// The spans of a trace: name, state and duration.
async fn states(server: &TestServer, trace: u8) -> Vec<String> {
    let tree = tree(server, trace).await;
    let line = |span: &Json| format!("{} {} {}", span["name"], span["state"], span["duration_ns"]).replace('"', "");
    tree["spans"].as_array().map(|spans| spans.iter().map(line).collect()).unwrap_or_default()
}

#[tokio::test]
async fn every_answer_to_traces_says_that_open_spans_may_be_announced() {
    let server = server();
    let good = server.post(&span(1, 1, "")).await;
    let malformed = server.send("POST", "/v1/traces", &[PROTOBUF], "[").await;
    let unknown = server.send("POST", "/v1/traces", &[("content-type", "text/plain")], "").await;
    let lie = server.send("POST", "/v1/traces", &[JSON, ("content-encoding", "gzip")], "{}").await;
    let announced = announce(&server, &open(1, 2, "")).await;
    for (answer, status) in [(good, 200), (malformed, 400), (unknown, 415), (lie, 400), (announced, 200)] {
        assert_eq!((answer.status.as_u16(), answer.header("trackway-open-spans")), (status, "1"));
    }
    let logs = server.send("POST", "/v1/logs", &[JSON], "{}").await;
    assert_eq!(logs.header("trackway-open-spans"), "", "only traces have spans");
}

#[tokio::test]
async fn an_announced_span_is_everywhere_where_stored_ones_are() {
    let server = server();
    let announced = announce(&server, &open(1, 1, r#","attributes":[{"key":"k","value":{"stringValue":"v"}}]"#)).await;
    assert_eq!((announced.status, announced.text()), (StatusCode::OK, "{}".into()));
    let list = server.get("/api/v1/traces?status=running&name=span%201").await.json();
    assert_eq!((&list["traces"][0]["open_count"], &list["traces"][0]["span_count"]), (&1.into(), &1.into()));
    assert_eq!(states(&server, 1).await, ["span 1 open null"]);
    let detail = server.get(&format!("/api/v1/traces/{:032x}/spans/{:016x}", 1, 1)).await.json();
    let detail = &detail["spans"][0];
    assert_eq!((&detail["end"], &detail["state"]), (&Json::Null, &"open".into()));
    assert_eq!(
        (&detail["announced"], &detail["attributes"][0]["value"]),
        (&"2026-11-21T07:00:00.000000000Z".into(), &"v".into())
    );
    let services = server.get("/api/v1/services").await.json();
    assert_eq!(services["services"][0]["operations"][0], "span 1");
    assert_eq!(server.get("/api/v1/projects").await.json()["projects"][0]["span_count"], 1);
    assert_eq!(server.counter("ingest.spans_announced").await, 1);
    assert_eq!(server.counter("ingest.spans_accepted").await, 0);
    assert_eq!(server.counter("store.spans").await, 0);
}

#[tokio::test]
async fn the_same_span_without_the_header_is_a_record() {
    let server = server();
    server.post(&open(1, 1, "")).await;
    for value in ["", "0", "2", "true"] {
        let headers = [JSON, ("trackway-open-spans", value)];
        server.send("POST", "/v1/traces", &headers, request(&open(1, 2, ""))).await;
    }
    assert_eq!(server.counter("store.spans").await, 2);
    assert_eq!(tree(&server, 1).await["spans"][0]["announced"], Json::Null);
}

#[tokio::test]
async fn the_finished_span_takes_the_place_of_its_announcement_for_good() {
    let server = server();
    announce(&server, &open(1, 1, "")).await;
    server.post(&span(1, 1, "")).await;
    assert_eq!(states(&server, 1).await, ["span 1 finished 1000000000"]);
    announce(&server, &open(1, 1, "")).await;
    assert_eq!(states(&server, 1).await, ["span 1 finished 1000000000"]);
    assert_eq!(tree(&server, 1).await["trace"]["status"], "ok");
}

#[tokio::test]
async fn an_announced_span_is_lost_without_news_for_thirty_seconds() {
    let server = server();
    announce(&server, &open(1, 1, "")).await;
    server.post(&open(2, 2, "")).await;
    server.pass(30);
    assert_eq!(states(&server, 1).await, ["span 1 open null"]);
    server.pass(1);
    assert_eq!(states(&server, 1).await, ["span 1 lost null"]);
    assert_eq!(states(&server, 2).await, ["span 2 open null"], "a record has ten minutes");
    let lost = server.get("/api/v1/traces?status=lost").await.json();
    assert_eq!(lost["traces"].as_array().map(Vec::len), Some(1));
    announce(&server, &open(1, 1, "")).await;
    assert_eq!(states(&server, 1).await, ["span 1 open null"]);
}

#[tokio::test]
async fn live_tells_of_announced_spans_from_the_first_news_to_the_last() {
    let server = server();
    let mut news = Box::pin(tokio_stream::wrappers::BroadcastStream::new(server.app.live.watch()));
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(Arc::clone(&server.app.live).run(server.app.query.clone(), stopped));
    let mut next = async || loop {
        let next = tokio::time::timeout(Duration::from_secs(20), news.next()).await;
        match next.expect("news within twenty seconds").unwrap().unwrap() {
            News::Trace { change, summary } => return format!("trace {change:?} {:?}", summary.status),
            News::Span { change, span } => return format!("{change:?} {}", span.record.name),
            News::Gone(_) => return "trace gone".to_owned(),
            _ => {}
        }
    };
    announce(&server, &open(1, 1, "")).await;
    assert_eq!([next().await, next().await], ["trace New Running", "Announced span 1"]);
    server.pass(31);
    assert_eq!([next().await, next().await], ["trace Updated Lost", "Lost span 1"]);
    announce(&server, &open(1, 1, "")).await;
    assert_eq!([next().await, next().await], ["trace Updated Running", "Announced span 1"]);
    server.pass(601);
    assert_eq!([next().await, next().await], ["trace gone", "Gone span 1"]);
    announce(&server, &open(1, 1, "")).await;
    assert_eq!([next().await, next().await], ["trace New Running", "Announced span 1"]);
    server.post(&span(1, 1, "")).await;
    assert_eq!([next().await, next().await], ["trace Finished Ok", "Finished span 1"]);
}

/// A field of a protobuf message that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    assert!(length < 1 << 14);
    // Two bytes even where one would do, as protobuf allows.
    [&[number << 3 | 2, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8], bytes].concat()
}

/// A span of trace 1 as protobuf; it runs when it has no end.
fn protobuf(id: u8, end: Option<u64>) -> Vec<u8> {
    let mut span = [field(1, &1u128.to_be_bytes()), field(2, &u64::from(id).to_be_bytes())].concat();
    span.extend(field(5, format!("span {id}").as_bytes()));
    span.extend([&[7 << 3 | 1], &1u64.to_le_bytes()[..]].concat());
    span.extend([&[8 << 3 | 1], &end.unwrap_or(0).to_le_bytes()[..]].concat());
    field(2, &span)
}

fn embedded(path: &Path) -> TestServer {
    serving(Config::default(), |clock| {
        let config = trackway_store::Config { clock, min_free_bytes: Some(0), ..trackway_store::Config::new(path) };
        Embedded::open(config, crate::decoder(&Config::default())).unwrap().0
    })
}

/// Every byte that the log holds.
fn log(path: &Path) -> Vec<u8> {
    std::fs::read_dir(path.join("wal")).unwrap().flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn of_a_request_that_announces_only_what_has_ended_is_written() {
    let mixed = [protobuf(1, None), protobuf(2, Some(5)), protobuf(3, None)].concat();
    let scope = [field(1, &field(1, b"a scope")), protobuf(4, Some(9))].concat();
    let as_protobuf = [field(1, &field(2, &mixed[..])), field(1, &field(2, &scope))];
    let as_json =
        request(&[open(1, 1, ""), span(1, 2, ""), open(1, 3, r#","endTimeUnixNano":0"#), span(1, 4, "")].join(","));
    for (encoding, body) in [(PROTOBUF, as_protobuf.concat()), (JSON, as_json.into_bytes())] {
        let directory = tempfile::tempdir().unwrap();
        let server = embedded(directory.path());
        let answer = server.send("POST", "/v1/traces", &[encoding, ANNOUNCING], body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let count = tree(&server, 1).await["trace"]["span_count"].as_u64();
        assert_eq!((count, server.counter("store.spans").await), (Some(4), 2));
        assert_eq!(server.counter("ingest.spans_accepted").await, 2);
        let log = log(directory.path());
        let is_written = |name: &str| log.windows(name.len()).any(|window| window == name.as_bytes());
        assert_eq!(["span 1", "span 2", "span 3", "span 4"].map(is_written), [false, true, false, true]);
        drop(server);

        let server = embedded(directory.path());
        let names = tree(&server, 1).await["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].to_string())
            .collect::<Vec<_>>();
        assert_eq!(names, [r#""span 2""#, r#""span 4""#]);
    }
}

#[tokio::test]
async fn announcements_alone_write_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = embedded(directory.path());
    let body = field(1, &field(2, &protobuf(1, None)));
    let answer = server.send("POST", "/v1/traces", &[PROTOBUF, ANNOUNCING], body).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
    assert_eq!(states(&server, 1).await, ["span 1 open null"]);
    assert_eq!((server.counter("store.wal_frames").await, log(directory.path()).len()), (0, 0));
    let none =
        server.app.query.traces(TraceQuery::default(), trackway_store::PageRequest { limit: 9, cursor: None }).await;
    assert_eq!(none.unwrap().items.len(), 1);
    drop(server);
    assert_eq!(states(&embedded(directory.path()), 1).await, [""; 0]);
}
