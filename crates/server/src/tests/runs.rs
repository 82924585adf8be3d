//! Runs: their records in, their list, steps, states and what differs between these, and their end.

use std::{io::Write, sync::Arc};

use axum::http::StatusCode;
use flate2::{Compression, write::GzEncoder};
use insta::assert_json_snapshot;
use serde_json::{Value as Json, json};
use trackway_model::RunKey;
use trackway_store::Embedded;
use trackway_wire::{foreign, records::decode};

use super::{Answer, TestServer, configured, server, serving};
use crate::{Config, ingest::records};

/// A chat of two steps, the second of which failed once.
pub(crate) const CHAT: &str = r#"
{"type":"app","created":"2026-11-21T06:59:00Z","parent":{"app":"before","sequence":2},"graph":{"entrypoint":"ask","actions":[{"name":"ask","reads":[],"writes":["chat"],"inputs":["prompt"],"optional_inputs":[],"tags":["human"],"code":"def ask(): ..."},{"name":"answer","reads":["chat"],"writes":["chat"],"inputs":[],"optional_inputs":[],"tags":[]}],"transitions":[{"from":"ask","to":"answer","condition":"default"}]}}
{"type":"begin","sequence":0,"action":"ask","time":"2026-11-21T06:59:00Z","inputs":{"prompt":"hi"}}
{"type":"end","sequence":0,"action":"ask","time":"2026-11-21T06:59:00.25Z","result":{"n":1180591620717411303424},"state":{"chat":["hi"],"big":1180591620717411303424,"old":{"a":{"b":1}}}}
{"type":"begin","sequence":1,"action":"answer","time":"2026-11-21T06:59:01Z"}
{"type":"end","sequence":1,"action":"answer","time":"2026-11-21T06:59:02Z","error":"Traceback (most recent call last):\n  File \"chat.py\", line 3, in answer\n    raise ValueError(\"no\")\nValueError: no"}
{"type":"begin","sequence":1,"attempt":1,"action":"answer","time":"2026-11-21T06:59:03Z","span":{"trace_id":"000000000000000000000000000000c1","span_id":"00000000000000a1"}}
{"type":"stream","sequence":1,"attempt":1,"moment":"begin","time":"2026-11-21T06:59:03Z"}
{"type":"stream","sequence":1,"attempt":1,"moment":"first_item","time":"2026-11-21T06:59:03.5Z"}
{"type":"stream","sequence":1,"attempt":1,"moment":"end","items":7,"time":"2026-11-21T06:59:04Z"}
{"type":"attribute","sequence":1,"attempt":1,"span":"1:0","key":"tokens","value":1180591620717411303424,"tags":{"unit":"n"}}
{"type":"child","sequence":1,"child":{"app":"part"},"event":"spawn"}
{"type":"end","sequence":1,"attempt":1,"action":"answer","time":"2026-11-21T06:59:05Z","state":{"chat":["hi","ho"],"big":1180591620717411303425,"old":{"a":{"b":1,"c":[]}}}}
{"type":"remark","place":"log.jsonl:14","what":"the line is no JSON","text":"{\"type\":"}
"#;

pub(crate) async fn record(server: &TestServer, path: &str, lines: impl Into<axum::body::Body>) -> Answer {
    let path = format!("/api/v1/projects/demo/apps/{path}");
    server.send("POST", &path, &[("content-type", "application/x-ndjson")], lines).await
}

pub(crate) async fn get(server: &TestServer, path: &str) -> Answer {
    server.get(&format!("/api/v1/projects/demo/{path}")).await
}

/// A step that ends with this state.
pub(crate) fn step(sequence: u64, state: &str) -> String {
    let (begin, end) = (sequence % 60, sequence / 60);
    format!(
        r#"{{"type":"begin","sequence":{sequence},"action":"count","time":"2026-11-21T06:{end:02}:{begin:02}Z"}}
{{"type":"end","sequence":{sequence},"action":"count","time":"2026-11-21T06:{end:02}:{begin:02}.5Z","state":{state}}}
"#
    )
}

