//! The server through its guarded application: everything but the sockets.

mod agents_door;
mod doors;
mod guard;
mod open;
mod prices;
mod rest;
mod runs;
mod runs_activity;
mod runs_burr;
mod runs_live;
mod runs_said;
mod secrets;
mod secrets_words;
mod story;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tokio::sync::watch;
use trackway_model::Timestamp;
use trackway_store::{Clock, Memory, Runs, Store};

use crate::{App, Config, guard::Guarded, route};

/// A server whose clock stands at 2026-11-21T07:00:00Z.
#[derive(Clone)]
pub(crate) struct TestServer {
    pub(crate) app: Arc<App>,
    config: Config,
    now: Arc<AtomicU64>,
    /// Streams end when it is gone.
    _stop: Arc<watch::Sender<bool>>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

pub(crate) const NOW: Timestamp = Timestamp(1_795_244_400_000_000_000);

pub(crate) fn server() -> TestServer {
    configured(Config::default())
}

pub(crate) fn configured(config: Config) -> TestServer {
    serving(config, |clock| Memory::with_run_ids(clock, crate::run_ids()))
}

/// A server of a store that reads the server's clock.
pub(crate) fn serving<S: Store + Runs + 'static>(config: Config, store: impl FnOnce(Clock) -> S) -> TestServer {
    let now = Arc::new(AtomicU64::new(NOW.0));
    let hands = Arc::clone(&now);
    let clock: Clock = Arc::new(move || Timestamp(hands.load(SeqCst)));
    let store = Arc::new(store(Arc::clone(&clock)));
    let (store, runs): (Arc<dyn Store>, Arc<dyn Runs>) = (store.clone(), store);
    let (stop, stopped) = watch::channel(false);
    let app =
        App { started: NOW, data_dir: "/data".into(), stop: stopped, ..App::unserved(&config, store, runs, clock) };
    TestServer { app: Arc::new(app), config, now, _stop: Arc::new(stop) }
}

impl TestServer {
    fn guarded(&self, router: axum::Router) -> Guarded {
        let addresses: [SocketAddr; 2] = ["127.0.0.1:7241".parse().unwrap(), "[::1]:7241".parse().unwrap()];
        let counters = Arc::clone(&self.app.counters);
        Guarded::new(router, addresses.into_iter(), &self.config.allow_origins, counters)
    }

    /// Lets so many seconds pass.
    pub(crate) fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds * 1_000_000_000, SeqCst);
    }

    /// Sends a request as it is.
    pub(crate) async fn raw(&self, request: Request<Body>) -> Answer {
        let response = self.guarded(route::main(&self.app)).call(request).await;
        let (head, body) = response.into_parts();
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned();
        Answer { status: head.status, headers: head.headers, body: collected.to_bytes(), trailers }
    }

    /// Sends a request from a program on this machine.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:7241");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.raw(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], Body::empty()).await
    }

    /// Posts spans as OTLP JSON.
    pub(crate) async fn post(&self, spans: &str) -> Answer {
        let body = format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
               "scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#
        );
        self.send("POST", "/v1/traces", &[("content-type", "application/json")], body).await
    }

    /// The value of a counter.
    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let stats = self.get("/api/v1/stats").await.json();
        let counter = stats["counters"].as_array().unwrap().iter().find(|counter| counter["name"] == name);
        counter.unwrap_or_else(|| panic!("no counter {name}"))["value"].as_u64().unwrap()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A JSON span of a trace and with an id made of this digit.
pub(crate) fn span(trace: u8, id: u8, rest: &str) -> String {
    format!(
        r#"{{"traceId":"{trace:032x}","spanId":"{id:016x}","name":"span {id}","startTimeUnixNano":"1795244000000000000",
           "endTimeUnixNano":"1795244001000000000"{rest}}}"#
    )
}
