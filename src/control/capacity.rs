//! Capacity: how full endpoints are, and how much of its clients each keeps for it. Once a second, and at once where an
//! endpoint is lost or comes back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio::time::Instant;

use super::course::whose;
use super::demand::Demand;
use super::shedding::{Reported, Shedding};
use super::task::Control;
use super::words::Stored;
use crate::health::Whose;
use crate::model::{EndpointId, Service, ServiceId, Signal};
use crate::snapshot::{Sample, Snapshot, World};
use crate::steer::spill::carried;

/// Samples of one worker that control wants in a second.
const WANTED: f64 = 200.0;

/// All that control knows of load, by service: it outlasts a reload.
#[derive(Debug, Default)]
pub struct Spilling {
    demand: BTreeMap<String, Demand>,
    shedding: BTreeMap<String, Shedding>,
    /// By worker: samples read.
    seen: Vec<u64>,
    read: Option<Instant>,
}

impl Spilling {
    /// The demand for a service, in client networks; `None`: it is not counted.
    pub fn demand(&self, service: &str) -> Option<f64> {
        self.demand.get(service).map(Demand::total)
    }
}

impl Control {
    /// Looks at the load of everything that sheds.
    pub(super) fn shed(&mut self) {
        let snapshot = self.shared.load();
        self.take_samples(&snapshot);
        let world = &snapshot.world;
        let reported: BTreeSet<&str> = self.signalling.whose().map(|whose| &*whose.service).collect();
        let wanted = |(service, _): &(&Service, ServiceId)| {
            service.policy.spills()
                && (service.capacity.unit.signal().is_none()
                    || reported.contains(&*service.name)
                    || self.spilling.shedding.contains_key(&service.name))
        };
        let services = world.written.iter().zip((0..).map(ServiceId)).filter(wanted);
        let ids: Vec<_> = services.map(|(_, id)| id).collect();
        self.shed_services(&snapshot, &ids);
    }

    /// The same at once for services of which an endpoint was lost or came back: with what demand tells, the others shed
    /// before anybody has come.
    pub(super) fn shed_after(&mut self, snapshot: &Snapshot, stored: &[Stored]) {
        let moved = stored.iter().filter(|stored| stored.before.tier != stored.after.tier);
        let services = moved.filter_map(|stored| snapshot.world.service_of(stored.id));
        let counted = |id: &ServiceId| snapshot.world.services[id.index()].steered.counted.is_some();
        let ids: BTreeSet<_> = services.filter(counted).collect();
        if !ids.is_empty() {
            self.shed_services(snapshot, &ids.into_iter().collect::<Vec<_>>());
        }
    }

    fn shed_services(&mut self, snapshot: &Snapshot, ids: &[ServiceId]) {
        let now = Instant::now();
        let mut moved = Vec::new();
        for id in ids {
            let before =
                self.spilling.shedding.remove(&snapshot.world.written[id.index()].name).unwrap_or_default();
            let after = match snapshot.world.services[id.index()].steered.counted {
                Some(_) => self.by_demand(&snapshot.world, *id, before, now),
                None => self.by_reports(&snapshot.world, *id, before, now),
            };
            moved.extend(self.keep_factors(&snapshot.world, *id, &after));
            if !after.is_idle() || snapshot.world.services[id.index()].steered.counted.is_some() {
                self.spilling.shedding.insert(snapshot.world.written[id.index()].name.clone(), after);
            }
        }
        let stored = self.truth().store_some(snapshot, &self.plan, &moved);
        self.publish_tiers(&snapshot.world, &stored);
    }

    fn by_demand(&mut self, world: &World, id: ServiceId, mut shedding: Shedding, now: Instant) -> Shedding {
        let service = &world.written[id.index()];
        let places = self.truth().places(world, &self.plan, id);
        let Some(demand) = self.spilling.demand.get(&service.name) else { return shedding };
        shedding.follow_demand(demand, &places, &service.capacity, service.ttl, now.into_std());
        let factors: Vec<_> = (0..places.len()).map(|position| shedding.factor(position)).collect();
        let carried = carried(&demand.flows(), &places, &factors);
        for ((position, place), carried) in places.iter().enumerate().zip(carried) {
            let used = place.capacity.filter(|_| place.fit).map(|capacity| carried / capacity);
            self.course.set_used(whose(world, service, position), used);
        }
        shedding
    }

    fn by_reports(&mut self, world: &World, id: ServiceId, mut shedding: Shedding, now: Instant) -> Shedding {
        let service = &world.written[id.index()];
        let places = self.truth().places(world, &self.plan, id);

        let known: Vec<f64> = places.iter().filter_map(|place| place.capacity).collect();
        // Of whom nobody knows how much it takes, it counts as much as the others do on average.
        let usual = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
        let mut all = Vec::with_capacity(places.len());
        for (position, place) in places.iter().enumerate() {
            let used = self.used(world, service, position, now);
            all.push(Reported { used, weight: place.capacity.unwrap_or(usual), fit: place.fit });
        }

        shedding.follow_reports(&all, &service.capacity, service.ttl, now.into_std());
        shedding
    }

    /// How full an endpoint is now; `None`: nobody knows.
    pub(super) fn utilization(&self, world: &World, service: &Service, position: usize) -> Option<f64> {
        match service.capacity.unit.signal() {
            Some(_) => self.used(world, service, position, Instant::now()),
            None => self.course.used.get(&whose(world, service, position)).copied(),
        }
    }

