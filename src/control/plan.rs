//! What is probed, and which endpoints each result is about.

mod strain;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Config;
use crate::health::{Confirm, Standing, Tuning, Vouching, Wanted};
use crate::model::{Check, Endpoint, EndpointId, Family, RegionId, Service, ServiceId, Target};

/// The standing orders of one world.
#[derive(Debug, Default)]
pub struct Plan {
    /// Every target once, for the prober.
    pub standing: Arc<[Standing]>,
    /// Every target with its thresholds, for the verdict table.
    pub wanted: Vec<Wanted>,
    /// By endpoint: its targets.
    pub endpoints: Vec<EndpointTargets>,
    /// Which endpoints a target is about, those that depend on them included; in order.
    pub about: HashMap<Arc<Target>, Vec<EndpointId>>,
    /// By service: its first endpoint.
    pub first: Vec<EndpointId>,
}

/// What the checks of one endpoint's addresses look at.
#[derive(Clone, Debug, Default)]
pub struct EndpointTargets {
    /// By family, then address in written order: a look for each check; none: the address is not probed.
    pub by_family: [Vec<Box<[Look]>>; 2],
}

/// What one check looks at for one address.
#[derive(Clone, Debug)]
pub enum Look {
    /// What is believed of a target.
    Target(Arc<Target>),
    /// What is believed of another service.
    Service(ServiceId),
}

/// What is being gathered for a plan, by target.
type Known = BTreeMap<Arc<Target>, Order>;

/// What is wanted of one target.
struct Order {
    standing: Standing,
    /// Where the endpoints stand that it is about; of a witness, nowhere.
    regions: BTreeSet<RegionId>,
    is_witness: bool,
}

impl Plan {
    /// The plan for a configuration, whose endpoints are in the order of their ids.
    pub fn new(config: &Config) -> Plan {
        let mut known = Known::new();
        let mut plan = Plan::default();
        for service in &config.services {
            plan.first.push(EndpointId(plan.endpoints.len() as u32));
            for endpoint in &service.endpoints {
                let id = EndpointId(plan.endpoints.len() as u32);
                let mut by_family = Family::ALL.map(|family| {
                    let looks = |address| plan.looks(service, (endpoint, address), id, &mut known);
                    endpoint.probed_of(family).map(looks).collect::<Vec<_>>()
                });
                let of_alias = &mut by_family[Family::ALIAS.index()];
                if endpoint.alias().is_some() && of_alias.is_empty() {
                    // Nothing is probed, so nothing speaks against it.
                    of_alias.push(Box::default());
                }
                plan.endpoints.push(EndpointTargets { by_family });
            }
        }
        plan.tell_dependents(&config.services);
        for witness in &config.witnesses {
            let order = plan.want(&witness.check, witness.address, None, &mut known);
            order.into_iter().for_each(|order| order.is_witness = true);
        }
        let vouching = vouching(&known, config.server.region);
        plan.wanted.iter_mut().for_each(|wanted| wanted.vouching = vouching[&wanted.target]);
        plan.standing = known.into_values().map(|order| order.standing).collect();
        plan
    }

    /// What the checks of one endpoint look at for one address; probes are ordered.
    fn looks(
        &mut self,
        service: &Service,
        (endpoint, address): (&Endpoint, IpAddr),
        id: EndpointId,
        known: &mut Known,
    ) -> Box<[Look]> {
        let look = |check: &Check| match check.of_service {
            Some(other) => Some(Look::Service(other)),
            None => self.order(check, (endpoint, address), id, known).map(Look::Target),
        };
        service.checks.iter().filter_map(look).collect()
    }

    /// Orders probes of one endpoint at one address.
    fn order(
        &mut self,
        check: &Check,
        (endpoint, address): (&Endpoint, IpAddr),
        id: EndpointId,
        known: &mut Known,
    ) -> Option<Arc<Target>> {
        let order = self.want(check, address, endpoint.probe_port, known)?;
        order.regions.insert(endpoint.region);
        let target = Arc::clone(&order.standing.target);
        let about = self.about.entry(Arc::clone(&target)).or_default();
        if about.last() != Some(&id) {
            about.push(id);
        }
        Some(target)
    }

