//! Every path that the server answers, in one table.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode},
    routing::{MethodFilter, MethodRouter, on},
};
use tower_http::compression::CompressionLayer;

use crate::{
    App,
    ingest::{agents, grpc, http},
    rest::{
        activity, annotation, case, change, group, imported, live, manage, openapi, problem, records, run, state, step,
        story, trace, upkeep,
    },
    ui,
};

/// One method of one path.
pub(crate) struct Route {
    /// The method.
    #[cfg(test)]
    pub(crate) method: Method,
    /// The path, its parameters in braces.
    pub(crate) path: &'static str,
    handler: MethodRouter<Arc<App>>,
}

macro_rules! routes {
    ($($method:ident $path:literal => $handler:path,)*) => {
        vec![$(Route {
            #[cfg(test)]
            method: Method::$method,
            path: $path, handler: on(MethodFilter::$method, $handler) },)*]
    };
}

/// Where traces come in; every listener has these, so that a client on the wrong port is served all the same. Langfuse's
/// SDKs send OTLP to a path of their own below the address that they are given.
pub(crate) fn ingest() -> Vec<Route> {
    routes! {
        POST "/v1/traces" => http::traces,
        POST "/api/public/otel/v1/traces" => http::traces,
        POST "/v1/traces/ingest" => agents::ingest,
        POST "/v1/traces/ingest/" => agents::ingest,
        POST "/v1/logs" => http::logs,
        POST "/v1/metrics" => http::metrics,
        POST "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => grpc::traces,
        POST "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => grpc::logs,
        POST "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => grpc::metrics,
    }
}

/// What the main listener answers besides.
pub(crate) fn rest() -> Vec<Route> {
    routes! {
        GET "/api/v1/health" => state::health,
        GET "/api/v1/stats" => state::stats,
        GET "/api/v1/state" => state::state,
        POST "/api/v1/store/flush" => upkeep::flush,
        POST "/api/v1/store/compact" => upkeep::compact,
        GET "/api/v1/live" => live::live,
        GET "/api/v1/openapi.json" => openapi::document,
        GET "/api/v1/projects" => manage::projects,
        DELETE "/api/v1/projects" => manage::delete_named_project,
        DELETE "/api/v1/projects/{project}" => manage::delete_project,
        GET "/api/v1/activity" => activity::list,
        GET "/api/v1/projects/{project}/apps" => run::list,
        GET "/api/v1/projects/{project}/apps/{app}" => run::one,
        DELETE "/api/v1/projects/{project}/apps/{app}" => run::delete,
        GET "/api/v1/projects/{project}/apps/{app}/steps" => step::list,
        GET "/api/v1/projects/{project}/apps/{app}/steps/{sequence}" => step::one,
        GET "/api/v1/projects/{project}/apps/{app}/state" => change::state,
        GET "/api/v1/projects/{project}/apps/{app}/diff" => change::diff,
        GET "/api/v1/projects/{project}/apps/{app}/test-case" => case::one,
        GET "/api/v1/projects/{project}/apps/{app}/remarks" => step::remarks,
        POST "/api/v1/projects/{project}/apps/{app}/records" => records::post,
        GET "/api/v1/projects/{project}/apps/{app}/annotations" => annotation::list,
        POST "/api/v1/projects/{project}/apps/{app}/annotations" => annotation::create,
        PUT "/api/v1/projects/{project}/apps/{app}/annotations/{id}" => annotation::revise,
        DELETE "/api/v1/projects/{project}/apps/{app}/annotations/{id}" => annotation::delete,
        GET "/api/v1/projects/{project}/annotations" => annotation::of_project,
        POST "/api/v1/projects/{project}/annotations" => imported::annotations,
        GET "/api/v1/services" => manage::services,
        GET "/api/v1/traces" => trace::list,
        GET "/api/v1/traces/{trace_id}" => trace::one,
        DELETE "/api/v1/traces/{trace_id}" => manage::delete_trace,
        GET "/api/v1/traces/{trace_id}/spans/{span_id}" => trace::span,
        GET "/api/v1/traces/{trace_id}/story" => story::story,
        GET "/api/v1/groups/{group}" => group::group,
        POST "/api/v1/demo" => manage::load_demo,
    }
}

/// The application of the main listener.
pub(crate) fn main(app: &Arc<App>) -> Router {
    let routes = rest().into_iter().chain(ingest());
    router(app, routes).fallback(anything_else).layer(CompressionLayer::new())
}

/// The application of the listeners that only take traces in.
pub(crate) fn doors(app: &Arc<App>) -> Router {
    router(app, ingest().into_iter()).fallback(elsewhere)
}

fn router(app: &Arc<App>, routes: impl Iterator<Item = Route>) -> Router {
    let router = routes.fold(Router::new(), |router, route| router.route(route.path, route.handler));
    router.method_not_allowed_fallback(wrong_method).with_state(Arc::clone(app))
}

async fn wrong_method(method: Method) -> Response<Body> {
    problem::response(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("This path does not answer {method}; see the Allow header."),
    )
}

/// The main listener's answer to a path that is no route: the web page, or what the client can understand.
async fn anything_else(request: Request<Body>) -> Response<Body> {
    if grpc::is_call(&request) { grpc::unknown(request.uri().path()) } else { ui::serve(&request) }
}

async fn elsewhere(request: Request<Body>) -> Response<Body> {
    if grpc::is_call(&request) {
        return grpc::unknown(request.uri().path());
    }
    let detail = "This port only takes traces in, at /v1/traces and /v1/traces/ingest; the web page and the REST interface \
                  are on Trackway's main port.";
    problem::response(StatusCode::NOT_FOUND, detail.into())
}
