//! Which part answers which request.
//!
//! Here: [`routes`], and the answers that belong to no part. Elsewhere: the parts
//! (`netbox`, `forge`, `pages`, `stands`), sockets and limits (`server`).

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

/// One router made from parts, with `GET /healthz` and plain words for everything else.
///
/// # Panics
/// If two parts claim one path: they are put together in code, not from input.
pub fn routes(parts: impl IntoIterator<Item = Router>) -> Router {
    parts
        .into_iter()
        .fold(Router::new(), Router::merge)
        .route("/healthz", get(async || "alive\n"))
        .fallback(async || (StatusCode::NOT_FOUND, "nothing is served here\n"))
        .method_not_allowed_fallback(async || (StatusCode::METHOD_NOT_ALLOWED, "not with this method\n"))
}
