//! Secrets in what comes in: masked before anything sees or keeps them, and nothing else changed.

use std::{io::Write, path::Path};

use axum::http::StatusCode;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value as Json, json};
use trackway_store::Embedded;

use super::{Answer, TestServer, configured, server, serving, span};
use crate::{Config, Masking};

/// Words like real keys, put together here so that no search for keys finds them in this file.
fn secrets() -> Vec<(String, &'static str)> {
    let word = |length: usize| "Ab3dEf6hIj9k".chars().cycle().take(length).collect::<String>();
    let upper = |length: usize| "AB3DEF6HIJ9K".chars().cycle().take(length).collect::<String>();
    vec![
        (format!("sk-{}", word(48)), "sk-"),
        (format!("sk-proj-{}_{}-x", word(40), word(40)), "sk-proj-"),
        (format!("sk-ant-api03-{}", word(90)), "sk-ant-"),
        (format!("gsk_{}", word(52)), "gsk_"),
        (format!("xai-{}", word(80)), "xai-"),
        (format!("pplx-{}", word(48)), "pplx-"),
        (format!("sess-{}", word(40)), "sess-"),
        (format!("Bearer {}", word(30)), "Bearer "),
        (format!("AKIA{}", upper(16)), "AKIA"),
        (format!("aws_secret_access_key={}", word(40)), "aws_secret_access_key="),
        (format!("ghp_{}", word(36)), "ghp_"),
        (format!("github_pat_{}_{}", word(22), word(59)), "github_pat_"),
        (format!("glpat-{}", word(20)), "glpat-"),
        (format!("AIza{}", word(35)), "AIza"),
        (format!("ya29.{}", word(60)), "ya29."),
        (format!("xoxb-{}", "123456789012-abcDEF"), "xoxb-"),
        (format!("sk_live_{}", word(24)), "sk_live_"),
        (format!("hf_{}", word(34)), "hf_"),
        (format!("npm_{}", word(36)), "npm_"),
        (format!("SG.{}.{}", word(22), word(43)), "SG."),
        (format!("eyJ{}.eyJ{}.{}", word(30), word(50), word(43)), "eyJ"),
        (
            format!("DefaultEndpointsProtocol=https;AccountKey={}==", word(86)),
            "DefaultEndpointsProtocol=https;AccountKey=",
        ),
    ]
}

pub(super) fn masked(secret: &str, kept: &str) -> String {
    format!("{kept}{}", "*".repeat(secret.len() - kept.len()))
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    [bytes, content.to_vec()].concat()
}

/// A request with one span of trace 1, whose attribute `said` is this text, as protobuf.
fn protobuf(text: &str, bytes: &[u8]) -> Vec<u8> {
    let pair = |key: &str, value: Vec<u8>| field(9, &[field(1, key.as_bytes()), field(2, &value)].concat());
    let list = field(5, &[field(1, &field(1, text.as_bytes())), field(1, &field(1, b"sk"))].concat());
    let span = [
        field(1, &1u128.to_be_bytes()),
        field(2, &1u64.to_be_bytes()),
        field(5, b"call"),
        pair("said", field(1, text.as_bytes())),
        pair("list", list),
        pair("raw", field(7, bytes)),
        field(11, &field(2, text.as_bytes())),
        field(15, &field(2, text.as_bytes())),
    ];
    field(1, &field(2, &field(2, &span.concat())))
}

async fn post(server: &TestServer, content_type: &str, body: Vec<u8>) -> Answer {
    server.send("POST", "/v1/traces", &[("content-type", content_type)], body).await
}

/// What is stored of the attribute `said` of the only span.
pub(super) async fn said(server: &TestServer) -> String {
    let found = server.get(&format!("/api/v1/traces/{:032x}/spans/{:016x}", 1, 1)).await.json();
    let attributes = found["spans"][0]["attributes"].as_array().unwrap_or_else(|| panic!("no span: {found}"));
    let said = attributes.iter().find(|attribute| attribute["key"] == "said").unwrap();
    said["value"].as_str().unwrap().to_owned()
}

/// What becomes of a text that comes as an attribute in OTLP JSON, and how many secrets were counted.
pub(super) async fn through_json(config: Config, text: &str) -> (String, u64) {
    let server = configured(config);
    let attribute = json!([{"key": "said", "value": {"stringValue": text}}]);
    assert_eq!(server.post(&span(1, 1, &format!(",\"attributes\":{attribute}"))).await.text(), "{}");
    (said(&server).await, server.counter("ingest.secrets_masked").await)
}

