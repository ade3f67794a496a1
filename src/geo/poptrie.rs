//! Longest prefix in a few steps: a poptrie (Asai and Ohara, SIGCOMM 2015).
//!
//! The first 18 bits index a table; after that each node takes six bits. A node is a bitmap and the entries that it
//! counts: a bit marks each of its 64 slots where another entry begins, so that counting bits up to a slot gives
//! the entry. An entry is a leaf, which is 24 bits of value below 8 bits of depth, or the place of another node.
//!
//! Unlike in the paper a node's entries stand right behind its bitmap, and a node that fits a cache line lies in one:
//! what a look-up waits for is memory, and so it waits once a node. IPv4 keys stand in the highest 32 of 128 bits, so
//! both families share the code.

use crate::model::Family;
use crate::system::prefetch;

use super::cut::Blocks;

/// Bits that the root table takes.
const ROOT_BITS: u8 = 18;
/// Bits that a node takes.
const STRIDE: u8 = 6;
/// Slots of a node.
const SLOTS: u8 = 1 << STRIDE;
/// Levels of nodes that 128 bits can need.
const LEVELS: usize = (128 - ROOT_BITS as usize).div_ceil(STRIDE as usize);
/// From here on an entry is the place of a node: leaves' depths end at 128.
const NODES: u32 = 129 << 24;
/// Words of a bitmap.
const BITMAP: usize = 2;
/// Words of a cache line.
const LINE: usize = 16;
/// The largest value that fits beside a depth.
pub(super) const MAX_VALUE: u32 = (1 << 24) - 1;

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

/// A cache line of nodes.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u32; LINE]);

/// A finished trie.
pub(super) struct Poptrie {
    root: Box<[u32]>,
    lines: Box<[Line]>,
    leaves: usize,
}

/// A look-up under way, so that many can wait for memory at the same time: each step reads one place and asks
/// for the next.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// Bits of the address that no step has taken yet, the first at the top.
    rest: u128,
    /// Where the next step reads; the leaf, when there is nothing left to read.
    next: u32,
    stage: Stage,
    /// Whose trie this is.
    pub(super) family: Family,
}

impl Default for Walk {
    /// A walk that is over before it began, at the value 0.
    fn default() -> Self {
        Walk { rest: 0, next: 0, stage: Stage::Done, family: Family::V4 }
    }
}

/// What a walk reads next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Root,
    Node,
    Entry,
    Done,
}

impl Poptrie {
    /// Begins to look up a key, without waiting for memory.
    #[inline]
    pub fn walk(&self, key: u128, family: Family) -> Walk {
        let next = (key >> (128 - ROOT_BITS)) as u32;
        prefetch(&self.root[next as usize]);
        Walk { rest: key << ROOT_BITS, next, stage: Stage::Root, family }
    }

    /// One read; whether there is another to make.
    #[inline]
    pub fn step(&self, walk: &mut Walk) -> bool {
        match walk.stage {
            Stage::Root => self.follow(walk, self.root[walk.next as usize]),
            Stage::Node => self.descend(walk),
            Stage::Entry => self.follow(walk, self.word(walk.next as usize)),
            Stage::Done => {}
        }
        walk.stage != Stage::Done
    }

    /// The leaf at the end of a walk, whatever of it is left to do.
    #[inline]
    pub fn leaf(&self, walk: &Walk) -> Leaf {
        if walk.stage == Stage::Done {
            return Leaf(walk.next);
        }
        let mut walk = *walk;
        while self.step(&mut walk) {}
        Leaf(walk.next)
    }

    /// Goes where an entry leads to.
    #[inline]
    fn follow(&self, walk: &mut Walk, entry: u32) {
        if entry < NODES {
            (walk.next, walk.stage) = (entry, Stage::Done);
        } else {
            (walk.next, walk.stage) = (entry - NODES, Stage::Node);
            prefetch(&self.lines[walk.next as usize / LINE]);
        }
    }

    /// Takes a node's bits, and reads the entry if it lies in the same line.
    #[inline]
    fn descend(&self, walk: &mut Walk) {
        let node = walk.next as usize;
        let bitmap = u64::from(self.word(node)) | u64::from(self.word(node + 1)) << 32;
        let slot = 1_u64 << (walk.rest >> (128 - STRIDE));
        walk.rest <<= STRIDE;
        let entry = node + BITMAP + (bitmap & (slot | (slot - 1))).count_ones() as usize - 1;
        if entry / LINE == node / LINE {
            return self.follow(walk, self.word(entry));
        }
        (walk.next, walk.stage) = (entry as u32, Stage::Entry);
        prefetch(&self.lines[entry / LINE]);
    }

    #[inline]
    fn word(&self, at: usize) -> u32 {
        self.lines[at / LINE].0[at % LINE]
    }

