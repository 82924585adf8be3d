//! `trackway store export` and `trackway store import`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value as Json;
use support::Trackway;

fn store(data_dir: &Path, arguments: &[&str]) -> Output {
    support::command(data_dir).arg("--json").arg("store").args(arguments).output().unwrap()
}

fn done(output: &Output) -> Json {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every span of every trace, with all that is told of it.
fn shown(server: &Trackway) -> Vec<Json> {
    let mut shown = Vec::new();
    for trace in server.get("/api/v1/traces?limit=200")["traces"].as_array().unwrap() {
        let path = format!("/api/v1/traces/{}", trace["trace_id"].as_str().unwrap());
        for span in server.get(&format!("{path}?limit=1000"))["spans"].as_array().unwrap() {
            let span = server.get(&format!("{path}/spans/{}", span["span_id"].as_str().unwrap()));
            shown.extend(span["spans"].as_array().unwrap().iter().cloned());
        }
    }
    shown.sort_by_key(|span| (span["trace_id"].to_string(), span["span_id"].to_string()));
    shown
}

/// A directory with spans of plain services and of agents, and how a server shows them.
fn recorded(directory: &Path) -> Vec<Json> {
    let server = support::start(directory);
    for name in ["otlp-http-protobuf-none", "otlp-http-json-none", "otlp-grpc-none"] {
        for request in support::recording(name) {
            assert_eq!(server.post(&request.path, &request.headers, &request.body).0, 200);
        }
    }
    let json = [("content-type".to_owned(), "application/json".to_owned())];
    let agent = br#"{"data":[
        {"object":"trace","id":"trace_0af7651916cd43dd8448eb211c80319c","workflow_name":"Support"},
        {"object":"trace.span","id":"span_1","trace_id":"trace_0af7651916cd43dd8448eb211c80319c",
         "started_at":"2026-11-20T15:27:46Z","ended_at":"2026-11-20T15:27:47Z",
         "span_data":{"type":"generation","model":"gpt-5.4-mini","usage":{"input_tokens":12,"output_tokens":3}}}]}"#;
    assert!((200..300).contains(&server.post("/v1/traces/ingest", &json, agent).0));
    let shown = shown(&server);
    assert!(shown.len() > 3 && shown.iter().any(|span| span["data"]["cost"].is_object()));
    assert!(server.terminate().0.success());
    shown
}

fn files(summary: &Json) -> Vec<String> {
    summary["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap().to_owned()).collect()
}

/// Exports a directory of recordings, and returns what a server showed of it and the files.
fn exported(directory: &Path, format: &str) -> (Vec<Json>, Vec<String>) {
    let before = recorded(&directory.join("data"));
    let out = directory.join("out");
    let summary =
        done(&store(&directory.join("data"), &["export", "--format", format, "--out", out.to_str().unwrap()]));
    assert_eq!(summary["spans"], before.len());
    (before, files(&summary))
}

fn import(data_dir: &Path, files: &[String], arguments: &[&str]) -> Json {
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    done(&store(data_dir, &[&["import"], arguments, &files].concat()))
}

#[test]
fn parquet_brings_every_span_back_with_and_without_a_server_and_twice() {
    let directory = tempfile::tempdir().unwrap();
    let (before, files) = exported(directory.path(), "parquet");

    let through = tempfile::tempdir().unwrap();
    let server = support::start(through.path());
    for _ in 0..2 {
        assert_eq!(import(through.path(), &files, &[])["spans"], before.len());
        assert_eq!(shown(&server), before);
    }

    let into = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert_eq!(import(into.path(), &files, &[])["spans"], before.len());
    }
    assert_eq!(shown(&support::start(into.path())), before);

    // Where they came from, they change nothing.
    let data = directory.path().join("data");
    import(&data, &files, &[]);
    assert_eq!(shown(&support::start(&data)), before);
}

#[test]
fn one_trace_comes_back_alone_and_under_another_project() {
    let directory = tempfile::tempdir().unwrap();
    let (before, files) = exported(directory.path(), "parquet");
    let trace = before[0]["trace_id"].as_str().unwrap();
    let into = tempfile::tempdir().unwrap();
    let summary = import(into.path(), &files, &["--trace", trace, "--project", "copy"]);
    let server = support::start(into.path());
    let shown = shown(&server);
    assert_eq!(summary["spans"], shown.len());
    assert!(!shown.is_empty() && shown.iter().all(|span| span["trace_id"] == trace && span["project"] == "copy"));
}

