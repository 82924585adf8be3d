//! Spans to a server that speaks Zipkin's second format, and answers as a test tells it to.

#![cfg(feature = "otlp")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;
use trackway::export::Zipkin;
use trackway::{SpanKind, Tracer};

const SOON: Duration = Duration::from_secs(20);

struct Request {
    head: String,
    body: Json,
}

/// Starts a server that gives one answer after another; returns its address, and the requests as they come.
fn server(answers: &'static [&'static str]) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/v2/spans", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).unwrap(), 0);
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let close = "connection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(format!("HTTP/1.1 {answer}\r\n{close}").as_bytes()).unwrap();
            // Whoever tests may have seen enough.
            let _ = sender.send(Request { head, body: serde_json::from_slice(&body).unwrap() });
        }
    });
    (url, requests)
}

fn tracer(url: &str) -> Tracer {
    let exporter = Zipkin::new().endpoint(url).header("authorization", "Bearer x").timeout(Duration::from_secs(5));
    Tracer::builder().service("shop").exporter(exporter).build()
}

#[test]
fn spans_arrive_as_zipkin_takes_them() {
    let (url, requests) = server(&["202 Accepted"]);
    let tracer = tracer(&url);
    tracer.span("GET /orders").kind(SpanKind::Server).attribute("http.response.status_code", 200).start().finish();
    assert!(tracer.flush(SOON));
    let request = requests.recv_timeout(SOON).unwrap();
    assert!(request.head.starts_with("POST /api/v2/spans HTTP/1.1\r\n"), "{}", request.head);
    assert!(request.head.contains("\r\ncontent-type: application/json\r\n"), "{}", request.head);
    assert!(request.head.contains("\r\nauthorization: Bearer x\r\n"), "{}", request.head);
    let span = &request.body[0];
    assert_eq!((&span["name"], &span["kind"]), (&Json::from("GET /orders"), &Json::from("SERVER")));
    assert_eq!(span["localEndpoint"]["serviceName"], "shop");
    assert_eq!(span["tags"]["http.response.status_code"], "200");
    assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
    let exporter = &tracer.stats().exporters[0];
    assert_eq!((exporter.exported, exporter.dropped.total()), (1, 0));
}

#[test]
fn a_server_that_has_no_time_is_asked_again() {
    let (url, requests) = server(&["503 Service Unavailable", "200 OK"]);
    let tracer = tracer(&url);
    tracer.span("work").start().finish();
    assert!(tracer.flush(SOON));
    let bodies = [0, 1].map(|_| requests.recv_timeout(SOON).unwrap().body);
    assert_eq!(bodies[0], bodies[1], "the same spans again");
    assert_eq!(tracer.stats().exporters[0].exported, 1);
}

#[test]
fn what_a_server_will_never_take_is_dropped_and_counted() {
    let (url, requests) = server(&["400 Bad Request"]);
    let tracer = tracer(&url);
    tracer.span("work").start().finish();
    assert!(tracer.flush(SOON));
    requests.recv_timeout(SOON).unwrap();
    let exporter = &tracer.stats().exporters[0];
    assert_eq!((exporter.exported, exporter.dropped.total()), (0, 1));
}
