//! News of runs and steps.

use std::{sync::Arc, time::Duration};

use axum::http::Request;
use futures_util::StreamExt;
use serde_json::Value as Json;
use tower::ServiceExt;

use super::{
    runs::{record, step},
    server,
};
use crate::route;

#[tokio::test]
async fn a_watcher_hears_of_the_run_that_it_watches_and_of_its_steps() {
    let server = server();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    record(&server, "count/records", step(0, "{}")).await;
    let run = server.get("/api/v1/projects/demo/apps/count").await.json();
    let path = format!("/api/v1/live?run={}", run["app"]["run_id"].as_str().unwrap());
    let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
    let response = route::main(&server.app).oneshot(request).await.unwrap();
    let mut body = Box::pin(response.into_body().into_data_stream());
    tokio::spawn(Arc::clone(&server.app.live).run(server.app.query.clone(), stopped));
    let mut next = async || loop {
        let bytes = tokio::time::timeout(Duration::from_secs(20), body.next()).await;
        let text = String::from_utf8(bytes.expect("news within twenty seconds").unwrap().unwrap().to_vec()).unwrap();
        let Some((head, data)) = text.split_once("\ndata: ") else { continue };
        let data: Json = serde_json::from_str(data).unwrap();
        match head.strip_prefix("event: ").unwrap() {
            "run" if !data["run"].is_null() => return format!("run {} {}", data["change"], data["run"]["step_count"]),
            "run" => return format!("run {}", data["change"]),
            "step" => return format!("step {} {}", data["step"]["sequence"], data["step"]["state"]),
            _ => {}
        }
    };
    record(&server, "other/records", step(0, "{}")).await;
    record(&server, "count/records", step(1, "{}")).await;
    assert_eq!([next().await, next().await], ["run \"updated\" 2", "step 1 \"done\""]);
    let said = server
        .send("POST", "/api/v1/projects/demo/apps/count/annotations", &[], r#"{"sequence":1,"tags":["good"]}"#)
        .await;
    assert_eq!((said.status.as_u16(), next().await), (201, "run \"updated\" 2".to_owned()));
    server.send("DELETE", "/api/v1/projects/demo/apps/count", &[], "").await;
    assert_eq!(next().await, "run \"deleted\"");
}

#[tokio::test]
async fn what_nobody_can_be_told_is_said() {
    let server = server();
    assert_eq!(server.get("/api/v1/live?run=count").await.status, 400);
    assert_eq!(server.get("/api/v1/live?kinds=steps").await.status, 400);
}
