//! Verdicts and operators' words, folded into a world's live words.

use std::collections::{BTreeSet, HashSet};
use std::time::SystemTime;

use super::course::{Course, Seat, whose};
use super::inside::Insides;
use super::judge::{Judge, Judgements, combine};
use super::plan::Plan;
use super::state::State;
use crate::health::{self, Level};
use crate::model::{EndpointId, Family, OverrideState, Service, ServiceId, Stage, Subject};
use crate::snapshot::{Snapshot, World};
use crate::steer::spill::Place;
use crate::steer::{Belief, Effect, Keep, Known, Live, Stance, Stand, Tier, Word, fold, kept};

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
    /// What services that answer for others have been found to come to.
    pub(super) insides: Insides,
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
        let (judgements, insides) = Default::default();
        Truth { verdicts, state, course, now, judgements, insides }
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
        Family::ALL.map(|family| self.family(world, plan, spot, family))
    }

    /// The word of an endpoint for one family.
    /// And when a word of an operator that is part of it ends, in Unix seconds.
    pub(super) fn word(
        &self,
        world: &World,
        plan: &Plan,
        id: EndpointId,
        family: Family,
    ) -> Option<(Word, Option<u64>)> {
        let spot = spot(world, id)?;
        let inner = spot.service.endpoints[spot.position].inner;
        let inside = inner.and_then(|inner| self.inside(world, plan, inner, family).until);
        let own = self.effect(world, spot.service, spot.position).until;
        Some((self.family(world, plan, spot, family), own.into_iter().chain(inside).min()))
    }

    fn family(&self, world: &World, plan: &Plan, spot: Spot<'_>, family: Family) -> Word {
        let kept = self.course.kept.contains(&(spot.id, family));
        let word = self.fold(world, plan, spot, family, kept);
        if !spot.service.policy.spills() {
            return word;
        }
        let factor = self.course.factor(|| whose(world, spot.service, spot.position));
        Word { keep: if factor < 1.0 { word.keep.of(factor) } else { word.keep }, ..word }
    }

    fn fold(&self, world: &World, plan: &Plan, spot: Spot<'_>, family: Family, kept: bool) -> Word {
        let Spot { id, service, position } = spot;
        let inside = service.endpoints[position].inner.map(|inner| self.inside(world, plan, inner, family));
        let beliefs: Vec<_> = match inside {
            Some(inside) => inside.belief().into_iter().collect(),
            None => {
                let judged = self.judge(world, plan).addresses(service, id.index(), family, service.ttl);
                judged.iter().map(|judged| Belief { level: judged.level, ttl: judged.ttl }).collect()
            }
        };

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
            drained: match inside {
                Some(inside) => u16::from(inside.tier == Tier::Idle),
                None => self.course.drained(named, &service.endpoints[position], family),
            },
        };
        let stance = inside.filter(|inside| inside.tier == Tier::Barred).map(|_| Stance::Down);
        let of_inside = Effect { stance, until: inside.and_then(|inside| inside.until), moves: false };
        fold(&Known { effect: known.effect.and(of_inside), ..known }, seconds(self.now))
    }

    /// The endpoints of a service as their capacity goes, before anything is shed.
    pub fn places(&self, world: &World, plan: &Plan, id: ServiceId) -> Vec<Place> {
        let (service, first) = (&world.written[id.index()], world.services[id.index()].steered.first);
        let place = |position: usize| {
            let spot = Spot { id: EndpointId(first.0 + position as u32), service, position };
            let words = Family::ALL.map(|family| {
                self.fold(world, plan, spot, family, self.course.kept.contains(&(spot.id, family)))
            });
            let fit = words.iter().find(|word| word.tier == Tier::Fit);
            let capacity =
                self.course.capacity(|| whose(world, service, position), &service.endpoints[position]);
            Place {
                fit: fit.is_some(),
                keep: fit.map_or(0.0, |word| word.keep.fraction()),
                capacity: capacity.filter(|capacity| *capacity > 0).map(|capacity| capacity as f64),
            }
        };
        (0..service.endpoints.len()).map(place).collect()
    }

    /// Everybody of a world who stays although it failed softly, as far as it is known who of the services inside others
    /// does: see `settle` in `inside`.
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
        let up = match service.endpoints[position].inner {
            Some(inner) => self.inside(world, plan, inner, family).tier < Tier::Failing,
            None => judged.is_none_or(|judged| judged.level != Level::Unhealthy),
        };

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
        let weights = (service.endpoints[position].weight, service.largest_weight());
        self.said(&Subject::Region(region.clone()), weights).and(self.said(&endpoint, weights))
    }

    /// The word on one subject, for an endpoint of this configured weight beside this largest one.
    fn said(&self, subject: &Subject, (weight, largest): (u16, u16)) -> Effect {
        let said = || self.state.word(subject, self.now).map(|revised| &revised.word);
        // What went back counts before it is in the log.
        let Some(word) = self.course.gone_back.get(subject).or_else(said) else { return Effect::default() };
        let stance = match word.state {
            OverrideState::Up => Stance::Up,
            OverrideState::Down => Stance::Down,
            OverrideState::Drain => Stance::Drain,
            OverrideState::Weight(weight) => Stance::Keep(Keep::of_weights(weight, largest)),
            OverrideState::Ramp(_) => {
                let share = word.share(self.now).unwrap_or_default();
                Stance::Keep(Keep::of_weights(weight, largest).part(share))
            }
        };
        let moves = word.stage(self.now) == Some(Stage::Moving);
        Effect { stance: Some(stance), until: word.until.map(seconds), moves }
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