#[test]
fn lines_of_otlp_bring_back_what_otlp_can_say() {
    let directory = tempfile::tempdir().unwrap();
    let (mut before, files) = exported(directory.path(), "otlp-json");
    assert!(files.iter().all(|file| file.ends_with(".otlp.jsonl") || file.ends_with(".traces.jsonl")), "{files:?}");
    let into = tempfile::tempdir().unwrap();
    assert_eq!(import(into.path(), &files, &[])["spans"], before.len());
    let mut after = shown(&support::start(into.path()));
    // OTLP has no field for the ids of clients with ids of their own.
    before.iter_mut().chain(&mut after).for_each(|span| span["original"] = Json::Null);
    assert_eq!(after, before);
}

#[test]
fn an_export_beside_a_server_holds_everything_that_came_before() {
    for format in ["parquet", "otlp-json"] {
        let directory = tempfile::tempdir().unwrap();
        let (data, out) = (directory.path().join("data"), directory.path().join("out"));
        let mut before = recorded(&data);
        let server = support::start(&data);
        let summary = done(&store(&data, &["export", "--format", format, "--out", out.to_str().unwrap()]));
        assert_eq!(summary["spans"], before.len());
        assert_eq!(shown(&server), before);

        let into = tempfile::tempdir().unwrap();
        assert_eq!(import(into.path(), &files(&summary), &[])["spans"], before.len());
        let mut after = shown(&support::start(into.path()));
        if format == "otlp-json" {
            before.iter_mut().chain(&mut after).for_each(|span| span["original"] = Json::Null);
        }
        assert_eq!(after, before);
    }
}

#[test]
fn an_export_spares_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let (data, out) = (directory.path().join("data"), directory.path().join("out"));
    let export = || store(&data, &["export", "--out", out.to_str().unwrap()]);
    let refused = said(&export());
    assert!(refused.contains("holds no spans") && !out.exists(), "{refused}");
    drop(recorded(&data));
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let refused = said(&export());
    assert!(refused.contains("is not empty; name another directory with --out"), "{refused}");
}

#[test]
fn a_file_that_is_none_of_ours_or_damaged_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (_, files) = exported(directory.path(), "parquet");
    let bytes = fs::read(&files[0]).unwrap();
    let file: PathBuf = directory.path().join("damaged.parquet");
    let into = tempfile::tempdir().unwrap();
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 3] ^= 1;
    for (content, why) in
        [(&damaged[..], "checksum"), (&bytes[..bytes.len() / 2], "end is missing"), (b"{\n", "line 1")]
    {
        fs::write(&file, content).unwrap();
        let refused = said(&store(into.path(), &["import", file.to_str().unwrap()]));
        assert!(refused.contains("damaged.parquet") && refused.contains(why), "{refused}");
    }
}

/// Three runs: steps with states, one that failed, one under way, and a state that was set by hand.
fn with_runs(directory: &Path) -> Vec<Json> {
    let server = support::start(directory);
    let headers = [("content-type".to_owned(), "application/x-ndjson".to_owned())];
    for app in ["a", "b/c"] {
        let lines = [
            r#"{"type":"app","graph":{"entrypoint":"ask","actions":[{"name":"ask"},{"name":"answer"}],"transitions":[{"from":"ask","to":"answer","condition":"default"}]},"created":"2026-11-20T15:26:38Z"}"#,
            r#"{"type":"state","next":"ask","state":{"chat":[]},"time":"2026-11-20T15:26:38.5Z"}"#,
            r#"{"type":"begin","sequence":0,"action":"ask","time":"2026-11-20T15:26:39Z","inputs":{"prompt":"hi"}}"#,
            r#"{"type":"attribute","sequence":0,"key":"rows","value":3,"time":"2026-11-20T15:26:39.5Z"}"#,
            r#"{"type":"end","sequence":0,"action":"ask","time":"2026-11-20T15:26:40Z","result":{"n":1},"state":{"chat":["hi"]},"next":"answer","tried":[{"to":"answer","condition":"default","held":true}]}"#,
            r#"{"type":"state","after":{"sequence":0},"next":"answer","state":{"chat":["ho"]},"time":"2026-11-20T15:26:41Z"}"#,
            r#"{"type":"begin","sequence":1,"action":"answer","time":"2026-11-20T15:26:42Z"}"#,
            r#"{"type":"stream","sequence":1,"moment":"begin","time":"2026-11-20T15:26:42.1Z"}"#,
            r#"{"type":"stream","sequence":1,"moment":"end","items":4,"time":"2026-11-20T15:26:42.9Z"}"#,
            r#"{"type":"end","sequence":1,"action":"answer","time":"2026-11-20T15:26:43Z","error":"it broke","state":{"chat":["ho"]}}"#,
            r#"{"type":"child","sequence":1,"child":{"app":"d"},"event":"fork","time":"2026-11-20T15:26:44Z"}"#,
            r#"{"type":"remark","place":"log:17","what":"it is no JSON object","text":"{"}"#,
            r#"{"type":"begin","sequence":2,"action":"ask","time":"2026-11-20T15:26:45Z"}"#,
        ];
        let path = format!("/api/v1/projects/demo/apps/{}/records", app.replace('/', "%2F"));
        assert_eq!(server.post(&path, &headers, lines.join("\n").as_bytes()).0, 200);
    }
    let shown = runs(&server);
    assert!(server.terminate().0.success());
    shown
}

