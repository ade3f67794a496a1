//! `GET` under `/v1`: how the node is, its regions, its services, one decision.

use super::json::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};

use super::explain::{ClientAsked, Question, explain as explain_question};
use super::problem::Problem;
use super::wire::{ExplainQuery, Explanation, ProblemBody, RegionBody, ServiceBody, StatusBody};
use super::{Shared, show};
use crate::model::{Family, Name};

/// How the node is.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = StatusBody)))]
pub async fn status(State(edge): State<Shared>) -> Result<Json<StatusBody>, Problem> {
    let context = &edge.context;
    let report = context.handle.status().await?;
    let fitness = context.latches.borrow().fitness();
    Ok(Json(show::status(&report, fitness, context.version, (context.clock)())))
}

/// All regions, in written order.
#[utoipa::path(get, path = "/v1/regions", responses((status = 200, body = [RegionBody])))]
pub async fn regions(State(edge): State<Shared>) -> Result<Json<Vec<RegionBody>>, Problem> {
    let reports = edge.context.handle.regions(None).await?;
    let now = (edge.context.clock)();
    Ok(Json(reports.iter().map(|one| show::region(one, now)).collect()))
}

/// One region.
#[utoipa::path(get, path = "/v1/regions/{region}", params(("region" = String, Path)), responses(
    (status = 200, body = RegionBody),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn region(
    State(edge): State<Shared>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<RegionBody>, Problem> {
    let name = word_of_path(name)?;
    let reports = edge.context.handle.regions(Some(name.clone())).await?;
    let report = reports.first().ok_or_else(|| unknown_region(&edge, &name))?;
    Ok(Json(show::region(report, (edge.context.clock)())))
}

/// All services, in written order.
#[utoipa::path(get, path = "/v1/services", responses((status = 200, body = [ServiceBody])))]
pub async fn services(State(edge): State<Shared>) -> Result<Json<Vec<ServiceBody>>, Problem> {
    let reports = edge.context.handle.services(None).await?;
    let now = (edge.context.clock)();
    Ok(Json(reports.iter().map(|one| show::service(one, now)).collect()))
}

/// One service.
#[utoipa::path(get, path = "/v1/services/{service}", params(("service" = String, Path)), responses(
    (status = 200, body = ServiceBody),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn service(
    State(edge): State<Shared>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<ServiceBody>, Problem> {
    let name = word_of_path(name)?;
    let reports = edge.context.handle.services(Some(name.clone())).await?;
    let report = reports.first().ok_or_else(|| unknown_service(&edge, &name))?;
    Ok(Json(show::service(report, (edge.context.clock)())))
}

/// Why a client is answered as it is: the decision of a query, filter by filter.
#[utoipa::path(get, path = "/v1/explain", params(ExplainQuery), responses(
    (status = 200, body = Explanation),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn explain(
    State(edge): State<Shared>,
    query: Result<Query<ExplainQuery>, QueryRejection>,
) -> Result<Json<Explanation>, Problem> {
    let Query(query) = query.map_err(|error| {
        Problem::bad(format!("the query cannot be read: {}", error.body_text()))
            .knowing(["name", "client", "type"])
    })?;
    let name = name(&query.name)?;
    let client: ClientAsked = query.client.parse().map_err(Problem::bad)?;
    let families = families(query.kind.as_deref())?;
    let context = &edge.context;
    let config = context.config.borrow().clone();
    let (facts, notes) = edge.databases.facts(&config, client.address()).await;
    let snapshot = context.handle.shared.load();
    let mut question =
        Question::new(&snapshot, &name, client, crate::control::words::seconds((context.clock)()));
    (question.families, question.facts, question.notes) = (families, facts, notes);
    question.rules = &config.geo.rules;
    let service = question.service().map(str::to_owned);
    let mut reports = match service {
        Some(service) => context.handle.services(Some(service)).await?,
        None => Vec::new(),
    };
    question.report = reports.pop();
    question.latency = context.handle.latency_at(question.client.address(), question.asn()).await?;
    Ok(Json(explain_question(&question)))
}

/// A domain name, with or without the dot at its end.
pub fn name(text: &str) -> Result<Name, Problem> {
    let absolute = if text.is_empty() || text.ends_with('.') { text.to_owned() } else { format!("{text}.") };
    absolute.parse().map_err(|_| {
        let word = super::problem::shortened(text);
        Problem::bad(format!("name: '{word}' is not a domain name; write one like 'www.example.com'"))
    })
}

fn families(kind: Option<&str>) -> Result<Vec<Family>, Problem> {
    match kind.map(str::to_ascii_uppercase).as_deref() {
        None => Ok(Family::ALL.to_vec()),
        Some("A") => Ok(vec![Family::V4]),
        Some("AAAA") => Ok(vec![Family::V6]),
        Some(other) => {
            let word = super::problem::shortened(other);
            Err(Problem::bad(format!("type: '{word}' is not steered; types: A, AAAA")).knowing(["A", "AAAA"]))
        }
    }
}

/// A name in a path, percent-decoded.
pub fn word_of_path<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    path.map(|Path(word)| word).map_err(|error| Problem::bad(error.body_text()))
}

fn unknown_region(edge: &Shared, name: &str) -> Problem {
    let world = &edge.context.handle.shared.load().world;
    Problem::unknown("region", name, world.regions.iter().map(|region| region.name.clone()).collect())
}

/// 404.
pub fn unknown_service(edge: &Shared, name: &str) -> Problem {
    let world = &edge.context.handle.shared.load().world;
    Problem::unknown("service", name, world.written.iter().map(|service| service.name.clone()).collect())
}
