//! What each filter does to the candidates.

use crate::model::Filter;

use super::rendezvous::{PLACES, compare, key, mix};
use super::slate::{Candidate, MOST, Slate};
use crate::steer::pick::Client;
use crate::steer::shares::{burden, part};
use crate::steer::steered::Steered;

/// What filters work with.
pub struct Work<'a> {
    /// Whose endpoints.
    pub service: &'a Steered,
    /// Who asks.
    pub client: &'a Client<'a>,
    /// Whether the hash of the client's prefix decided anything.
    pub hashed: bool,
}

impl Work<'_> {
    /// Lets one filter work; `next` is the one behind it, since nobody needs more in order than that will keep.
    #[inline]
    pub fn filter(
        &mut self,
        filter: Filter,
        next: Option<Filter>,
        slate: &mut Slate,
        random: &mut impl FnMut() -> u64,
    ) {
        match filter {
            Filter::Healthy => healthy(slate),
            Filter::Fence => {
                let admitted = self.client.admitted;
                slate.retain(|one| admitted & 1 << one.position != 0);
            }
            Filter::Near => near(slate),
            Filter::NearBy(_) => self.near_by(slate),
            Filter::Priority => self.priority(slate),
            Filter::Spill => self.spill(slate),
            Filter::First(count) => slate.truncate(count.into()),
            Filter::FirstGroup => {
                let first = slate.first().map(|one| one.group);
                slate.retain(|one| Some(one.group) == first);
            }
            _ => {
                let wanted =
                    if let Some(Filter::First(count)) = next { usize::from(count) } else { slate.len() };
                // Each group by itself: the nearest stays before the next.
                for group in slate.chunk_by_mut(|one, other| one.group == other.group) {
                    self.order(filter, wanted, group, random);
                }
            }
        }
    }

    /// Orders candidates among themselves.
    #[inline]
    fn order(
        &mut self,
        filter: Filter,
        wanted: usize,
        slate: &mut [Candidate],
        random: &mut impl FnMut() -> u64,
    ) {
        match filter {
            Filter::Listed => slate.sort_unstable_by_key(|one| one.position),
            Filter::Fast => self.fast(slate),
            Filter::Weighted => weighted(slate, wanted, random()),
            Filter::Hash => self.hash(slate, wanted),
            Filter::Rotate => rotate(slate, random()),
            Filter::Shuffle => shuffle(slate, random()),
            Filter::Least(_) => least(slate),
            Filter::TwoChoices(_) => two_choices(slate, random()),
            // The others do not order.
            _ => {}
        }
    }

    /// Whoever was measured goes first, the fastest of them before all; then the others, the nearest first.
    fn fast(&self, slate: &mut [Candidate]) {
        let (fast, regions) = (self.client.fast, &self.service.regions);
        let place = |one: &Candidate| {
            let region = regions.get(usize::from(one.position));
            region.and_then(|region| fast.iter().position(|other| other == region)).unwrap_or(fast.len())
        };
        slate.iter_mut().for_each(|one| one.key = place(one) as u64);
        slate.sort_unstable_by_key(|one| (one.key, one.rank));
    }

    /// The nearest of all, with whoever stands with it, then the nearest of the rest.
    fn near_by(&self, slate: &mut Slate) {
        slate.sort_unstable_by_key(|one| one.rank);
        let (mut from, mut group) = (0, 0);
        while let Some(nearest) = slate.get(from) {
            let together = self.service.together.get(usize::from(nearest.position)).copied().unwrap_or(0);
            let nearest = nearest.position;
            for one in &mut slate[from..] {
                let with = one.position == nearest || together & 1 << one.position != 0;
                one.group = if with { group } else { u8::MAX };
            }
            slate[from..].sort_unstable_by_key(|one| (one.group, one.rank));
            from += slate[from..].iter().take_while(|one| one.group == group).count();
            group += 1;
        }
    }

    /// In every group by itself.
    fn priority(&self, slate: &mut Slate) {
        let of = |one: &Candidate| self.service.priorities[usize::from(one.position)];
        let mut lowest = [u8::MAX; MOST];
        for one in slate.iter() {
            let known = &mut lowest[usize::from(one.group)];
            *known = of(one).min(*known);
        }
        slate.retain(|one| of(one) == lowest[usize::from(one.group)]);
    }

    /// One hash a query: a candidate's own number is mixed from it and the candidate's key.
    fn hash(&mut self, slate: &mut [Candidate], wanted: usize) {
        self.hashed |= slate.len() > 1;
        let client = self.service.program.key.client(self.client.address);
        let keys = &self.service.keys;
        draw(slate, wanted, client, |one| keys[usize::from(one.position)].half());
    }

    /// Cuts whoever does not keep this client, unless nobody does.
    fn spill(&mut self, slate: &mut Slate) {
        self.hashed |= slate.iter().any(|one| one.word.keep.is_fractional() && !one.class.is_idle());
        let (keys, address) = (&self.service.keys, self.client.address);
        let keeps = |one: &Candidate| {
            let keep = one.word.keep;
            let whole = one.class.is_idle() || !keep.is_fractional();
            whole || keep.keeps(keys[usize::from(one.position)].client(address))
        };
        if slate.iter().any(keeps) {
            slate.retain(|one| keeps(one));
        }
    }
}

