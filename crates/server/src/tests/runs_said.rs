//! What people say of runs.

use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::json;

use super::{
    Answer, TestServer,
    runs::{get, record, step},
    server,
};

const PATH: &str = "/api/v1/projects/demo/apps/count/annotations";

async fn counting() -> TestServer {
    let server = server();
    record(&server, "count/records", step(0, "{}") + &step(1, "{}")).await;
    server
}

async fn say(server: &TestServer, method: &str, path: &str, body: &str) -> Answer {
    server.send(method, &format!("{PATH}{path}"), &[("content-type", "application/json")], body.to_owned()).await
}

#[tokio::test]
async fn what_is_said_of_a_step_is_kept_changed_and_taken_back() {
    let server = counting().await;
    let made = say(
        &server,
        "POST",
        "",
        r#"{"sequence":1,"span_id":"1:0","tags":["good"],"observations":[{"data_fields":{"note":"2^70 is 1180591620717411303424","n":1180591620717411303424},"thumbs_up_thumbs_down":true,"data_pointers":[]}]}"#,
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert!(made.text().contains(r#""n":1180591620717411303424"#), "{}", made.text());
    let id = made.json()["id"].as_u64().unwrap();
    let mut shown = made.json();
    shown["observations"] = json!(null);
    assert_json_snapshot!("annotation", shown);
    assert_eq!(get(&server, "apps/count").await.json()["app"]["annotation_count"], 1);
    assert_eq!(get(&server, "apps/count/steps/1").await.json()["annotations"], 1);
    server.pass(60);
    let revised =
        say(&server, "PUT", &format!("/{id}"), r#"{"sequence":1,"step_name":"other","tags":["bad"]}"#).await.json();
    assert_eq!((&revised["tags"], &revised["created"]), (&json!(["bad"]), &made.json()["created"]));
    assert_ne!(revised["updated"], made.json()["updated"]);
    for listed in ["apps/count/annotations", "apps/count/annotations?sequence=1&attempt=0", "annotations"] {
        assert_eq!(get(&server, listed).await.json()["annotations"], json!([revised]), "{listed}");
    }
    assert_eq!(get(&server, "apps/count/annotations?sequence=0").await.json()["annotations"], json!([]));
    assert_eq!(say(&server, "DELETE", &format!("/{id}"), "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(say(&server, "DELETE", &format!("/{id}"), "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&server, "annotations").await.json()["annotations"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_said_is_answered_with_a_reason() {
    let server = counting().await;
    for (body, status) in [
        ("", 400),
        (r#"{"tags":[]}"#, 400),
        (r#"{"sequence":1,"tag":[]}"#, 400),
        (r#"{"sequence":1,"observations":{}}"#, 400),
        (r#"{"sequence":1,"observations":[{"thumbs_up_thumbs_down":"yes"}]}"#, 400),
        (r#"{"sequence":7}"#, 404),
        (r#"{"sequence":1,"attempt":1}"#, 404),
    ] {
        let answer = say(&server, "POST", "", body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(
        say(&server, "POST", "", &format!(r#"{{"sequence":1,"tags":["{}"]}}"#, "x".repeat(1 << 20)))
            .await
            .status
            .as_u16(),
        413
    );
    record(&server, "other/records", step(0, "{}")).await;
    let made = say(&server, "POST", "", r#"{"sequence":1}"#).await.json();
    let of_other = format!("/api/v1/projects/demo/apps/other/annotations/{}", made["id"]);
    assert_eq!(server.send("DELETE", &of_other, &[], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(say(&server, "PUT", "/x", r#"{"sequence":1}"#).await.status, StatusCode::BAD_REQUEST);
}
