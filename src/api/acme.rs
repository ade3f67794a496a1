//! ACME challenges: what a certificate authority is to find at `_acme-challenge` of a steered name.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode};

use super::guard::{Names, Who};
use super::json::Json;
use super::problem::Problem;
use super::read::{name, word_of_path};
use super::wire::{ChallengeBody, ProblemBody, ValuesBody};
use super::{Shared, desire, show};
use crate::control::Revised;
use crate::control::handle::{ChallengeWish, WishedValues};
use crate::model::Challenge;

/// All challenges in force, in the order of names.
#[utoipa::path(get, path = "/v1/acme", responses((status = 200, body = [ChallengeBody])))]
pub async fn challenges(State(edge): State<Shared>) -> Result<Json<Vec<ChallengeBody>>, Problem> {
    let challenges = edge.context.handle.challenges().await?;
    Ok(Json(challenges.iter().map(show::challenge).collect()))
}

/// Sets what is to be found for a name, on this node at once; the same call again sets it again.
#[utoipa::path(put, path = "/v1/acme/{name}", params(("name" = String, Path)), request_body = ValuesBody,
    responses(
    (status = 200, body = ChallengeBody, description = "On disk and answered"),
    (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn set_challenge(
    State(edge): State<Shared>,
    Extension(who): Extension<Who>,
    Extension(names): Extension<Names>,
    of: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ChallengeBody>, Problem> {
    let bytes = desire::body(&headers, body).await?;
    let values = desire::values(&bytes, (edge.context.clock)())?;
    let set = wish(&edge, (who, names), of, Some(values)).await?;
    // It ran out while it was being written.
    let gone = || Problem::new(StatusCode::NOT_FOUND, "no-challenge", "the challenge has ended already");
    set.map(|revised| Json(show::challenge(&revised))).ok_or_else(gone)
}

/// Takes away all that is to be found for a name; well also where nothing is.
#[utoipa::path(delete, path = "/v1/acme/{name}", params(("name" = String, Path)), responses(
    (status = 204, description = "Nothing is to be found any more"),
    (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn clear_challenge(
    State(edge): State<Shared>,
    Extension(who): Extension<Who>,
    Extension(names): Extension<Names>,
    of: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    desire::body(&headers, body).await?;
    wish(&edge, (who, names), of, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn wish(
    edge: &Shared,
    (Who(who), Names(names)): (Who, Names),
    of: Result<Path<String>, PathRejection>,
    values: Option<WishedValues>,
) -> Result<Option<Revised<Arc<Challenge>>>, Problem> {
    let name = Challenge::subject(&name(&word_of_path(of)?)?);
    if !names.is_empty() && !names.contains(&name) {
        let known: Vec<_> = names.iter().map(ToString::to_string).collect();
        let detail = format!("'{who}' may set challenges for {} alone, not for '{name}'", known.join(", "));
        return Err(Problem::new(StatusCode::FORBIDDEN, "name", detail).knowing(known));
    }
    Ok(edge.context.handle.challenge(ChallengeWish { name, values, who }).await?)
}
