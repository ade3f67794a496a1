//! Reports, made from the truth as it stands.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::course::whose;
use super::plan::Look;
use super::report::{AddressReport, EndpointReport, FamilyReport, RegionReport, ServiceReport, StatusReport};
use super::state::Revised;
use super::task::Control;
use crate::health::{Facts, Level};
use crate::model::{EndpointId, Family, Region, Service, Subject, Target};
use crate::snapshot::{Snapshot, World};
use crate::steer::Tier;

/// Whose addresses are told.
#[derive(Clone, Copy)]
struct Seen<'a> {
    snapshot: &'a Snapshot,
    service: &'a Service,
    id: EndpointId,
    position: usize,
    family: Family,
}

/// What was handed out, and how much of it in all by service and family.
struct Handed {
    totals: HashMap<(String, String, Family), (u64, u64)>,
    by_service: HashMap<(String, Family), u64>,
}

impl Control {
    fn handed(&self, snapshot: &Snapshot) -> Handed {
        let totals = self.totals.with(snapshot);
        let mut by_service = HashMap::new();
        for ((service, _, family), (answers, _)) in &totals {
            *by_service.entry((service.clone(), *family)).or_default() += answers;
        }
        Handed { totals, by_service }
    }

    /// All services, or the one of this name.
    pub(super) fn services(&self, name: Option<&str>) -> Vec<ServiceReport> {
        let snapshot = self.shared.load();
        let handed = self.handed(&snapshot);
        let wanted = |service: &Service| name.is_none_or(|name| service.name == name);
        let mut by_service =
            self.endpoints(&snapshot, &handed, |service, _| wanted(service), |one| &one.service);
        let report = |service: &Service| ServiceReport {
            name: service.name.clone(),
            names: service.names.iter().map(|(name, _)| name.to_string()).collect(),
            policy: service.policy.name,
            latency_objective: service.latency_objective,
            demand: self.spilling.demand(&service.name),
            endpoints: by_service.remove(&service.name).unwrap_or_default(),
        };
        snapshot.world.written.iter().filter(|service| wanted(service)).map(report).collect()
    }

    /// All regions, or the one of this name.
    pub(super) fn regions(&self, name: Option<&str>) -> Vec<RegionReport> {
        let snapshot = self.shared.load();
        let handed = self.handed(&snapshot);
        let wanted = |region: &str| name.is_none_or(|name| region == name);
        let mut by_region = self.endpoints(&snapshot, &handed, |_, region| wanted(region), |one| &one.region);
        let report = |region: &Region| RegionReport {
            name: region.name.clone(),
            location: region.location.map(|location| (location.lat, location.lon)),
            capacity: region.capacity,
            bias: region.bias,
            word: self.word(&Subject::Region(region.name.clone())),
            endpoints: by_region.remove(&region.name).unwrap_or_default(),
        };
        snapshot.world.regions.iter().filter(|region| wanted(&region.name)).map(report).collect()
    }

    /// The endpoints for whose service and region `wanted` says yes, in one pass, grouped.
    fn endpoints(
        &self,
        snapshot: &Snapshot,
        handed: &Handed,
        wanted: impl Fn(&Service, &str) -> bool,
        group: impl Fn(&EndpointReport) -> &String,
    ) -> HashMap<String, Vec<EndpointReport>> {
        let world = &snapshot.world;
        let mut groups: HashMap<String, Vec<EndpointReport>> = HashMap::new();
        for (id, service, position) in world.endpoints() {
            if wanted(service, region_of(world, service, position)) {
                let report = self.endpoint(snapshot, handed, id, service, position);
                groups.entry(group(&report).clone()).or_default().push(report);
            }
        }
        groups
    }

