//! The weights of a service's endpoints as they are configured, prepared for draws.
//!
//! Nearly always nothing else counts: nobody ramps, drains or comes back slowly. Then a draw is one search in sums that
//! were added up at load, and a rendezvous takes one logarithm for each different weight.

use super::chain::lot::bits;
use super::word::Keep;

/// Weights, by an endpoint's position in its service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// What each keeps, and weighs in whole numbers of 1…2²⁰.
    weights: Box<[(Keep, u32)]>,
    /// The bits of each one's `keep` as they stand in a live word.
    keeps: Box<[u64]>,
    /// The weight of each and of all before it.
    sums: Box<[u32]>,
    /// What a load is multiplied by, instead of divided by the weight.
    reciprocals: Box<[u64]>,
    /// Who weighs the same, as bits.
    classes: Box<[(u32, u64)]>,
}

impl Shares {
    /// What each keeps, with its weight in whole numbers up to 2²⁰; at most 64.
    pub fn new(weights: impl Iterator<Item = (Keep, u32)>) -> Shares {
        let weights: Box<[(Keep, u32)]> = weights.map(|(keep, weight)| (keep, weight.max(1))).collect();
        let mut classes: Vec<(u32, u64)> = Vec::new();
        for (place, (_, weight)) in weights.iter().enumerate() {
            match classes.iter_mut().find(|class| class.0 == *weight) {
                Some(class) => class.1 |= 1 << place,
                None => classes.push((*weight, 1 << place)),
            }
        }
        let sums = weights.iter().scan(0, |sum, (_, weight)| {
            *sum += weight;
            Some(*sum)
        });
        Shares {
            keeps: weights.iter().map(|(keep, _)| keep.in_word()).collect(),
            sums: sums.collect(),
            reciprocals: weights.iter().map(|(_, weight)| reciprocal(*weight)).collect(),
            classes: classes.into(),
            weights,
        }
    }

    /// An endpoint's share as a proportion, 1…2²⁰: its weight as configured, or as far as it is kept now.
    #[inline]
    pub fn weight(&self, position: usize, keep: Keep) -> u32 {
        match self.weights[position] {
            // A word has 14 bits for it, so the configured weight is known better.
            (configured, weight) if configured == keep => weight,
            _ => (keep.steps() << 6).max(1),
        }
    }

    /// The bits of each one's `keep` as they stand in a live word.
    #[inline]
    pub fn keeps(&self) -> &[u64] {
        &self.keeps
    }

    /// Who weighs how much: a weight, and those that have it as bits.
    #[inline]
    pub fn classes(&self) -> &[(u32, u64)] {
        &self.classes
    }

    /// A place of a set, as likely as its weight; the set is not empty.
    #[inline]
    pub fn draw(&self, set: u64, random: u64) -> usize {
        let mut out = !set & self.everybody();
        let left = bits(out).map(|place| self.weighs(place)).fold(self.all(), u32::saturating_sub);
        let mut drawn = part(random, left);
        // Who is out takes no room: whatever stands behind it moves up. Nearly always nobody is.
        while out != 0 {
            let place = out.trailing_zeros() as usize;
            let weight = self.weighs(place);
            let begins = self.sums.get(place).map_or(u32::MAX, |sum| sum - weight);
            drawn += if drawn < begins { 0 } else { weight };
            out &= out - 1;
        }
        self.sums.partition_point(|sum| *sum <= drawn)
    }

    /// How much a load is for the weight of its endpoint.
    #[inline]
    pub fn burden(&self, position: usize, load: u32) -> u64 {
        weighed(load, self.reciprocals.get(position).copied().unwrap_or(0))
    }

    fn all(&self) -> u32 {
        self.sums.last().copied().unwrap_or(0)
    }

    fn everybody(&self) -> u64 {
        u64::MAX >> (64 - self.sums.len().clamp(1, 64))
    }

    #[inline]
    fn weighs(&self, place: usize) -> u32 {
        self.weights.get(place).map_or(0, |one| one.1)
    }
}

/// The part of a whole that a random number is: evenly from 0 to one below it.
#[inline]
pub fn part(random: u64, whole: u32) -> u32 {
    (((random >> 32) * u64::from(whole)) >> 32) as u32
}

/// How much a load (at most 2²⁴) is for a weight (1…2²⁰): nodes that read the same signals agree on it.
pub fn burden(load: u32, weight: u32) -> u64 {
    weighed(load, reciprocal(weight))
}

fn reciprocal(weight: u32) -> u64 {
    (1 << 39) / u64::from(weight.max(1))
}

#[inline]
fn weighed(load: u32, reciprocal: u64) -> u64 {
    u64::from(load.min(1 << 24)) * reciprocal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(weights: &[u32]) -> Shares {
        Shares::new(weights.iter().map(|weight| (Keep::ALL, *weight)))
    }

    #[test]
    fn every_weight_has_its_part_of_the_numbers() {
        let shares = shares(&[3, 1, 0, 4]);
        assert_eq!(shares.classes(), [(3, 0b1), (1, 0b110), (4, 0b1000)], "nobody weighs nothing");
        let middle = |ninth: u64| ((u128::from(2 * ninth + 1) << 63) / 9) as u64;
        let drawn: Vec<_> = (0..9).map(|ninth| shares.draw(0b1111, middle(ninth))).collect();
        assert_eq!(drawn, [0, 0, 0, 1, 2, 3, 3, 3, 3]);
    }

    #[test]
    fn a_draw_of_some_keeps_to_their_weights() {
        let weights = [3, 1, 2, 5];
        let shares = shares(&weights);
        for set in 1..16_u64 {
            let (mut generator, mut counts) = (fastrand::Rng::with_seed(1), [0_u32; 4]);
            (0..60_000).for_each(|_| counts[shares.draw(set, generator.u64(..))] += 1);
            let of = |place: usize| if set & 1 << place == 0 { 0 } else { weights[place] };
            let all: u32 = (0..4).map(of).sum();
            for place in 0..4 {
                assert!(counts[place].abs_diff(60_000 * of(place) / all) < 1_000, "{set:b}: {counts:?}");
                assert_eq!(counts[place] == 0, of(place) == 0, "{set:b}: {counts:?}");
            }
        }
    }

    #[test]
    fn burdens_are_loads_for_weights() {
        assert_eq!(burden(1 << 24, 1), burden(u32::MAX, 1), "no load is larger");
        assert_eq!(burden(6, 1 << 19), burden(12, 1 << 20));
        assert!(burden(5, 100) < burden(6, 100) && burden(6, 101) < burden(6, 100));
        assert_eq!(shares(&[9, 70]).burden(1, 5), burden(5, 70));
    }
}
