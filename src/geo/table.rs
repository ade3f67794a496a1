//! The compiled geography: an address in, an order and a depth out.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::model::{Family, RegionId, ServiceId};
use crate::system::prefetch;

use super::asns::Asns;
use super::fast::FastId;
use super::fences::Fences;
use super::order::{Order, OrderId, Orders, Regions};
use super::overlay::Overlay;
use super::poptrie::{Poptrie, Walk};
use super::tree::key;

/// A cell, by its place among all of a table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(pub u32);

/// What a cell has of the countries, subdivisions, continents and ASNs that some service's rules ask about;
/// 0: none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaceId(pub u32);

/// A set of client networks with one order and one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// How its clients prefer the regions.
    pub order: OrderId,
    /// Where it is, as far as anybody asks.
    pub place: PlaceId,
    /// Whether a rule lists the regions of its order; told apart where a policy looks at measured latency alone.
    pub ruled: bool,
}

/// Where an address lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its cell.
    pub cell: CellId,
    /// Bits of the widest aligned block around the address that lies in this cell.
    pub depth: u8,
}

/// What an address gets from one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The cell of the address.
    pub cell: CellId,
    /// The order, with the service's own rules heard first.
    pub order: Order,
    /// Whose fences let this address in: bit `i`, the service's endpoint at position `i`.
    pub admitted: u64,
    /// Whether an operator's rule lists regions for this address, so that what was measured does not count.
    pub ruled: bool,
    /// What was measured from it, where the service looks at that.
    pub fast: FastId,
    /// Bits of the address that this depended on.
    pub depth: u8,
}

/// Both families, every cell, order and overlay. Look-ups neither lock, allocate nor fail.
///
/// Whoever has many addresses at once walks them side by side, so that each waits while the others do: all
/// [`walk`](Table::walk), then all [`step`](Table::step) until none has a step left, then all
/// [`found`](Table::found) and [`prefetch_cell`](Table::prefetch_cell), then all [`cell`](Table::cell) and
/// [`prefetch_order`](Table::prefetch_order).
///
/// Addresses are looked up as they are: [`crate::model::unfold`] them first, because an IPv4 address inside an
/// IPv6 one is unknown here.
pub struct Table {
    pub(super) tries: [Poptrie; 2],
    pub(super) cells: Box<[Cell]>,
    pub(super) orders: Orders,
    pub(super) places: usize,
    pub(super) overlays: HashMap<ServiceId, Overlay>,
    pub(super) fences: HashMap<ServiceId, Fences>,
    pub(super) asns: Asns,
}

/// How much there is of everything, for metrics and status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Blocks that the tries tell apart, by family.
    pub leaves: [usize; 2],
    /// Distinct cells.
    pub cells: usize,
    /// Distinct orders.
    pub orders: usize,
    /// Distinct places, the unknown one included.
    pub places: usize,
    /// Services with rules of their own.
    pub overlays: usize,
    /// Memory of all of it.
    pub bytes: usize,
}

impl std::fmt::Debug for Table {
    /// Its size: the rest is millions of numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.size().fmt(f)
    }
}

impl Resolved {
    /// Before anything is known: a place without regions.
    pub const NOWHERE: Resolved = Resolved {
        cell: CellId(0),
        order: Order { first: OrderId::NODATA, rest: OrderId::NODATA },
        admitted: u64::MAX,
        ruled: true,
        fast: FastId::UNKNOWN,
        depth: 0,
    };
}

impl Table {
    /// The cell of an address, and how much of the address it took; in bits of its family.
    #[inline]
    pub fn find(&self, address: IpAddr) -> Found {
        self.found(&self.walk(address))
    }

    /// Begins to find the cell of an address: asks for memory, and waits for none.
    #[inline]
    pub fn walk(&self, address: IpAddr) -> Walk {
        let family = Family::of(address);
        self.tries[family.index()].walk(key(address), family)
    }

    /// Reads what the step before asked for, and asks for what comes next; false once nothing does, and from
    /// then on.
    #[inline]
    pub fn step(&self, walk: &mut Walk) -> bool {
        self.tries[walk.family.index()].step(walk)
    }

