//! Longest prefix in a few steps: the tables of a poptrie (Asai and Ohara, SIGCOMM 2015) without its bitmaps.
//!
//! An entry is a value, or leads to what decides further:
//!
//! - A *table* has an entry for every combination of some bits: 18 at first, later as many as fill a quarter of
//!   it. Beside each value it says how many of those bits the block around the key does without.
//! - A *bucket* is a list of up to ten ranges within one cache line: where each but the first begins, in the next
//!   16 or 32 bits, and their values. What is known last is known in one, however many bits that takes. The block
//!   around a key is the widest that leaves out the neighbours' last and first key, which are at hand.
//!
//! Every step is one access, then: two on average for the networks of a city database in IPv4, six in IPv6, which
//! lie deep and far apart. Poptrie's nodes of 64 slots would save a third of the memory for two more of them.
//!
//! IPv4 keys stand in the highest 32 of 128 bits, so both families share the code. IPv6 addresses are handed out
//! from 2000::/3 alone: its first table takes the bits behind those three, other keys have entries of their own.

mod build;

pub(super) use build::{Ranges, TooLarge};

use crate::model::Family;
use crate::system::prefetch;

/// Bits of the keys in the two kinds of buckets.
const NARROW: u8 = 16;
const WIDE: u8 = 32;

/// What an entry leads to, unless it is a value.
const IS_TABLE: u32 = 0b100 << 29;
const IS_NARROW: u32 = 0b101 << 29;
const IS_WIDE: u32 = 0b110 << 29;
/// Marks all three.
const IS_PLACE: u32 = 1 << 31;
/// Where a bucket stands, in words.
const PLACE: u32 = (1 << 29) - 1;
/// Where a table stands, in lines; above it are five bits for how many it takes.
const TABLE_PLACE: u32 = (1 << 24) - 1;
/// Words that can have a place.
const MAX_WORDS: usize = LINE << 24;
/// The largest value: above it are five bits for how many are spare.
pub(super) const MAX_VALUE: u32 = (1 << 24) - 1;

/// Words of a cache line: a word is an entry, or one or two keys.
const LINE: usize = 16;

/// What stands at the end of a look-up: a value and how many bits it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leaf(u32);

impl Leaf {
    /// `value` is at most [`MAX_VALUE`].
    pub fn new(value: u32, depth: u8) -> Leaf {
        debug_assert!(value <= MAX_VALUE);
        Leaf(u32::from(depth) << 24 | value)
    }

    /// The value.
    pub fn value(self) -> u32 {
        self.0 & MAX_VALUE
    }

    /// The length in bits of the block that has this value.
    pub fn depth(self) -> u8 {
        (self.0 >> 24) as u8
    }
}

/// A cache line of tables or buckets.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u32; LINE]);

impl Line {
    fn word(&self, at: usize) -> u32 {
        self.0[at % LINE]
    }
}

/// A finished trie.
pub(super) struct Poptrie {
    /// The bits before the first table: there is an entry for each combination of them.
    first_bits: u8,
    first: Box<[u32]>,
    lines: Box<[Line]>,
    ranges: usize,
}

/// A look-up under way, so that many can wait for memory at the same time: each step reads one cache line and
/// asks for the next.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// Bits of the address that no step has taken yet, the first at the top.
    rest: u128,
    /// Where the next step reads; the value, when there is nothing left to read.
    next: u32,
    /// Bits taken; those that it took, when there is nothing left to read.
    depth: u8,
    stage: Stage,
    /// Whose trie this is.
    pub(super) family: Family,
}

impl Default for Walk {
    /// A walk that is over before it began, at the value 0.
    fn default() -> Self {
        Walk { rest: 0, next: 0, depth: 0, stage: Stage::Done, family: Family::V4 }
    }
}

/// What a walk reads next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Entry,
    Narrow,
    Wide,
    Done,
}

impl Poptrie {
    /// Begins to look up a key, without waiting for memory.
    #[inline]
    pub fn walk(&self, key: u128, family: Family) -> Walk {
        let bits = self.first_bits;
        let slot = key.checked_shr(128 - u32::from(bits)).unwrap_or(0) as usize;
        let mut walk = Walk { rest: key << bits, next: 0, depth: bits, stage: Stage::Entry, family };
        self.follow(&mut walk, self.first[slot]);
        walk
    }

    /// One read; whether there is another to make.
    #[inline]
    pub fn step(&self, walk: &mut Walk) -> bool {
        match walk.stage {
            Stage::Entry => self.follow(walk, self.line(walk.next).word(walk.next as usize)),
            Stage::Narrow => walk.search::<NARROW>(self.line(walk.next)),
            Stage::Wide => walk.search::<WIDE>(self.line(walk.next)),
            Stage::Done => {}
        }
        walk.stage != Stage::Done
    }

    /// The leaf at the end of a walk, whatever of it is left to do.
    #[inline]
    pub fn leaf(&self, walk: &Walk) -> Leaf {
        if walk.stage == Stage::Done {
            return Leaf::new(walk.next, walk.depth);
        }
        let mut walk = *walk;
        while self.step(&mut walk) {}
        Leaf::new(walk.next, walk.depth)
    }

