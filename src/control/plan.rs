//! What is probed, and which endpoints each result is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::Config;
use crate::health::{Confirm, Standing, Tuning, Vouching, Wanted};
use crate::model::{Check, Endpoint, EndpointId, Family, RegionId, Service, Target};

/// The standing orders of one world.
#[derive(Debug)]
pub struct Plan {
    /// Every target once, for the prober.
    pub standing: Arc<[Standing]>,
    /// Every target with its thresholds, for the verdict table.
    pub wanted: Vec<Wanted>,
    /// By endpoint: its targets.
    pub endpoints: Vec<EndpointTargets>,
    /// Which endpoints a target is about.
    pub about: HashMap<Arc<Target>, Vec<EndpointId>>,
}

/// The targets of one endpoint's addresses.
#[derive(Clone, Debug, Default)]
pub struct EndpointTargets {
    /// By family, in written order; `None`: this address is not probed.
    pub by_family: [Vec<Option<Arc<Target>>>; 2],
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
        let mut plan =
            Plan { standing: Arc::new([]), wanted: Vec::new(), endpoints: Vec::new(), about: HashMap::new() };
        for service in &config.services {
            for endpoint in &service.endpoints {
                let id = EndpointId(plan.endpoints.len() as u32);
                let by_family = Family::ALL.map(|family| {
                    let probed = endpoint.probed_of(family);
                    let order = |address| plan.order(service, (endpoint, address), id, &mut known);
                    probed.map(order).collect()
                });
                plan.endpoints.push(EndpointTargets { by_family });
            }
        }
        for witness in &config.witnesses {
            let order = plan.want(&witness.check, witness.address, None, &mut known);
            order.into_iter().for_each(|order| order.is_witness = true);
        }
        let vouching = vouching(&known, config.server.region);
        plan.wanted.iter_mut().for_each(|wanted| wanted.vouching = vouching[&wanted.target]);
        plan.standing = known.into_values().map(|order| order.standing).collect();
        plan
    }

    /// Orders probes of one endpoint at one address.
    fn order(
        &mut self,
        service: &Service,
        (endpoint, address): (&Endpoint, IpAddr),
        id: EndpointId,
        known: &mut Known,
    ) -> Option<Arc<Target>> {
        let order = self.want(&service.check, address, endpoint.probe_port, known)?;
        order.regions.insert(endpoint.region);
        let target = Arc::clone(&order.standing.target);
        let about = self.about.entry(Arc::clone(&target)).or_default();
        if about.last() != Some(&id) {
            about.push(id);
        }
        Some(target)
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
