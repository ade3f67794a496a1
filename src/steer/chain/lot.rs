//! The chains that most services have, at once: what [`super::run`] comes to, without a slate.
//!
//! One look at every live word tells who is of the best tier, as a set of bits. Of those, one is drawn, or all are
//! answered. Where this does not fit (nothing is fit, unknown or idle; families stay together), the chain runs whole.

use crate::model::{Families, Family, Filter};

use super::filters::{weyl, whom_by_weight};
use super::rendezvous::{mix, neg_log2};
use super::slate::MOST;
use crate::steer::hash::granularity;
use crate::steer::pick::{Answer, Client, Pick, Scene, Why};
use crate::steer::steered::Steered;
use crate::steer::word::{Live, Tier, Word};

/// A chain that needs no slate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lot {
    /// `healthy`, this filter, `first`: one of them, whatever the order was.
    One(Filter),
    /// `healthy, rotate`: all of them.
    All,
    /// `healthy, near, first(N)`: the nearest N.
    Nearest(u8),
}

impl Lot {
    /// Which of them a chain is, if it is one.
    pub fn of(filters: &[Filter]) -> Option<Lot> {
        match *filters {
            [Filter::Healthy, Filter::Rotate] => Some(Lot::All),
            [Filter::Healthy, Filter::Near, Filter::First(count)] if count > 1 => Some(Lot::Nearest(count)),
            [Filter::Healthy, filter, Filter::First(1)] => match filter {
                Filter::Weighted
                | Filter::Hash
                | Filter::Rotate
                | Filter::Least(_)
                | Filter::TwoChoices(_) => Some(Lot::One(filter)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Those of the best tier, and the least TTL of everybody.
struct Scan {
    tier: Tier,
    set: u64,
    ttl: u32,
    /// All of them weigh the same, for sure.
    alike: bool,
}

/// The pick; `None`: the chain has to run.
#[inline]
pub fn draw(
    lot: Lot,
    service: &Steered,
    client: &Client<'_>,
    family: Family,
    scene: &Scene<'_>,
    random: &mut impl FnMut() -> u64,
) -> Option<Pick> {
    let Scan { tier, set, ttl, alike } = scan(service, family, scene)?;
    let depth = if service.program.placed { client.depth } else { 0 };
    let drawn = Draw { service, family, scene, set, alike };
    let (set, scope) = match lot {
        Lot::All => (set, depth),
        Lot::Nearest(count) => (drawn.nearest(client, count), depth),
        Lot::One(filter) => {
            let hashed = filter == Filter::Hash && !set.is_power_of_two();
            let scope = if hashed { depth.max(granularity(client.address)) } else { depth };
            (1 << drawn.one(filter, client, random), scope)
        }
    };
    let answer = match set.is_power_of_two() {
        true => {
            let position = set.trailing_zeros() as usize;
            Answer::Endpoint { position, mask: drawn.word(position).mask }
        }
        false => Answer::Endpoints(set),
    };
    Some(Pick { answer, ttl: ttl.max(1), scope, why: Why::Chosen(tier) })
}

#[inline]
fn scan(service: &Steered, family: Family, scene: &Scene<'_>) -> Option<Scan> {
    if service.families != Families::Independent {
        return None;
    }
    let first = service.live_index(0, Family::V4);
    let words = scene.live.get(first..first + 2 * service.regions.len())?.as_chunks::<2>().0;
    at_peace(service, words, family, scene).or_else(|| at_length(service, words, family, scene))
}

/// What is nearly always so: all words say the same.
#[inline]
fn at_peace(service: &Steered, words: &[[Live; 2]], family: Family, scene: &Scene<'_>) -> Option<Scan> {
    let bits = words.iter().map(|pair| pair[family.index()].bits());
    let (all, any) = bits.fold((u64::MAX, 0), |(all, any), bits| (all & bits, any | bits));
    let word = Word::unpack(all);
    let answers = matches!(word.tier, Tier::Fit | Tier::Unknown | Tier::Idle);
    if (all ^ any) & Word::ALL_BUT_ADDRESSES != 0 || !answers {
        return None;
    }
    let set = u64::MAX >> (MOST - words.len().clamp(1, MOST));
    let ttl = word.ttl_at(scene.now).min(service.ttl.max);
    Some(Scan { tier: word.tier, set, ttl, alike: service.weighs_alike })
}

fn at_length(service: &Steered, words: &[[Live; 2]], family: Family, scene: &Scene<'_>) -> Option<Scan> {
    let (mut fit, mut unknown, mut idle, mut ttl) = (0_u64, 0_u64, 0_u64, service.ttl.max);
    for (place, pair) in words.iter().enumerate() {
        let word = pair[family.index()].load();
        let bit = |tier| u64::from(word.tier == tier) << place;
        fit |= bit(Tier::Fit);
        unknown |= bit(Tier::Unknown);
        idle |= bit(Tier::Idle);
        let lasts = if word.tier == Tier::Absent { u32::MAX } else { word.ttl_at(scene.now) };
        ttl = ttl.min(lasts);
    }
    let (tier, set) = match (fit, unknown, idle) {
        (1.., ..) => (Tier::Fit, fit),
        (0, 1.., _) => (Tier::Unknown, unknown),
        (0, 0, 1..) => (Tier::Idle, idle),
        (0, 0, 0) => return None,
    };
    Some(Scan { tier, set, ttl, alike: false })
}

/// Somebody of a set.
struct Draw<'a> {
    service: &'a Steered,
    family: Family,
    scene: &'a Scene<'a>,
    set: u64,
    alike: bool,
}

impl Draw<'_> {
    #[inline]
    fn word(&self, position: usize) -> Word {
        self.scene.live[self.service.live_index(position, self.family)].load()
    }

    #[inline]
    fn weight(&self, position: usize) -> u32 {
        self.service.weight(position, self.word(position).keep)
    }

    fn nearest(&self, client: &Client<'_>, count: u8) -> u64 {
        let listed = self.service.in_order(client.first, client.rest);
        let them = listed.filter(|position| self.set & 1 << position != 0).take(count.into());
        them.fold(0, |set, position| set | 1 << position)
    }

    /// As the filter of that name would choose.
    #[inline]
    fn one(&self, filter: Filter, client: &Client<'_>, random: &mut impl FnMut() -> u64) -> usize {
        match filter {
            Filter::Hash => {
                let seed = self.service.program.key.client(client.address);
                self.lowest(|position| mix(seed ^ self.service.keys[position].half()))
            }
            Filter::Weighted => {
                let seed = random();
                self.lowest(|position| mix(seed ^ weyl(position as u8)))
            }
            Filter::Rotate if self.alike => self.nth(evenly(self.count(), random())),
            Filter::Rotate => {
                let (weights, places) = self.weights();
                let at = whom_by_weight(weights[..self.count()].iter().copied(), random());
                places[at].into()
            }
            Filter::TwoChoices(_) if self.alike => self.two_alike(random()),
            Filter::TwoChoices(_) => self.two_choices(random()),
            _ if self.alike => self.least_alike(),
            _ => self.least(),
        }
    }

    /// The position of the set's bit of that number.
    #[inline]
    fn nth(&self, number: usize) -> usize {
        bits(self.set).nth(number).unwrap_or(0)
    }

    fn count(&self) -> usize {
        self.set.count_ones() as usize
    }

    /// Whoever's number is the lowest for its weight.
    #[inline]
    fn lowest(&self, number: impl Fn(usize) -> u64) -> usize {
        if self.alike {
            // The logarithm would turn the order around.
            let highest = |best: (u64, usize), one: (u64, usize)| if one.0 > best.0 { one } else { best };
            let numbers = bits(self.set).map(|place| (number(place) >> 31, place));
            return numbers.reduce(highest).map_or(0, |(_, place)| place);
        }
        let (weights, places) = self.weights();
        let (weights, places) = (&weights[..self.count()], &places[..self.count()]);
        let alike = weights.iter().all(|weight| *weight == weights[0]);
        let key = |place: u8| {
            let number = number(place.into());
            if alike { !number >> 31 } else { neg_log2(number) }
        };
        let (mut best, mut lowest) = (places[0], (key(places[0]), u64::from(weights[0])));
        for (place, weight) in places.iter().zip(weights).skip(1) {
            let (key, weight) = (key(*place), u64::from(*weight));
            // Ties go to whoever is written first.
            if key * lowest.1 < lowest.0 * weight {
                (best, lowest) = (*place, (key, weight));
            }
        }
        best.into()
    }

    fn least(&self) -> usize {
        let mut best: Option<(u64, u64, usize)> = None;
        for position in bits(self.set) {
            let (load, weight) = self.burden(position);
            if best.is_none_or(|best| load * best.1 < best.0 * weight) {
                best = Some((load, weight, position));
            }
        }
        best.map_or(0, |best| best.2)
    }

    fn least_alike(&self) -> usize {
        let load = |position: usize| self.scene.load(self.service, position);
        bits(self.set).min_by_key(|position| load(*position)).unwrap_or(0)
    }

    fn two_alike(&self, random: u64) -> usize {
        let count = self.count();
        if count < 2 {
            return self.nth(0);
        }
        let first = evenly(count, random);
        // The first of all stands in its place meanwhile.
        let second = 1 + evenly(count - 1, mix(random));
        let second = if second == first { 0 } else { second };
        let [one, other] = [self.nth(first), self.nth(second)];
        let load = |position: usize| self.scene.load(self.service, position);
        if load(other) < load(one) { other } else { one }
    }

    fn burden(&self, position: usize) -> (u64, u64) {
        (self.scene.load(self.service, position).into(), self.weight(position).into())
    }

    fn two_choices(&self, random: u64) -> usize {
        let (mut weights, mut places) = self.weights();
        let count = self.count();
        if count < 2 {
            return places[0].into();
        }
        let first = whom_by_weight(weights[..count].iter().copied(), random);
        weights.swap(0, first);
        places.swap(0, first);
        let second = 1 + whom_by_weight(weights[1..count].iter().copied(), mix(random));
        let [one, other] = [places[0], places[second]].map(usize::from);
        let ((load, weight), (others, its)) = (self.burden(one), self.burden(other));
        if others * weight < load * its { other } else { one }
    }

    /// Weights and positions of the set, in written order.
    #[inline]
    fn weights(&self) -> ([u32; MOST], [u8; MOST]) {
        let (mut weights, mut places) = ([0; MOST], [0; MOST]);
        for (at, position) in bits(self.set).enumerate() {
            (weights[at], places[at]) = (self.weight(position), position as u8);
        }
        (weights, places)
    }
}

/// A random place among so many: what [`whom_by_weight`] comes to where all weigh the same.
#[inline]
fn evenly(count: usize, random: u64) -> usize {
    (((random >> 32) * count as u64) >> 32) as usize
}

/// The places of a set's bits, ascending.
#[inline]
pub fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (set != 0).then(|| set.trailing_zeros() as usize)?;
        set &= set - 1;
        Some(place)
    })
}
