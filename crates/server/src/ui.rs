//! The web UI, carried in the binary.

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, Response, StatusCode, header},
};
use rust_embed::{Embed, EmbeddedFile};

use crate::rest::problem;

/// The UI as `make ui` built it; empty in a checkout that has not built it.
#[derive(Embed)]
#[folder = "assets/"]
#[allow_missing = true]
struct Assets;

/// What the start page says in a binary that was built without the UI.
const WITHOUT: &str = "This trackway was built without its web page. Run `make ui` and build again. \
                       The REST interface is at /api/v1 all the same.";

/// Answers every path that is no route: with a file of the UI, or with its page, which knows its own paths.
pub(crate) fn serve(request: &Request<Body>) -> Response<Body> {
    let (method, uri) = (request.method(), request.uri());
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path.starts_with("v1/") || path.starts_with("opentelemetry.") {
        return problem::response(
            StatusCode::NOT_FOUND,
            format!("There is no {}; see /api/v1/openapi.json.", uri.path()),
        );
    }
    if method != Method::GET && method != Method::HEAD {
        return problem::response(StatusCode::METHOD_NOT_ALLOWED, format!("The web page does not answer {method}."));
    }
    // Asking for a name looks it up among the embedded files; no path reaches the disk.
    match (Assets::get(path), Assets::get("index.html")) {
        (Some(file), _) => respond(path, file),
        (None, _) if path.starts_with("assets/") => {
            problem::response(StatusCode::NOT_FOUND, format!("There is no {path}."))
        }
        (None, Some(page)) => respond("index.html", page),
        (None, None) => problem::response(StatusCode::NOT_FOUND, WITHOUT.into()),
    }
}

fn respond(path: &str, file: EmbeddedFile) -> Response<Body> {
    let mut response = Response::new(Body::from(file.data));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    // Files under assets/ carry a hash of their content in their name.
    let lifetime = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(lifetime));
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
