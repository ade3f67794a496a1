//! What changes something: overrides, and the reload.

use super::json::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderValue;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::condition::{Condition, tag};
use super::guard::Who;
use super::problem::Problem;
use super::read::word_of_path;
use super::wire::{OverrideBody, ProblemBody, ReloadBody, WordBody};
use super::{Shared, desire, show};
use crate::control::handle::{Wish, WishedWord};
use crate::control::{Handle, Revised};
use crate::model::Subject;

type Of<T> = Result<Path<T>, PathRejection>;

/// The word in force on a region.
#[utoipa::path(get, path = "/v1/regions/{region}/override", params(("region" = String, Path)), responses(
    (status = 200, body = OverrideBody),
    (status = 304),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn region_override(
    State(edge): State<Shared>,
    name: Of<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show_word(&edge, &Subject::Region(word_of_path(name)?), &headers).await
}

/// Says something of a region, in all its services; the same call again says it again.
#[utoipa::path(put, path = "/v1/regions/{region}/override", params(("region" = String, Path)),
    request_body = WordBody, responses(
    (status = 200, body = OverrideBody, description = "On disk and in force"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn set_region_override(
    State(edge): State<Shared>,
    Extension(who): Extension<Who>,
    name: Of<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    set(&edge, who, Subject::Region(word_of_path(name)?), &headers, body).await
}

/// Takes back what was said of a region; well also where nothing was.
#[utoipa::path(delete, path = "/v1/regions/{region}/override", params(("region" = String, Path)), responses(
    (status = 204, description = "Nothing is in force any more"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn lift_region_override(
    State(edge): State<Shared>,
    Extension(who): Extension<Who>,
    name: Of<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    lift(&edge, who, Subject::Region(word_of_path(name)?), &headers, body).await
}

/// The word in force on one service in one region.
#[utoipa::path(get, path = "/v1/services/{service}/endpoints/{region}/override",
    params(("service" = String, Path), ("region" = String, Path)), responses(
    (status = 200, body = OverrideBody),
    (status = 304),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn endpoint_override(
    State(edge): State<Shared>,
    names: Of<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    show_word(&edge, &endpoint(names)?, &headers).await
}

/// Says something of one service in one region; a weight, too.
#[utoipa::path(put, path = "/v1/services/{service}/endpoints/{region}/override",
    params(("service" = String, Path), ("region" = String, Path)), request_body = WordBody, responses(
    (status = 200, body = OverrideBody, description = "On disk and in force"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn set_endpoint_override(
    State(edge): State<Shared>,
    Extension(who): Extension<Who>,
    names: Of<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    set(&edge, who, endpoint(names)?, &headers, body).await
}

/// Takes back what was said of one service in one region.
#[utoipa::path(delete, path = "/v1/services/{service}/endpoints/{region}/override",
    params(("service" = String, Path), ("region" = String, Path)), responses(
    (status = 204, description = "Nothing is in force any more"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    (status = 412, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn lift_endpoint_override(
    State(edge): State<Shared>,
    Extension(who): Extension<Who>,
    names: Of<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    lift(&edge, who, endpoint(names)?, &headers, body).await
}

/// Loads everything anew, as SIGHUP does, and says what came of it.
#[utoipa::path(post, path = "/v1/reload", responses(
    (status = 200, body = ReloadBody, description = "The new world is in force"),
    (status = 422, body = ReloadBody, description = "Something is wrong; the old world goes on"),
))]
pub async fn reload(State(edge): State<Shared>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    desire::body(&headers, body).await?;
    let reloaded = edge.context.handle.reload().await?;
    let status = if reloaded.swapped { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Json(show::reload(&reloaded))).into_response())
}

fn endpoint(names: Of<(String, String)>) -> Result<Subject, Problem> {
    let (service, region) = word_of_path(names)?;
    Ok(Subject::Endpoint { service, region })
}

async fn show_word(edge: &Shared, subject: &Subject, headers: &HeaderMap) -> Result<Response, Problem> {
    let condition = Condition::of(headers)?;
    let Some(revised) = in_force(&edge.context.handle, subject).await? else {
        let detail = format!("no override is in force on {}", describe(subject));
        return Err(Problem::new(StatusCode::NOT_FOUND, "no-override", detail));
    };
    if condition.is_known(revised.revision) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag(revised.revision))]).into_response());
    }
    Ok(tagged(edge, &revised))
}

