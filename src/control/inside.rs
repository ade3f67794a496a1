//! Services inside services: what an endpoint is worth that another service answers for.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::course::Course;
use super::plan::Plan;
use super::words::Truth;
use crate::health::Level;
use crate::model::{EndpointId, Family, ServiceId};
use crate::snapshot::World;
use crate::steer::{Belief, Tier, Word};

/// One more than services may stand inside each other.
const ROUNDS: usize = 5;

/// A service as it looks from outside, for one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The best tier that any of its endpoints is in.
    pub tier: Tier,
    /// For how long that may be believed.
    ttl: u32,
    /// The earliest end of an operator's word inside, in Unix seconds: it may change all of that.
    pub until: Option<u64>,
}

/// What was found of services that answer for others: several may look at the same one. Worth as much as what it was found by.
pub type Insides = RefCell<HashMap<(ServiceId, Family), Inside>>;

impl Inside {
    fn and(self, word: Word, until: Option<u64>) -> Inside {
        if word.tier == Tier::Absent {
            return self;
        }
        Inside {
            tier: if self.tier == Tier::Absent { word.tier } else { self.tier.min(word.tier) },
            ttl: self.ttl.min(word.ttl.into()),
            until: self.until.into_iter().chain(until).min(),
        }
    }

    /// As if it were an address; `None`: it has none of the family.
    pub fn belief(self) -> Option<Belief> {
        let level = match self.tier {
            Tier::Absent => return None,
            Tier::Fit | Tier::Idle => Level::Healthy,
            Tier::Unknown => Level::Unknown,
            Tier::Failing | Tier::Barred => Level::Unhealthy,
        };
        Some(Belief { level, ttl: self.ttl })
    }
}

impl Truth<'_> {
    /// What a service looks like from outside. Configurations whose services nest in a circle do not load, so this comes to
    /// an end.
    pub(super) fn inside(&self, world: &World, plan: &Plan, service: ServiceId, family: Family) -> Inside {
        if let Some(known) = self.insides.borrow().get(&(service, family)) {
            return *known;
        }
        let first = world.services[service.index()].steered.first.0;
        let ids = (first..).map(EndpointId).take(world.written[service.index()].endpoints.len());
        let nothing = Inside { tier: Tier::Absent, ttl: u32::MAX, until: None };
        let words = ids.filter_map(|id| self.word(world, plan, id, family));
        let inside = words.fold(nothing, |inside, (word, until)| inside.and(word, until));

        self.insides.borrow_mut().insert((service, family), inside);
        inside
    }
}

/// Finds who of a world stays although it failed softly. Who stays inside a service says whether the endpoint is fit that it
/// answers for: `all_kept` is asked again until it says the same.
pub fn settle(
    course: &mut Course,
    world: &World,
    all_kept: impl Fn(&Course) -> HashSet<(EndpointId, Family)>,
) {
    course.kept.clear();
    for _ in 0..if world.nested_in.is_empty() { 1 } else { ROUNDS } {
        let kept = all_kept(course);
        let is_settled = kept == course.kept;
        course.kept = kept;
        if is_settled {
            break;
        }
    }
}

/// Some endpoints, and all that a service answers for which has one of those, and so on.
pub fn with_outer(world: &World, about: &[EndpointId]) -> Vec<EndpointId> {
    let mut all: BTreeSet<EndpointId> = about.iter().copied().collect();
    let mut new: Vec<EndpointId> = about.to_vec();
    while let Some(id) = new.pop() {
        let outer = world.service_of(id).and_then(|service| world.nested_in.get(service.index()));
        new.extend(outer.into_iter().flatten().filter(|outer| all.insert(**outer)));
    }
    all.into_iter().collect()
}

/// By service, the endpoints that it answers for; empty where no service does that.
pub fn nested_in(services: &[crate::model::Service]) -> Box<[Box<[EndpointId]>]> {
    let mut nested_in: Vec<Vec<EndpointId>> = vec![Vec::new(); services.len()];
    let endpoints = services.iter().flat_map(|service| &service.endpoints).zip((0..).map(EndpointId));
    for (inner, id) in endpoints.filter_map(|(endpoint, id)| Some((endpoint.inner?, id))) {
        nested_in[inner.index()].push(id);
    }
    if nested_in.iter().all(Vec::is_empty) {
        return Box::default();
    }
    nested_in.into_iter().map(Into::into).collect()
}
