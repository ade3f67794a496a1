//! The operator's word on geography: `[[geo.override]]` and `[[services.NAME.override]]`.

use super::{Location, Network, Place, RegionId};

/// For these clients, this order. What kind of match wins is fixed: networks before ASNs before subdivisions
/// before countries before continents; among networks the longest; among equals the first written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderRule {
    /// Networks, host bits cleared.
    pub networks: Vec<Network>,
    /// Autonomous system numbers.
    pub asns: Vec<u32>,
    /// ISO 3166-2 codes with their country: `US-CA`, upper case.
    pub subdivisions: Vec<String>,
    /// ISO 3166-1 alpha-2 codes, upper case.
    pub countries: Vec<[u8; 2]>,
    /// `AF`, `AN`, `AS`, `EU`, `NA`, `OC` or `SA`.
    pub continents: Vec<[u8; 2]>,
    /// What they get.
    pub steer: Steer,
    /// Where it is written.
    pub place: Place,
}

/// What a rule gives its clients.
#[derive(Clone, Debug, PartialEq)]
pub enum Steer {
    /// These regions in this order first, the rest by distance; an empty list answers NODATA.
    Regions(Vec<RegionId>),
    /// Treated as if they stood here.
    Location(Location),
}

impl Default for Steer {
    fn default() -> Self {
        Steer::Regions(Vec::new())
    }
}
