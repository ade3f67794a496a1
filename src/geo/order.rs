//! Orders: the regions as one group of clients prefers them.
//!
//! An order is kept as its beginning, at most the [`LENGTH`] nearest regions (or all that a rule lists, when
//! that is more); whatever is not in it stands behind, as written. Equal orders are kept once.

use std::collections::HashMap;
use std::rc::Rc;

use crate::model::{Location, Region, RegionId};
use crate::system::prefetch;

use super::nearest::Sites;
use super::spread::SpreadMap;

/// How many regions of an order are kept.
pub const LENGTH: usize = 16;

/// The beginning of an order, by its place among all of a table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(pub u32);

impl OrderId {
    /// No region at all: what `regions = []` asks for. The only order that means nothing by being empty.
    pub const NODATA: OrderId = OrderId(0);
    /// The regions as they are written: for clients that nobody knows.
    pub const WRITTEN: OrderId = OrderId(1);
}

/// A whole order: what a service puts first, then what the client prefers anyway.
///
/// In two parts, because services and cells would otherwise multiply. See [`super::Table::regions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// What a service's rule puts first; [`OrderId::NODATA`] when it puts nothing first.
    pub(super) first: OrderId,
    /// What follows.
    pub(super) rest: OrderId,
}

impl Order {
    /// Whether it answers NODATA.
    pub fn is_nodata(self) -> bool {
        self == Order::from(OrderId::NODATA)
    }
}

impl From<OrderId> for Order {
    fn from(rest: OrderId) -> Order {
        Order { first: OrderId::NODATA, rest }
    }
}

/// All orders of a table.
pub(super) struct Orders {
    records: Box<[Record]>,
    lengths: Box<[u8]>,
    /// Orders that are longer than a record: rules may list as many regions as there are.
    long: HashMap<OrderId, Box<[RegionId]>>,
    regions: u16,
}

/// The regions of one order, and whatever behind them. Two fill a cache line: to read one is one access.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Record([RegionId; LENGTH]);

/// A length that says that an order is longer than its record.
const LONG: u8 = u8::MAX;

impl Orders {
    /// The regions that are kept of an order.
    #[inline]
    pub fn kept(&self, order: OrderId) -> &[RegionId] {
        let Record(regions) = &self.records[order.0 as usize];
        match self.lengths[order.0 as usize] {
            LONG => self.long.get(&order).map_or(regions, |long| long),
            length => &regions[..usize::from(length)],
        }
    }

    /// Asks the processor for what [`Orders::kept`] reads.
    #[inline]
    pub fn prefetch(&self, OrderId(id): OrderId) {
        prefetch(&self.lengths[id as usize]);
        prefetch(&self.records[id as usize]);
    }

    /// Orders by their ids, of so many regions.
    pub fn collect(orders: &[Rc<[RegionId]>], regions: u16) -> Orders {
        let record = |order: &Rc<[RegionId]>| {
            Record(std::array::from_fn(|at| order.get(at).copied().unwrap_or(RegionId(0))))
        };
        let length = |order: &Rc<[RegionId]>| if order.len() > LENGTH { LONG } else { order.len() as u8 };
        let long = (0..).map(OrderId).zip(orders).filter(|(_, order)| order.len() > LENGTH);
        Orders {
            records: orders.iter().map(record).collect(),
            lengths: orders.iter().map(length).collect(),
            long: long.map(|(id, order)| (id, (**order).into())).collect(),
            regions,
        }
    }

    /// Every region of an order once.
    pub fn regions(&self, order: Order) -> Regions<'_> {
        let written = if order.rest == OrderId::NODATA { 0 } else { self.regions };
        Regions { first: self.kept(order.first), rest: self.kept(order.rest), written, position: 0 }
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> usize {
        let long: usize = self.long.values().map(|order| size_of_val(&**order)).sum();
        size_of_val(&*self.records) + size_of_val(&*self.lengths) + long
    }
}

/// The regions of one order, each once, the preferred first; does not allocate.
#[derive(Clone, Debug)]
pub struct Regions<'a> {
    first: &'a [RegionId],
    rest: &'a [RegionId],
    written: u16,
    position: usize,
}