#[tokio::test]
async fn every_known_shape_is_masked_in_every_format() {
    for (secret, kept) in secrets() {
        let (text, expected) = (format!("use {secret}\nnow"), format!("use {}\nnow", masked(&secret, kept)));
        assert_eq!(through_json(Config::default(), &text).await, (expected.clone(), 1), "{secret}");

        let server = server();
        assert_eq!(post(&server, "application/x-protobuf", protobuf(&text, b"")).await.status, StatusCode::OK);
        assert_eq!(said(&server).await, expected);
        assert_eq!(server.counter("ingest.secrets_masked").await, 4, "attribute, list, event and status");
        let all = server.get(&format!("/api/v1/traces/{:032x}", 1)).await.text();
        assert!(!all.contains(&secret), "{all}");

        let item = json!({"object": "trace.span", "id": "span_1", "trace_id": "trace_1", "span_data":
            {"type": "function", "name": "call", "input": json!({"key": text}).to_string(), "output": text}});
        let answer = server.send("POST", "/v1/traces/ingest", &[], json!({"data": [item]}).to_string()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        let content = server.get("/api/v1/traces/trace_1/spans/span_1").await.json()["spans"][0]["content"].clone();
        assert_eq!(content["result"], expected.as_str());
        assert_eq!(content["arguments"], json!({"key": expected}).to_string());
    }
}

#[tokio::test]
async fn a_text_that_is_nothing_but_a_secret_is_masked_and_what_lies_behind_it_in_protobuf_is_not() {
    for (secret, kept) in secrets() {
        // Lengths of every kind, so that length and tags before and behind are letters, too.
        for length in [0, 1, 17, 60] {
            let text = format!("{secret}{}", " ".repeat(length));
            let server = server();
            let raw = secret.as_bytes();
            assert_eq!(post(&server, "application/x-protobuf", protobuf(&text, raw)).await.status, StatusCode::OK);
            assert_eq!(said(&server).await.trim_end(), masked(&secret, kept));
            let found = server.get(&format!("/api/v1/traces/{:032x}/spans/{:016x}", 1, 1)).await.json();
            let keys = found["spans"][0]["attributes"].as_array().unwrap().iter().map(|one| one["key"].clone());
            assert_eq!(keys.collect::<Vec<_>>(), ["said", "list", "raw"]);
            assert_eq!(found["spans"][0]["attributes"][1]["value"][1]["value"], "sk");
        }
    }
}

#[tokio::test]
async fn blocks_and_passwords_are_masked_and_their_surroundings_kept() {
    let key = format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----\nbye",
        "M".repeat(64),
        "a".repeat(9)
    );
    let expected = format!(
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----\nbye",
        "*".repeat(64),
        "*".repeat(9)
    );
    assert_eq!(through_json(Config::default(), &key).await, (expected, 1));
    let nested = json!({"pem": key}).to_string();
    let (masked, _) = through_json(Config::default(), &nested).await;
    let inner: Json = serde_json::from_str(&masked).expect("JSON in JSON is JSON still");
    assert!(!inner["pem"].as_str().unwrap().contains("MMM"));
    let url = "postgres://app:hunter2!@db.example:5432/shop?x=1";
    let (masked, count) = through_json(Config::default(), url).await;
    assert_eq!((masked.as_str(), count), ("postgres://app:********@db.example:5432/shop?x=1", 1));
}

#[tokio::test]
async fn words_that_only_look_alike_stay() {
    let innocent = [
        "task-4f3a9c0d8b7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a",
        "risk-assessment-of-the-2026-11-21-release-candidate",
        "sk-learn-pipeline-with-many-long-words",
        "sess-4bf92f3577b34da6a3ce929d0e0e4736",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "Bearer authentication is asked for",
        "bearer of very-good-news-for-everybody-here",
        "http://localhost:8080/a@b",
        "https://example.com/path:with@signs",
        "mailto:someone@example.com",
        "the AKIA prefix, ghp_ and hf_model_names_are_fine",
        "eyJhbGciOiJIUzI1NiJ9 alone",
    ];
    for text in innocent {
        assert_eq!(through_json(Config::default(), text).await, (text.to_owned(), 0));
        let server = server();
        assert_eq!(post(&server, "application/x-protobuf", protobuf(text, b"")).await.status, StatusCode::OK);
        assert_eq!(said(&server).await, text);
    }
}

