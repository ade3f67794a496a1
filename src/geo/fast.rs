//! Which regions are fast from where: orders by measured latency, by client network and autonomous system.
//!
//! The same trie as for cells: the longest network with a measurement holds, else what was measured from the system that
//! announces the address, else nothing is known. Neighbours of one order are joined, so a leaf's depth is the scope here,
//! too, for addresses from which nothing was measured as well.

use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;

use crate::model::{Family, RegionId, Vantage};

use super::asns::Asns;
use super::cut::Cutter;
use super::order::{OrderId, Orders};
use super::poptrie::{Builder, MAX_VALUE, Poptrie, Walk};
use super::rules::{RuleRange, flatten};
use super::spread::SpreadMap;
use super::tree::key;

/// Measured regions, the fastest first, by their place among all of a table's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FastId(u32);

impl FastId {
    /// Nothing was measured.
    pub const UNKNOWN: FastId = FastId(0);
}

/// Both families. Look-ups neither lock, allocate nor fail; addresses are unfolded first, as for [`super::Table`].
pub struct Fast {
    /// `None`: nothing was measured from any address of the family.
    tries: [Option<Poptrie>; 2],
    orders: Orders,
}

impl std::fmt::Debug for Fast {
    /// Its size: the rest is thousands of numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fast({} orders)", self.orders.len())
    }
}

impl Default for Fast {
    /// Nobody measured anything.
    fn default() -> Fast {
        Fast::new([], &Asns::default(), 0)
    }
}

impl Fast {
    /// What each vantage's clients get, of so many regions; no vantage twice, no row empty.
    pub fn new(
        rows: impl IntoIterator<Item = (Vantage, Vec<RegionId>)>,
        asns: &Asns,
        regions: usize,
    ) -> Fast {
        let mut sorted = Sorted::default();
        for (vantage, order) in rows {
            sorted.take(vantage, order);
        }
        let Sorted { orders, networks, systems, .. } = sorted;
        let tries = networks.into_iter().zip(Family::ALL);
        let mut tries = tries.map(|(networks, family)| trie(networks, &systems, asns, family));
        Fast {
            tries: std::array::from_fn(|_| tries.next().flatten()),
            orders: Orders::collect(&orders, u16::try_from(regions).unwrap_or(u16::MAX)),
        }
    }

    /// Begins to look for an address, without waiting for memory.
    #[inline]
    pub fn walk(&self, address: IpAddr) -> Walk {
        let family = Family::of(address);
        self.tries[family.index()].as_ref().map_or_else(Walk::default, |trie| trie.walk(key(address), family))
    }

    /// One read; whether there is another to make.
    #[inline]
    pub fn step(&self, walk: &mut Walk) -> bool {
        self.tries[walk.family.index()].as_ref().is_some_and(|trie| trie.step(walk))
    }

    /// Where a walk leads, with every step that nobody has made yet, and the bits of the address that it took to know.
    #[inline]
    pub fn found(&self, walk: &Walk) -> (FastId, u8) {
        match &self.tries[walk.family.index()] {
            Some(trie) => {
                let leaf = trie.leaf(walk);
                (FastId(leaf.value()), leaf.depth())
            }
            None => (FastId::UNKNOWN, 0),
        }
    }

    /// Asks the processor for what [`Fast::regions`] reads.
    #[inline]
    pub fn prefetch(&self, FastId(id): FastId) {
        self.orders.prefetch(OrderId(id));
    }

    /// The regions, the fastest first; none where nothing was measured.
    #[inline]
    pub fn regions(&self, FastId(id): FastId) -> &[RegionId] {
        self.orders.kept(OrderId(id))
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        let tries: usize = self.tries.iter().flatten().map(Poptrie::bytes).sum();
        tries + self.orders.bytes()
    }
}

/// Rows by what they are for, equal orders once.
struct Sorted {
    orders: Vec<Rc<[RegionId]>>,
    ids: SpreadMap<Rc<[RegionId]>, u32>,
    /// By family: start, length, order.
    networks: [Vec<(u128, u8, u32)>; 2],
    systems: HashMap<u32, u32>,
}

impl Default for Sorted {
    fn default() -> Sorted {
        // The first is that of nobody: empty.
        let (orders, ids) = (vec![Rc::from([])], SpreadMap::default());
        Sorted { orders, ids, networks: [Vec::new(), Vec::new()], systems: HashMap::new() }
    }
}

impl Sorted {
    fn take(&mut self, vantage: Vantage, order: Vec<RegionId>) {
        let order: Rc<[RegionId]> = order.into();
        let next = self.orders.len() as u32;
        if order.is_empty() || next > MAX_VALUE {
            return;
        }
        let id = *self.ids.entry(Rc::clone(&order)).or_insert(next);
        if id == next {
            self.orders.push(order);
        }
        match vantage {
            Vantage::Asn(asn) => _ = self.systems.insert(asn, id),
            Vantage::Network(network) => {
                let family = Family::of(network.addr());
                self.networks[family.index()].push((key(network.network()), network.prefix_len(), id));
            }
        }
    }
}

/// Networks, and behind them systems, side by side.
fn trie(
    networks: Vec<(u128, u8, u32)>,
    systems: &HashMap<u32, u32>,
    asns: &Asns,
    family: Family,
) -> Option<Poptrie> {
    let of_system = |(last, asn)| (last, systems.get(&asn).copied().unwrap_or(0));
    let mut systems = asns.ranges(family).map(of_system).filter(|_| !systems.is_empty()).peekable();
    if networks.is_empty() && systems.peek().is_none() {
        return None;
    }
    let everything: RuleRange = (u128::MAX, 0);
    let mut cutter = Cutter::new(Builder::new());
    let mut system = systems.next().unwrap_or(everything);
    for (end, order) in flatten(networks) {
        loop {
            let last = end.min(system.0);
            cutter.push(last, if order == 0 { system.1 } else { order });
            if system.0 == last && last != u128::MAX {
                system = systems.next().unwrap_or(everything);
            }
            if last == end {
                break;
            }
        }
    }
    Some(cutter.finish().finish())
}