    /// The part of an endpoint's capacity that is in use: as reported, else the unit's signal ÷ its capacity, else that of
    /// its whole region ÷ the region's.
    fn used(&self, world: &World, service: &Service, position: usize, now: Instant) -> Option<f64> {
        let named = whose(world, service, position);
        let told = |whose: &Whose, signal| self.signalling.smoothed(whose, signal, now.into_std());
        if let Some(used) = told(&named, Signal::Utilization) {
            return Some(used);
        }
        let unit = service.capacity.unit.signal()?;
        let endpoint = &service.endpoints[position];
        if let Some(capacity) =
            self.course.capacity(|| named.clone(), endpoint).filter(|capacity| *capacity > 0)
        {
            return Some(told(&named, unit)? / capacity as f64);
        }
        let capacity = world.regions[endpoint.region.index()].capacity.filter(|capacity| *capacity > 0)?;
        let there = self.signalling.whose().filter(|whose| whose.region == named.region);
        let loads: Vec<_> = there.filter_map(|whose| told(whose, unit)).collect();
        (!loads.is_empty()).then(|| loads.iter().sum::<f64>() / capacity as f64)
    }

    /// Notes factors; says whose changed.
    fn keep_factors(&mut self, world: &World, id: ServiceId, shedding: &Shedding) -> Vec<EndpointId> {
        let service = &world.written[id.index()];
        let first = world.services[id.index()].steered.first.0;
        let mut moved = Vec::new();
        for position in 0..service.endpoints.len() {
            if self.course.set_factor(whose(world, service, position), shedding.factor(position)) {
                moved.push(EndpointId(first + position as u32));
            }
        }
        moved
    }

    //--- demand

    /// Takes what workers sampled since the last look, and has them sample as many a second as control wants.
    fn take_samples(&mut self, snapshot: &Snapshot) {
        let now = Instant::now();
        let passed = self.spilling.read.replace(now).map(|before| (now - before).as_secs_f64());
        self.spilling.seen.resize(snapshot.tallies.len(), 0);
        let mut all = Vec::new();
        for (tally, seen) in snapshot.tallies.iter().zip(&mut self.spilling.seen) {
            let (samples, written) = tally.samples.read(seen);
            let lost = written as f64 / samples.len().max(1) as f64;
            if let Some(passed) = passed.filter(|passed| *passed > 0.1) {
                let stride = f64::from(tally.samples.stride()) * written as f64 / passed / WANTED;
                tally.samples.set_stride(stride.clamp(1.0, 16_384.0) as u16);
            }
            all.extend(samples.into_iter().map(|sample| (sample, lost)));
        }
        for (sample, lost) in all {
            self.take_sample(snapshot, sample, lost);
        }
        let names = |service: &Service| regions_of(&snapshot.world, service);
        for service in snapshot.world.services.iter().filter(|service| service.steered.counted.is_some()) {
            let written = &snapshot.world.written[service.id.index()];
            let demand = self.spilling.demand.entry(written.name.clone());
            demand.or_insert_with(|| Demand::new(names(written))).age(now.into_std());
        }
    }

    fn take_sample(&mut self, snapshot: &Snapshot, sample: Sample, lost: f64) {
        let world = &snapshot.world;
        let Some(service) = world.services.get(sample.service.index()) else { return };
        let resolved = snapshot.locate(sample.service, sample.client);
        let (first, rest) = snapshot.order(&resolved);
        let admitted = |position: &usize| resolved.admitted & 1 << position != 0;
        let order: Vec<u8> =
            service.steered.in_order(first, rest).filter(admitted).map(|at| at as u8).collect();
        if let Some(demand) = self.spilling.demand.get_mut(&world.written[sample.service.index()].name) {
            demand.take(&order, f64::from(sample.ttl) * f64::from(sample.stride) * lost);
        }
    }

    /// Takes what is known of load into another world, before that is served.
    pub(super) fn carry_spilling(&mut self, old: &World, new: &World) {
        self.spilling.seen.clear();
        let regions = |world: &World| -> HashMap<String, Vec<String>> {
            world.written.iter().map(|service| (service.name.clone(), regions_of(world, service))).collect()
        };
        let (old, new_regions) = (regions(old), regions(new));
        let demand = std::mem::take(&mut self.spilling.demand).into_iter();
        self.spilling.demand = demand
            .filter_map(|(name, demand)| Some((name.clone(), demand.moved(new_regions.get(&name)?.clone()))))
            .collect();
        let was = |name: &str| -> Option<Vec<Option<usize>>> {
            let before = old.get(name)?;
            let was = |region: &String| before.iter().position(|one| one == region);
            Some(new_regions.get(name)?.iter().map(was).collect())
        };
        let shedding = std::mem::take(&mut self.spilling.shedding).into_iter();
        self.spilling.shedding = shedding
            .filter_map(|(name, shedding)| Some((name.clone(), shedding.moved(&was(&name)?))))
            .collect();
        let spills: BTreeMap<&str, bool> =
            new.written.iter().map(|service| (&*service.name, service.policy.spills())).collect();
        self.spilling.shedding.retain(|name, _| spills.get(&**name) == Some(&true));
        let stays = |whose: &Whose| {
            spills.get(&*whose.service) == Some(&true)
                && new_regions.get(&whose.service).is_some_and(|all| all.contains(&whose.region))
        };
        self.course.factors.retain(|whose, _| stays(whose));
        self.course.used.retain(|whose, _| stays(whose));
    }
}

fn regions_of(world: &World, service: &Service) -> Vec<String> {
    let region = |endpoint: &crate::model::Endpoint| world.regions[endpoint.region.index()].name.clone();
    service.endpoints.iter().map(region).collect()
}
