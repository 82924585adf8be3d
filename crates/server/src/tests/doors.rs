//! What OTLP's specification asks of a server.

use std::io::Write;

use axum::{body::Body, http::StatusCode};
use flate2::{Compression, write::GzEncoder, write::ZlibEncoder};

use super::{Answer, TestServer, configured, server, span};
use crate::Config;

const JSON: (&str, &str) = ("content-type", "application/json");
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn post(server: &TestServer, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    server.send("POST", "/v1/traces", headers, body).await
}

/// A gRPC call with one message.
async fn call(server: &TestServer, headers: &[(&str, &str)], flag: u8, message: &[u8]) -> (Answer, String) {
    let mut framed = vec![flag];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    let headers = [&[("content-type", "application/grpc")], headers].concat();
    let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let answer = server.send("POST", path, &headers, framed).await;
    let trailers = answer.trailers.as_ref().unwrap_or(&answer.headers);
    let status = trailers["grpc-status"].to_str().unwrap().to_owned();
    (answer, status)
}

#[tokio::test]
async fn empty_requests_succeed_in_their_own_encoding() {
    let server = server();
    for path in ["/v1/traces", "/api/public/otel/v1/traces", "/v1/logs", "/v1/metrics"] {
        let protobuf = server.send("POST", path, &[PROTOBUF], Body::empty()).await;
        assert_eq!((protobuf.status, protobuf.header("content-type")), (StatusCode::OK, PROTOBUF.1), "{path}");
        assert!(protobuf.body.is_empty());
        let json = server.send("POST", path, &[JSON], "{}").await;
        assert_eq!((json.status, json.header("content-type"), json.text()), (StatusCode::OK, JSON.1, "{}".into()));
    }
}

