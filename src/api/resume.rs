//! Letting an endpoint back in that is parked: `manual_resume` keeps who fell out until somebody says so.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::condition::Condition;
use super::guard::Who;
use super::problem::Problem;
use super::read::word_of_path;
use super::wire::{ProblemBody, ReasonBody};
use super::{Shared, desire};
use crate::control::handle::ResumeWish;
use crate::health::Whose;

/// Lets one service in one region back in after its fall; well also where it is not parked.
#[utoipa::path(post, path = "/v1/services/{service}/endpoints/{region}/resume",
    params(("service" = String, Path), ("region" = String, Path)), request_body = ReasonBody, responses(
    (status = 204, description = "It is not parked any more: on disk and in force"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn resume(
    State(edge): State<Shared>,
    Extension(Who(who)): Extension<Who>,
    names: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let (service, region) = word_of_path(names)?;
    let whose = Whose { service, region };
    let reason = desire::why(&desire::body(&headers, body).await?)?;
    let if_match = revision(&edge, &whose, &headers).await?;
    edge.context.handle.resume(ResumeWish { whose, who, reason, if_match }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The revision that the asker's condition speaks of, if there is a condition.
async fn revision(edge: &Shared, whose: &Whose, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let condition = Condition::of(headers)?;
    if condition.is_empty() {
        return Ok(None);
    }
    let services = edge.context.handle.services(Some(whose.service.clone())).await?;
    let mut endpoints = services.into_iter().flat_map(|service| service.endpoints);
    let parked = endpoints.find(|endpoint| endpoint.region == whose.region).and_then(|one| one.parked);
    let current = parked.map_or(0, |parked| parked.revision);
    if condition.holds(current) { Ok(Some(current)) } else { Err(Problem::stale("parking", current)) }
}