/// All that a server tells of runs, but for what depends on the moment.
fn runs(server: &Trackway) -> Vec<Json> {
    let mut shown = Vec::new();
    for app in ["a", "b%2Fc"] {
        let path = format!("/api/v1/projects/demo/apps/{app}");
        shown.push(server.get(&path));
        shown.push(server.get(&format!("{path}/steps")));
        shown.extend((0..3).map(|step| server.get(&format!("{path}/steps/{step}"))));
        shown.extend((0..2).map(|step| server.get(&format!("{path}/state?seq={step}"))));
        shown.push(server.get(&format!("{path}/remarks")));
    }
    shown
}

#[test]
fn runs_come_back_as_they_were_with_and_without_a_server() {
    let directory = tempfile::tempdir().unwrap();
    let (data, out) = (directory.path().join("data"), directory.path().join("out"));
    let before = with_runs(&data);
    let summary = done(&store(&data, &["export", "--out", out.to_str().unwrap()]));
    assert_eq!((&summary["runs"], summary["spans"].as_u64()), (&Json::from(2), Some(0)));
    let files = files(&summary);

    let into = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert_eq!(import(into.path(), &files, &[])["runs"], 2);
    }
    assert_eq!(runs(&support::start(into.path())), before);

    let through = tempfile::tempdir().unwrap();
    let server = support::start(through.path());
    assert_eq!(import(through.path(), &files, &[])["runs"], 2);
    assert_eq!(runs(&server), before);
    assert_eq!(import(through.path(), &files, &["--project", "copy"])["runs"], 2);
    assert_eq!(server.get("/api/v1/projects/copy/apps")["apps"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_told_of_whole_traces_comes_back() {
    // When it came is when it was imported.
    let told = |server: &Trackway| -> Vec<Json> {
        let list = server.get("/api/v1/traces?limit=200");
        let said = ["trace_id", "root_name", "project", "original_id", "group_id", "metadata"];
        let told = |trace: &Json| said.map(|key| trace[key].clone()).into_iter().collect();
        let mut told: Vec<Json> = list["traces"].as_array().unwrap().iter().map(told).collect();
        told.sort_by_key(Json::to_string);
        told
    };
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = support::start(&data);
    let headers = [("content-type", "application/json"), ("trackway-project", "a shop/1")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let traces = br#"{"data":[
        {"object":"trace","id":"trace_1","workflow_name":"Support","group_id":"thread 1","metadata":{"user":"ada","n":[1,2.5,{"x":null}]}},
        {"object":"trace","id":"trace_2","workflow_name":"Sales","group_id":"thread 2"}]}"#;
    assert!((200..300).contains(&server.post("/v1/traces/ingest", &headers, traces).0));
    let before = told(&server);
    assert!(before.len() == 2 && before[0][2] == "a shop/1", "{before:?}");
    assert!(server.terminate().0.success());
    for format in ["parquet", "otlp-json"] {
        let out = directory.path().join(format);
        let files = files(&done(&store(&data, &["export", "--format", format, "--out", out.to_str().unwrap()])));
        let into = tempfile::tempdir().unwrap();
        assert_eq!(import(into.path(), &files, &[])["traces"], 2);
        let server = support::start(into.path());
        assert_eq!(told(&server), before);
        assert_eq!(import(into.path(), &files, &[])["traces"], 2);
        assert_eq!(told(&server), before);
    }
}