    fn endpoint(
        &self,
        snapshot: &Snapshot,
        handed: &Handed,
        id: EndpointId,
        service: &Service,
        position: usize,
    ) -> EndpointReport {
        let region = region_of(&snapshot.world, service, position).to_owned();
        let subject = Subject::Endpoint { service: service.name.clone(), region: region.clone() };
        let named = whose(&snapshot.world, service, position);
        let draining = self.course.wishes.contains_key(&named);
        let signals = self.signalling.report(&named, draining, Instant::now().into_std());
        let family = |family| self.family(snapshot, handed, id, (service, &region), position, family);
        let used = self.utilization(&snapshot.world, service, position);
        EndpointReport {
            used,
            full: used.is_some_and(|used| used >= service.capacity.hard),
            load_factor: self.course.factor(|| named.clone()),
            service: service.name.clone(),
            inner: service.endpoints[position]
                .inner
                .map(|inner| snapshot.world.written[inner.index()].name.clone()),
            cname: service.endpoints[position].cname.as_ref().map(ToString::to_string),
            resolved: service.endpoints[position]
                .resolved()
                .and_then(|name| self.resolving.known(name))
                .cloned(),
            weight: service.endpoints[position].weight,
            word: self.word(&subject),
            region_word: self.word(&Subject::Region(region.clone())),
            families: Family::ALL.into_iter().filter_map(family).collect(),
            parked: self.parking(&named),
            signals,
            region,
        }
    }

