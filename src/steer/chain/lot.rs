//! The chains that most services have, at once: what [`super::run`] comes to, without a slate.
//!
//! One look at every live word tells who is of the best tier, as a set of bits. Of those, one is drawn, or all are
//! answered. Where this does not fit (nothing is fit, unknown or idle; families stay together), the chain runs whole.

use crate::model::{Families, Family, Filter};

use super::filters::whom_by_weight;
use super::rendezvous::{PLACES, compare, key, mix, place};
use super::slate::MOST;
use crate::steer::hash::granularity;
use crate::steer::pick::{Answer, Client, Pick, Scene, Why};
use crate::steer::shares::burden;
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
    /// Each of them weighs what is configured.
    as_written: bool,
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
    let Scan { tier, set, ttl, as_written } = scan(service, family, scene)?;
    let depth = if service.program.placed { client.depth } else { 0 };
    let drawn = Draw { service, family, scene, set, as_written };
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

/// What is nearly always so: all stand alike.
#[inline]
fn at_peace(service: &Steered, words: &[[Live; 2]], family: Family, scene: &Scene<'_>) -> Option<Scan> {
    let (mut all, mut any, mut changed) = (u64::MAX, 0, 0);
    for (pair, keep) in words.iter().zip(service.shares.keeps()) {
        let bits = pair[family.index()].bits();
        (all, any, changed) = (all & bits, any | bits, changed | bits ^ keep);
    }
    let word = Word::unpack(all);
    let answers = matches!(word.tier, Tier::Fit | Tier::Unknown | Tier::Idle);
    if (all ^ any) & Word::STANDING != 0 || !answers {
        return None;
    }
    let set = u64::MAX >> (MOST - words.len().clamp(1, MOST));
    let ttl = word.ttl_at(scene.now).min(service.ttl.max);
    Some(Scan { tier: word.tier, set, ttl, as_written: changed & Word::KEEP == 0 })
}

fn at_length(service: &Steered, words: &[[Live; 2]], family: Family, scene: &Scene<'_>) -> Option<Scan> {
    let (mut fit, mut unknown, mut idle, mut changed) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut lasts, mut deadlines) = (u64::from(service.ttl.max), 0);
    for (place, (pair, keep)) in words.iter().zip(service.shares.keeps()).enumerate() {
        let bits = pair[family.index()].bits();
        let is = |tier: Tier| u64::from(bits & Word::TIER == tier as u64);
        fit |= is(Tier::Fit) << place;
        unknown |= is(Tier::Unknown) << place;
        idle |= is(Tier::Idle) << place;
        changed |= u64::from((bits ^ keep) & Word::KEEP != 0) << place;
        // Who is absent lasts for longer than anybody.
        lasts = lasts.min(Word::ttl_in(bits) | is(Tier::Absent) << 15);
        deadlines |= Word::deadline_in(bits);
    }
    let (tier, set) = match (fit, unknown, idle) {
        (1.., ..) => (Tier::Fit, fit),
        (0, 1.., _) => (Tier::Unknown, unknown),
        (0, 0, 1..) => (Tier::Idle, idle),
        (0, 0, 0) => return None,
    };
    let ttl = if deadlines == 0 { lasts as u32 } else { lasting(service, words, family, scene) };
    Some(Scan { tier, set, ttl, as_written: changed & set == 0 })
}

/// The least TTL of everybody, where words of operators end soon.
fn lasting(service: &Steered, words: &[[Live; 2]], family: Family, scene: &Scene<'_>) -> u32 {
    let words = words.iter().map(|pair| pair[family.index()].load());
    let present = words.filter(|word| word.tier != Tier::Absent);
    present.map(|word| word.ttl_at(scene.now)).fold(service.ttl.max, u32::min)
}

/// Somebody of a set.
struct Draw<'a> {
    service: &'a Steered,
    family: Family,
    scene: &'a Scene<'a>,
    set: u64,
    as_written: bool,
}

