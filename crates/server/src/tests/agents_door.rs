//! `POST /v1/traces/ingest`: what the exporters of the OpenAI Agents SDK send and expect, and what becomes of it.

use std::{io::Write, path::Path};

use axum::{body::Body, http::StatusCode};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value as Json, json};
use trackway_store::Embedded;

use super::{Answer, TestServer, configured, server, serving};
use crate::Config;

const PATH: &str = "/v1/traces/ingest";
/// What the Python SDK sends beside its body.
const HEADERS: [(&str, &str); 4] = [
    ("authorization", "Bearer any-key-at-all"),
    ("content-type", "application/json"),
    ("openai-beta", "traces=v1"),
    ("user-agent", "python-httpx2/2.16.2"),
];

async fn post(server: &TestServer, body: impl Into<Body>) -> Answer {
    server.send("POST", PATH, &HEADERS, body).await
}

/// The bodies that the Python SDK sent in a recorded run.
fn recorded(file: &str, scenario: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/openai-agents").join(file);
    let recordings: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let requests = recordings["scenarios"][scenario].as_array().unwrap();
    requests.iter().map(|request| request["body"].to_string()).collect()
}

fn trace(id: &str, name: &str) -> Json {
    json!({"object": "trace", "id": id, "workflow_name": name, "group_id": null, "metadata": null})
}

fn agent(trace: &str, id: &str, parent: Option<&str>, name: &str) -> Json {
    json!({"object": "trace.span", "id": id, "trace_id": trace, "parent_id": parent,
        "started_at": "2026-11-21T06:59:00.000000+00:00", "ended_at": "2026-11-21T06:59:01.000000+00:00",
        "span_data": {"type": "agent", "name": name, "handoffs": [], "tools": [], "output_type": "str"}, "error": null})
}

fn body(items: &[Json]) -> String {
    json!({ "data": items }).to_string()
}

fn embedded(path: &Path, max_log_bytes: u64) -> TestServer {
    serving(Config::default(), |clock| {
        let config = trackway_store::Config::new(path);
        let config = trackway_store::Config { clock, max_log_bytes, min_free_bytes: Some(0), ..config };
        Embedded::open(config, crate::decoder(&Config::default())).unwrap().0
    })
}

#[tokio::test]
async fn a_recorded_run_is_taken_and_listed() {
    let server = server();
    for run in recorded("native-python-chat.json", "handoff_tools") {
        let answer = post(&server, run).await;
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::NO_CONTENT, ""));
    }
    let listed = server.get("/api/v1/traces").await.json();
    let [run] = listed["traces"].as_array().unwrap().as_slice() else { panic!("one trace: {listed}") };
    assert_eq!((&run["span_count"], &run["status"], &run["failure"]), (&json!(15), &json!("ok"), &Json::Null));
    assert!(run["original_id"].as_str().unwrap().starts_with("trace_"), "{run}");
    let totals = &run["agents"];
    assert_eq!(totals["models"], json!(["gpt-4.1"]));
    assert!(totals["model_calls"].as_u64() > Some(1) && totals["tool_calls"].as_u64() > Some(0), "{totals}");
    assert!(totals["cost"]["total_usd"].as_f64() > Some(0.0) && totals["unpriced_calls"] == 0, "{totals}");
    assert_eq!(server.counter("ingest.spans_accepted").await, 15);
}