    fn family(
        &self,
        snapshot: &Snapshot,
        handed: &Handed,
        id: EndpointId,
        (service, region): (&Service, &str),
        position: usize,
        family: Family,
    ) -> Option<FamilyReport> {
        let live = snapshot.live[id.index() * 2 + family.index()].load();
        if live.tier == Tier::Absent {
            return None;
        }
        let key = (service.name.clone(), region.to_owned(), family);
        let (answers, until) = handed.totals.get(&key).copied().unwrap_or_default();
        let all = handed.by_service.get(&(service.name.clone(), family)).copied().unwrap_or_default();
        let addresses = service.endpoints[position].addresses_of(family);
        let seen = Seen { snapshot, service, id, position, family };
        Some(FamilyReport {
            family,
            live,
            ttl: live.ttl_at(self.unix()),
            kept: self.course.kept.contains(&(id, family)),
            answers,
            share: if all == 0 { 0.0 } else { answers as f64 / all as f64 },
            cached_until: (until > 0).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(until)),
            addresses: addresses.enumerate().map(|(at, address)| self.address(&seen, at, address)).collect(),
        })
    }

    /// One address; of several checks the first that matters most, and each by itself.
    fn address(&self, seen: &Seen<'_>, at: usize, address: IpAddr) -> AddressReport {
        let Seen { snapshot, service, id, position, family } = *seen;
        let truth = self.truth();
        let judge = truth.judge(&snapshot.world, &self.plan);
        let looks = &self.plan.endpoints[id.index()].by_family[family.index()][at];
        let region = service.endpoints[position].region;
        let each = looks.iter().zip(&service.checks).map(|(look, check)| match look {
            Look::Target(target) => self.target(address, &check.name, target),
            Look::Service(other) => {
                let level = judge.look(look, region, family, service.ttl).level;
                let name = &snapshot.world.written[other.index()].name;
                let reason = format!("service {name} is {}", level.name());
                AddressReport { check: check.name.clone(), level, reason, ..AddressReport::of(address) }
            }
        });
        let mut checks: Vec<_> = each.collect();
        if checks.len() < 2 {
            return checks.pop().unwrap_or_else(|| AddressReport::of(address));
        }
        let judged = judge.addresses(service, id.index(), family, service.ttl);
        let level = judged.get(at).map_or(Level::Unknown, |judged| judged.level);
        let reason = together(&checks, service.needed);
        let deciding = checks.iter().find(|check| check.level == level).or(checks.first());
        let deciding = deciding.cloned().unwrap_or_else(|| AddressReport::of(address));
        AddressReport { level, reason, checks, ..deciding }
    }

    /// Why an endpoint is down, in words: what is believed of the first of its addresses that is.
    pub(super) fn reason_of(&self, snapshot: &Snapshot, id: EndpointId, family: Family) -> Option<String> {
        let (service, position) = snapshot.world.endpoint(id)?;
        let seen = Seen { snapshot, service, id, position, family };
        let addresses = service.endpoints[position].addresses_of(family).enumerate();
        let mut reports = addresses.map(|(at, address)| self.address(&seen, at, address));
        reports.find(|report| report.level == Level::Unhealthy).map(|report| report.reason)
    }

    fn target(&self, address: IpAddr, check: &str, target: &Target) -> AddressReport {
        let now = Instant::now().into_std();
        let (plain, none) = (AddressReport::of(address), Facts::default());
        let Some(verdict) = self.verdicts.verdict(target) else { return plain };
        let facts = self.verdicts.facts(target).unwrap_or(&none);
        let flaps = self.verdicts.flaps(target);
        let reason = match &facts.own_fault {
            Some(fault) => format!("{}; {fault}", verdict.why),
            None => verdict.why.to_string(),
        };
        AddressReport {
            check: check.to_owned(),
            target: Some(target.to_string()),
            level: verdict.level,
            reason,
            age: Some(now.saturating_duration_since(verdict.since)),
            remaining: (verdict.remaining, verdict.threshold),
            strip: facts.strip.to_string(),
            flap_penalty: flaps.map_or(0.0, |flaps| flaps.penalty(now)),
            held_for: flaps.and_then(|flaps| flaps.held_for(now)),
            staleness: facts.staleness(now),
            latency: facts.last_latency,
            percentiles: facts.latencies.percentiles(),
            certificate_expires: facts.certificate_expires,
            probes: (facts.passed, facts.failed),
            ..plain
        }
    }

    fn word(&self, subject: &Subject) -> Option<Revised> {
        let mut said = self.state.word(subject, (self.clock)()).cloned()?;
        if let Some(back) = self.course.gone_back.get(subject) {
            said.word = back.clone();
        }
        Some(said)
    }

    /// How the node is.
    pub(super) fn status(&self) -> StatusReport {
        let snapshot = self.shared.load();
        let world = &snapshot.world;
        StatusReport {
            identity: world.identity.clone(),
            generation: snapshot.generation,
            revision: self.state.revision,
            started: self.started,
            loaded: self.loaded,
            first_verdicts: self.has_first_verdicts(),
            databases: self.databases.clone(),
            geo: world.geo.size(),
            zones: world.zones.iter().map(ToString::to_string).collect(),
            names: world.names.len(),
            counts: (world.regions.len(), world.written.len(), self.endpoint_count()),
            dangling: self.dangling(world),
            last_reload: self.last_reload.clone(),
            reloads: self.reloads,
            transitions: self.transitions,
            probed: self.counts.clone(),
            latency: self.latencies.counts(),
            retired: self.totals.waiting(),
        }
    }

    /// Words on what the configuration does not know any more: kept, because it may come back.
    fn dangling(&self, world: &World) -> Vec<(Subject, Revised)> {
        let exists = |subject: &Subject| match subject {
            Subject::Region(name) => world.regions.iter().any(|region| region.name == *name),
            Subject::Endpoint { service, region } => world.endpoints().any(|(_, written, position)| {
                written.name == *service && region_of(world, written, position) == region
            }),
        };
        let words = self.state.words((self.clock)()).filter(|(subject, _)| !exists(subject));
        words.map(|(subject, revised)| (subject.clone(), revised.clone())).collect()
    }
}

fn region_of<'a>(world: &'a World, service: &Service, position: usize) -> &'a str {
    &world.regions[service.endpoints[position].region.index()].name
}

/// Why an address is as it is, where several checks have a say.
fn together(checks: &[AddressReport], needed: usize) -> String {
    let up = checks.iter().filter(|check| check.level.is_up()).count();
    let others = checks.iter().filter(|check| check.level != Level::Healthy);
    let others: Vec<_> = others.map(|check| format!("{}: {}", check.check, check.reason)).collect();
    let count = format!("{up} of {} checks pass, {needed} must", checks.len());
    if others.is_empty() { count } else { format!("{count}; {}", others.join("; ")) }
}
