//! What control itself holds for or against endpoints, beside verdicts and operators' words: who stays although it
//! failed softly, who starts slowly, whom signals take out, who fell and is to be parked, whose ramp goes back, and who wishes to
//! be sent nobody new.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use crate::health::Whose;
use crate::model::{Endpoint, EndpointId, Family, Override, Service, Subject};
use crate::snapshot::World;

/// An endpoint's place for one family, by name: it outlasts a reload.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat {
    /// The service's name.
    pub service: String,
    /// The region's name.
    pub region: String,
    /// The family.
    pub family: Family,
}

impl Seat {
    /// The seat of a service's endpoint at that position.
    pub fn new(world: &World, service: &Service, position: usize, family: Family) -> Seat {
        let region = &world.regions[service.endpoints[position].region.index()].name;
        Seat { service: service.name.clone(), region: region.clone(), family }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub struct Course {
    /// Who stays although it failed softly, in the world in force.
    pub kept: HashSet<(EndpointId, Family)>,
    /// Since when who starts slowly.
    pub ramps: HashMap<Seat, SystemTime>,
    /// Since when whom a passive rule takes out.
    pub lowered: HashMap<Whose, Instant>,
    /// Who fell and is to be parked, why and when: it counts at once, and is written to the log within a second.
    pub fallen: HashMap<Whose, (String, SystemTime)>,
    /// Operators' ramps that went back by themselves: it counts at once, and is written to the log within a second.
    pub gone_back: BTreeMap<Subject, Override>,
    /// Operators' ramps that moved when last looked at, and the revisions of their words.
    pub moving: BTreeSet<(Subject, u64)>,
    /// How much endpoints say that they take, as their signals have it.
    pub capacities: HashMap<Whose, u64>,
    /// The share of its clients that an endpoint keeps for its load; absent: all.
    pub factors: HashMap<Whose, f64>,
    /// The part of an endpoint's capacity that is in use, where demand is counted.
    pub used: HashMap<Whose, f64>,
    /// Who wishes to be sent nobody new: these of its addresses as they are probed, or with `None` all of it.
    pub wishes: HashMap<Whose, Vec<Option<IpAddr>>>,
}

/// The names of a service's endpoint at that position.
pub fn whose(world: &World, service: &Service, position: usize) -> Whose {
    let region = &world.regions[service.endpoints[position].region.index()].name;
    Whose { service: service.name.clone(), region: region.clone() }
}

impl Course {
    /// The share of its weight that an endpoint has at `now`: 0.0…1.0.
    pub fn ramp(&self, seat: impl FnOnce() -> Seat, slow_start: Duration, now: SystemTime) -> f64 {
        if self.ramps.is_empty() || slow_start.is_zero() {
            return 1.0;
        }
        let Some(since) = self.ramps.get(&seat()) else { return 1.0 };
        let elapsed = now.duration_since(*since).unwrap_or_default();
        (elapsed.as_secs_f64() / slow_start.as_secs_f64()).min(1.0)
    }

    /// Since when a passive rule takes an endpoint out; `None`: none does.
    pub fn is_lowered(&self, whose: impl FnOnce() -> Whose) -> Option<Instant> {
        if self.lowered.is_empty() { None } else { self.lowered.get(&whose()).copied() }
    }

    /// How much an endpoint takes: as it reports itself, else as configured; `None`: nobody knows.
    pub fn capacity(&self, whose: impl FnOnce() -> Whose, endpoint: &Endpoint) -> Option<u64> {
        let told = if self.capacities.is_empty() { None } else { self.capacities.get(&whose()).copied() };
        told.or(endpoint.capacity)
    }

    /// Notes how much an endpoint says that it takes; whether that is new.
    pub fn set_capacity(&mut self, whose: &Whose, capacity: Option<u64>) -> bool {
        match capacity {
            Some(capacity) => self.capacities.insert(whose.clone(), capacity) != Some(capacity),
            None => self.capacities.remove(whose).is_some(),
        }
    }

    /// The share of its clients that an endpoint keeps for its load: 0.0…1.0.
    pub fn factor(&self, whose: impl FnOnce() -> Whose) -> f64 {
        if self.factors.is_empty() { 1.0 } else { self.factors.get(&whose()).copied().unwrap_or(1.0) }
    }

    /// Notes the share of its clients that an endpoint keeps; whether that is new.
    pub fn set_factor(&mut self, whose: Whose, factor: f64) -> bool {
        if factor >= 1.0 {
            return self.factors.remove(&whose).is_some();
        }
        self.factors.insert(whose, factor) != Some(factor)
    }

    /// Notes how full demand makes an endpoint.
    pub fn set_used(&mut self, whose: Whose, used: Option<f64>) {
        match used {
            Some(used) => drop(self.used.insert(whose, used)),
            None => drop(self.used.remove(&whose)),
        }
    }

    /// Which of an endpoint's addresses of one family wish to be sent nobody new, as bits in written order.
    pub fn drained(&self, whose: impl FnOnce() -> Whose, endpoint: &Endpoint, family: Family) -> u16 {
        if self.wishes.is_empty() {
            return 0;
        }
        let Some(wishes) = self.wishes.get(&whose()) else { return 0 };
        let wishes_to = |address| wishes.contains(&None) || wishes.contains(&Some(address));
        let probed = endpoint.probed_of(family).enumerate().take(Endpoint::MAX_ADDRESSES);
        probed.filter(|(_, address)| wishes_to(*address)).fold(0, |mask, (at, _)| mask | 1 << at)
    }

    /// Notes since when a passive rule takes an endpoint out; whether that is new.
    pub fn set_lowered(&mut self, whose: &Whose, since: Option<Instant>) -> bool {
        match since {
            Some(since) => self.lowered.insert(whose.clone(), since).is_none(),
            None => self.lowered.remove(whose).is_some(),
        }
    }

    /// Notes which addresses of an endpoint wish to be sent nobody new; whether that is new.
    pub fn set_wishes(&mut self, whose: &Whose, wishes: Vec<Option<IpAddr>>) -> bool {
        match wishes.is_empty() {
            true => self.wishes.remove(whose).is_some(),
            false if self.wishes.get(whose) == Some(&wishes) => false,
            false => {
                self.wishes.insert(whose.clone(), wishes);
                true
            }
        }
    }

    /// Forgets ramps that are done, and those of endpoints that are gone.
    pub fn forget_done(&mut self, world: &World, now: SystemTime) {
        if self.ramps.is_empty() {
            return;
        }
        let lasting: HashMap<&str, Duration> =
            world.written.iter().map(|service| (service.name.as_str(), service.slow_start)).collect();
        self.ramps.retain(|seat, since| {
            let lasting = lasting.get(seat.service.as_str()).copied().unwrap_or_default();
            now.duration_since(*since).unwrap_or_default() < lasting
        });
    }
}