impl Regions<'_> {
    /// The candidate at the current position, unless it has been handed out before.
    fn candidate(&self) -> Option<Option<RegionId>> {
        let (first, rest) = (self.first.len(), self.rest.len());
        if self.position < first {
            return Some(Some(self.first[self.position]));
        }
        if self.position < first + rest {
            let region = self.rest[self.position - first];
            return Some((!self.first.contains(&region)).then_some(region));
        }
        let written = u16::try_from(self.position - first - rest).ok().filter(|&id| id < self.written)?;
        let region = RegionId(written);
        Some((!self.first.contains(&region) && !self.rest.contains(&region)).then_some(region))
    }
}

impl Iterator for Regions<'_> {
    type Item = RegionId;

    fn next(&mut self) -> Option<RegionId> {
        loop {
            let candidate = self.candidate()?;
            self.position += 1;
            if candidate.is_some() {
                return candidate;
            }
        }
    }
}

/// Makes orders, each once.
pub(super) struct Sorter<'a> {
    regions: &'a [Region],
    sites: Sites<'a>,
    orders: Vec<Rc<[RegionId]>>,
    ids: SpreadMap<Rc<[RegionId]>, OrderId>,
    near: SpreadMap<(u64, u64), OrderId>,
}

impl<'a> Sorter<'a> {
    /// Knows [`OrderId::NODATA`] and [`OrderId::WRITTEN`] from the start.
    pub fn new(regions: &'a [Region]) -> Self {
        let (sites, ids, near) = (Sites::new(regions), SpreadMap::default(), SpreadMap::default());
        // NODATA is found by its id alone: without any region, WRITTEN is as empty, and means something else.
        let mut sorter = Sorter { regions, sites, orders: vec![Rc::from([])], ids, near };
        let written: Vec<_> = sorter.written().take(LENGTH).collect();
        sorter.keep(&written);
        sorter
    }

    /// The finished orders.
    pub fn finish(self) -> Orders {
        let regions = u16::try_from(self.regions.len()).unwrap_or(u16::MAX);
        Orders::collect(&self.orders, regions)
    }

    /// The order from a place; as written from nowhere.
    pub fn near(&mut self, location: Option<Location>) -> OrderId {
        let Some(location) = location else { return OrderId::WRITTEN };
        let key = (location.lat.to_bits(), location.lon.to_bits());
        if let Some(&known) = self.near.get(&key) {
            return known;
        }
        let sorted = self.sites.nearest(location, LENGTH);
        let order = self.keep(&sorted);
        self.near.insert(key, order);
        order
    }

    /// These regions, and behind them the others as seen from a place; NODATA for none.
    pub fn listed(&mut self, list: &[RegionId], location: Option<Location>) -> OrderId {
        if list.is_empty() {
            return OrderId::NODATA;
        }
        let near = self.near(location);
        let mut order = self.known(list);
        for region in self.orders[near.0 as usize].iter().copied() {
            if order.len() < LENGTH && !order.contains(&region) {
                order.push(region);
            }
        }
        self.keep(&order)
    }

    /// These regions and no more, for the first part of an [`Order`].
    pub fn only(&mut self, list: &[RegionId]) -> OrderId {
        let order = self.known(list);
        self.keep(&order)
    }

    /// A list without repetitions, and without what is no region.
    fn known(&self, list: &[RegionId]) -> Vec<RegionId> {
        let mut known = Vec::with_capacity(list.len().max(LENGTH));
        for &region in list {
            if region.index() < self.regions.len() && !known.contains(&region) {
                known.push(region);
            }
        }
        known
    }

    fn written(&self) -> impl Iterator<Item = RegionId> + use<> {
        (0..self.regions.len().min(usize::from(u16::MAX))).map(|index| RegionId(index as u16))
    }

    fn keep(&mut self, order: &[RegionId]) -> OrderId {
        if let Some(&known) = self.ids.get(order) {
            return known;
        }
        let (id, order) = (OrderId(self.orders.len() as u32), Rc::from(order));
        self.orders.push(Rc::clone(&order));
        self.ids.insert(order, id);
        id
    }
}