async fn set(
    edge: &Shared,
    Who(who): Who,
    subject: Subject,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = desire::body(headers, body).await?;
    let word = desire::word(&bytes, &subject, (edge.context.clock)())?;
    let revised = grant(edge, who, subject, Some(word), headers).await?;
    // It ran out while it was being written.
    let gone = || Problem::new(StatusCode::NOT_FOUND, "no-override", "the override has ended already");
    revised.map(|revised| tagged(edge, &revised)).ok_or_else(gone)
}

async fn lift(
    edge: &Shared,
    Who(who): Who,
    subject: Subject,
    headers: &HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    desire::body(headers, body).await?;
    grant(edge, who, subject, None, headers).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn grant(
    edge: &Shared,
    who: String,
    subject: Subject,
    word: Option<WishedWord>,
    headers: &HeaderMap,
) -> Result<Option<Revised>, Problem> {
    let (handle, condition) = (&edge.context.handle, Condition::of(headers)?);
    let mut if_match = None;
    if !condition.is_empty() {
        let current = in_force(handle, &subject).await?.map_or(0, |revised| revised.revision);
        if !condition.holds(current) {
            return Err(Problem::stale("override", current));
        }
        if_match = Some(current);
    }
    Ok(handle.wish(Wish { subject, word, who, if_match }).await?)
}

/// What is in force on a subject, dangling or not; a problem where there is neither a word nor a subject.
async fn in_force(handle: &Handle, subject: &Subject) -> Result<Option<Revised>, Problem> {
    let known = match subject {
        Subject::Region(name) => {
            handle.regions(Some(name.clone())).await?.into_iter().next().map(|region| region.word)
        }
        Subject::Endpoint { service, region } => {
            let service = handle.services(Some(service.clone())).await?.into_iter().next();
            let mut endpoints = service.map(|service| service.endpoints).unwrap_or_default().into_iter();
            endpoints.find(|endpoint| endpoint.region == *region).map(|endpoint| endpoint.word)
        }
    };
    if let Some(word) = known {
        return Ok(word);
    }
    let dangling = handle.status().await?.dangling;
    let word = dangling.into_iter().find(|(known, _)| known == subject).map(|(_, revised)| revised);
    word.map(Some).ok_or_else(|| unknown(handle, subject))
}

fn unknown(handle: &Handle, subject: &Subject) -> Problem {
    let snapshot = handle.shared.load();
    let world = &snapshot.world;
    match subject {
        Subject::Region(name) => {
            Problem::unknown("region", name, world.regions.iter().map(|region| region.name.clone()).collect())
        }
        Subject::Endpoint { service, region } => {
            let Some(written) = world.written.iter().find(|written| written.name == *service) else {
                let known = world.written.iter().map(|written| written.name.clone()).collect();
                return Problem::unknown("service", service, known);
            };
            let name =
                |endpoint: &crate::model::Endpoint| world.regions[endpoint.region.index()].name.clone();
            Problem::unknown("endpoint", region, written.endpoints.iter().map(name).collect())
        }
    }
}

fn describe(subject: &Subject) -> String {
    match subject {
        Subject::Region(region) => format!("region '{region}'"),
        Subject::Endpoint { service, region } => format!("endpoint '{region}' of service '{service}'"),
    }
}

fn tagged(edge: &Shared, revised: &Revised) -> Response {
    let headers: [(header::HeaderName, HeaderValue); 1] = [(header::ETAG, tag(revised.revision))];
    (headers, Json(show::word(revised, (edge.context.clock)()))).into_response()
}