    /// A target is also about the endpoints whose service looks at a service that it is about, and so on.
    fn tell_dependents(&mut self, services: &[Service]) {
        let dependents = self.dependents(services);
        if dependents.is_empty() {
            return;
        }
        for about in self.about.values_mut() {
            let mut known: HashSet<EndpointId> = about.iter().copied().collect();
            let mut next = 0;
            while let Some(id) = about.get(next) {
                let new = dependents.get(id).map_or(&[][..], Vec::as_slice);
                about.extend(new.iter().filter(|id| known.insert(**id)));
                next += 1;
            }
            about.sort_unstable();
        }
    }

    /// By endpoint, the endpoints that look at it: those in its region, and those in regions that its service is not in.
    fn dependents(&self, services: &[Service]) -> HashMap<EndpointId, Vec<EndpointId>> {
        let mut dependents: HashMap<EndpointId, Vec<EndpointId>> = HashMap::new();
        for (service, first) in services.iter().zip(&self.first) {
            for other in service.checks.iter().filter_map(|check| check.of_service) {
                let (looked_at, base) = (&services[other.index()].endpoints, self.first[other.index()]);
                for (position, endpoint) in service.endpoints.iter().enumerate() {
                    for at in looked_at_from(looked_at, endpoint.region) {
                        let key = EndpointId((base.index() + at) as u32);
                        dependents
                            .entry(key)
                            .or_default()
                            .push(EndpointId((first.index() + position) as u32));
                    }
                }
            }
        }
        dependents
    }

    /// Orders probes of an address; the same target is ordered once, at the shortest interval and the longest timeout
    /// that anybody wants.
    fn want<'k>(
        &mut self,
        check: &Check,
        address: IpAddr,
        port: Option<u16>,
        known: &'k mut Known,
    ) -> Option<&'k mut Order> {
        let Check { probe, interval, timeout, fall, fast_interval, .. } = check;
        let probe = probe.as_ref()?;
        let target = Target { address, port: port.unwrap_or(probe.port), request: probe.request.clone() };
        let target = Arc::new(target);
        let order = known.entry(Arc::clone(&target)).or_insert_with(|| Order {
            standing: Standing { target, interval: *interval, timeout: *timeout, confirm: None },
            regions: BTreeSet::new(),
            is_witness: false,
        });
        let standing = &mut order.standing;
        standing.interval = standing.interval.min(*interval);
        standing.timeout = standing.timeout.max(*timeout).min(standing.interval);
        if let Some(interval) = *fast_interval {
            let known = standing.confirm.unwrap_or(Confirm { interval, fall: *fall });
            let (interval, fall) = (known.interval.min(interval), known.fall.min(*fall));
            standing.confirm = Some(Confirm { interval, fall });
        }
        let (target, vouching) = (Arc::clone(&standing.target), Vouching::default());
        self.wanted.push(Wanted { target, tuning: tuning(check), vouching });
        Some(order)
    }
}

/// Which endpoints of a service count for somebody who looks at it from a region: the one there, or all of them.
pub fn looked_at_from(endpoints: &[Endpoint], region: RegionId) -> std::ops::Range<usize> {
    let there = endpoints.iter().position(|endpoint| endpoint.region == region);
    there.map_or(0..endpoints.len(), |at| at..at + 1)
}

/// Who proves by an answer that the network of a node in `own` works, and who needs such a proof: whoever stands where
/// all others could be silent, too. Witnesses are groups of one.
fn vouching(known: &Known, own: Option<RegionId>) -> HashMap<Arc<Target>, Vouching> {
    let witnesses = known.values().filter(|order| order.is_witness).count();
    let mut outside: BTreeSet<RegionId> =
        known.values().flat_map(|order| order.regions.iter().copied()).collect();
    outside.retain(|region| Some(*region) != own);
    let mut next_witness = u32::from(u16::MAX)..;
    let mut stands = |order: &Order| {
        let elsewhere = order.regions.iter().find(|region| outside.contains(region));
        let gives =
            if order.is_witness { next_witness.next() } else { elsewhere.map(|region| region.0.into()) };
        let others = outside.iter().filter(|region| !order.regions.contains(region)).count();
        Vouching { gives, needs: others + witnesses > usize::from(order.is_witness) }
    };
    known.iter().map(|(target, order)| (Arc::clone(target), stands(order))).collect()
}

/// What it takes to change a mind about a target of this check.
fn tuning(check: &Check) -> Tuning {
    Tuning {
        rise: check.rise,
        fall: check.fall,
        half_life: check.flap_half_life,
        slow: check.slow,
        certificate_warning: check.certificate_warning,
    }
}

#[cfg(test)]
mod tests;
