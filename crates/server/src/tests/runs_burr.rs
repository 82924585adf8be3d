//! Every recorded application of Burr, taken in and asked for in every way.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use trackway_model::RunKey;
use trackway_wire::{burr::Zone, foreign};

use super::{TestServer, server};
use crate::{
    ingest::records,
    watch::{Place, Reader},
};

const STORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/burr/store");

/// A server that has taken in every recorded application, and the folders of these.
async fn imported() -> (TestServer, Vec<(Arc<RunKey>, std::path::PathBuf)>) {
    let server = server();
    let mut runs = Vec::new();
    for application in Place::at(Path::new(STORE), None).unwrap().unwrap().walk().applications {
        let folder = application.folder.clone();
        let mut reader = Reader::once(application, Zone::Named(jiff::tz::TimeZone::UTC));
        loop {
            let chunk = reader.read(1 << 20).unwrap();
            if let Some(run) = &chunk.run {
                let taken = records::take(&server.app, run, chunk.items, "import").await.unwrap();
                assert_eq!(taken.rejected, []);
            }
            if !chunk.has_more {
                runs.extend(chunk.run.map(|run| (run, folder.clone())));
                break;
            }
        }
    }
    assert!(runs.len() > 20, "{}", runs.len());
    (server, runs)
}

fn path(run: &RunKey) -> String {
    format!("/api/v1/projects/{}/apps/{}", run.project, foreign::run_id(run))
}

#[tokio::test]
async fn every_question_about_a_recorded_application_has_an_answer() {
    let (server, runs) = imported().await;
    for (run, _) in &runs {
        let path = path(run);
        let found = server.get(&path).await;
        assert_eq!(found.status, StatusCode::OK, "{path}: {}", found.text());
        let found = found.json();
        assert_eq!(
            (&found["app"]["app_id"], &found["app"]["partition_key"]),
            (&json!(&*run.app), &json!(run.partition.as_deref()))
        );
        let steps = server.get(&format!("{path}/steps?limit=1000")).await.json();
        let steps = steps["steps"].as_array().unwrap();
        assert_eq!(found["app"]["step_count"], steps.len() as u64, "{path}");
        for step in steps {
            let at = format!("{}?attempt={}", step["sequence"], step["attempt"]);
            let whole = server.get(&format!("{path}/steps/{at}")).await;
            assert_eq!(whole.status, StatusCode::OK, "{path} {at}");
            let at = format!("seq={}&attempt={}", step["sequence"], step["attempt"]);
            let state = server.get(&format!("{path}/state?{at}")).await.status;
            assert_eq!(state == StatusCode::OK, step["has_state"] == true, "{path} {at}");
            let diff = format!("{path}/diff?to={}&to_attempt={}", step["sequence"], step["attempt"]);
            assert_eq!(server.get(&diff).await.status == StatusCode::OK, step["has_state"] == true, "{diff}");
            let changed = server.get(&format!("{diff}&from=-1")).await.json();
            assert!(changed["changes"].is_array() || step["has_state"] == false, "{changed}");
        }
        for list in ["remarks", "annotations"] {
            assert_eq!(server.get(&format!("{path}/{list}")).await.status, StatusCode::OK, "{path} {list}");
        }
    }
}

#[tokio::test]
async fn the_state_after_a_step_is_what_its_log_says() {
    let (server, runs) = imported().await;
    let mut compared = 0;
    for (run, folder) in &runs {
        let Ok(log) = std::fs::read_to_string(folder.join("log.jsonl")) else { continue };
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
        // The latest end of a number is that of its latest attempt.
        let ends = lines.filter(|line| line["type"] == "end_entry");
        let states: BTreeMap<_, _> = ends.map(|end| (end["sequence_id"].as_i64(), end["state"].clone())).collect();
        for (sequence, state) in states.into_iter().filter(|(_, state)| state.is_object()) {
            let path = format!("{}/state?seq={}", path(run), sequence.unwrap());
            let answer = server.get(&path).await;
            if answer.status == StatusCode::OK {
                assert_eq!(answer.json()["state"], state, "{path}");
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared}");
}

#[tokio::test]
async fn activity_lists_each_recorded_application_once_and_none_of_their_traces() {
    let (server, runs) = imported().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("/api/v1/activity?limit=7&cursor={cursor}")).await.json();
        for item in page["items"].as_array().unwrap() {
            seen.push(item["run"]["run_id"].as_str().unwrap_or("a trace").to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = next.to_owned();
    }
    let mut expected: Vec<_> = runs.iter().map(|(run, _)| foreign::run_id(run).to_string()).collect();
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    assert!(server.get("/api/v1/traces?limit=1000").await.json()["traces"].as_array().unwrap().len() > 20);
}
