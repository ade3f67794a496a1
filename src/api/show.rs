//! Control's reports, as they leave.

mod event;
mod ramp;
mod signals;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::{Timestamp, Unit};

pub use event::event;
pub use ramp::state;

use super::scale::Scale;
use super::wire::*;
use crate::anycast::Fitness;
use crate::control::reload::Reloaded;
use crate::control::report::{
    AddressReport, EndpointReport, FamilyReport, RegionReport, ServiceReport, StatusReport,
};
use crate::control::resolving::Known;
use crate::control::{DatabaseFacts, Parked, Revised};
use crate::health::Percentiles;
use crate::model::{Challenge, OverrideState, Subject};

/// RFC 3339 in UTC, whole seconds.
pub fn time(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).unwrap_or(if at < SystemTime::UNIX_EPOCH {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    let whole = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Trunc);
    at.round(whole).unwrap_or(at).to_string()
}

/// Thousandths are all that anybody reads.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn seconds(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64())
}

fn millis(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1000.0)
}

fn percentiles(all: Percentiles) -> PercentilesBody {
    PercentilesBody { p50: millis(all.p50), p90: millis(all.p90), p99: millis(all.p99) }
}

/// What an autoscaler should know.
pub fn scale(scale: &Scale<'_>) -> ScaleBody {
    ScaleBody {
        region: scale.region.to_owned(),
        service: scale.service.to_owned(),
        latency_ms: scale.latency.map(millis),
        latency_objective_ms: scale.objective.map(millis),
        utilization: scale.utilization.map(rounded),
        factor: rounded(scale.factor),
    }
}

/// The word in force, as it stands at `now`.
pub fn word(revised: &Revised, now: SystemTime) -> OverrideBody {
    let Revised { word, revision } = revised;
    OverrideBody {
        state: word.state.name().to_owned(),
        weight: if let OverrideState::Weight(weight) = word.state { Some(weight) } else { None },
        ramp: ramp::ramp(word, now),
        reason: word.reason.clone(),
        who: word.who.clone(),
        since: time(word.since),
        expires_at: word.until.map(time),
        revision: *revision,
    }
}

/// A challenge in force.
pub fn challenge(revised: &Revised<Arc<Challenge>>) -> ChallengeBody {
    let Challenge { name, values, who, since, until } = &*revised.word;
    ChallengeBody {
        name: name.to_string(),
        record: Challenge::owner(name).map_or_else(String::new, |owner| owner.to_string()),
        values: values.clone(),
        who: who.clone(),
        since: time(*since),
        expires_at: time(*until),
        revision: revised.revision,
    }
}

/// A region and what stands in it at `now`.
pub fn region(report: &RegionReport, now: SystemTime) -> RegionBody {
    RegionBody {
        name: report.name.clone(),
        location: report.location.map(|(lat, lon)| PointBody { lat, lon }),
        capacity: report.capacity,
        bias: report.bias,
        state: report.word.as_ref().map_or("none", |revised| revised.word.state.name()).to_owned(),
        word: report.word.as_ref().map(|said| word(said, now)),
        services: report.endpoints.iter().map(|one| endpoint(one, now)).collect(),
    }
}

/// A service and its endpoints at `now`.
pub fn service(report: &ServiceReport, now: SystemTime) -> ServiceBody {
    ServiceBody {
        name: report.name.clone(),
        names: report.names.clone(),
        policy: report.policy.to_owned(),
        latency_objective_ms: report.latency_objective.map(millis),
        demand: report.demand.map(f64::round),
        endpoints: report.endpoints.iter().map(|one| endpoint(one, now)).collect(),
    }
}

fn endpoint(report: &EndpointReport, now: SystemTime) -> EndpointBody {
    EndpointBody {
        service: report.service.clone(),
        region: report.region.clone(),
        inner: report.inner.clone(),
        cname: report.cname.clone(),
        resolved: report.resolved.as_ref().map(resolved),
        weight: report.weight,
        word: report.word.as_ref().map(|said| word(said, now)),
        region_word: report.region_word.as_ref().map(|said| word(said, now)),
        parked: report.parked.as_ref().map(parked),
        utilization: report.used.map(rounded),
        full: report.full,
        load_factor: rounded(report.load_factor),
        families: report.families.iter().map(family).collect(),
        signals: report.signals.readings.iter().map(signals::signal).collect(),
        signal_sources: report.signals.sources.iter().map(signals::source).collect(),
        draining: report.signals.draining,
        passive: report.signals.rules.iter().map(signals::rule).collect(),
    }
}

