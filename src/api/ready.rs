//! For machines: is it alive, may clients be sent here, what does it count, what can be asked.

use super::json::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::wire::{ProblemBody, ReadyBody};
use super::{Shared, metrics as exposition};

/// 200 while the process lives, whatever it thinks of itself.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether clients may be sent here (DESIGN 6).
#[utoipa::path(get, path = "/readyz", responses(
    (status = 200, body = ReadyBody, description = "They may; plain text unless Accept asks for JSON"),
    (status = 503, body = ReadyBody, description = "They may not, and what is missing: a line each"),
))]
pub async fn readyz(State(edge): State<Shared>, headers: HeaderMap) -> Response {
    let fitness = edge.context.latches.borrow().fitness();
    let status = if fitness.is_fit() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let ready = fitness.is_fit();
    if wants_json(&headers) {
        let body = ReadyBody { ready, missing: fitness.missing, degraded: fitness.degraded };
        return (status, Json(body)).into_response();
    }
    let degraded = fitness.degraded.iter().map(|words| format!("degraded: {words}"));
    let first = if ready { vec!["ready".to_owned()] } else { fitness.missing };
    let lines: Vec<_> = first.into_iter().chain(degraded).collect();
    (status, lines.join("\n") + "\n").into_response()
}

/// Everything that is counted, for Prometheus and its kin.
#[utoipa::path(get, path = "/metrics", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"),
    (status = 503, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn metrics(State(edge): State<Shared>) -> Result<Response, Problem> {
    let stopping = |_| Problem::from(crate::control::Refusal::Stopping);
    let _alone = edge.scrape.acquire().await.map_err(stopping)?;
    let text = exposition::text(&edge.context).await?;
    Ok(([(header::CONTENT_TYPE, exposition::MEDIA_TYPE)], text).into_response())
}

/// This API, for machines (OpenAPI 3.1).
#[utoipa::path(get, path = "/openapi.json", responses(
    (status = 200, body = String, content_type = "application/json"),
))]
pub async fn openapi(State(edge): State<Shared>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], edge.openapi.clone()).into_response()
}

/// Whether JSON is named, and is not told to stay away.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
        json && !parts.any(|part| part.eq_ignore_ascii_case("q=0"))
    })
}
