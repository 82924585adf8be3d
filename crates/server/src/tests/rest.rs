//! REST: what it answers, what it refuses, and that its document says so.

use axum::http::StatusCode;
use insta::{assert_json_snapshot, assert_snapshot};
use utoipa::OpenApi;

use super::{server, span};
use crate::{rest::openapi::Document, route};

/// The reviewed document; `make golden` writes it anew.
const REVIEWED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

#[test]
fn the_openapi_document_is_the_reviewed_one() {
    let document = Document::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(REVIEWED, &document).unwrap();
    }
    let reviewed = std::fs::read_to_string(REVIEWED).unwrap();
    assert!(
        document == reviewed,
        "the document changed; run `make golden` and look at what git shows of docs/openapi.json"
    );
}

#[test]
fn every_route_of_rest_is_in_the_document() {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    for route in route::rest() {
        let method = route.method.as_str().to_lowercase();
        assert!(document["paths"][route.path][&method].is_object(), "{method} {}", route.path);
    }
}

#[tokio::test]
async fn a_trace_is_answered_whole() {
    let server = server();
    let attributes = r#","attributes":[
        {"key":"text","value":{"stringValue":"ä"}},{"key":"int","value":{"intValue":"9007199254740993"}},
        {"key":"nan","value":{"doubleValue":"NaN"}},{"key":"bytes","value":{"bytesValue":"AQI="}},
        {"key":"list","value":{"arrayValue":{"values":[{"boolValue":true},{}]}}},
        {"key":"map","value":{"kvlistValue":{"values":[{"key":"__proto__","value":{"doubleValue":0.5}}]}}}],
        "status":{"code":2,"message":"declined"},"kind":3,"flags":769,"traceState":"a=1","droppedAttributesCount":2,
        "links":[{"traceId":"","spanId":""}],
        "events":[{"name":"exception","timeUnixNano":"1795244000500000000"}]"#;
    server
        .post(&format!("{},{}", span(1, 1, ""), span(1, 2, &format!(r#","parentSpanId":"{:016x}"{attributes}"#, 1))))
        .await;
    assert_json_snapshot!("trace", server.get(&format!("/api/v1/traces/{:032x}", 1)).await.json());
    assert_json_snapshot!("tree", server.get(&format!("/api/v1/traces/{:032x}?fields=tree", 1)).await.json());
    let one = server.get(&format!("/api/v1/traces/{:032x}/spans/{:016x}", 1, 2)).await.json();
    assert_eq!(one["spans"][0]["status"]["message"], "declined");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let server = server();
    for trace in 1..=5 {
        server.post(&span(trace, trace, "")).await;
    }
    let first = server.get("/api/v1/traces?limit=2").await.json();
    let next = first["next"].as_str().unwrap();
    let second = server.get(&format!("/api/v1/traces?limit=2&cursor={next}")).await.json();
    let ids = [&first, &second].map(|page| page["traces"].as_array().unwrap().len());
    assert_eq!(ids, [2, 2]);
    let count = async |query: &str| {
        let answer = server.get(&format!("/api/v1/traces?{query}")).await;
        answer.json()["traces"].as_array().map(Vec::len)
    };
    assert_eq!(count("name=SPAN%203&service=shop&status=ok&project=default").await, Some(1));
    assert_eq!(count("min_duration=1001ms").await, Some(0));
    assert_eq!(count("max_duration=1s").await, Some(5));
    assert_eq!(count("max_duration=999ms").await, Some(0));
    assert_eq!(count("start=-10m").await, Some(5));
    assert_eq!(count("start=-5m").await, Some(0));
    assert_eq!(count("end=2026-11-21T06:00:00Z&name=&service=").await, Some(0));
}

#[tokio::test]
async fn a_filter_finds_the_traces_with_such_a_span() {
    let server = server();
    for (trace, code) in [(1, 200), (2, 503), (3, 404)] {
        let code = format!(r#","attributes":[{{"key":"http.status_code","value":{{"intValue":"{code}"}}}}]"#);
        server.post(&span(trace, trace, &code)).await;
    }
    // { .http.status_code >= 500 && service = "shop" }
    let filter = "%7B+.http.status_code+%3E%3D+500+%26%26+service+%3D+%22shop%22+%7D";
    let found = server.get(&format!("/api/v1/traces?filter={filter}")).await.json();
    assert_eq!(found["traces"].as_array().unwrap().len(), 1);
    assert_eq!(found["traces"][0]["root_name"], "span 2");
    assert_eq!(
        found["search"],
        serde_json::json!({ "scanned_spans": 3, "segments": 0, "pruned_segments": 0, "cut": false })
    );
    let found = server.get(&format!("/api/v1/activity?filter={filter}")).await.json();
    assert_eq!(found["items"][0]["trace"]["root_name"], "span 2");
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["search"]["scanned_spans"], 3);
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_says_where() {
    let server = server();
    // { servce = "api" }, as docs/search.md shows it.
    let answer = server.get("/api/v1/traces?filter=%7B+servce+%3D+%22api%22+%7D").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let shown = include_str!("../../../../docs/search.md").lines().find(|line| line.starts_with("{\"type\"")).unwrap();
    assert_eq!(answer.text(), shown);
}

#[tokio::test]
async fn a_wrong_parameter_is_a_sentence() {
    let server = server();
    let detail = async |path: &str| {
        let answer = server.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::BAD_REQUEST, "application/problem+json")
        );
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    assert_snapshot!(detail("/api/v1/traces?limit=0").await, @"limit=0 is not a number from 1 to 1000.");
    assert_snapshot!(detail("/api/v1/traces?limit=many").await, @"limit=many is not a number from 1 to 1000.");
    assert_snapshot!(detail("/api/v1/traces?status=odd").await, @"status=odd is not one of ok, error, running and lost.");
    assert_snapshot!(detail("/api/v1/traces?min_duration=5").await, @"min_duration=5 is not a duration: use 5ms or 1.5s.");
    assert_snapshot!(
        detail("/api/v1/traces?start=yesterday").await,
        @"start=yesterday is not a time: use RFC 3339 as 2026-11-21T07:00:00Z, or a distance from now as -1h."
    );
    assert_snapshot!(
        detail("/api/v1/traces?cursor=mine").await,
        @r#"the cursor "mine" is not one that an earlier answer gave as "next""#
    );
    assert_snapshot!(
        detail(&format!("/api/v1/traces/{:032x}", 0)).await,
        @r#""00000000000000000000000000000000" is not a trace id: an id of zeros only means that there is no id."#
    );
    assert_snapshot!(detail("/api/v1/live?kinds=odd").await, @"kinds=odd is not known; use trace, span, run, step and stats.");
}

#[tokio::test]
async fn hostile_ids_are_data_and_never_paths() {
    let server = server();
    let hostile =
        ["..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%252e%252e", "..%5c..", "%00", "//proc/self/root", "~", "CON"];
    for id in hostile {
        for path in [format!("/api/v1/traces/{id}"), format!("/api/v1/traces/{id}/spans/{id}"), format!("/assets/{id}")]
        {
            let answer = server.get(&path).await;
            assert!(answer.status.is_client_error(), "{path} {}", answer.status);
            assert!(!answer.text().contains("root:"), "{path}");
        }
        let deleted = server.send("DELETE", &format!("/api/v1/projects/{id}"), &[], "").await;
        assert!(deleted.status.is_client_error(), "{id} {}", deleted.status);
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_deleting_again_says_so() {
    let server = server();
    server.post(&format!("{},{}", span(1, 1, ""), span(2, 2, ""))).await;
    let path = format!("/api/v1/traces/{:032x}", 1);
    let deleted = server.send("DELETE", &path, &[], "").await;
    assert_eq!(deleted.text(), r#"{"deleted_traces":1,"deleted_spans":1,"deleted_runs":0}"#);
    assert_eq!(server.send("DELETE", &path, &[], "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&path).await.status, StatusCode::NOT_FOUND);
    let project = server.send("DELETE", "/api/v1/projects/default", &[], "").await;
    assert_eq!(project.json()["deleted_traces"], 1);
    assert_eq!(server.get("/api/v1/projects").await.text(), r#"{"projects":[]}"#);
}

#[tokio::test]
async fn a_project_with_a_name_that_no_path_can_hold_is_deleted_by_the_query() {
    let server = server();
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, span(1, 1, ""));
    let headers = [("content-type", "application/json"), ("trackway-project", "..")];
    server.send("POST", "/v1/traces", &headers, body).await;
    assert_eq!(server.send("DELETE", "/api/v1/projects", &[], "").await.status, StatusCode::BAD_REQUEST);
    let deleted = server.send("DELETE", "/api/v1/projects?project=..", &[], "").await;
    assert_eq!(deleted.text(), r#"{"deleted_traces":1,"deleted_spans":1,"deleted_runs":0}"#);
}

#[tokio::test]
async fn the_demo_comes_through_the_door_and_ends_now() {
    let server = server();
    let first = server.send("POST", "/api/v1/demo", &[], "").await.json();
    assert!(first["traces"].as_u64() >= Some(10), "{first}");
    let listed = server.get("/api/v1/traces?project=demo&limit=1000&start=-1h").await.json();
    assert_eq!(listed["traces"].as_array().map(|traces| traces.len() as u64), first["traces"].as_u64());
}

#[tokio::test]
async fn live_tells_of_new_and_finished_traces_and_spans() {
    use futures_util::StreamExt;
    let server = server();
    let mut news = Box::pin(tokio_stream::wrappers::BroadcastStream::new(server.app.live.watch()));
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(std::sync::Arc::clone(&server.app.live).run(server.app.query.clone(), stopped));
    server.post(&span(1, 1, "")).await;
    let mut told = Vec::new();
    while told.len() < 3 {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), news.next()).await;
        told.push(match next.expect("news within twenty seconds").unwrap().unwrap() {
            crate::live::News::Trace { change, summary } => format!("{change:?} {}", summary.root_name),
            crate::live::News::Span { change, span } => format!("{change:?} {}", span.record.name),
            _ => continue,
        });
    }
    assert_eq!(told, ["New span 1", "Finished span 1", "Finished span 1"]);
}
