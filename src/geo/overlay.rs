//! What one service's own rules change: a few networks, and what it does with each place.

use std::net::IpAddr;

use crate::model::Family;

use super::cut::{Blocks, Cutter};
use super::order::{Order, OrderId};
use super::poptrie::Leaf;
use super::rules::RuleRange;
use super::table::Cell;
use super::tree::key;

/// The rules of one service.
pub struct Overlay {
    networks: [Networks; 2],
    places: Box<[u32]>,
    words: Box<[Word]>,
}

/// What a rule of a service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Word {
    /// Nothing: the cell's own order.
    Silent,
    /// This order and no other.
    Order(OrderId),
    /// These regions, then the cell's own order.
    First(OrderId),
}

impl Overlay {
    /// `networks` by family and `places` by place lead to `words`; the word 0 is [`Word::Silent`].
    pub(super) fn new(networks: [&[RuleRange]; 2], places: Vec<u32>, words: Vec<Word>) -> Overlay {
        let networks = networks.map(Networks::new);
        Overlay { networks, places: places.into(), words: words.into() }
    }

    /// The order for an address in this cell, whether a rule lists its regions, and the bits that it took to know
    /// whether a network of the service holds the address.
    pub(super) fn order(&self, address: IpAddr, cell: Cell) -> (Order, bool, u8) {
        let leaf = self.networks[Family::of(address).index()].find(key(address));
        let word = match leaf.value() {
            0 => self.places.get(cell.place.0 as usize).copied().unwrap_or(0),
            word => word,
        };
        let (order, ruled) = match self.words[word as usize] {
            Word::Silent => (Order::from(cell.order), cell.ruled),
            Word::Order(order) => (Order::from(order), order == OrderId::NODATA),
            Word::First(first) => (Order { first, rest: cell.order }, true),
        };
        (order, ruled, leaf.depth())
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        let networks: usize = self.networks.iter().map(Networks::bytes).sum();
        networks + size_of_val(&*self.places) + size_of_val(&*self.words)
    }
}

/// Blocks over a whole family, searched by halving: a service's networks are few, and a trie for each of ten
/// thousand services would cost a megabyte apiece.
pub(super) struct Networks {
    starts: Box<[u128]>,
    leaves: Box<[Leaf]>,
}

impl Networks {
    /// From ranges in order, each with its value.
    pub(super) fn new(ranges: &[RuleRange]) -> Networks {
        let mut cutter = Cutter::new(Sorted { starts: Vec::new(), leaves: Vec::new() });
        ranges.iter().for_each(|&(last, word)| cutter.push(last, word));
        let Sorted { starts, leaves } = cutter.finish();
        Networks { starts: starts.into(), leaves: leaves.into() }
    }

    /// The block of a key.
    pub(super) fn find(&self, key: u128) -> Leaf {
        // The first block starts at key 0, so there is always one.
        self.leaves[self.starts.partition_point(|&start| start <= key) - 1]
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.leaves)
    }
}

struct Sorted {
    starts: Vec<u128>,
    leaves: Vec<Leaf>,
}

impl Blocks for Sorted {
    fn block(&mut self, start: u128, depth: u8, value: u32) {
        self.starts.push(start);
        self.leaves.push(Leaf::new(value, depth));
    }
}