#[tokio::test]
async fn bodies_may_be_compressed_in_the_usual_ways() {
    let server = server();
    let body = br#"{"resourceSpans":[]}"#;
    for (name, bytes) in
        [("gzip", gzip(body)), ("GZIP", gzip(body)), ("deflate", deflate(body)), ("identity", body.to_vec())]
    {
        let answer = post(&server, &[JSON, ("content-encoding", name)], bytes).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.text());
    }
    let unknown = post(&server, &[JSON, ("content-encoding", "br")], "{}").await;
    assert_eq!(unknown.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let lie = post(&server, &[JSON, ("content-encoding", "gzip")], "{}").await;
    assert_eq!(lie.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn content_types_are_read_whatever_their_case_and_parameters() {
    let server = server();
    for good in ["application/json; charset=utf-8", "Application/JSON", "application/x-protobuf"] {
        let body = if good.contains("protobuf") { "" } else { "{}" };
        assert_eq!(post(&server, &[("content-type", good)], body).await.status, StatusCode::OK, "{good}");
    }
    for bad in ["", "text/plain", "application/xml"] {
        let answer = post(&server, &[("content-type", bad)], "{}").await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{bad}");
    }
}

#[tokio::test]
async fn other_methods_are_told_which_one_is_right() {
    let answer = server().get("/v1/traces").await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
}

#[tokio::test]
async fn a_bad_body_is_refused_as_a_status_in_its_own_encoding() {
    let server = server();
    let json = post(&server, &[JSON], "[").await;
    assert_eq!((json.status, json.header("content-type")), (StatusCode::BAD_REQUEST, JSON.1));
    assert_eq!(json.json()["code"], 3);
    let protobuf = post(&server, &[PROTOBUF], "[").await;
    assert_eq!((protobuf.status, protobuf.header("content-type")), (StatusCode::BAD_REQUEST, PROTOBUF.1));
    assert_eq!(protobuf.body[..2], [0x08, 3], "google.rpc.Status with code 3");
    assert_eq!(server.counter("ingest.refused_malformed").await, 2);
}

#[tokio::test]
async fn a_bad_span_is_told_and_the_others_are_stored() {
    let server = server();
    let answer = server.post(&format!("{},{{\"name\":\"no ids\"}},{}", span(1, 1, ""), span(1, 2, ""))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["partialSuccess"]["rejectedSpans"], "1");
    assert_eq!(
        answer.json()["partialSuccess"]["errorMessage"],
        "span \"no ids\": traceId: an id of zeros only means that there is no id"
    );
    let trace = server.get(&format!("/api/v1/traces/{:032x}", 1)).await.json();
    assert_eq!(trace["spans"].as_array().unwrap().len(), 2);
    assert_eq!(server.counter("ingest.spans_rejected").await, 1);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_compressed_or_not() {
    let server = configured(Config { max_body_bytes: 10_000, ..Config::default() });
    let large = format!("{{\"new\":\"{}\"}}", "x".repeat(10_000));
    assert_eq!(post(&server, &[JSON], large.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let bomb = gzip(large.as_bytes());
    assert!(bomb.len() < 1_000);
    let answer = post(&server, &[JSON, ("content-encoding", "gzip")], bomb.clone()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let (_, status) = call(&server, &[("grpc-encoding", "gzip")], 1, &bomb).await;
    assert_eq!(status, "8", "RESOURCE_EXHAUSTED");
    assert_eq!(server.counter("ingest.refused_too_large").await, 3);
}

#[tokio::test]
async fn a_gigabyte_in_a_megabyte_is_given_up_at_the_limit() {
    let server = configured(Config { max_body_bytes: 1 << 20, max_bytes_under_way: 4 << 20, ..Config::default() });
    let bomb = gzip(&vec![b' '; 256 << 20]);
    let answer = post(&server, &[JSON, ("content-encoding", "gzip")], bomb).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_small_body_that_becomes_large_records_is_refused_for_good() {
    let server = configured(Config { max_bytes_under_way: 16 << 20, ..Config::default() });
    let links = span(1, 1, &format!(r#","links":[{{}}{}]"#, ",{}".repeat(50_000)));
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, [links.as_str(); 8].join(","));
    let answer = post(&server, &[JSON, ("content-encoding", "gzip")], gzip(body.as_bytes())).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", answer.text());
    assert!(answer.text().contains("send smaller batches"), "{}", answer.text());
    assert_eq!(server.post(&span(1, 1, "")).await.status, StatusCode::OK, "the room was given back");
}

#[tokio::test]
async fn what_does_not_fit_beside_the_others_comes_again() {
    let server = configured(Config { max_bytes_under_way: 1_000, ..Config::default() });
    let (sender, slow) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let slow = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(slow));
    let first = tokio::spawn({
        let server = server.clone();
        async move { post(&server, &[JSON], slow).await.status }
    });
    sender.send(Ok(b"{\"new\":\"".to_vec())).await.unwrap();
    sender.send(Ok(vec![b'x'; 800])).await.unwrap();
    // The channel holds one part, so that this one is taken only after the one before was read.
    sender.send(Ok(Vec::new())).await.unwrap();
    sender.send(Ok(Vec::new())).await.unwrap();
    let answer = post(&server, &[JSON], format!("{{\"new\":\"{}\"}}", "x".repeat(600))).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    let (answer, status) = call(&server, &[], 0, &[0; 600]).await;
    assert_eq!(status, "14", "UNAVAILABLE");
    assert!(answer.headers.contains_key("grpc-status-details-bin"), "RetryInfo");
    sender.send(Ok(b"\"}".to_vec())).await.unwrap();
    drop(sender);
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    assert_eq!(post(&server, &[JSON], "{}").await.status, StatusCode::OK, "the room was given back");
}

#[tokio::test]
async fn a_call_is_answered_as_grpc_wants_it() {
    let server = server();
    let (empty, status) = call(&server, &[], 0, b"").await;
    assert_eq!((status.as_str(), &*empty.body), ("0", &[0; 5][..]));
    assert_eq!(empty.header("content-type"), "application/grpc");
    let (broken, status) = call(&server, &[], 0, b"hello").await;
    assert_eq!(status, "3", "INVALID_ARGUMENT");
    assert!(broken.header("grpc-message").starts_with("the protobuf message is broken"));
    assert_eq!(call(&server, &[("grpc-encoding", "zstd")], 1, b"").await.1, "12", "UNIMPLEMENTED");
    assert_eq!(call(&server, &[], 7, b"").await.1, "3");
    assert_eq!(call(&server, &[], 1, b"").await.1, "3", "compressed in no way that is named");
    let missing = server.send("POST", "/some.Service/Call", &[("content-type", "application/grpc")], vec![0; 5]).await;
    assert_eq!((missing.status, missing.header("grpc-status")), (StatusCode::OK, "12"));
}

#[tokio::test]
async fn logs_become_events_and_what_is_not_kept_is_counted() {
    let server = server();
    assert_eq!(server.post(&span(1, 1, "")).await.status, StatusCode::OK);
    let logs = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[
            {{"traceId":"{:032x}","spanId":"{:016x}","timeUnixNano":"1795244000500000000","body":{{"stringValue":"half way"}}}},
            {{"body":{{"stringValue":"outside"}}}}]}}]}}]}}"#,
        1, 1
    );
    assert_eq!(server.send("POST", "/v1/logs", &[JSON], logs).await.text(), "{}");
    let metrics = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{},{}]}]}]}"#;
    assert_eq!(server.send("POST", "/v1/metrics", &[JSON], metrics).await.text(), "{}");
    let trace = server.get(&format!("/api/v1/traces/{:032x}", 1)).await.json();
    let event = &trace["spans"][0]["events"][0];
    assert_eq!((event["name"].as_str(), event["attributes"][0]["value"].as_str()), (Some("log"), Some("half way")));
    assert_eq!(server.counter("ingest.logs_ignored").await, 1);
    assert_eq!(server.counter("ingest.metrics_ignored").await, 2);
}

#[tokio::test]
async fn a_request_may_name_its_project() {
    let server = server();
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, span(1, 1, ""));
    post(&server, &[JSON, ("trackway-project", "shop")], body).await;
    assert_eq!(server.get("/api/v1/projects").await.json()["projects"][0]["name"], "shop");
}
