//! The search tree of a MaxMind database: a binary trie over address bits, read straight from the file.
//!
//! Ours and not maxminddb's, because a damaged file must not cost more than a good one: a walk that meets
//! a loop, or far more nodes than the file says it has, stops with an error. Keys are addresses whose first
//! bit is the highest bit of a `u128`, whatever the family, so that one walk serves both.

use std::net::{IpAddr, Ipv6Addr};

use crate::model::Family;
use crate::system::prefetch;

use super::rules::{RuleRange, flatten};

/// IPv6 prefixes that hold IPv4 addresses: `::/96`, mapped, NAT64, Teredo, 6to4. Databases repeat their
/// IPv4 half there; callers unfold such addresses first, so for IPv6 there is nothing at these places.
const EMBEDDED: [(u128, u8); 5] = [
    (0, 96),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0).to_bits(), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).to_bits(), 96),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0).to_bits(), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0).to_bits(), 16),
];

/// How often a walk may visit a node, on average: databases may share subtrees, but not without end.
const VISITS_PER_NODE: u64 = 8;

/// An address as a key: its first bit is the highest of 128.
pub(super) fn key(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(four.to_bits()) << 96,
        IpAddr::V6(six) => six.to_bits(),
    }
}

/// The address of a family that a key stands for.
pub(super) fn address(family: Family, key: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(((key >> 96) as u32).into()),
        Family::V6 => IpAddr::V6(key.into()),
    }
}

/// The last key of the block of `depth` bits that starts at `start`.
pub(super) fn last_of(start: u128, depth: u8) -> u128 {
    start | u128::MAX.checked_shr(depth.into()).unwrap_or(0)
}

/// The search tree loops, or is far larger than the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tangled;

/// A record as the tree names it: opaque, equal for equal data. `None`: no data.
pub(super) type Pointer = Option<u32>;

/// The tree of one database.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    /// The nodes, and whatever follows them.
    pub bytes: &'a [u8],
    /// How many nodes there are.
    pub node_count: u32,
    /// 24, 28 or 32.
    pub record_bits: u16,
    /// Whether the first bit of the tree is the first of an IPv6 address.
    pub six: bool,
}

impl<'a> Tree<'a> {
    /// Whether all nodes lie within the bytes.
    pub fn fits(&self) -> bool {
        self.len() <= self.bytes.len()
    }

    /// How many bytes the nodes fill.
    pub fn len(&self) -> usize {
        (self.node_count as usize).saturating_mul(usize::from(self.record_bits) / 4)
    }

    /// Every address of a family in order, in ranges that share a record; of a family that the database does not
    /// have, in one without.
    pub fn walk(self, family: Family) -> Walk<'a> {
        // The number of nodes, as a node, stands for no data.
        let node = self.root(family).unwrap_or(self.node_count);
        let visits = u64::from(self.node_count) * VISITS_PER_NODE + u64::from(family.bits());
        Walk { tree: self, family, stack: vec![Step { node, key: 0, depth: 0 }], visits }
    }

    /// The record for one address, found bit by bit.
    pub fn find(&self, address: IpAddr) -> Pointer {
        let (family, key) = (Family::of(address), key(address));
        let mut node = self.root(family)?;
        for depth in 0..=family.bits() {
            let start = if depth == 0 { 0 } else { key & !last_of(0, depth) };
            if node >= self.node_count || is_embedded(family, start, depth) {
                return self.pointer(family, Step { node, key: start, depth });
            }
            if depth < family.bits() {
                node = self.child(node, key >> (127 - depth) & 1 == 1);
            }
        }
        None
    }

    /// Where a family begins; `None` if the database does not have it.
    fn root(&self, family: Family) -> Option<u32> {
        match (family, self.six) {
            (Family::V4, false) | (Family::V6, true) => Some(0),
            (Family::V6, false) => None,
            (Family::V4, true) => Some(self.zeros(96)),
        }
    }

    /// What stands after so many zero bits, or the leaf on the way there.
    fn zeros(&self, bits: u8) -> u32 {
        (0..bits).fold(0, |node, _| if node < self.node_count { self.child(node, false) } else { node })
    }

    fn pointer(&self, family: Family, step: Step) -> Pointer {
        (step.node > self.node_count && !is_embedded(family, step.key, step.depth)).then_some(step.node)
    }

    /// Asks the processor for a node.
    #[inline]
    fn prefetch(&self, node: u32) {
        let start = node as usize * (usize::from(self.record_bits) / 4);
        if let Some(byte) = self.bytes.get(start) {
            prefetch(byte);
        }
    }

    /// One of the two records of a node.
    fn child(&self, node: u32, one: bool) -> u32 {
        self.children(node)[usize::from(one)]
    }

    /// Both records of a node; the root where there is no such node, which ends as a loop.
    #[inline]
    fn children(&self, node: u32) -> [u32; 2] {
        let size = usize::from(self.record_bits) / 4;
        let start = node as usize * size;
        match *self.bytes.get(start..start + size).unwrap_or_default() {
            [a, b, c, d, e, f] => [[0, a, b, c], [0, d, e, f]].map(u32::from_be_bytes),
            // The middle byte holds the highest four bits of both.
            [a, b, c, high, d, e, f] => {
                [[high >> 4, a, b, c], [high & 0x0f, d, e, f]].map(u32::from_be_bytes)
            }
            [a, b, c, d, e, f, g, h] => [[a, b, c, d], [e, f, g, h]].map(u32::from_be_bytes),
            _ => [0, 0],
        }
    }
}

/// A place in the tree: the node and the bits that led to it.
#[derive(Clone, Copy)]
struct Step {
    node: u32,
    key: u128,
    depth: u8,
}

/// An iterator over all ranges of one family; see [`Tree::walk`].
pub(super) struct Walk<'a> {
    tree: Tree<'a>,
    family: Family,
    stack: Vec<Step>,
    visits: u64,
}

/// Consecutive addresses that share a record: they begin where the range before ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    /// The first key.
    pub first: u128,
    /// The last key.
    pub last: u128,
    /// Their record.
    pub pointer: Pointer,
}

impl Walk<'_> {
    fn range(&self, step: Step) -> Range {
        let pointer = self.tree.pointer(self.family, step);
        Range { first: step.key, last: last_of(step.key, step.depth), pointer }
    }
}

impl Iterator for Walk<'_> {
    type Item = Result<Range, Tangled>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut step = self.stack.pop()?;
        while step.node < self.tree.node_count && !is_embedded(self.family, step.key, step.depth) {
            if step.depth == self.family.bits() || self.visits == 0 {
                self.stack.clear();
                return Some(Err(Tangled));
            }
            self.visits -= 1;
            let (parent, depth) = (step.node, step.depth + 1);
            let key = step.key | 1 << (127 - step.depth);
            let [zero, one] = self.tree.children(parent);
            self.tree.prefetch(one);
            self.stack.push(Step { node: one, key, depth });
            step = Step { node: zero, key: step.key, depth };
        }
        Some(Ok(self.range(step)))
    }
}

/// Every key of a family in order, in ranges that are embedded IPv4 (1) or not (0).
pub(super) fn embedded(family: Family) -> Vec<RuleRange> {
    match family {
        Family::V4 => flatten(Vec::new()),
        Family::V6 => flatten(EMBEDDED.map(|(start, depth)| (start, depth, 1)).to_vec()),
    }
}

/// Whether a block is one of [`EMBEDDED`].
fn is_embedded(family: Family, start: u128, depth: u8) -> bool {
    family == Family::V6 && matches!(depth, 16 | 32 | 96) && EMBEDDED.contains(&(start, depth))
}