/// A span of a step of a run without partition; the trace has the run's id.
pub(crate) fn span(app: &str, id: u8, rest: &str) -> String {
    let run = RunKey { project: "demo".into(), partition: None, app: app.into() };
    let trace = foreign::run_id(&run);
    format!(
        r#"{{"type":"span","trace_id":"{trace}","span_id":"{id:016x}","name":"count {id}","start":"2026-11-21T06:59:00Z","end":"2026-11-21T06:59:01Z","project":"elsewhere","replaces":true,"attributes":[{{"key":"trackway.project","type":"string","value":"demo"}},{{"key":"trackway.app.id","type":"string","value":"{app}"}},{{"key":"trackway.step.sequence","type":"int","value":0}},{{"key":"trackway.step.attempt","type":"int","value":0}}]{rest}}}
"#
    )
}

async fn chat() -> TestServer {
    let server = server();
    let answer = record(&server, "chat/records", CHAT).await;
    assert_eq!((answer.status, &answer.json()["rejected"]), (StatusCode::OK, &json!([])));
    server
}

#[tokio::test]
async fn a_run_is_answered_with_all_that_stands_around_it() {
    let server = chat().await;
    record(&server, "part/records", step(0, "{}")).await;
    assert_json_snapshot!("run", get(&server, "apps/chat").await.json());
    let listed = get(&server, "apps").await.json();
    let names: Vec<_> = listed["apps"].as_array().unwrap().iter().map(|app| &app["app_id"]).collect();
    assert_eq!(names, ["chat", "part"]);
    let projects = server.get("/api/v1/projects").await.json();
    assert_eq!((&projects["projects"][0]["name"], &projects["projects"][0]["run_count"]), (&json!("demo"), &json!(2)));
}

