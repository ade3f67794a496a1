//! Verdicts and operators' words, folded into a world's live words.

use std::collections::{BTreeSet, HashSet};
use std::time::SystemTime;

use super::course::{Course, Seat, whose};
use super::judge::{Judge, Judgements, combine};
use super::plan::Plan;
use super::state::State;
use crate::health::{self, Level};
use crate::model::{EndpointId, Family, Service, Subject};
use crate::snapshot::{Snapshot, World};
use crate::steer::{Belief, Effect, Known, Live, Stand, Tier, Word, fold, kept};

/// All that words are folded from.
#[derive(Debug)]
pub struct Truth<'a> {
    /// What is believed of targets.
    verdicts: &'a health::Table,
    /// What operators said.
    state: &'a State,
    /// What control itself holds for or against endpoints.
    course: &'a Course,
    /// The wall clock.
    now: SystemTime,
    /// What the verdicts have been found to come to.
    judgements: Judgements,
}

/// A word that was stored, and what stood there before.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    /// Whose.
    pub id: EndpointId,
    /// For which family.
    pub family: Family,
    /// What queries saw.
    pub before: Word,
    /// What they see now.
    pub after: Word,
}

/// One endpoint of a world.
#[derive(Clone, Copy, Debug)]
struct Spot<'a> {
    id: EndpointId,
    service: &'a Service,
    position: usize,
}

impl<'a> Truth<'a> {
    /// What is known at `now`.
    pub fn new(
        verdicts: &'a health::Table,
        state: &'a State,
        course: &'a Course,
        now: SystemTime,
    ) -> Truth<'a> {
        Truth { verdicts, state, course, now, judgements: Judgements::default() }
    }
}

