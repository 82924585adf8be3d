//! Who may talk to the server: every route of the table, every host, every origin.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

use super::{Answer, TestServer, configured, server};
use crate::{Config, route};

const OUR_HOSTS: [&str; 4] = ["127.0.0.1:7241", "localhost:7241", "[::1]:7241", "LocalHost:7241"];
const OTHER_HOSTS: [&str; 9] = [
    "evil.example",
    "evil.example:7241",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.0.0.1:7241.evil.example",
    "localhost:4318",
    "127.0.0.1.nip.example:7241",
    "0.0.0.0:7241",
    "",
];
const OTHER_ORIGINS: [&str; 8] = [
    "http://evil.example",
    "https://127.0.0.1:7241",
    "http://127.0.0.1:3000",
    "http://localhost",
    "null",
    "http://127.0.0.1:7241.evil.example",
    "file://",
    "",
];

/// Every method and path that the main listener answers, with the parameters filled in.
fn every_route() -> Vec<(Method, String)> {
    let routes = route::rest().into_iter().chain(route::ingest());
    let fill = |path: &str| {
        path.replace(['{', '}'], "").replace("trace_id", &"1".repeat(32)).replace("span_id", "1111111111111111")
    };
    let mut all: Vec<_> = routes.map(|route| (route.method, fill(route.path))).collect();
    all.extend([(Method::GET, "/".into()), (Method::GET, "/assets/x.js".into()), (Method::GET, "/trace/x".into())]);
    all
}

async fn ask(server: &TestServer, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.raw(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn no_route_answers_another_host() {
    let server = server();
    for (method, path) in every_route() {
        for host in OTHER_HOSTS {
            let answer = ask(&server, &method, &path, &[("host", host)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path} of {host:?}");
        }
        let two = ask(&server, &method, &path, &[("host", OUR_HOSTS[0]), ("host", "evil.example")]).await;
        assert_eq!(two.status, StatusCode::FORBIDDEN, "{method} {path} of two hosts");
        let none = ask(&server, &method, &path, &[]).await;
        assert_eq!(none.status, StatusCode::FORBIDDEN, "{method} {path} of no host");
    }
    assert!(server.counter("guard.refused_host").await > 100);
}

#[tokio::test]
async fn no_route_answers_a_page_of_another_origin() {
    let server = server();
    for (method, path) in every_route() {
        for origin in OTHER_ORIGINS {
            for method in [&method, &Method::OPTIONS] {
                let answer = ask(&server, method, &path, &[("host", OUR_HOSTS[0]), ("origin", origin)]).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path} from {origin:?}");
                assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
            }
        }
        for site in ["cross-site", "same-site"] {
            let headers = [("host", OUR_HOSTS[0]), ("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")];
            let answer = ask(&server, &method, &path, &headers).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path} from a {site} page");
        }
    }
}

#[tokio::test]
async fn every_spelling_of_this_machine_is_answered_with_safe_headers() {
    let server = server();
    for host in OUR_HOSTS {
        let origin = format!("http://{host}");
        let answer = ask(&server, &Method::GET, "/api/v1/health", &[("host", host), ("origin", &origin)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'self'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_link_on_another_site_may_lead_to_a_page_and_to_nothing_else() {
    let server = server();
    let headers = [("host", OUR_HOSTS[0]), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let page = ask(&server, &Method::GET, "/trace/x", &headers).await;
    assert_ne!(page.status, StatusCode::FORBIDDEN);
    let data = ask(&server, &Method::GET, "/api/v1/traces", &headers).await;
    assert_eq!(data.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_named_origin_may_send_traces_and_read_nothing() {
    let config = Config { allow_origins: vec!["https://app.example".into()], ..Config::default() };
    let server = configured(config);
    let headers = [
        ("host", OUR_HOSTS[0]),
        ("origin", "https://app.example"),
        ("content-type", "application/json"),
        ("access-control-request-headers", "content-type"),
    ];
    let preflight = ask(&server, &Method::OPTIONS, "/v1/traces", &headers).await;
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-headers")),
        (StatusCode::NO_CONTENT, "content-type")
    );
    let sent = server.send("POST", "/v1/traces", &headers[1..3], "{}").await;
    assert_eq!((sent.status, sent.header("access-control-allow-origin")), (StatusCode::OK, "https://app.example"));
    let read = ask(&server, &Method::GET, "/api/v1/traces", &headers).await;
    assert_eq!(read.status, StatusCode::FORBIDDEN);
}
