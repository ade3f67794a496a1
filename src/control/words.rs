//! Verdicts and operators' words, folded into a world's live words.

use std::time::SystemTime;

use super::plan::Plan;
use super::state::State;
use crate::health::{self, Level};
use crate::model::{EndpointId, Family, Service, Subject, Target, TtlRange};
use crate::snapshot::{Snapshot, World};
use crate::steer::{Belief, Effect, Known, Live, Word, fold};

/// All that words are folded from.
#[derive(Clone, Copy)]
pub struct Truth<'a> {
    /// What is believed of targets.
    pub verdicts: &'a health::Table,
    /// What operators said.
    pub state: &'a State,
    /// The wall clock.
    pub now: SystemTime,
}

impl Truth<'_> {
    /// Every live word of a world, before anybody reads it.
    pub fn words(&self, world: &World, plan: &Plan) -> Box<[Live]> {
        let both = |(id, service, position)| self.endpoint(world, plan, id, service, position);
        world.endpoints().flat_map(both).map(Live::new).collect()
    }

    /// Stores every word of a snapshot anew; says how many changed.
    pub fn store_all(&self, snapshot: &Snapshot, plan: &Plan) -> usize {
        let all = snapshot.world.endpoints();
        all.map(|(id, service, position)| self.store(snapshot, plan, id, service, position)).sum()
    }

    /// Stores the words of some endpoints anew; says how many changed.
    pub fn store_some(&self, snapshot: &Snapshot, plan: &Plan, ids: &[EndpointId]) -> usize {
        let find = |id: &EndpointId| {
            let (service, position) = snapshot.world.endpoint(*id)?;
            Some(self.store(snapshot, plan, *id, service, position))
        };
        ids.iter().filter_map(find).sum()
    }

    fn store(
        &self,
        snapshot: &Snapshot,
        plan: &Plan,
        id: EndpointId,
        service: &Service,
        position: usize,
    ) -> usize {
        let words = self.endpoint(&snapshot.world, plan, id, service, position);
        let live = &snapshot.live[id.index() * 2..][..2];
        live.iter().zip(words).filter(|(live, word)| live.store(*word)).count()
    }

    /// Both words of one endpoint.
    fn endpoint(
        &self,
        world: &World,
        plan: &Plan,
        id: EndpointId,
        service: &Service,
        position: usize,
    ) -> [Word; 2] {
        let effect = self.effect(world, service, position);
        Family::ALL.map(|family| {
            let targets = &plan.endpoints[id.index()].by_family[family.index()];
            let beliefs: Vec<_> =
                targets.iter().map(|target| self.belief(target.as_deref(), service.ttl)).collect();
            let known = Known {
                beliefs: &beliefs,
                min_addresses: service.min_addresses,
                weight: service.endpoints[position].weight,
                largest_weight: service.largest_weight(),
                ttl: service.ttl,
                effect,
            };
            fold(&known, seconds(self.now))
        })
    }

    /// What is believed of one address; one that is not probed is healthy.
    fn belief(&self, target: Option<&Target>, range: TtlRange) -> Belief {
        let Some(target) = target else { return Belief { level: Level::Healthy, ttl: range.max } };
        match self.verdicts.verdict(target) {
            Some(verdict) => {
                let ttl = health::ttl(range, verdict.remaining, verdict.threshold);
                Belief { level: verdict.level, ttl }
            }
            None => Belief { level: Level::Unknown, ttl: range.min },
        }
    }

    /// The words on an endpoint and on its region, together.
    fn effect(&self, world: &World, service: &Service, position: usize) -> Effect {
        let region = &world.regions[service.endpoints[position].region.index()].name;
        let endpoint = Subject::Endpoint { service: service.name.clone(), region: region.clone() };
        self.said(&Subject::Region(region.clone())).and(self.said(&endpoint))
    }

    fn said(&self, subject: &Subject) -> Effect {
        let Some(revised) = self.state.word(subject, self.now) else { return Effect::default() };
        Effect { state: Some(revised.word.state), until: revised.word.until.map(seconds) }
    }
}

/// Unix seconds; 0 for what was before.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