    /// To what an entry leads to.
    #[inline]
    fn follow(&self, walk: &mut Walk, entry: u32) {
        if entry & IS_PLACE == 0 {
            return walk.end(entry & MAX_VALUE, (entry >> 24) as u8);
        }
        (walk.next, walk.stage) = match entry & !PLACE {
            IS_TABLE => (walk.take(entry), Stage::Entry),
            IS_NARROW => (entry & PLACE, Stage::Narrow),
            _ => (entry & PLACE, Stage::Wide),
        };
        prefetch(self.line(walk.next));
    }

    #[inline]
    fn line(&self, word: u32) -> &Line {
        &self.lines[word as usize / LINE]
    }

    /// How many ranges there are.
    pub fn ranges(&self) -> usize {
        self.ranges
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.first) + size_of_val(&*self.lines)
    }
}

impl Walk {
    #[inline]
    fn end(&mut self, value: u32, spare: u8) {
        self.next = value;
        self.depth = self.depth.saturating_sub(spare);
        self.stage = Stage::Done;
    }

    /// Takes the bits of a table, and says where its entry for them stands.
    #[inline]
    fn take(&mut self, table: u32) -> u32 {
        let bits = (table & PLACE) >> 24;
        let slot = (self.rest >> (128 - bits)) as u32;
        self.rest <<= bits;
        self.depth += bits as u8;
        (table & TABLE_PLACE) * LINE as u32 + slot
    }

    /// From a bucket to the value of the range that holds the key.
    #[inline]
    fn search<const BITS: u8>(&mut self, line: &Line) {
        let (at, bits) = (self.next as usize, usize::from(BITS));
        let per_word = 32 / bits;
        let begin = |index: usize| {
            let word = u64::from(line.word(at + 1 + index / per_word));
            word >> (bits * (index % per_word)) & ((1 << bits) - 1)
        };
        let key = (self.rest >> (128 - bits)) as u64;
        let count = line.word(at) as usize;
        // By halving, and always in as many steps: nobody could foretell which way a branch goes.
        let mut index = 0;
        for step in [8, 4, 2, 1].into_iter().filter(|&step| step <= most_begins(BITS)) {
            let further = index + step;
            let begun = (further <= count) & (begin(further - 1) <= key);
            index = if begun { further } else { index };
        }
        let value = line.word(at + 1 + count.div_ceil(per_word) + index);
        let before = if index == 0 { u64::MAX } else { begin(index.wrapping_sub(1)).wrapping_sub(1) };
        let behind = if index == count { u64::MAX } else { begin(index) };
        self.depth += BITS;
        self.end(value, spare(key, before, behind));
    }
}

/// How many ranges of a bucket can begin behind its first: a word says how many do, and each has a value.
const fn most_begins(bits: u8) -> usize {
    (LINE - 2) * 32 / (32 + bits as usize)
}

/// How many bits less than all the widest block around `key` has that holds neither neighbour: the last key of
/// the range before and the first of the one behind.
#[inline]
fn spare(key: u64, before: u64, behind: u64) -> u8 {
    (63 - ((key ^ before).min(key ^ behind) | 1).leading_zeros()) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::last_of;
    use super::*;

    /// Where each range ends, and its value: the last one ends at the last key.
    fn build(family: Family, ranges: &[(u128, u32)]) -> Poptrie {
        let mut all = Ranges::default();
        ranges.iter().for_each(|&(last, value)| all.push(last, value));
        Poptrie::new(family, &all).unwrap()
    }

    proptest! {
        #[test]
        fn every_key_finds_its_range_and_the_widest_block_in_it(
            ends in prop::collection::btree_map((any::<u128>(), 0_u8..=128), 0_u32..3, 0..40),
            probes in prop::collection::vec(any::<u128>(), 40),
            family in prop::sample::select(&Family::ALL[..]),
        ) {
            let mut ranges: Vec<_> =
                ends.into_iter().map(|((end, depth), value)| (last_of(end, depth), value)).collect();
            ranges.push((u128::MAX, 9));
            ranges.sort_by_key(|range| range.0);
            ranges.dedup_by_key(|range| range.0);
            let trie = build(family, &ranges);
            let value = |key: u128| ranges[ranges.partition_point(|range| range.0 < key)].1;
            let same = |start: u128, last: u128| {
                let from = ranges.partition_point(|range| range.0 < start);
                ranges[from..].iter().take_while(|range| range.0 < last).all(|range| range.1 == value(last))
            };
            let edges = ranges.iter().flat_map(|range| [range.0, range.0.wrapping_add(1)]);
            for key in probes.into_iter().chain(edges) {
                let mut walk = trie.walk(key, family);
                let leaf = trie.leaf(&walk);
                // However much of it somebody else has done.
                while trie.step(&mut walk) {
                    prop_assert_eq!(trie.leaf(&walk), leaf);
                }
                prop_assert_eq!(trie.leaf(&walk), leaf);
                prop_assert_eq!(leaf.value(), value(key));
                let block = |depth| { let start = key & !last_of(0, depth); (start, last_of(start, depth)) };
                let (start, last) = block(leaf.depth());
                prop_assert!(same(start, last), "a block holds two values");
                if leaf.depth() > 0 {
                    let (start, last) = block(leaf.depth() - 1);
                    prop_assert!(!same(start, last), "the parent would have done");
                }
            }
        }
    }
}
