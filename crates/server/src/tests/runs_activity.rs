//! Runs and traces in one list.

use serde_json::{Value as Json, json};

use super::{
    TestServer,
    runs::{record, span, step},
    server,
};

/// What a page lists: runs by their application, traces by their root.
fn names(page: &Json) -> Vec<String> {
    let name = |item: &Json| match item["kind"].as_str().unwrap() {
        "run" => format!("run {}", item["run"]["app_id"].as_str().unwrap()),
        _ => format!("trace {}", item["trace"]["root_name"].as_str().unwrap()),
    };
    page["items"].as_array().unwrap().iter().map(name).collect()
}

async fn list(server: &TestServer, query: &str) -> Vec<String> {
    names(&server.get(&format!("/api/v1/activity?{query}")).await.json())
}

/// A trace that starts in this minute after six.
async fn trace(server: &TestServer, id: u8, minute: u64) {
    // 2026-11-21T06:00:00Z
    let start = 1_795_240_800 + minute * 60;
    let span = format!(
        r#"{{"traceId":"{id:032x}","spanId":"{id:016x}","name":"trace {id}",
            "startTimeUnixNano":"{start}000000000","endTimeUnixNano":"{}000000000"}}"#,
        start + 1
    );
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
           "scopeSpans":[{{"spans":[{span}]}}]}}]}}"#
    );
    let headers = [("content-type", "application/json"), ("trackway-project", "demo")];
    server.send("POST", "/v1/traces", &headers, body).await;
}

/// Runs that start in the minutes 0, 10, 20, ..., and traces in between.
async fn mixed(count: u8) -> TestServer {
    let server = server();
    for n in 0..count {
        let minute = u64::from(n) * 10;
        record(&server, &format!("app{n}/records"), step(minute * 60, "{}")).await;
        trace(&server, n + 1, minute + 5).await;
    }
    server
}

#[tokio::test]
async fn both_are_listed_newest_first() {
    let server = mixed(3).await;
    let all = ["trace trace 3", "run app2", "trace trace 2", "run app1", "trace trace 1", "run app0"];
    assert_eq!(list(&server, "").await, all);
    assert_eq!(
        list(&server, "project=demo&start=2026-11-21T06:05:00Z&end=2026-11-21T06:20:00Z").await,
        ["trace trace 2", "run app1", "trace trace 1"]
    );
    assert_eq!(list(&server, "name=APP1").await, ["run app1"]);
    assert_eq!(list(&server, "name=trace").await, ["trace trace 3", "trace trace 2", "trace trace 1"]);
    assert_eq!(list(&server, "service=shop").await, ["trace trace 3", "trace trace 2", "trace trace 1"]);
    assert_eq!(list(&server, "min_duration=600ms").await, ["trace trace 3", "trace trace 2", "trace trace 1"]);
    assert_eq!(list(&server, "max_duration=600ms").await, ["run app2", "run app1", "run app0"]);
    assert_eq!(list(&server, "filter=service%3D%22shop%22").await, ["trace trace 3", "trace trace 2", "trace trace 1"]);
    assert_eq!(list(&server, "status=running").await, Vec::<String>::new());
    assert_eq!(list(&server, "group=g").await, Vec::<String>::new());
    assert_eq!(server.get("/api/v1/activity?cursor=nonsense").await.status, 400);
}

#[tokio::test]
async fn pages_of_any_size_hold_every_item_once() {
    let server = mixed(5).await;
    let all = list(&server, "").await;
    assert_eq!(all.len(), 10);
    for limit in 1..=10 {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get(&format!("/api/v1/activity?limit={limit}&cursor={cursor}")).await.json();
            seen.extend(names(&page));
            // What comes while somebody turns pages is in front of them.
            trace(&server, 100 + seen.len() as u8, 59).await;
            let Some(next) = page["next"].as_str() else { break };
            cursor = next.to_owned();
        }
        let seen: Vec<_> =
            seen.into_iter().filter(|name| !name.starts_with("trace trace 1") || name.len() < 14).collect();
        assert_eq!(seen, all, "pages of {limit}");
        for id in 100..=111 {
            server.send("DELETE", &format!("/api/v1/traces/{id:032x}"), &[], "").await;
        }
    }
}

#[tokio::test]
async fn a_trace_wholly_of_a_run_shows_as_that_run_only() {
    let server = server();
    record(&server, "count/records", step(0, "{}") + &span("count", 1, "")).await;
    assert_eq!(list(&server, "").await, ["run count"]);
    let traces = server.get("/api/v1/traces").await.json();
    assert_eq!(traces["traces"].as_array().map(Vec::len), Some(1));
    // The name of a span finds the run, and only once where the run's own name does too.
    assert_eq!(list(&server, "name=count%201").await, ["run count"]);
    assert_eq!(list(&server, "name=count").await, ["run count"]);
    assert_eq!(list(&server, "name=count%201&status=error").await, Vec::<String>::new());
    // Who asks for spans is shown the trace that has them.
    assert_eq!(list(&server, "filter=name%3D%22count%201%22").await, ["trace count 1"]);
    assert_eq!(list(&server, "filter=name%3D%22count%202%22").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_trace_that_a_run_has_only_a_part_in_stays_a_trace() {
    let server = server();
    record(&server, "count/records", step(0, "{}")).await;
    let of_run = r#","attributes":[{"key":"trackway.app.id","value":{"stringValue":"count"}},{"key":"trackway.project","value":{"stringValue":"demo"}}]"#;
    let root = |trace, id, rest: &str| super::span(trace, id, rest);
    server.post(&root(1, 1, of_run)).await;
    server.post(&format!("{},{}", root(2, 1, of_run), root(2, 2, ""))).await;
    server
        .post(&format!("{},{}", root(3, 1, ""), root(3, 2, &format!(r#","parentSpanId":"{:016x}"{of_run}"#, 1))))
        .await;
    let page = server.get("/api/v1/activity").await.json();
    let kinds: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| &item["trace"]["trace_id"]).collect();
    assert_eq!(kinds, [&json!(format!("{:032x}", 3)), &json!(format!("{:032x}", 2)), &Json::Null]);
}
