//! Longest prefix in a few steps: a poptrie (Asai and Ohara, SIGCOMM 2015).
//!
//! The first 18 bits index a table; after that each node takes six bits. A node holds two bitmaps and two
//! offsets: `children` marks the slots that lead to another node, `runs` the slots where a new leaf begins, and
//! counting bits below a slot gives its place among the node's children or leaves, which lie side by side. A
//! leaf is one word: 24 bits of value, 8 bits of depth. IPv4 keys stand in the highest 32 of 128 bits, so both
//! families share the code.

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
/// Marks a root entry that is a node's index; a root leaf's depth is at most 18 and never sets this bit.
const IS_NODE: u32 = 1 << 31;
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

/// Six bits of an address.
#[derive(Clone, Copy)]
struct Node {
    children: u64,
    runs: u64,
    first_child: u32,
    first_leaf: u32,
}

/// A finished trie.
pub(super) struct Poptrie {
    root: Box<[u32]>,
    nodes: Box<[Node]>,
    leaves: Box<[Leaf]>,
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
    Leaf,
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
            Stage::Root => self.enter(walk),
            Stage::Node => self.descend(walk),
            Stage::Leaf => (walk.next, walk.stage) = (self.leaves[walk.next as usize].0, Stage::Done),
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

    #[inline]
    fn enter(&self, walk: &mut Walk) {
        let entry = self.root[walk.next as usize];
        if entry & IS_NODE == 0 {
            (walk.next, walk.stage) = (entry, Stage::Done);
        } else {
            (walk.next, walk.stage) = (entry & !IS_NODE, Stage::Node);
            prefetch(&self.nodes[walk.next as usize]);
        }
    }

    #[inline]
    fn descend(&self, walk: &mut Walk) {
        let node = &self.nodes[walk.next as usize];
        let bit = 1_u64 << (walk.rest >> (128 - STRIDE));
        if node.children & bit == 0 {
            let run = (node.runs & (bit | (bit - 1))).count_ones();
            (walk.next, walk.stage) = (node.first_leaf + run - 1, Stage::Leaf);
            prefetch(&self.leaves[walk.next as usize]);
        } else {
            walk.next = node.first_child + (node.children & (bit - 1)).count_ones();
            walk.rest <<= STRIDE;
            prefetch(&self.nodes[walk.next as usize]);
        }
    }

    /// How many leaves there are, those of the root table included.
    pub fn leaves(&self) -> usize {
        self.leaves.len() + self.root.iter().filter(|&&entry| entry & IS_NODE == 0).count()
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.root) + size_of_val(&*self.nodes) + size_of_val(&*self.leaves)
    }
}

/// Builds a trie from blocks in order, without ever holding more than one open node a level.
///
/// Nodes are written when their last slot is filled: a node's children close before it does, so they can be
/// written side by side when it closes.
pub(super) struct Builder {
    root: Vec<u32>,
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
    open: Vec<Open>,
}

/// A node whose slots are not all known yet.
#[derive(Default)]
struct Open {
    slot: u8,
    children: u64,
    runs: u64,
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
}

impl Builder {
    /// An empty trie.
    pub fn new() -> Builder {
        let open = (0..LEVELS).map(|_| Open::default()).collect();
        Builder { root: Vec::with_capacity(1 << ROOT_BITS), nodes: Vec::new(), leaves: Vec::new(), open }
    }

    /// The trie, once blocks have covered every key.
    pub fn finish(self) -> Poptrie {
        debug_assert_eq!(self.root.len(), 1 << ROOT_BITS);
        Poptrie { root: self.root.into(), nodes: self.nodes.into(), leaves: self.leaves.into() }
    }

    /// Closes the open nodes that are full, from `level` upwards.
    fn close(&mut self, level: usize) {
        for level in (0..=level).rev() {
            if self.open[level].slot < SLOTS {
                return;
            }
            let node = self.write(level);
            match level.checked_sub(1) {
                Some(parent) => self.open[parent].push_node(node),
                None => {
                    self.root.push(IS_NODE | self.nodes.len() as u32);
                    self.nodes.push(node);
                }
            }
        }
    }

    /// Writes the leaves and children of a full node, and empties it for the next.
    fn write(&mut self, level: usize) -> Node {
        let Builder { nodes, leaves, open, .. } = self;
        let full = &mut open[level];
        let node = Node {
            children: full.children,
            runs: full.runs,
            first_child: nodes.len() as u32,
            first_leaf: leaves.len() as u32,
        };
        nodes.append(&mut full.nodes);
        leaves.append(&mut full.leaves);
        (full.slot, full.children, full.runs) = (0, 0, 0);
        node
    }
}

impl Blocks for Builder {
    fn block(&mut self, _: u128, depth: u8, value: u32) {
        let leaf = Leaf::new(value, depth);
        match depth.checked_sub(ROOT_BITS + 1) {
            None => self.root.extend(std::iter::repeat_n(leaf.0, 1 << (ROOT_BITS - depth))),
            Some(below) => {
                let level = usize::from(below / STRIDE);
                self.open[level].push_leaf(leaf, SLOTS >> (below % STRIDE + 1));
                self.close(level);
            }
        }
    }
}

impl Open {
    fn push_leaf(&mut self, leaf: Leaf, slots: u8) {
        if self.leaves.last() != Some(&leaf) {
            self.runs |= 1 << self.slot;
            self.leaves.push(leaf);
        }
        self.slot += slots;
    }

    fn push_node(&mut self, node: Node) {
        self.children |= 1 << self.slot;
        self.nodes.push(node);
        self.slot += 1;
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
