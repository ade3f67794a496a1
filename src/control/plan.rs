//! What is probed, and which endpoints each result is about.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use crate::health::{Standing, Wanted};
use crate::model::{Check, Endpoint, EndpointId, Family, Service, Target};

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

impl Plan {
    /// The plan for these services, whose endpoints are in the order of their ids.
    pub fn new(services: &[Service]) -> Plan {
        let mut known: BTreeMap<Arc<Target>, Standing> = BTreeMap::new();
        let mut plan =
            Plan { standing: Arc::new([]), wanted: Vec::new(), endpoints: Vec::new(), about: HashMap::new() };
        for service in services {
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
        plan.standing = known.into_values().collect();
        plan
    }

    /// Orders probes of one endpoint at one address; the same target is ordered once, at the shortest interval and the longest
    /// timeout that anybody wants.
    fn order(
        &mut self,
        service: &Service,
        (endpoint, address): (&Endpoint, IpAddr),
        id: EndpointId,
        known: &mut BTreeMap<Arc<Target>, Standing>,
    ) -> Option<Arc<Target>> {
        let Check { probe, interval, timeout, rise, fall, .. } = &service.check;
        let probe = probe.as_ref()?;
        let port = endpoint.probe_port.unwrap_or(probe.port);
        let target = Arc::new(Target { address, port, request: probe.request.clone() });
        let order = known.entry(Arc::clone(&target)).or_insert_with(|| Standing {
            target: Arc::clone(&target),
            interval: *interval,
            timeout: *timeout,
        });
        order.interval = order.interval.min(*interval);
        order.timeout = order.timeout.max(*timeout).min(order.interval);
        let target = Arc::clone(&order.target);
        self.wanted.push(Wanted { target: Arc::clone(&target), rise: *rise, fall: *fall });
        let about = self.about.entry(Arc::clone(&target)).or_default();
        if about.last() != Some(&id) {
            about.push(id);
        }
        Some(target)
    }
}

#[cfg(test)]
mod tests;