/// By the client's order alone: groups of before are forgotten.
fn near(slate: &mut Slate) {
    slate.iter_mut().for_each(|one| one.group = 0);
    slate.sort_unstable_by_key(|one| one.rank);
}

fn healthy(slate: &mut Slate) {
    if let Some(best) = slate.iter().map(|one| one.class).min() {
        slate.retain(|one| one.class == best);
    }
}

/// In order of a rendezvous with a random seed; where only the first is wanted, one number does.
fn weighted(slate: &mut [Candidate], wanted: usize, random: u64) {
    match wanted {
        1 if !slate.is_empty() => slate.swap(0, by_weight(slate, random)),
        _ => draw(slate, wanted, random, |one| weyl(one.position)),
    }
}

/// Puts the first `wanted` of a weighted draw in front, in order: everybody's number is mixed from `seed` and its own.
fn draw(slate: &mut [Candidate], wanted: usize, seed: u64, own: impl Fn(&Candidate) -> u64) {
    slate.iter_mut().for_each(|one| one.key = key(mix(seed ^ own(one)), one.position));
    for at in 0..wanted.min(slate.len().saturating_sub(1)) {
        let by = |at: &usize| (slate[*at].key, slate[*at].weight);
        let best = (at..slate.len()).min_by(|one, other| compare(by(one), by(other)));
        slate.swap(at, best.unwrap_or(at));
    }
}

/// Numbers for places, far apart from each other: Weyl's sequence.
pub fn weyl(place: u8) -> u64 {
    (u64::from(place) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Turns the order so that it begins at a random place, by weight.
fn rotate(slate: &mut [Candidate], random: u64) {
    let begin = by_weight(slate, random);
    slate.rotate_left(begin);
}

fn by_weight(slate: &[Candidate], random: u64) -> usize {
    whom_by_weight(slate.iter().map(|one| one.weight), random)
}

/// A random place among weights, by weight; 0 where there is none.
#[inline]
pub fn whom_by_weight(weights: impl Iterator<Item = u32> + Clone, random: u64) -> usize {
    // At most 64 weights of 21 bits.
    let mut left = part(random, weights.clone().sum());
    let place = weights.clone().position(|weight| {
        let is_here = left < weight;
        left = left.wrapping_sub(weight);
        is_here
    });
    place.unwrap_or(0)
}

/// Fisher and Yates, with numbers that are mixed from one.
fn shuffle(slate: &mut [Candidate], random: u64) {
    for at in (1..slate.len()).rev() {
        let number = mix(random ^ weyl(at as u8));
        let other = ((number >> 32) * (at as u64 + 1)) >> 32;
        slate.swap(at, other as usize);
    }
}

/// Who bears the least for its weight goes first; whoever bears as much keeps its place.
fn least(slate: &mut [Candidate]) {
    for (place, one) in (0..).zip(slate.iter_mut()) {
        // A stable sort may ask for memory.
        one.key = burden(one.load, one.weight) & !PLACES | place;
    }
    slate.sort_unstable_by_key(|one| one.key);
}

/// Of two that are drawn by weight, the one that bears less for its weight goes first (Mitzenmacher 2001).
fn two_choices(slate: &mut [Candidate], random: u64) {
    if slate.len() < 2 {
        return;
    }
    let first = by_weight(slate, random);
    slate[..=first].rotate_right(1);
    let second = 1 + by_weight(&slate[1..], mix(random));
    let bears = |one: &Candidate| burden(one.load, one.weight);
    if bears(&slate[second]) < bears(&slate[0]) {
        slate.swap(0, second);
    }
}