    /// Where a walk leads, with every step that nobody has made yet.
    #[inline]
    pub fn found(&self, walk: &Walk) -> Found {
        let leaf = self.tries[walk.family.index()].leaf(walk);
        Found { cell: CellId(leaf.value()), depth: leaf.depth() }
    }

    /// Asks for a cell, for [`Table::cell`] soon after.
    #[inline]
    pub fn prefetch_cell(&self, cell: CellId) {
        prefetch(&self.cells[cell.0 as usize]);
    }

    /// Asks for what an order begins with, for [`Table::parts`] soon after.
    #[inline]
    pub fn prefetch_order(&self, order: Order) {
        self.orders.prefetch(order.rest);
    }

    /// The order of an address for a service: its own networks decide first, then what its rules say of the
    /// place, then the cell. The depth counts what it took to know that no network of the service holds the
    /// address, too.
    pub fn resolve(&self, overlay: Option<&Overlay>, address: IpAddr) -> Resolved {
        self.resolve_found(overlay, address, self.find(address))
    }

    /// The same for an address whose cell is found already.
    #[inline]
    pub fn resolve_found(&self, overlay: Option<&Overlay>, address: IpAddr, found: Found) -> Resolved {
        let Found { cell, depth } = found;
        let own = self.cell(cell);
        let (order, admitted, ruled, fast) = (own.order.into(), u64::MAX, own.ruled, FastId::UNKNOWN);
        let resolved = Resolved { cell, order, admitted, ruled, fast, depth };
        let Some(overlay) = overlay else { return resolved };
        let (order, ruled, consulted) = overlay.order(address, own);
        Resolved { order, ruled, depth: depth.max(consulted), ..resolved }
    }

    /// The same with the fences of a service looked at, too.
    pub fn fenced(&self, service: ServiceId, address: IpAddr, resolved: Resolved) -> Resolved {
        let Some(fences) = self.fences.get(&service) else { return resolved };
        let (admitted, consulted) = fences.admitted(address, self.cell(resolved.cell).place);
        Resolved { admitted, depth: resolved.depth.max(consulted), ..resolved }
    }

    /// Who announces addresses; empty where no policy looks at measured latency.
    pub fn asns(&self) -> &Asns {
        &self.asns
    }

    /// The rules of a service, if it has any.
    pub fn overlay(&self, service: ServiceId) -> Option<&Overlay> {
        self.overlays.get(&service)
    }

    /// A cell of this table.
    pub fn cell(&self, cell: CellId) -> Cell {
        self.cells[cell.0 as usize]
    }

    /// The beginning of an order: at least the nearest 16 regions. Empty for NODATA.
    pub fn order(&self, order: OrderId) -> &[RegionId] {
        self.orders.kept(order)
    }

    /// What a service's rule puts first, and the beginning of what the client prefers anyway; both empty for
    /// NODATA. A region may be in both.
    pub fn parts(&self, order: Order) -> (&[RegionId], &[RegionId]) {
        let first = if order.first == OrderId::NODATA { &[] } else { self.orders.kept(order.first) };
        (first, self.orders.kept(order.rest))
    }

    /// Every region of an order once, the preferred first, those beyond its beginning as written; none for
    /// NODATA.
    pub fn regions(&self, order: impl Into<Order>) -> Regions<'_> {
        self.orders.regions(order.into())
    }

    /// How large it is.
    pub fn size(&self) -> Size {
        let tries: usize = self.tries.iter().map(Poptrie::bytes).sum();
        let overlays: usize = self.overlays.values().map(Overlay::bytes).sum();
        let fences: usize = self.fences.values().map(Fences::bytes).sum();
        Size {
            leaves: [self.tries[0].leaves(), self.tries[1].leaves()],
            cells: self.cells.len(),
            orders: self.orders.len(),
            places: self.places,
            overlays: self.overlays.len(),
            bytes: tries
                + overlays
                + fences
                + self.asns.bytes()
                + size_of_val(&*self.cells)
                + self.orders.bytes(),
        }
    }
}