impl Draw<'_> {
    #[inline]
    fn word(&self, position: usize) -> Word {
        self.scene.live[self.service.live_index(position, self.family)].load()
    }

    #[inline]
    fn weight(&self, position: usize) -> u32 {
        self.service.shares.weight(position, self.word(position).keep)
    }

    fn nearest(&self, client: &Client<'_>, count: u8) -> u64 {
        let listed = self.service.in_order(client.first, client.rest);
        let them = listed.filter(|position| self.set & 1 << position != 0).take(count.into());
        them.fold(0, |set, position| set | 1 << position)
    }

    /// As the filter of that name would choose.
    #[inline]
    fn one(&self, filter: Filter, client: &Client<'_>, random: &mut impl FnMut() -> u64) -> usize {
        let shares = &self.service.shares;
        match (filter, self.as_written) {
            (Filter::Hash, true) => self.hash_by_class(client),
            (Filter::Hash, false) => self.hash(client),
            (Filter::Weighted | Filter::Rotate, true) => shares.draw(self.set, random()),
            (Filter::Weighted | Filter::Rotate, false) => {
                let (weights, places, count) = self.weights();
                places[whom_by_weight(weights[..count].iter().copied(), random())].into()
            }
            (Filter::TwoChoices(_), true) => {
                let random = random();
                let first = shares.draw(self.set, random);
                let others = self.set & !(1 << first);
                let second = if others == 0 { first } else { shares.draw(others, mix(random)) };
                self.better(first, second)
            }
            (Filter::TwoChoices(_), false) => self.two_choices(random()),
            _ => self.least(),
        }
    }

    /// The place whose key is the lowest, each with its weight.
    #[inline]
    fn lowest(keyed: impl Iterator<Item = (u64, u32)>) -> usize {
        let first = keyed.reduce(|one, other| if compare(one, other).is_le() { one } else { other });
        first.map_or(0, |(key, _)| place(key))
    }

    fn hash(&self, client: &Client<'_>) -> usize {
        let own = self.numbers(client);
        Self::lowest(bits(self.set).map(|at| (own(at), self.weight(at))))
    }

    /// The same where weights are known: of those that weigh the same, no logarithm is asked for.
    #[inline]
    fn hash_by_class(&self, client: &Client<'_>) -> usize {
        let own = self.numbers(client);
        let classes = self.service.shares.classes().iter().map(|(weight, set)| (*weight, set & self.set));
        let classes = classes.filter(|(_, set)| *set != 0);
        Self::lowest(classes.map(|(weight, set)| (bits(set).map(&own).fold(u64::MAX, u64::min), weight)))
    }

    /// What a client's network draws at each endpoint.
    #[inline]
    fn numbers(&self, client: &Client<'_>) -> impl Fn(usize) -> u64 {
        let seed = self.service.program.key.client(client.address);
        move |at| key(mix(seed ^ self.service.keys[at].half()), at as u8)
    }

    #[inline]
    fn least(&self) -> usize {
        let keyed = |bears: u64, at: usize| bears & !PLACES | at as u64;
        place(match self.as_written {
            true => bits(self.set).map(|at| keyed(self.bears(at), at)).fold(u64::MAX, u64::min),
            false => {
                let bears = |at| burden(self.load(at), self.weight(at));
                bits(self.set).map(|at| keyed(bears(at), at)).fold(u64::MAX, u64::min)
            }
        })
    }

    #[inline]
    fn load(&self, position: usize) -> u32 {
        self.scene.load(self.service, position)
    }

    #[inline]
    fn bears(&self, position: usize) -> u64 {
        self.service.shares.burden(position, self.load(position))
    }

    /// Of two, the one that bears less for its configured weight.
    #[inline]
    fn better(&self, one: usize, other: usize) -> usize {
        if self.bears(other) < self.bears(one) { other } else { one }
    }

    fn two_choices(&self, random: u64) -> usize {
        let (mut weights, mut places, count) = self.weights();
        if count < 2 {
            return places[0].into();
        }
        let first = whom_by_weight(weights[..count].iter().copied(), random);
        weights[..=first].rotate_right(1);
        places[..=first].rotate_right(1);
        let second = 1 + whom_by_weight(weights[1..count].iter().copied(), mix(random));
        let bears = |at: usize| burden(self.load(places[at].into()), weights[at]);
        places[if bears(second) < bears(0) { second } else { 0 }].into()
    }

    /// Weights and positions of the set, in written order, and how many they are.
    #[inline]
    fn weights(&self) -> ([u32; MOST], [u8; MOST], usize) {
        let (mut weights, mut places, mut count) = ([0; MOST], [0; MOST], 0);
        for position in bits(self.set) {
            (weights[count], places[count]) = (self.weight(position), position as u8);
            count += 1;
        }
        (weights, places, count)
    }
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