impl Truth<'_> {
    /// Every live word of a world, before anybody reads it.
    pub fn words(&self, world: &World, plan: &Plan) -> Box<[Live]> {
        spots(world).flat_map(|spot| self.endpoint(world, plan, spot)).map(Live::new).collect()
    }

    /// Stores every word of a snapshot anew; says which changed.
    pub fn store_all(&self, snapshot: &Snapshot, plan: &Plan) -> Vec<Stored> {
        spots(&snapshot.world).flat_map(|spot| self.store(snapshot, plan, spot)).collect()
    }

    /// Stores the words of some endpoints anew; says which changed.
    pub fn store_some(&self, snapshot: &Snapshot, plan: &Plan, ids: &[EndpointId]) -> Vec<Stored> {
        let spots = ids.iter().filter_map(|id| spot(&snapshot.world, *id));
        spots.flat_map(|spot| self.store(snapshot, plan, spot)).collect()
    }

    fn store(&self, snapshot: &Snapshot, plan: &Plan, spot: Spot<'_>) -> Vec<Stored> {
        let words = self.endpoint(&snapshot.world, plan, spot);
        let live = &snapshot.live[spot.id.index() * 2..][..2];
        let all = Family::ALL.into_iter().zip(live).zip(words);
        let stored = all.filter_map(|((family, live), after)| {
            let before = live.load();
            live.store(after).then_some(Stored { id: spot.id, family, before, after })
        });
        stored.collect()
    }

    /// Both words of one endpoint.
    fn endpoint(&self, world: &World, plan: &Plan, spot: Spot<'_>) -> [Word; 2] {
        Family::ALL.map(|family| {
            let kept = self.course.kept.contains(&(spot.id, family));
            self.fold(world, plan, spot, family, kept)
        })
    }

    fn fold(&self, world: &World, plan: &Plan, spot: Spot<'_>, family: Family, kept: bool) -> Word {
        let Spot { id, service, position } = spot;
        let judged = self.judge(world, plan).addresses(service, id.index(), family, service.ttl);
        let beliefs: Vec<_> =
            judged.iter().map(|judged| Belief { level: judged.level, ttl: judged.ttl }).collect();
        let seat = || Seat::new(world, service, position, family);
        let named = || whose(world, service, position);
        let known = Known {
            beliefs: &beliefs,
            min_addresses: service.min_addresses,
            weight: service.endpoints[position].weight,
            largest_weight: service.largest_weight(),
            ttl: service.ttl,
            effect: self.effect(world, service, position),
            kept,
            ramp: self.course.ramp(seat, service.slow_start, self.now),
            lowered: self.course.is_lowered(named).is_some(),
            parked: self.is_parked(world, service, position),
            drained: self.course.drained(named, &service.endpoints[position], family),
        };
        fold(&known, seconds(self.now))
    }

    /// Everybody of a world who stays although it failed softly.
    pub fn all_kept(&self, world: &World, plan: &Plan) -> HashSet<(EndpointId, Family)> {
        let first = spots(world).filter(|spot| spot.position == 0);
        first.flat_map(|spot| self.kept(world, plan, spot)).collect()
    }

    /// The endpoints of the services that some endpoints belong to, and who of them stays although it failed softly.
    pub fn kept_beside(
        &self,
        world: &World,
        plan: &Plan,
        ids: &[EndpointId],
    ) -> (Vec<EndpointId>, HashSet<(EndpointId, Family)>) {
        let firsts: BTreeSet<_> = ids
            .iter()
            .filter_map(|id| spot(world, *id))
            .map(|spot| EndpointId((spot.id.index() - spot.position) as u32))
            .collect();
        let (mut all, mut kept) = (Vec::new(), HashSet::new());
        for first in firsts.into_iter().filter_map(|id| spot(world, id)) {
            let count = first.service.endpoints.len() as u32;
            all.extend((first.id.0..first.id.0 + count).map(EndpointId));
            kept.extend(self.kept(world, plan, first));
        }
        (all, kept)
    }

    /// Who of a service, whose first endpoint this is, stays although it failed softly.
    fn kept(&self, world: &World, plan: &Plan, first: Spot<'_>) -> Vec<(EndpointId, Family)> {
        let service = first.service;
        let told = |position: usize| {
            let named = || whose(world, service, position);
            self.course.capacity(named, &service.endpoints[position])
        };
        let known: Option<Vec<u64>> = (0..service.endpoints.len()).map(told).collect();
        let capacity = |position: usize| {
            known.as_ref().map_or(service.endpoints[position].weight.into(), |known| known[position])
        };
        let mut all = Vec::new();
        for family in Family::ALL {
            let spot = |position: usize| Spot {
                id: EndpointId((first.id.index() + position) as u32),
                service,
                position,
            };
            let positions = 0..service.endpoints.len();
            let stands: Vec<_> = positions
                .map(|position| (capacity(position), self.stand(world, plan, spot(position), family)))
                .collect();
            let soft = stands.iter().any(|(_, stand)| matches!(stand, Stand::Soft(_) | Stand::Passive(_)));
            let kept = if soft { kept(&stands, service.max_ejected) } else { Vec::new() };
            let kept = kept.into_iter().enumerate().filter(|(_, kept)| *kept);
            all.extend(kept.map(|(position, _)| (spot(position).id, family)));
        }
        all
    }

    /// How an endpoint stands by its verdicts, its signals and the operator's word alone.
    fn stand(&self, world: &World, plan: &Plan, spot: Spot<'_>, family: Family) -> Stand {
        match self.fold(world, plan, spot, family, false).tier {
            Tier::Fit => return Stand::Fit,
            Tier::Failing => {}
            _ => return Stand::Out,
        }
        if self.is_parked(world, spot.service, spot.position) {
            return Stand::Out;
        }
        let Spot { id, service, position } = spot;
        let addresses = self.judge(world, plan).addresses(service, id.index(), family, service.ttl);
        let needed = service.min_addresses.min(addresses.len());
        let judged = combine(addresses, needed);
        let fell = judged.and_then(|judged| judged.fell_softly);
        let up = judged.is_none_or(|judged| judged.level != Level::Unhealthy);
        match (fell, self.course.is_lowered(|| whose(world, service, position))) {
            (Some(since), lowered) => Stand::Soft(since.max(lowered.unwrap_or(since))),
            (None, Some(since)) if up => Stand::Passive(since),
            (None, _) => Stand::Out,
        }
    }

    /// What judges by these verdicts.
    pub fn judge<'j>(&'j self, world: &'j World, plan: &'j Plan) -> Judge<'j> {
        Judge { verdicts: self.verdicts, world, plan, judgements: &self.judgements }
    }

    /// Whether an endpoint stays out until somebody resumes it.
    fn is_parked(&self, world: &World, service: &Service, position: usize) -> bool {
        service.manual_resume && {
            let whose = whose(world, service, position);
            self.course.fallen.contains_key(&whose) || self.state.parked(&whose.subject()).is_some()
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

fn spots(world: &World) -> impl Iterator<Item = Spot<'_>> {
    world.endpoints().map(|(id, service, position)| Spot { id, service, position })
}

fn spot(world: &World, id: EndpointId) -> Option<Spot<'_>> {
    world.endpoint(id).map(|(service, position)| Spot { id, service, position })
}

/// Unix seconds; 0 for what was before.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
