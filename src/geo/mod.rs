//! stub
use crate::model::*;
#[derive(Debug)]
pub struct Table;
#[derive(Debug)]
pub struct Overlay;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resolved {
    pub cell: CellId,
    pub order: OrderId,
    pub depth: u8,
}
impl Table {
    pub fn order(&self, _: OrderId) -> &[RegionId] {
        &[]
    }
    pub fn overlay(&self, _: ServiceId) -> Option<&Overlay> {
        None
    }
    pub fn resolve(&self, _: Option<&Overlay>, _: std::net::IpAddr) -> Resolved {
        Resolved { cell: CellId(0), order: OrderId(0), depth: 0 }
    }
}