    /// How many leaves there are, those of the root table included.
    pub fn leaves(&self) -> usize {
        self.leaves
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.root) + size_of_val(&*self.lines)
    }
}

/// Builds a trie from blocks in order, without ever holding more than one open node a level.
///
/// Nodes are written when their last slot is filled: a node's children close before it does, so that it knows where
/// they stand.
pub(super) struct Builder {
    root: Vec<u32>,
    lines: Vec<Line>,
    /// Words written.
    words: usize,
    leaves: usize,
    open: Vec<Open>,
}

/// A node whose slots are not all known yet.
#[derive(Default)]
struct Open {
    slot: u8,
    bitmap: u64,
    entries: Vec<u32>,
}

impl Builder {
    /// An empty trie.
    pub fn new() -> Builder {
        let open = (0..LEVELS).map(|_| Open::default()).collect();
        Builder { root: Vec::with_capacity(1 << ROOT_BITS), lines: Vec::new(), words: 0, leaves: 0, open }
    }

    /// The trie, once blocks have covered every key.
    pub fn finish(self) -> Poptrie {
        debug_assert_eq!(self.root.len(), 1 << ROOT_BITS);
        Poptrie { root: self.root.into(), lines: self.lines.into(), leaves: self.leaves }
    }

    /// Closes the open nodes that are full, from `level` upwards.
    fn close(&mut self, level: usize) {
        for level in (0..=level).rev() {
            if self.open[level].slot < SLOTS {
                return;
            }
            let place = NODES + self.write(level);
            match level.checked_sub(1) {
                Some(parent) => self.open[parent].push(place, 1),
                None => self.root.push(place),
            }
        }
    }

    /// Writes a full node, and empties it for the next; gives its place.
    fn write(&mut self, level: usize) -> u32 {
        let mut full = std::mem::take(&mut self.open[level]);
        let size = BITMAP + full.entries.len();
        let left = LINE - self.words % LINE;
        // A bitmap is never cut in two, and neither is a node, unless it is longer than a line.
        self.words += if left < size && (size <= LINE || left < BITMAP) { left } else { 0 };
        let place = self.words as u32;
        for word in [full.bitmap as u32, (full.bitmap >> 32) as u32].iter().chain(&full.entries) {
            if self.words / LINE == self.lines.len() {
                self.lines.push(Line([0; LINE]));
            }
            self.lines[self.words / LINE].0[self.words % LINE] = *word;
            self.words += 1;
        }
        full.entries.clear();
        self.open[level] = Open { entries: full.entries, ..Open::default() };
        place
    }
}

impl Blocks for Builder {
    fn block(&mut self, _: u128, depth: u8, value: u32) {
        let leaf = Leaf::new(value, depth);
        self.leaves += 1;
        match depth.checked_sub(ROOT_BITS + 1) {
            None => self.root.extend(std::iter::repeat_n(leaf.0, 1 << (ROOT_BITS - depth))),
            Some(below) => {
                let level = usize::from(below / STRIDE);
                self.open[level].push(leaf.0, SLOTS >> (below % STRIDE + 1));
                self.close(level);
            }
        }
    }
}

impl Open {
    fn push(&mut self, entry: u32, slots: u8) {
        if self.entries.last() != Some(&entry) {
            self.bitmap |= 1 << self.slot;
            self.entries.push(entry);
        }
        self.slot += slots;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cut::Cutter;
    use super::super::tree::last_of;
    use super::*;

    /// Where each range ends, and its value: the last one ends at the last key.
    fn build(ranges: &[(u128, u32)]) -> Poptrie {
        let mut cutter = Cutter::new(Builder::new());
        ranges.iter().for_each(|&(last, value)| cutter.push(last, value));
        cutter.finish().finish()
    }

    proptest! {
        #[test]
        fn every_key_finds_its_range_and_the_widest_block_in_it(
            ends in prop::collection::btree_map((any::<u128>(), 0_u8..=128), 0_u32..3, 0..40),
            probes in prop::collection::vec(any::<u128>(), 40),
        ) {
            let mut ranges: Vec<_> =
                ends.into_iter().map(|((end, depth), value)| (last_of(end, depth), value)).collect();
            ranges.push((u128::MAX, 9));
            ranges.sort_by_key(|range| range.0);
            ranges.dedup_by_key(|range| range.0);
            let trie = build(&ranges);
            let value = |key: u128| ranges[ranges.partition_point(|range| range.0 < key)].1;
            let same = |start: u128, last: u128| {
                let from = ranges.partition_point(|range| range.0 < start);
                ranges[from..].iter().take_while(|range| range.0 < last).all(|range| range.1 == value(last))
            };
            let edges = ranges.iter().flat_map(|range| [range.0, range.0.wrapping_add(1)]);
            for key in probes.into_iter().chain(edges) {
                let mut walk = trie.walk(key, Family::V6);
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
