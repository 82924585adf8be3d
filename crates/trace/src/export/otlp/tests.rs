//! The exporter against a server of a few lines, which answers as a test tells it to.

use std::{
    io::{BufRead, BufReader, Read},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Instant,
};

use super::*;
use crate::export::{
    Body as BatchBody,
    lane::{Bounds, Lane},
};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

enum Reply {
    Bytes(Vec<u8>),
    /// Says nothing until the client goes.
    Hang,
    Close,
    /// Sends the first text, and then the second one until the client goes.
    Endless(&'static str, &'static str),
}

struct Request {
    head: String,
    body: Vec<u8>,
    /// Which connection it came by.
    connection: usize,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(prefix.as_str()))
    }
}

/// Starts a server that gives one reply after another; returns an exporter for it, and the requests as they come.
fn server(replies: Vec<Reply>) -> (Otlp, mpsc::Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        let mut replies = replies.into_iter();
        for connection in 0.. {
            let Ok((stream, _)) = listener.accept() else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some((head, body)) = read(&mut reader) {
                if sender.send(Request { head, body, connection }).is_err() {
                    return;
                }
                match replies.next() {
                    Some(reply) => answer(&stream, reply),
                    None => return,
                }
            }
        }
    });
    (exporter(&url), requests)
}

fn exporter(url: &str) -> Otlp {
    let exporter = Otlp::new().endpoint(url).timeout(Duration::from_secs(10));
    Otlp { notice: Notice::new(true), ..exporter }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn answer(mut stream: &TcpStream, reply: Reply) {
    // The client may be gone, which is what some tests are about.
    match reply {
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
        Reply::Hang => drop(stream.read(&mut [0])),
        Reply::Close => drop(stream.shutdown(Shutdown::Both)),
        Reply::Endless(first, then) => {
            let then = then.repeat(1000);
            let mut result = stream.write_all(first.as_bytes());
            while result.is_ok() {
                result = stream.write_all(then.as_bytes());
            }
        }
    }
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

fn batch() -> Batch {
    Batch { spans: 3, body: BatchBody::Otlp(b"spans ".repeat(50)), traces: Vec::new() }
}

/// Exports one batch to a server with one reply.
fn outcome(reply: Reply) -> Result<(), Failure> {
    let (exporter, _requests) = server(vec![reply]);
    exporter.export(&batch())
}

fn reason(failure: &Failure) -> &str {
    match failure {
        Failure::Later { reason, .. } | Failure::Never { reason } | Failure::Partly { reason, .. } => reason,
    }
}

#[test]
fn a_request_is_what_the_specification_says() {
    let (exporter, requests) = server(vec![Reply::Bytes(OK.into()), Reply::Bytes(OK.into())]);
    let exporter = exporter.header("x-key", "a").header("content-type", "text/plain").header("X-Key", "b");
    assert_eq!((exporter.export(&batch()), exporter.export(&batch())), (Ok(()), Ok(())));
    let request = requests.recv().unwrap();
    assert!(request.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("x-key"), Some("b"));
    assert_eq!(request.header("user-agent"), Some(concat!("trackway/", env!("CARGO_PKG_VERSION"))));
    assert_eq!((request.header("content-encoding"), request.header("accept-encoding")), (None, None));
    assert_eq!(request.head.matches("content-type").count(), 1, "{}", request.head);
    assert_eq!(request.body, batch().otlp());
    assert_eq!(requests.recv().unwrap().connection, 0, "the connection is used again");
}

#[test]
fn gzip_round_trip() {
    let (exporter, requests) = server(vec![Reply::Bytes(OK.into())]);
    exporter.compression(Compression::Gzip).export(&batch()).unwrap();
    let request = requests.recv().unwrap();
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(&*request.body).read_to_end(&mut body).unwrap();
    assert_eq!(body, batch().otlp());
    assert!(request.body.len() < body.len());
}

#[test]
fn a_busy_server_is_asked_again_when_it_likes() {
    for (status, headers, expected) in [
        ("429 Too Many", "retry-after: 7\r\n", Some(7)),
        ("503 Unavailable", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", Some(0)),
        ("502 Bad Gateway", "retry-after: soon\r\n", None),
        ("504 Timeout", "", None),
    ] {
        let failure = outcome(reply(status, headers, b"busy")).unwrap_err();
        let Failure::Later { reason, after } = failure else { panic!("{status}: {failure}") };
        assert_eq!(after, expected.map(Duration::from_secs), "{status}");
        assert!(reason.contains(&status[..3]) && reason.ends_with(": busy"), "{reason}");
    }
}

#[test]
fn a_partial_success_is_not_sent_again() {
    let protobuf = "content-type: application/x-protobuf\r\n";
    let partly = outcome(reply("200 OK", protobuf, b"\x0a\x08\x08\x02\x12\x04late"));
    assert_eq!(partly, Err(Failure::Partly { rejected: 2, reason: "late".into() }));
    assert_eq!(outcome(reply("200 OK", protobuf, b"\x0a\x06\x12\x04hint")), Ok(()));
}

#[test]
fn a_refusal_is_final_and_says_why_in_bounds() {
    let status = [b"\x08\x03\x12\xb8\x02bad\x1b\n".as_slice(), &b"x".repeat(307)].concat();
    let failure = outcome(reply("400 Bad Request", "content-type: application/x-protobuf\r\n", &status)).unwrap_err();
    assert!(matches!(failure, Failure::Never { .. }));
    let says = reason(&failure);
    assert!(says.contains("400 Bad Request: bad\\u{1b}\\nxxx") && says.ends_with("x…"), "{says}");
    assert!(says.len() < 400);
    for (status, headers, says) in [
        ("404 Not Found", "", "mostly /v1/traces"),
        ("301 Moved", "location: http://other/\r\n", "names http://other/"),
        ("500 Broken", "", "500"),
        ("413 Too Large", "content-type: text/html\r\n", "413"),
    ] {
        let failure = outcome(reply(status, headers, b"")).unwrap_err();
        assert!(matches!(&failure, Failure::Never { reason } if reason.contains(says)), "{failure}");
    }
}

#[test]
fn a_port_without_a_server_is_tried_again() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = exporter(&format!("http://user:secret@{address}/v1/traces?key=secret")).export(&batch()).unwrap_err();
    let reason = format!("cannot reach http://{address}/v1/traces: connection refused");
    assert_eq!(failure, Failure::Later { reason, after: None });
}

#[test]
fn a_connection_that_breaks_is_tried_again() {
    for reply in [Reply::Close, Reply::Bytes(b"HTTP/1.1 200 O".to_vec())] {
        let (exporter, _requests) = server(vec![reply]);
        let failure = exporter.timeout(Duration::from_millis(300)).export(&batch()).unwrap_err();
        assert!(matches!(failure, Failure::Later { after: None, .. }), "{failure}");
    }
}

#[test]
fn a_server_that_says_nothing_is_left_after_the_timeout() {
    let (exporter, _requests) = server(vec![Reply::Hang]);
    let start = Instant::now();
    let failure = exporter.timeout(Duration::from_millis(100)).export(&batch()).unwrap_err();
    assert!(matches!(&failure, Failure::Later { reason, .. } if reason.contains("within 100ms")), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_answer_without_an_end_is_read_in_bounds() {
    let start = Instant::now();
    let endless = Reply::Endless("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", "x");
    assert_eq!(outcome(endless), Ok(()));
    let failure = outcome(Reply::Endless("HTTP/1.1 400 No\r\ncontent-length: 99999999999\r\n\r\n", "x")).unwrap_err();
    assert!(reason(&failure).len() < 400);
    let failure = outcome(Reply::Endless("HTTP/1.1 200 OK\r\n", "x: y\r\n")).unwrap_err();
    assert!(matches!(failure, Failure::Never { .. }), "{failure}");
    let failure = outcome(Reply::Endless("SSH-2.0 hello\r\n", "x")).unwrap_err();
    assert!(matches!(failure, Failure::Never { .. }), "{failure}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn open_spans_are_announced_to_those_who_want_them() {
    let wants = |value| reply("200 OK", &format!("trackway-open-spans: {value}\r\n"), b"");
    let (exporter, requests) = server(vec![wants("1"), reply("503 Busy", "", b""), wants("1"), wants("0")]);
    exporter.export(&batch()).unwrap();
    assert!(exporter.wants_open());
    assert!(exporter.export(&batch()).is_err() && exporter.wants_open(), "a failure says nothing of it");
    exporter.announce(b"open");
    assert!(exporter.wants_open());
    exporter.export(&batch()).unwrap();
    assert!(!exporter.wants_open());
    exporter.announce(b"open");
    assert_eq!(announcements(&requests), [None, None, Some("1".into()), None]);
}

#[test]
fn a_server_that_was_never_asked_is_asked_with_nothing_before_open_spans_are_announced() {
    let wants = reply("200 OK", "trackway-open-spans: 1\r\n", b"");
    let (exporter, requests) = server(vec![reply("503 Busy", "", b""), wants, Reply::Bytes(OK.to_vec())]);
    assert!(exporter.wants_open());
    exporter.announce(b"open");
    assert!(exporter.wants_open(), "it did not say");
    exporter.announce(b"open");
    let bodies: Vec<_> = requests.try_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"".as_slice(), b"", b"open"]);
}

#[test]
fn a_server_that_takes_no_open_spans_is_asked_once() {
    for answer in [Reply::Bytes(OK.to_vec()), reply("404 Not Found", "", b"")] {
        let (exporter, requests) = server(vec![answer]);
        exporter.announce(b"open");
        assert!(!exporter.wants_open());
        exporter.announce(b"open");
        assert_eq!(announcements(&requests), [None]);
    }
}

fn announcements(requests: &mpsc::Receiver<Request>) -> Vec<Option<String>> {
    requests.try_iter().map(|request| request.header("trackway-open-spans").map(str::to_owned)).collect()
}

#[test]
fn wrong_settings_and_giant_requests_are_not_sent() {
    let mistaken = exporter("ftp://nowhere");
    assert_eq!(mistaken.export(&batch()), Err(mistaken.check().unwrap_err()));
    let giant = Batch { spans: 1, body: BatchBody::Otlp(vec![0; (64 << 20) + 1]), traces: Vec::new() };
    assert!(matches!(exporter("http://127.0.0.1:9/").export(&giant), Err(Failure::Never { .. })));
}

#[test]
fn a_shutdown_does_not_wait_for_a_hung_server() {
    let (exporter, requests) = server(vec![Reply::Hang]);
    let lane = Lane::new(Arc::new(exporter), Bounds::default());
    lane.push(batch());
    requests.recv().unwrap();
    let start = Instant::now();
    assert!(!lane.shutdown(start + Duration::from_millis(50)));
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(50) && elapsed < Duration::from_secs(5), "{elapsed:?}");
    assert_eq!((lane.stats().dropped.shutdown, lane.stats().waiting), (3, 0));
}

#[test]
fn what_a_server_refuses_for_a_while_arrives_once() {
    let busy = || reply("503 Busy", "retry-after: 0\r\n", b"");
    let (exporter, requests) = server(vec![busy(), Reply::Close, busy(), Reply::Bytes(OK.into())]);
    let bounds = Bounds { first_pause: Duration::from_millis(1), ..Bounds::default() };
    let lane = Lane::new(Arc::new(exporter), bounds);
    lane.push(batch());
    assert!(lane.flush(Instant::now() + Duration::from_secs(20)));
    assert_eq!((lane.stats().exported, lane.stats().retries), (3, 3));
    assert_eq!(requests.try_iter().count(), 4);
}