#[tokio::test]
async fn what_is_written_to_the_disk_is_masked_and_a_restart_masks_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        serving(Config::default(), |clock| {
            let config = trackway_store::Config { clock, min_free_bytes: Some(0), ..trackway_store::Config::new(path) };
            Embedded::open(config, crate::decoder(&Config::default())).unwrap().0
        })
    };
    let server = open(directory.path());
    let secrets = secrets();
    let text = secrets.iter().map(|(secret, _)| secret.as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!(post(&server, "application/x-protobuf", protobuf(&text, b"")).await.status, StatusCode::OK);
    let before = said(&server).await;
    drop(server);
    for file in std::fs::read_dir(directory.path().join("wal")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for (secret, kept) in &secrets {
            let hidden = &secret.as_bytes()[kept.len()..];
            assert!(!bytes.windows(hidden.len()).any(|window| window == hidden), "{secret} is in the log");
        }
    }
    let server = open(directory.path());
    assert_eq!(said(&server).await, before);
    assert_eq!(server.counter("ingest.secrets_masked").await, 0);
}

#[tokio::test]
async fn compressed_requests_and_grpc_calls_are_looked_over_too() {
    let (secret, kept) = secrets().swap_remove(0);
    let message = protobuf(&secret, b"");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&message).unwrap();
    let gzip = encoder.finish().unwrap();
    let framed = [&[0][..], &u32::try_from(message.len()).unwrap().to_be_bytes(), &message].concat();
    let grpc = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let zipped = [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")];
    for (path, headers, body) in
        [("/v1/traces", &zipped[..], gzip), (grpc, &[("content-type", "application/grpc")], framed)]
    {
        let server = server();
        assert_eq!(server.send("POST", path, headers, body).await.status, StatusCode::OK);
        assert_eq!(said(&server).await, masked(&secret, kept), "{path}");
    }
}

#[tokio::test]
async fn log_records_are_looked_over_too() {
    let (secret, kept) = secrets().swap_remove(0);
    let server = server();
    server.post(&span(1, 1, "")).await;
    let record =
        [field(9, &1u128.to_be_bytes()), field(10, &1u64.to_be_bytes()), field(5, &field(1, secret.as_bytes()))];
    let logs = field(1, &field(2, &field(2, &record.concat())));
    let answer = server.send("POST", "/v1/logs", &[("content-type", "application/x-protobuf")], logs).await;
    assert_eq!(answer.status, StatusCode::OK);
    let found = server.get(&format!("/api/v1/traces/{:032x}/spans/{:016x}", 1, 1)).await.text();
    assert!(found.contains(&masked(&secret, kept)) && !found.contains(&secret), "{found}");
}

#[tokio::test]
async fn masking_can_be_told_to_leave_all_or_to_take_more() {
    let (secret, kept) = secrets().swap_remove(0);
    let off = Config { masking: None, ..Config::default() };
    assert_eq!(through_json(off, &secret).await, (secret.clone(), 0));

    let own = || {
        let patterns = vec![r"emp-\d+".to_owned(), "(?i)größe .*".to_owned()];
        Config { masking: Some(Masking::new(patterns).unwrap()), ..Config::default() }
    };
    let (text, expected) = (format!("emp-1234, {secret}"), format!("********, {}", masked(&secret, kept)));
    assert_eq!(through_json(own(), &text).await, (expected.clone(), 2));
    let server = configured(own());
    assert_eq!(post(&server, "application/x-protobuf", protobuf(&text, b"")).await.status, StatusCode::OK);
    assert_eq!(said(&server).await, expected);
    let (greedy, _) = through_json(own(), "a\t\"Größe ä\\\" \n b").await;
    assert_eq!(greedy, format!("a\t\"{}\\\"*\n**", "*".repeat("Größe ä".len())), "escapes stay what they are");
}

#[tokio::test]
async fn a_pattern_that_is_none_says_what_is_wrong_with_it() {
    let wrong = |pattern: &str| Masking::new(vec![pattern.to_owned()]).unwrap_err().to_string();
    assert!(wrong("a(b").contains("unclosed group"), "{}", wrong("a(b"));
    assert!(wrong("x*").contains("matches the empty text"), "{}", wrong("x*"));
}
