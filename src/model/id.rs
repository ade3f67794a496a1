//! Indices that stand for names once the configuration is loaded.
//!
//! Strings end at compile. Ids are only meaningful inside the world they were made for: whatever outlives a
//! reload (overrides, verdicts, totals) is keyed by name or target instead.

/// A region's place in the written order of regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(pub u16);

/// A service's place in the written order of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId(pub u32);

/// An endpoint's place among the endpoints of all services, in written order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

impl RegionId {
    /// The id as an index into a slice of regions.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl ServiceId {
    /// The id as an index into a slice of services.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl EndpointId {
    /// The id as an index into a slice of endpoints.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
