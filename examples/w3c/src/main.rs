//! A service on axum that the [W3C's own suite](https://github.com/w3c/trace-context/tree/main/test) for Trace Context is run
//! against: `docs/propagation.md` says how.
//!
//! `POST /test` takes a list of calls and makes them, one after the other, each with the context of the request that it is a part of.
//! Spans go to a Trackway server on this machine; `OTEL_TRACES_EXPORTER=none` has them go nowhere.

use std::env;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use trackway::propagation::Format;
use trackway::{Context, Sampler, SpanKind, Tracer};

/// A call to be made, and what is to be sent with it.
#[derive(Deserialize)]
struct Call {
    url: String,
    arguments: serde_json::Value,
}

fn main() -> anyhow::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:5000".to_owned());
    // Records whatever comes: under the default sampler a trace that its sender does not record has no spans here, so that
    // the sender's own is passed on, where the suite wants a new one.
    let trackway = trackway::builder().service("w3c-trace-context").sampler(Sampler::always_on()).install();
    let service = Router::new().route("/test", post(test)).with_state(trackway.tracer().clone());
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(&address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        println!("listening on http://{}/test", listener.local_addr()?);
        axum::serve(listener, service).await.context("the service ended")
    })
}

async fn test(State(tracer): State<Tracer>, headers: HeaderMap, Json(calls): Json<Vec<Call>>) -> StatusCode {
    // What cannot be read begins a new trace, as the recommendation demands.
    let parent = tracer.extract(Format::HTTP_HEADERS, &headers).ok().flatten().unwrap_or_default();
    let span = tracer.span("POST /test").kind(SpanKind::Server).child_of(&parent).start();
    for call in calls {
        let (tracer, parent) = (tracer.clone(), span.context().clone());
        let made = tokio::task::spawn_blocking(move || make(&tracer, &parent, &call)).await;
        if !matches!(made, Ok(Ok(()))) {
            return StatusCode::BAD_GATEWAY;
        }
    }
    StatusCode::OK
}

/// Makes one call, as a span of its own.
fn make(tracer: &Tracer, parent: &Context, call: &Call) -> anyhow::Result<()> {
    let span = tracer.span("POST").kind(SpanKind::Client).child_of(parent).attribute("url.full", &*call.url).start();
    let mut request = ureq::post(&call.url).content_type("application/json");
    if let Some(headers) = request.headers_mut() {
        tracer.inject(span.context(), Format::HTTP_HEADERS, headers)?;
    }
    let sent = request.send(serde_json::to_vec(&call.arguments)?);
    if let Err(error) = &sent {
        span.record_error(error);
    }
    sent?;
    Ok(())
}