#[tokio::test]
async fn clients_that_send_less_or_compress_are_taken_too() {
    let server = server();
    let body = body(&[trace("trace_a", "A")]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    assert_eq!(server.send("POST", "/v1/traces/ingest/", &[], body.clone()).await.status, StatusCode::NO_CONTENT);
    let headers = [("content-encoding", "gzip"), ("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(server.send("POST", PATH, &headers, gzip).await.status, StatusCode::NO_CONTENT);
    assert_eq!(post(&server, r#"{"data":[]}"#).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_bad_item_is_told_and_costs_no_other() {
    let server = server();
    let answer =
        post(&server, body(&[trace("trace_a", "A"), json!(7), agent("trace_a", "span_a", None, "Triage")])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["rejected"], 1);
    assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(1), "{}", answer.text());
    let trace = server.get("/api/v1/traces/trace_a").await.json();
    assert_eq!((&trace["trace"]["root_name"], &trace["trace"]["span_count"]), (&json!("A"), &json!(1)));
    assert_eq!(server.counter("ingest.items_rejected").await, 1);
    assert_eq!(server.counter("ingest.spans_rejected").await, 0);
}

#[tokio::test]
async fn what_can_never_be_taken_is_refused_with_a_reason() {
    let server = configured(Config { max_body_bytes: 10_000, ..Config::default() });
    for wrong in ["[]", "{}", "hello", ""] {
        let answer = post(&server, wrong).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::BAD_REQUEST, "application/problem+json")
        );
        assert!(answer.text().contains("data"), "{wrong}: {}", answer.text());
    }
    assert_eq!(post(&server, "x".repeat(10_001)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for header in [("content-encoding", "br"), ("content-type", "text/plain")] {
        let answer = server.send("POST", PATH, &[header], r#"{"data":[]}"#).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{header:?}");
    }
    let page = server.send("POST", PATH, &[("origin", "https://evil.example")], r#"{"data":[]}"#).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(server.counter("ingest.refused_malformed").await, 4);
}

#[tokio::test]
async fn a_full_store_says_come_again_in_the_way_that_every_release_heeds() {
    let directory = tempfile::tempdir().unwrap();
    let server = embedded(directory.path(), 600);
    assert_eq!(post(&server, body(&[agent("trace_a", "span_a", None, "A")])).await.status, StatusCode::NO_CONTENT);
    let full = post(&server, body(&[agent("trace_a", "span_b", None, "B")])).await;
    assert_eq!((full.status, full.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(server.counter("ingest.refused_busy").await, 1);
    // What fills the log is written as a segment, now that room is wanted.
    let again = || async { post(&server, body(&[agent("trace_a", "span_b", None, "B")])).await.status };
    while again().await != StatusCode::NO_CONTENT {}
}

#[tokio::test]
async fn a_batch_that_comes_again_changes_nothing() {
    let server = server();
    let run = recorded("native-python-http-behaviour.json", "retry_500_then_204");
    assert!(run.len() > 1 && run.iter().all(|body| *body == run[0]), "the recording is of retries");
    post(&server, run[0].clone()).await;
    let once = server.get("/api/v1/traces").await.text();
    for again in run {
        assert_eq!(post(&server, again).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(server.get("/api/v1/traces").await.text(), once);
}

#[tokio::test]
async fn a_second_process_goes_on_with_the_trace_of_the_first() {
    let server = server();
    for part in recorded("native-python-responses.json", "hitl_other_process") {
        assert_eq!(post(&server, part).await.status, StatusCode::NO_CONTENT);
    }
    let listed = server.get("/api/v1/traces").await.json();
    assert_eq!(listed["traces"].as_array().map(Vec::len), Some(1), "{listed}");
    let trace = &listed["traces"][0];
    let all = server.get(&format!("/api/v1/traces/{}", trace["original_id"].as_str().unwrap())).await.json();
    let tasks = all["spans"].as_array().unwrap().iter().filter(|span| span["data"]["kind"] == "task");
    assert_eq!(tasks.count(), 2, "one run in each process");
}

#[tokio::test]
async fn a_restart_shows_what_was_shown_before() {
    let directory = tempfile::tempdir().unwrap();
    let shown = async |server: &TestServer| {
        let list = server.get("/api/v1/traces").await.json();
        let mut shown = vec![list.to_string()];
        for trace in list["traces"].as_array().unwrap() {
            let id = trace["trace_id"].as_str().unwrap();
            shown.push(server.get(&format!("/api/v1/traces/{id}")).await.text());
        }
        shown
    };
    let server = embedded(directory.path(), 1 << 30);
    for file in ["native-python-chat.json", "native-python-responses.json"] {
        for scenario in ["handoff_tools", "nested", "tool_error"] {
            for run in recorded(file, scenario) {
                assert_eq!(post(&server, run).await.status, StatusCode::NO_CONTENT);
            }
        }
    }
    let before = shown(&server).await;
    assert!(before.len() > 6, "{}", before.len());
    drop(server);
    assert_eq!(shown(&embedded(directory.path(), 1 << 30)).await, before);
}

#[tokio::test]
async fn the_project_is_trackways_header_else_openais() {
    let server = server();
    for (headers, id) in [
        (vec![("openai-project", "proj_1")], "trace_a"),
        (vec![("openai-project", "proj_1"), ("trackway-project", "shop")], "trace_b"),
        (vec![], "trace_c"),
    ] {
        let body = body(&[trace(id, "A"), agent(id, "span_a", None, "A")]);
        assert_eq!(server.send("POST", PATH, &headers, body).await.status, StatusCode::NO_CONTENT);
    }
    let mut projects = Vec::new();
    for id in ["trace_a", "trace_b", "trace_c"] {
        projects.push(server.get(&format!("/api/v1/traces/{id}")).await.json()["trace"]["project"].clone());
    }
    assert_eq!(projects, ["proj_1", "shop", "default"]);
}

#[tokio::test]
async fn traces_and_spans_are_found_by_the_ids_that_their_client_gave_them() {
    let server = server();
    let own = "trace_4bf92f3577b34da6a3ce929d0e0e4736";
    let items =
        [trace("my trace id", "Odd"), agent("my trace id", "span 1/2", None, "A"), agent(own, "span_1", None, "B")];
    assert_eq!(post(&server, body(&items)).await.status, StatusCode::NO_CONTENT);
    let odd = server.get("/api/v1/traces/my%20trace%20id").await.json();
    assert_eq!(odd["trace"]["original_id"], "my trace id");
    let hex = odd["trace"]["trace_id"].as_str().unwrap();
    for path in ["my%20trace%20id/spans/span%201%2F2".to_owned(), format!("{hex}/spans/span%201%2F2")] {
        let found = server.get(&format!("/api/v1/traces/{path}")).await.json();
        let ids = json!({"id": "span 1/2", "trace_id": "my trace id", "parent_id": null});
        assert_eq!(found["spans"][0]["original"], ids, "{path}: {found}");
        let w3c = found["spans"][0]["span_id"].as_str().unwrap();
        assert_eq!(server.get(&format!("/api/v1/traces/{hex}/spans/{w3c}")).await.json(), found);
    }
    for trace in [own, &own[6..]] {
        let found = server.get(&format!("/api/v1/traces/{trace}/spans/span_1")).await.json();
        assert_eq!(found["spans"][0]["data"]["subject"], "B", "{trace}");
    }
    for missing in ["my%20trace%20id/spans/span_1", "trace_none", "trace_none/spans/span_1"] {
        let answer = server.get(&format!("/api/v1/traces/{missing}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn a_parent_in_another_trace_is_pointed_to() {
    let server = server();
    let items = [
        agent("trace_out", "span_out", None, "Outer"),
        agent("trace_in", "span_in", Some("span_out"), "Inner"),
        agent("trace_in", "span_own", Some("span_in"), "Child"),
        agent("trace_in", "span_lost", Some("span_nowhere"), "Lost"),
    ];
    assert_eq!(post(&server, body(&items)).await.status, StatusCode::NO_CONTENT);
    let outer = server.get("/api/v1/traces/trace_out").await.json();
    let place = json!({"trace_id": outer["trace"]["trace_id"], "span_id": outer["spans"][0]["span_id"]});
    let all = server.get("/api/v1/traces/trace_in").await.json();
    let elsewhere = |name: &str| {
        let mut spans = all["spans"].as_array().unwrap().iter();
        spans.find(|span| span["name"] == name).unwrap()["parent_elsewhere"].clone()
    };
    assert_eq!([elsewhere("Inner"), elsewhere("Child"), elsewhere("Lost")], [place.clone(), Json::Null, Json::Null]);
    let one = server.get("/api/v1/traces/trace_in/spans/span_in").await.json();
    assert_eq!(one["spans"][0]["parent_elsewhere"], place);
}

#[tokio::test]
async fn what_was_said_comes_with_one_span_and_not_with_many() {
    let server = server();
    for run in recorded("native-python-chat.json", "handoff_tools") {
        post(&server, run).await;
    }
    let id = server.get("/api/v1/traces").await.json()["traces"][0]["trace_id"].as_str().unwrap().to_owned();
    let all = server.get(&format!("/api/v1/traces/{id}")).await.json();
    let spans = all["spans"].as_array().unwrap();
    assert!(spans.iter().all(|span| span.get("content").is_none()));
    let call = spans.iter().find(|span| span["data"]["kind"] == "generation").unwrap();
    let path = format!("/api/v1/traces/{id}/spans/{}", call["span_id"].as_str().unwrap());
    let content = server.get(&path).await.json()["spans"][0]["content"].clone();
    assert_eq!(content["input"][0]["role"], "system", "{content}");
    assert!(content["output"][0]["parts"][0]["type"].is_string(), "{content}");
    let tree = server.get(&format!("/api/v1/traces/{id}?fields=tree")).await.json();
    assert_eq!(tree["spans"][0]["data"]["dialect"], "openai_agents");
}

#[tokio::test]
async fn traces_are_listed_by_their_group() {
    let server = server();
    for run in recorded("native-python-chat.json", "nested") {
        post(&server, run).await;
    }
    let count = async |query: &str| {
        server.get(&format!("/api/v1/traces?{query}")).await.json()["traces"].as_array().map(Vec::len)
    };
    assert_eq!((count("group=thread_9").await, count("group=thread").await), (Some(1), Some(0)));
    let listed = server.get("/api/v1/traces?group=thread_9").await.json();
    assert_eq!(listed["traces"][0]["group_id"], "thread_9");
    assert_eq!(listed["traces"][0]["metadata"][1], json!({"key": "k", "type": "string", "value": "v"}));
}

#[tokio::test]
async fn a_very_long_text_comes_whole_in_the_attributes_and_cut_in_the_content() {
    let server = server();
    let long = "é".repeat(3 << 20);
    let item = json!({"object": "trace.span", "id": "span_1", "trace_id": "trace_1", "span_data": {"type": "generation",
        "model": "m", "input": [{"role": "user", "content": format!("x{long}")}],
        "output": [{"role": "assistant", "content": "short"}]}});
    let tool = json!({"object": "trace.span", "id": "span_2", "trace_id": "trace_1",
        "span_data": {"type": "function", "name": "read", "input": "{}", "output": "all of it"}});
    assert_eq!(post(&server, body(&[item, tool])).await.status, StatusCode::NO_CONTENT);
    let answer = server.get("/api/v1/traces/trace_1/spans/span_1").await.text();
    assert!(answer.len() < long.len() * 3 / 2, "{}", answer.len());
    assert!(answer.contains(&long), "the attributes have it whole");
    let found: Json = serde_json::from_str(&answer).unwrap();
    let content = &found["spans"][0]["content"];
    let text = content["input"][0]["parts"][0]["text"].as_str().unwrap();
    assert_eq!(text.len(), (1 << 20) - 1, "at a character");
    assert_eq!((&content["cut"], &content["text_bytes"]), (&json!(true), &json!(1 + long.len() + "short".len())));
    assert_eq!(content["output"][0]["parts"][0]["text"], "short");
    let short = server.get("/api/v1/traces/trace_1/spans/span_2").await.json()["spans"][0]["content"].clone();
    assert_eq!((&short["cut"], &short["text_bytes"]), (&json!(false), &Json::Null));
}