fn resolved(known: &Known) -> ResolvedBody {
    ResolvedBody { at: known.at.map(time), error: known.why.clone(), failures: known.failures }
}

fn parked(revised: &Revised<Parked>) -> ParkedBody {
    let Parked { since, reason } = &revised.word;
    ParkedBody { since: time(*since), reason: reason.clone(), revision: revised.revision }
}

fn family(report: &FamilyReport) -> FamilyBody {
    FamilyBody {
        family: report.family.name().to_owned(),
        tier: report.live.tier.name().to_owned(),
        keep: (report.live.keep.fraction() * 1e4).round() / 1e4,
        kept: report.kept,
        ttl_seconds: report.ttl,
        answers: report.answers,
        share: rounded(report.share),
        cached_until: report.cached_until.map(time),
        addresses: report.addresses.iter().map(address).collect(),
    }
}

fn address(report: &AddressReport) -> AddressBody {
    AddressBody {
        address: report.address.to_string(),
        target: report.target.clone(),
        verdict: report.level.name().to_owned(),
        reason: report.reason.clone(),
        age_seconds: report.age.map(seconds),
        remaining: report.remaining.0,
        threshold: report.remaining.1,
        recent: report.strip.clone(),
        flap_penalty: rounded(report.flap_penalty),
        held_for_seconds: report.held_for.map(seconds),
        staleness_seconds: report.staleness.map(seconds),
        latency_ms: report.latency.map(millis),
        latency_percentiles_ms: report.percentiles.map(percentiles),
        certificate_expires: report.certificate_expires.map(time),
        passed: report.probes.0,
        failed: report.probes.1,
        check: report.check.clone(),
        checks: report.checks.iter().map(address).collect(),
    }
}

/// The node at `now`.
pub fn status(report: &StatusReport, fitness: Fitness, version: &str, now: SystemTime) -> StatusBody {
    let (regions, services, endpoints) = report.counts;
    StatusBody {
        identity: report.identity.clone(),
        version: version.to_owned(),
        started: time(report.started),
        uptime_seconds: now.duration_since(report.started).unwrap_or_default().as_secs(),
        generation: report.generation,
        loaded: time(report.loaded),
        revision: report.revision,
        ready: fitness.is_fit(),
        missing: fitness.missing,
        zones: report.zones.clone(),
        names: report.names,
        regions,
        services,
        endpoints,
        geo: geo(report, now),
        dangling: report.dangling.iter().map(|one| dangling(one, now)).collect(),
        last_reload: report.last_reload.as_ref().map(reload),
        reloads_swapped: report.reloads.0,
        reloads_failed: report.reloads.1,
        transitions: report.transitions,
        retired: report.retired,
    }
}

fn geo(report: &StatusReport, now: SystemTime) -> GeoBody {
    let [leaves_ipv4, leaves_ipv6] = report.geo.leaves;
    GeoBody {
        databases: report.databases.iter().map(|facts| database(facts, now)).collect(),
        cells: report.geo.cells,
        orders: report.geo.orders,
        leaves_ipv4,
        leaves_ipv6,
        bytes: report.geo.bytes,
    }
}

fn database(facts: &DatabaseFacts, now: SystemTime) -> DatabaseBody {
    // A damaged file may claim any time at all.
    let built = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(facts.built)).unwrap_or(now);
    DatabaseBody {
        path: facts.path.clone(),
        kind: facts.kind.clone(),
        built: time(built),
        age_seconds: now.duration_since(built).unwrap_or_default().as_secs(),
    }
}

fn dangling((subject, revised): &(Subject, Revised), now: SystemTime) -> DanglingBody {
    let (service, region) = match subject.clone() {
        Subject::Region(region) => (None, region),
        Subject::Endpoint { service, region } => (Some(service), region),
    };
    DanglingBody { service, region, word: word(revised, now) }
}

/// What a reload came to.
pub fn reload(reloaded: &Reloaded) -> ReloadBody {
    let remark = |problem: &crate::model::Problem| RemarkBody {
        place: problem.place.to_string(),
        text: problem.text.clone(),
        warning: problem.warning,
    };
    ReloadBody {
        at: time(reloaded.at),
        swapped: reloaded.swapped,
        generation: reloaded.generation,
        problems: reloaded.problems.iter().map(remark).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_in_utc_and_never_too_far() {
        let at =
            |seconds: u64, millis| SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + millis);
        assert_eq!(time(at(1_790_000_000, 999)), "2026-09-21T14:13:20Z");
        assert_eq!(time(at(1 << 50, 0)).get(..4), Some("9999"));
    }
}
