//! What the names of providers stand for, as far as it was looked up.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Name, Service};

/// What came of looking up a name once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// What was looked up.
    pub name: Name,
    /// Its addresses by family, sorted, at most [`super::Endpoint::MAX_ADDRESSES`] of each; `None`: what was known stays.
    pub families: [Option<Vec<IpAddr>>; 2],
    /// What went wrong, if anything did.
    pub why: Option<String>,
}

/// By name, the addresses that it last had.
pub type Resolutions = BTreeMap<Name, Vec<IpAddr>>;

/// Gives endpoints with `resolve = true` the addresses of their names; those of which nothing is known get none.
pub fn resolve(services: &mut [Service], resolutions: &Resolutions) {
    for endpoint in services.iter_mut().flat_map(|service| &mut service.endpoints) {
        if let Some(name) = endpoint.resolved() {
            endpoint.addresses = resolutions.get(name).cloned().unwrap_or_default();
        }
    }
}
