//! `GET /v1/scale/{region}`: what an autoscaler should know of a region, flat, so that one path leads to each number.
//!
//! ```text
//! latency   objective   factor
//! known     written     latency ÷ objective, 0.5 at least, 2 at most
//! else                  1: nothing is known, nothing is suggested
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};

use super::json::Json;
use super::problem::Problem;
use super::wire::{ProblemBody, ScaleBody, ScaleQuery};
use super::{Shared, read, show};
use crate::control::report::{EndpointReport, ServiceReport};
use crate::model::Signal;

/// A halving or a doubling at once is as much as anybody should trust.
const BOUNDS: (f64, f64) = (0.5, 2.0);

/// What an autoscaler should know of one service in one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The region's name.
    pub region: &'a str,
    /// What its load balancers report; without that the mean, over the endpoint's targets, of the time that nine tenths
    /// of their newest probes took.
    pub latency: Option<Duration>,
    /// What it should be at most.
    pub objective: Option<Duration>,
    /// The part of its capacity that is in use: as reported, else the connections reported ÷ the capacity reported,
    /// else what the service's capacity unit says.
    pub utilization: Option<f64>,
    /// By how much the endpoint should grow: 0.5…2.0.
    pub factor: f64,
}

impl Scale<'_> {
    /// Every endpoint of some services.
    pub fn all(services: &[ServiceReport]) -> impl Iterator<Item = Scale<'_>> {
        services.iter().flat_map(|service| {
            service.endpoints.iter().map(|endpoint| Scale::new(endpoint, service.latency_objective))
        })
    }

    fn new(endpoint: &EndpointReport, objective: Option<Duration>) -> Scale<'_> {
        let latency =
            told(endpoint, Signal::Latency).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let latency = latency.or_else(|| self::latency(endpoint));
        let factor = latency.zip(objective).map_or(1.0, |(latency, objective)| {
            (latency.as_secs_f64() / objective.as_secs_f64()).clamp(BOUNDS.0, BOUNDS.1)
        });
        let (service, region) = (&endpoint.service, &endpoint.region);
        Scale { service, region, latency, objective, utilization: utilization(endpoint), factor }
    }
}

/// A signal that may be believed, smoothed.
fn told(endpoint: &EndpointReport, signal: Signal) -> Option<f64> {
    let mut readings = endpoint.signals.readings.iter();
    readings.find(|reading| reading.signal == signal).map(|reading| reading.smoothed)
}

fn utilization(endpoint: &EndpointReport) -> Option<f64> {
    let told = |signal| told(endpoint, signal);
    let capacity = told(Signal::Capacity).filter(|capacity| *capacity > 0.0);
    let used = || Some(told(Signal::Connections)? / capacity?);
    told(Signal::Utilization).or_else(used).or(endpoint.used)
}

fn latency(endpoint: &EndpointReport) -> Option<Duration> {
    let addresses = endpoint.families.iter().flat_map(|family| &family.addresses);
    // Both families may be probed by one address: each target counts once.
    let targets: BTreeMap<_, _> =
        addresses.filter_map(|one| Some((one.target.as_ref()?, one.percentiles?.p90))).collect();
    let count = u32::try_from(targets.len()).ok().filter(|count| *count > 0)?;
    Some(targets.into_values().sum::<Duration>() / count)
}

/// By how much a region should grow; without a service, what its neediest one asks for.
#[utoipa::path(get, path = "/v1/scale/{region}", params(("region" = String, Path), ScaleQuery), responses(
    (status = 200, body = ScaleBody),
    (status = 400, body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn scale(
    State(edge): State<Shared>,
    region: Result<Path<String>, PathRejection>,
    query: Result<Query<ScaleQuery>, QueryRejection>,
) -> Result<Json<ScaleBody>, Problem> {
    let region = read::word_of_path(region)?;
    let Query(query) = query.map_err(|error| {
        Problem::bad(format!("the query cannot be read: {}", error.body_text())).knowing(["service"])
    })?;
    let known = |name: &String| *name == region;
    let names = |edge: &Shared| -> Vec<String> {
        edge.context.handle.shared.load().world.regions.iter().map(|region| region.name.clone()).collect()
    };
    if !names(&edge).iter().any(known) {
        return Err(Problem::unknown("region", &region, names(&edge)));
    }
    let services = edge.context.handle.services(query.service.clone()).await?;
    if let Some(service) = query.service.filter(|_| services.is_empty()) {
        return Err(read::unknown_service(&edge, &service));
    }
    let here = Scale::all(&services).filter(|scale| scale.region == region);
    let neediest = here.max_by(|one, other| one.factor.total_cmp(&other.factor));
    let neediest = neediest.ok_or_else(|| nothing_here(&region, &services))?;
    Ok(Json(show::scale(&neediest)))
}

/// No service, or not this one, has an endpoint there.
fn nothing_here(region: &str, services: &[ServiceReport]) -> Problem {
    let endpoints = services.iter().flat_map(|service| &service.endpoints);
    let mut known: Vec<_> = endpoints.map(|endpoint| endpoint.region.clone()).collect();
    known.sort();
    known.dedup();
    Problem::unknown("endpoint", region, known)
}
