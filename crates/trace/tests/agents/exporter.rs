//! The exporter to the SDK's endpoint, against a server of the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value as Json;
use trackway::Tracer;
use trackway::agents::Agent;
use trackway::export::OpenAiAgents;

/// A request as it came: its first line and headers, and its body.
struct Request {
    head: String,
    body: Json,
}

/// Answers one request after the other with these heads, and the last of them for ever.
fn server(answers: Vec<&'static str>) -> (String, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, requests) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.into_iter().peekable();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).unwrap() == 0 {
                    break;
                }
            }
            let lower = head.to_ascii_lowercase();
            let Some(length) = lower.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()) else {
                continue;
            };
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            // Told of before it is answered: who waits for the answer finds it told.
            if tell.send(Request { head: lower, body: serde_json::from_slice(&body).unwrap() }).is_err() {
                return;
            }
            let answer = if answers.len() > 1 { answers.next() } else { answers.peek().copied() }.unwrap();
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (format!("http://{address}/v1/traces/ingest"), requests)
}

const SOON: Duration = Duration::from_secs(20);

fn work(tracer: &Tracer) {
    tracer.trace("support").group("g").run(|_| tracer.span_of(Agent::new("triage")).start().finish());
}

#[test]
fn it_speaks_the_ingest_contract() {
    let (url, requests) = server(vec!["204 No Content"]);
    let exporter = OpenAiAgents::new().endpoint(&url).key("k-1").organization("org-1").project("proj-1");
    let tracer = Tracer::builder().exporter(exporter).build();
    work(&tracer);
    assert!(tracer.flush(SOON));
    let Request { head, body } = requests.recv_timeout(SOON).unwrap();
    assert!(head.starts_with("post /v1/traces/ingest http/1.1"), "{head}");
    for header in
        ["authorization: bearer k-1", "openai-beta: traces=v1", "openai-organization: org-1", "openai-project: proj-1"]
    {
        assert!(head.contains(header), "{header} in {head}");
    }
    let (trace, span) = (&body["data"][0], &body["data"][1]);
    assert_eq!(
        (&trace["object"], &trace["workflow_name"], &trace["group_id"]),
        (&"trace".into(), &"support".into(), &"g".into())
    );
    assert_eq!((&span["object"], &span["span_data"]["name"]), (&"trace.span".into(), &"triage".into()));
    assert_eq!(trace["id"], span["trace_id"]);
    assert_eq!(span["parent_id"], Json::Null);
}

#[test]
fn a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    for (answer, tries) in [("503 Service Unavailable", 2), ("500 Oops", 2), ("408 Timeout", 2), ("409 Conflict", 2)] {
        let (url, requests) = server(vec![answer, "200 OK"]);
        let tracer = Tracer::builder().exporter(OpenAiAgents::new().endpoint(&url)).build();
        tracer.span("s").start().finish();
        assert!(tracer.flush(SOON), "{answer}");
        assert_eq!(requests.try_iter().count(), tries, "{answer}");
        assert_eq!(tracer.stats().exporters[0].exported, 1);
    }
    for answer in ["400 Bad Request", "401 Unauthorized", "302 Found", "503 Busy\r\nx-should-retry: false"] {
        let (url, requests) = server(vec![answer]);
        let tracer = Tracer::builder().exporter(OpenAiAgents::new().endpoint(&url)).build();
        tracer.span("s").start().finish();
        assert!(tracer.flush(SOON), "{answer}");
        assert_eq!(requests.try_iter().count(), 1, "{answer}");
        assert_eq!(tracer.stats().exporters[0].dropped.failed, 1);
    }
}

#[test]
fn what_goes_to_another_account_goes_in_a_request_of_its_own() {
    let (url, requests) = server(vec!["204 No Content"]);
    let tracer = Tracer::builder().exporter(OpenAiAgents::new().endpoint(&url).key("k-1")).build();
    tracer.trace("a").run(|_| tracer.span("s").start().finish());
    tracer.trace("b").api_key("k-2").run(|_| tracer.span("s").start().finish());
    assert!(tracer.flush(SOON));
    let mut got: Vec<(bool, usize)> = requests
        .try_iter()
        .map(|request| (request.head.contains("bearer k-2"), request.body["data"].as_array().unwrap().len()))
        .collect();
    got.sort_unstable();
    assert_eq!(got, [(false, 2), (true, 2)]);
}

#[test]
fn a_request_carries_128_objects_at_most() {
    let (url, requests) = server(vec!["204 No Content"]);
    let tracer = Tracer::builder().exporter(OpenAiAgents::new().endpoint(&url)).build();
    (0..300).for_each(|_| tracer.span("s").start().finish());
    assert!(tracer.flush(SOON));
    let sizes: Vec<usize> = requests.try_iter().map(|request| request.body["data"].as_array().unwrap().len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 300);
    assert!(sizes.iter().all(|size| *size <= 128), "{sizes:?}");
}

#[test]
fn a_large_field_goes_whole_and_to_openai_cut() {
    use trackway_model::Value;
    let (tracer, spans) = trackway::testing::tracer();
    let call = trackway::agents::Function::new("f").input("A".repeat(250_000));
    tracer.span_of(call).start().finish();
    let mut item = trackway_wire::openai_ingest::span(&spans.finished()[0]);
    let text = |item: &Value| {
        let mut out = String::new();
        trackway_wire::json_text::value(&mut out, item);
        serde_json::from_str::<Json>(&out).unwrap()["span_data"]["input"].as_str().unwrap().to_owned()
    };
    assert_eq!(text(&item).len(), 250_000);
    trackway_wire::openai_ingest::fit(&mut item);
    let cut = text(&item);
    assert!(cut.len() <= 100_000 && cut.len() > 99_000 && cut.ends_with("... [truncated]"), "{}", cut.len());
}

#[test]
fn openai_is_not_asked_without_a_key() {
    let exporter = OpenAiAgents::new().endpoint("https://api.openai.com/v1/traces/ingest");
    let said = exporter.check().unwrap_err().to_string();
    assert!(said.contains("key") || said.contains("tls"), "{said}");
}
