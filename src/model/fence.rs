//! Fences: which clients an endpoint may serve at all (data residency).

use super::Network;

/// A set of clients: whoever any of these holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clients {
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
}

/// Who may be sent to an endpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fence {
    /// Nobody else; `None`: everybody. Of whom nothing is known, nobody is.
    pub allow: Option<Clients>,
    /// None of these, allowed or not.
    pub deny: Clients,
}

impl Fence {
    /// Whether everybody may pass.
    pub fn is_open(&self) -> bool {
        *self == Fence::default()
    }

    /// Both sets of clients.
    pub fn sets(&self) -> impl Iterator<Item = &Clients> {
        self.allow.iter().chain([&self.deny])
    }
}
