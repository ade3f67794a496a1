//! What control itself holds for or against endpoints, beside verdicts and operators' words: who stays although it
//! failed softly, and who starts slowly.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use crate::model::{EndpointId, Family, Service};
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
