//! Endpoints, targets and operators' words.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::{Labels, Sheet, unix};
use crate::control::report::{AddressReport, EndpointReport, FamilyReport, RegionReport, ServiceReport};
use crate::health::Level;

/// Every endpoint, every target once, and how many words are in force.
pub fn put(sheet: &mut Sheet, services: &[ServiceReport], regions: &[RegionReport], dangling: usize) {
    endpoints(sheet, services);
    targets(sheet, services);
    let regions = regions.iter().filter(|region| region.word.is_some()).count();
    let said =
        services.iter().flat_map(|service| &service.endpoints).filter(|one| one.word.is_some()).count();
    let rows = [("region", regions), ("endpoint", said), ("dangling", dangling)];
    let rows = rows.map(|(subject, count)| (vec![("subject", subject.to_owned())], count as f64));
    sheet.gauge(
        "overrides",
        "Operators' words in force; dangling ones are about nothing that is configured",
        rows,
    );
}

fn endpoints(sheet: &mut Sheet, services: &[ServiceReport]) {
    let all = || {
        let endpoints = services.iter().flat_map(|service| &service.endpoints);
        endpoints.flat_map(|endpoint| endpoint.families.iter().map(move |family| (endpoint, family)))
    };
    let answers = all().map(|(endpoint, family)| (labels(endpoint, family), family.answers));
    sheet.counter("answers", "Answers with addresses of an endpoint", answers);
    let tier = all().map(|(endpoint, family)| {
        let mut labels = labels(endpoint, family);
        labels.push(("tier", family.live.tier.name().to_owned()));
        (labels, 1.0)
    });
    sheet.gauge(
        "endpoint_tier",
        "The tier that an endpoint is in: the first with anything in it answers",
        tier,
    );
    let keep = all().map(|(endpoint, family)| (labels(endpoint, family), family.live.keep.fraction()));
    sheet.gauge("endpoint_keep", "The fraction of its own clients that an endpoint keeps", keep);
    let kept = all().map(|(endpoint, family)| (labels(endpoint, family), f64::from(u8::from(family.kept))));
    sheet.gauge(
        "endpoint_kept",
        "Whether an endpoint failed softly and stays, because more must not go",
        kept,
    );
    let parked = services.iter().flat_map(|service| &service.endpoints).map(|one| {
        let labels = vec![("service", one.service.clone()), ("region", one.region.clone())];
        (labels, f64::from(u8::from(one.parked.is_some())))
    });
    sheet.gauge(
        "endpoint_parked",
        "Whether an endpoint fell and stays out until somebody resumes it",
        parked,
    );
    capacity(sheet, services);
    names(sheet, services);
    let ttl = all().map(|(endpoint, family)| (labels(endpoint, family), f64::from(family.ttl)));
    sheet.gauge("endpoint_ttl_seconds", "For how long what is believed of an endpoint may be believed", ttl);
}

/// The names of endpoints that are looked up.
fn names(sheet: &mut Sheet, services: &[ServiceReport]) {
    let all = || {
        let endpoints = services.iter().flat_map(|service| &service.endpoints);
        endpoints.filter_map(|one| {
            let labels = vec![("service", one.service.clone()), ("region", one.region.clone())];
            Some((labels, one.resolved.as_ref()?))
        })
    };
    let at = all().filter_map(|(labels, known)| Some((labels, unix(known.at?))));
    sheet.gauge(
        "endpoint_resolved_timestamp_seconds",
        "When an endpoint's name was last looked up without a fault",
        at,
    );
    let failures = all().map(|(labels, known)| (labels, known.failures));
    sheet.counter("endpoint_resolve_failures", "Times that looking up an endpoint's name failed", failures);
}

/// How full endpoints are, and what comes of it.
fn capacity(sheet: &mut Sheet, services: &[ServiceReport]) {
    let each = |read: &dyn Fn(&EndpointReport) -> Option<f64>| -> Vec<(Labels, f64)> {
        let labels =
            |one: &EndpointReport| vec![("service", one.service.clone()), ("region", one.region.clone())];
        let all = services.iter().flat_map(|service| &service.endpoints);
        all.filter_map(|one| Some((labels(one), read(one)?))).collect()
    };
    let used = each(&|one| one.used);
    sheet.gauge("endpoint_utilization", "The part of an endpoint's capacity that is in use", used);
    let full = each(&|one| one.used.map(|_| f64::from(u8::from(one.full))));
    sheet.gauge("endpoint_full", "Whether an endpoint's utilization is at its service's hard bound", full);
    let factors = each(&|one| one.used.map(|_| one.load_factor));
    sheet.gauge(
        "endpoint_load_factor",
        "The share of its clients that an endpoint keeps for its load",
        factors,
    );
    let demand = services
        .iter()
        .filter_map(|service| Some((vec![("service", service.name.clone())], service.demand?)));
    sheet.gauge("service_demand", "Client networks that hold an answer of a service", demand);
}

fn labels(endpoint: &EndpointReport, family: &FamilyReport) -> Labels {
    vec![
        ("service", endpoint.service.clone()),
        ("region", endpoint.region.clone()),
        ("family", family.family.name().to_owned()),
    ]
}

fn targets(sheet: &mut Sheet, services: &[ServiceReport]) {
    let families =
        services.iter().flat_map(|service| &service.endpoints).flat_map(|endpoint| &endpoint.families);
    let addresses = families.flat_map(|family| &family.addresses).flat_map(|address| {
        if address.checks.is_empty() { std::slice::from_ref(address) } else { &address.checks[..] }
    });
    // Endpoints share targets: each is shown once.
    let targets: BTreeMap<&str, &AddressReport> =
        addresses.filter_map(|address| Some((address.target.as_deref()?, address))).collect();
    let row = |target: &str| vec![("target", target.to_owned())];
    let each = |read: &dyn Fn(&AddressReport) -> Option<f64>| -> Vec<(Labels, f64)> {
        targets.iter().filter_map(|(target, report)| Some((row(target), read(report)?))).collect()
    };
    let healthy = each(&|report| match report.level {
        Level::Healthy | Level::Degraded => Some(1.0),
        Level::Unhealthy => Some(0.0),
        Level::Unknown => None,
    });
    sheet.gauge("target_healthy", "What is believed of a target; absent before its first probe", healthy);
    let degraded = each(&|report| Some(f64::from(u8::from(report.level == Level::Degraded))));
    sheet.gauge("target_degraded", "Whether a target is up with cause for concern", degraded);
    let penalty = each(&|report| Some(report.flap_penalty));
    sheet.gauge("target_flap_penalty", "What a target's falls weigh, 1,000 each when they happen", penalty);
    let probes = targets.iter().flat_map(|(target, report)| {
        [("passed", report.probes.0), ("failed", report.probes.1)].map(|(outcome, count)| {
            (vec![("target", (*target).to_owned()), ("outcome", outcome.to_owned())], count)
        })
    });
    sheet.counter("probes", "Probes, by what came of them", probes);
    let latency = each(&|report| report.latency.map(|latency| latency.as_secs_f64()));
    sheet.gauge("probe_latency_seconds", "How long the newest probe took", latency);
    let staleness = each(&|report| report.staleness.map(|age| age.as_secs_f64()));
    sheet.gauge("probe_staleness_seconds", "How old the newest result is", staleness);
    let expires = each(&|report| report.certificate_expires.map(|at: SystemTime| unix(at)));
    sheet.gauge("certificate_expiry_timestamp_seconds", "When the certificate last shown ends", expires);
}