#[tokio::test]
async fn steps_are_answered_short_in_a_list_and_whole_alone() {
    let server = chat().await;
    assert_json_snapshot!("steps", get(&server, "apps/chat/steps").await.json());
    let whole = get(&server, "apps/chat/steps/1").await;
    assert!(whole.text().contains(r#""value":1180591620717411303424"#), "{}", whole.text());
    assert_eq!((&whole.json()["attempt"], &whole.json()["attributes"][0]["span"]), (&json!(1), &json!("1:0")));
    let failed = get(&server, "apps/chat/steps/1?attempt=0").await.json();
    assert!(failed["error"].as_str().unwrap().starts_with("Traceback"), "{failed}");
    assert!(get(&server, "apps/chat/steps/0").await.text().contains(r#""result":{"n":1180591620717411303424}"#));
    let remarks = get(&server, "apps/chat/remarks").await.json();
    assert_eq!(remarks["remarks"][0]["place"], "log.jsonl:14");
}

#[tokio::test]
async fn steps_are_paged_from_either_end() {
    let server = server();
    record(&server, "count/records", (0..5).map(|n| step(n, "{}")).collect::<String>()).await;
    for (order, expected) in [("asc", [0, 1, 2, 3, 4]), ("desc", [4, 3, 2, 1, 0])] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = get(&server, &format!("apps/count/steps?limit=2&order={order}&cursor={cursor}")).await.json();
            seen.extend(page["steps"].as_array().unwrap().iter().map(|step| step["sequence"].as_i64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(seen, expected);
    }
    for (from, expected) in [(0, vec![0, 1]), (3, vec![3, 4]), (4, vec![4]), (9, vec![])] {
        let page = get(&server, &format!("apps/count/steps?limit=2&from={from}")).await.json();
        let seen: Vec<_> =
            page["steps"].as_array().unwrap().iter().map(|it| it["sequence"].as_i64().unwrap()).collect();
        assert_eq!(seen, expected, "from the place {from}");
    }
}

#[tokio::test]
async fn a_state_is_answered_as_it_was_written() {
    let server = chat().await;
    let state = get(&server, "apps/chat/state?seq=0").await;
    let expected = r#"{"seq":0,"attempt":0,"action":"ask","state":{"chat":["hi"],"big":1180591620717411303424,"old":{"a":{"b":1}}}}"#;
    assert_eq!(state.text(), expected);
    let latest = get(&server, "apps/chat/state").await.json();
    assert_eq!((&latest["seq"], &latest["attempt"]), (&json!(1), &json!(1)));
    for (path, reason) in [
        ("state?seq=-1", "before the first step"),
        ("state?seq=9", "no step 9"),
        ("state?seq=1&attempt=0", "No state was recorded"),
        ("state?seq=0&key=gone", "no field"),
    ] {
        let answer = get(&server, &format!("apps/chat/{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.text().contains(reason), "{path}: {}", answer.text());
    }
    for wrong in [
        "state?seq=1&when=latest",
        "state?seq=x",
        "state?attempt=1",
        "diff?from=x",
        "steps?order=up",
        "steps?from=x",
        "steps?from=1&order=desc",
        "steps/one",
        "steps?limit=0",
    ] {
        assert_eq!(get(&server, &format!("apps/chat/{wrong}")).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_long_field_comes_whole_when_it_is_asked_for() {
    let server = server();
    let long = "x".repeat(70_000);
    record(&server, "count/records", step(0, &format!(r#"{{"long":"{long}","a\"b":[1]}}"#))).await;
    let state = get(&server, "apps/count/state").await.json();
    assert_eq!(state["state"], json!({"long": {"$cut": true, "bytes": 70_002}, "a\"b": [1]}));
    let whole = get(&server, "apps/count/state?key=long").await.json();
    assert_eq!(whole["state"], json!({ "long": long }));
    assert_eq!(get(&server, "apps/count/state?key=a%22b").await.json()["state"], json!({"a\"b": [1]}));
    let diff = get(&server, "apps/count/diff").await.json();
    assert_eq!(diff["changes"][0]["after"], json!({"$cut": true, "bytes": 70_002}));
}

#[tokio::test]
async fn what_differs_is_told_against_the_state_before_or_any_other() {
    let server = chat().await;
    let diff = get(&server, "apps/chat/diff").await;
    assert!(
        diff.text().contains(r#""before":1180591620717411303424,"after":1180591620717411303425"#),
        "{}",
        diff.text()
    );
    let to = json!({"sequence": 1, "attempt": 1, "action": "answer"});
    let json = diff.json();
    assert_eq!((&json["from"]["sequence"], &json["to"]), (&json!(0), &to));
    assert_eq!(json["changes"][0], json!({"key": "chat", "op": "append", "after": ["ho"], "at": 1}));
    assert_eq!(json["changes"][2], json!({"key": "old", "path": ["a", "c"], "op": "add", "after": []}));
    let back = get(&server, "apps/chat/diff?from=1&to=0").await.json();
    assert_eq!(back["changes"][0]["op"], "replace");
    let first = get(&server, "apps/chat/diff?from=-1&to=0").await.json();
    assert_eq!((&first["from"], &first["changes"][0]["op"]), (&Json::Null, &json!("add")));
    let missing = get(&server, "apps/chat/diff?from=7&to=0").await;
    assert!(missing.status == StatusCode::NOT_FOUND && missing.text().contains("no step 7"), "{}", missing.text());
}

#[tokio::test]
async fn what_is_durable_is_told_by_its_key_and_a_bad_line_costs_itself() {
    let server = server();
    let lines = format!(
        "{{\"type\":\"run\",\"project\":\"demo\",\"app\":\"count\"}}\n{}\n\nhello\n{{\"type\":\"dance\"}}\n{}",
        step(0, r#"{"n":1}"#),
        span("count", 1, "")
    );
    let answer = record(&server, "count/records", lines.clone()).await;
    assert_json_snapshot!(answer.json(), @r#"
    {
      "acked": [
        "0.0:begin",
        "0.0:end",
        "span:0000000000000001"
      ],
      "rejected": [
        {
          "line": 6,
          "reason": "expected value at line 1 column 1"
        },
        {
          "line": 7,
          "reason": "\"dance\" is no type of line"
        }
      ],
      "rejected_count": 2
    }
    "#);
    let before = get(&server, "apps/count").await.text();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(lines.as_bytes()).unwrap();
    let headers = [("content-encoding", "gzip")];
    let again =
        server.send("POST", "/api/v1/projects/demo/apps/count/records", &headers, encoder.finish().unwrap()).await;
    assert_eq!(again.json(), answer.json());
    assert_eq!(get(&server, "apps/count").await.text(), before);
    assert_eq!(server.counter("ingest.lines_rejected").await, 4);
    assert_eq!(server.counter("ingest.facts_accepted").await, 4);
}

#[tokio::test]
async fn what_can_never_be_taken_is_refused_with_a_reason() {
    let server = configured(Config { max_body_bytes: 1_000, ..Config::default() });
    assert_eq!(record(&server, "count/records", "x".repeat(1_001)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for header in [("content-encoding", "br"), ("content-type", "text/plain")] {
        let answer = server.send("POST", "/api/v1/projects/demo/apps/count/records", &[header], "").await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{header:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(get(&server, "apps/count").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn runs_of_several_partitions_are_told_apart() {
    let server = server();
    for partition in ["", "?partition=ann", "?partition=b%20b"] {
        record(&server, &format!("chat/records{partition}"), step(0, &format!(r#"{{"of":"{partition}"}}"#))).await;
    }
    let several = get(&server, "apps/chat").await;
    assert_eq!(several.status, StatusCode::CONFLICT);
    assert_eq!(several.json()["partitions"], json!([null, "ann", "b b"]));
    for partition in ["", "?partition=ann", "?partition=b%20b"] {
        let ask = if partition.is_empty() { "?partition=" } else { partition };
        let state = get(&server, &format!("apps/chat/state{ask}")).await.json();
        assert_eq!(state["state"]["of"], partition);
        assert_eq!(get(&server, &format!("apps{ask}")).await.json()["apps"].as_array().map(Vec::len), Some(1));
    }
    let run = get(&server, "apps/chat?partition=ann").await.json();
    let run_id = run["app"]["run_id"].as_str().unwrap();
    assert_eq!(get(&server, &format!("apps/{run_id}")).await.json(), run);
}

#[tokio::test]
async fn hostile_names_are_names_like_others() {
    let server = server();
    for name in
        ["..%2F..%2Fetc%2Fpasswd", "%3Cimg%20src=x%3E", "a%00b", "%E2%80%AE", "..", "%25", "a%3Fb%23c", "__proto__"]
    {
        assert_eq!(record(&server, &format!("{name}/records"), step(0, "{}")).await.status, StatusCode::OK, "{name}");
        let run = get(&server, &format!("apps/{name}")).await;
        assert_eq!(run.status, StatusCode::OK, "{name}");
        let run_id = run.json()["app"]["run_id"].as_str().unwrap().to_owned();
        assert_eq!(get(&server, &format!("apps/{run_id}/state")).await.status, StatusCode::OK, "{name}");
    }
    assert_eq!(get(&server, "apps").await.json()["apps"].as_array().map(Vec::len), Some(8));
}

#[tokio::test]
async fn spans_list_under_the_run_and_go_with_it() {
    let server = server();
    let lines = step(0, "{}") + &span("count", 1, "") + &span("count", 2, r#","parent_id":"0000000000000001""#);
    record(&server, "count/records", lines).await;
    let run = get(&server, "apps/count").await.json();
    let trace_id = run["trace_id"].as_str().unwrap();
    assert_eq!(run["app"]["run_id"], trace_id);
    let trace = server.get(&format!("/api/v1/traces/{trace_id}")).await.json();
    assert_eq!((&trace["trace"]["project"], &trace["trace"]["span_count"]), (&json!("demo"), &json!(2)));
    let deleted = server.send("DELETE", "/api/v1/projects/demo/apps/count", &[], "").await;
    assert_eq!((deleted.status, deleted.json()), (StatusCode::OK, json!({"deleted_steps": 1, "deleted_spans": 2})));
    assert_eq!(get(&server, "apps/count").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&format!("/api/v1/traces/{trace_id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_project_goes_with_its_runs() {
    let server = chat().await;
    let deleted = server.send("DELETE", "/api/v1/projects/demo", &[], "").await;
    assert_eq!(deleted.json()["deleted_runs"], 1);
    assert_eq!(server.get("/api/v1/projects").await.json()["projects"], json!([]));
}

#[tokio::test]
async fn secrets_in_states_and_spans_are_masked() {
    let server = server();
    let secret = "sk-proj-abcdEFGH1234567890abcdEFGH";
    let said = format!(r#","message":"key {secret}""#);
    record(&server, "count/records", step(0, &format!(r#"{{"key":"{secret}"}}"#)) + &span("count", 1, &said)).await;
    let state = get(&server, "apps/count/state").await.text();
    assert!(state.contains("sk-proj-***") && !state.contains("abcd"), "{state}");
    let run = get(&server, "apps/count").await.json();
    let trace = server.get(&format!("/api/v1/traces/{}", run["app"]["run_id"].as_str().unwrap())).await.text();
    assert!(trace.contains("key sk-proj-***") && !trace.contains("abcd"), "{trace}");
    assert_eq!(server.counter("ingest.secrets_masked").await, 2);
}

#[tokio::test]
async fn what_is_read_on_this_machine_goes_the_same_way() {
    let run = Arc::new(RunKey { project: "demo".into(), partition: None, app: "count".into() });
    let lines = step(0, r#"{"key":"sk-proj-abcdEFGH1234567890abcdEFGH"}"#) + &span("count", 1, "") + &step(1, "{}");
    let items = || lines.lines().map(|line| decode(line.as_bytes(), &run).unwrap()).collect::<Vec<_>>();
    let (read, sent) = (server(), server());
    let taken = records::take(&read.app, &run, items(), "watch").await.unwrap();
    let answer = record(&sent, "count/records", lines.clone()).await.json();
    assert_eq!(json!(taken.acked), answer["acked"]);
    let run_id = foreign::run_id(&run);
    for path in ["apps/count", "apps/count/steps", "apps/count/state?seq=0"] {
        assert_eq!(get(&read, path).await.text(), get(&sent, path).await.text());
    }
    let trace = format!("/api/v1/traces/{run_id}");
    assert_eq!(read.get(&trace).await.text(), sent.get(&trace).await.text());
    assert_eq!(read.counter("ingest.secrets_masked").await, 1);
}

#[tokio::test]
async fn a_restart_shows_what_was_shown_before() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        serving(Config::default(), |clock| {
            let config = trackway_store::Config::new(directory.path());
            let config =
                trackway_store::Config { clock, min_free_bytes: Some(0), run_ids: Some(crate::run_ids()), ..config };
            Embedded::open(config, crate::decoder(&Config::default())).unwrap().0
        })
    };
    let shown = async |server: &TestServer| {
        let run = get(server, "apps/chat").await.json();
        let trace = format!("/api/v1/traces/{}", run["app"]["run_id"].as_str().unwrap());
        [
            run.to_string(),
            get(server, "apps/chat/steps").await.text(),
            get(server, "apps/chat/state").await.text(),
            server.get(&trace).await.text(),
        ]
    };
    let server = open();
    let call = r#","kind":"client","scope":{"name":"burr"}"#;
    assert_eq!(record(&server, "chat/records", CHAT.to_owned() + &span("chat", 1, call)).await.status, StatusCode::OK);
    let before = shown(&server).await;
    assert!(before[3].contains("count 1"), "{}", before[3]);
    drop(server);
    assert_eq!(shown(&open()).await, before);
}
