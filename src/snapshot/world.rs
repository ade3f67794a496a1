//! All that a reload builds.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::Aliases;
use crate::geo;
use crate::model::{Endpoint, EndpointId, Family, Name, Region, Service, ServiceId};
use crate::steer::Steered;
use crate::zone::table::Names;

/// Zones, services and geography, frozen.
#[derive(Debug)]
pub struct World {
    /// Every name of every zone, and which service steers it.
    pub names: Arc<Names>,
    /// What a query needs of each service, by [`ServiceId`].
    pub services: Box<[SteeredService]>,
    /// The addresses that endpoints and fallbacks hand out.
    pub addresses: Addresses,
    /// The names that endpoints send clients on to.
    pub aliases: Aliases,
    /// Client networks to orders of regions.
    pub geo: Arc<geo::Table>,
    /// NSID (RFC 5001), logs, metrics.
    pub identity: String,
    /// Cookie secrets (RFC 9018); the first signs, all are accepted.
    pub cookies: Box<[(u64, u64)]>,
    /// Whether who sends a cookie over UDP has to hold a good one (RFC 7873 §5.2.3).
    pub cookie_required: bool,
    /// The largest UDP reply, in octets.
    pub payload: u16,
    /// What the class CHAOS tells.
    pub chaos: Chaos,
    /// The domain to which resolvers report errors (RFC 9567), in wire format; empty: none.
    pub agent: Box<[u8]>,
    /// The regions as written, by their ids: for the API, `explain` and whoami.
    pub regions: Box<[Region]>,
    /// The services as written, by their ids: for the API and `explain`.
    pub written: Box<[Service]>,
    /// By service, the endpoints that it answers for; empty where no service does that.
    pub nested_in: Box<[Box<[EndpointId]>]>,
    /// The zones' origins, as written.
    pub zones: Box<[Name]>,
}

/// What the class CHAOS tells; nothing, unless the operator wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chaos {
    /// `version.bind` and `version.server`: 1 to 64 octets.
    pub version: Option<Box<str>>,
    /// `hostname.bind` and `id.server` (RFC 4892): 1 to 64 octets.
    pub id: Option<Box<str>>,
}

/// One service on the query path.
#[derive(Debug)]
pub struct SteeredService {
    /// What a pick walks.
    pub steered: Steered,
    /// Whether an EDNS Client Subnet is honoured.
    pub ecs: bool,
    /// Whether rules of its own say where some clients go.
    pub ruled: bool,
    /// Whether its policy looks at fences, and any endpoint has one.
    pub fenced: bool,
    /// Whether its policy looks at measured latency.
    pub fast: bool,
    /// Its id.
    pub id: ServiceId,
}

impl World {
    /// How many live words there are: two an endpoint.
    pub fn words(&self) -> usize {
        self.written.iter().map(|service| service.endpoints.len() * 2).sum()
    }

    /// Where a client of a service stands whose cell is found already, whatever was measured from there; `address` is
    /// unfolded.
    #[inline]
    pub fn locate_found(&self, service: ServiceId, address: IpAddr, found: geo::Found) -> geo::Resolved {
        let ruled = self.services[service.index()].ruled;
        let overlay = if ruled { self.geo.overlay(service) } else { None };
        let resolved = self.geo.resolve_found(overlay, address, found);
        if self.services[service.index()].fenced {
            self.geo.fenced(service, address, resolved)
        } else {
            resolved
        }
    }

    /// The service of an endpoint and its position there.
    pub fn endpoint(&self, id: EndpointId) -> Option<(&Service, usize)> {
        let after = self.services.partition_point(|service| service.steered.first <= id);
        let service = self.services.get(after.checked_sub(1)?)?;
        let position = id.index() - service.steered.first.index();
        let written = &self.written[service.id.index()];
        (position < written.endpoints.len()).then_some((written, position))
    }

    /// The service of an endpoint.
    pub fn service_of(&self, id: EndpointId) -> Option<ServiceId> {
        let after = self.services.partition_point(|service| service.steered.first <= id);
        self.services.get(after.checked_sub(1)?).map(|service| service.id)
    }

    /// Every endpoint with its service and its position there, in the order of their ids.
    pub fn endpoints(&self) -> impl Iterator<Item = (EndpointId, &Service, usize)> {
        let positions = self
            .written
            .iter()
            .flat_map(|service| (0..service.endpoints.len()).map(move |position| (service, position)));
        positions.zip(0..).map(|((service, position), id)| (EndpointId(id), service, position))
    }
}

/// Addresses by family, each endpoint's in a row. A row is kept once, however many endpoints hand it out.
#[derive(Debug, Default)]
pub struct Addresses {
    four: Vec<Ipv4Addr>,
    six: Vec<Ipv6Addr>,
    /// By live index: first and count.
    endpoints: Vec<(u32, u8)>,
    /// By service, then family.
    fallbacks: Vec<(u32, u8)>,
    /// By service, then family: who has exactly one address, as bits.
    singles: Vec<u64>,
}

impl Addresses {
    /// What these services' endpoints, and their fallbacks, hand out.
    pub fn new(services: &[Service]) -> Addresses {
        let (mut table, mut rows) = (Addresses::default(), HashMap::new());
        for service in services {
            for family in service.endpoints.iter().flat_map(|endpoint| split(&endpoint.addresses)) {
                let row = table.row(family, &mut rows);
                table.endpoints.push(row);
            }
            for family in Family::ALL {
                let is_of = |address: &&IpAddr| Family::of(**address) == family;
                let has_one = |endpoint: &Endpoint| endpoint.addresses.iter().filter(is_of).count() == 1;
                let bits = service.endpoints.iter().zip(0..).map(|(one, at)| u64::from(has_one(one)) << at);
                table.singles.push(bits.fold(0, |set, bit| set | bit));
            }
            for family in split(&service.fallback) {
                let row = table.row(family, &mut rows);
                table.fallbacks.push(row);
            }
        }
        table
    }

    /// The row that holds these addresses of one family; a new one, unless there is one already.
    fn row(&mut self, addresses: Vec<IpAddr>, rows: &mut HashMap<Vec<IpAddr>, (u32, u8)>) -> (u32, u8) {
        if let Some(row) = rows.get(&addresses) {
            return *row;
        }
        let first =
            if addresses.first().is_some_and(IpAddr::is_ipv6) { self.six.len() } else { self.four.len() };
        for address in &addresses {
            match address {
                IpAddr::V4(address) => self.four.push(*address),
                IpAddr::V6(address) => self.six.push(*address),
            }
        }
        let row = (first as u32, addresses.len() as u8);
        rows.insert(addresses, row);
        row
    }

    /// First address and count of an endpoint's family.
    pub fn endpoint(&self, live_index: usize) -> (u32, u8) {
        self.endpoints[live_index]
    }

    /// First address and count of a service's fallback of a family.
    pub fn fallback(&self, service: ServiceId, family: Family) -> (u32, u8) {
        self.fallbacks[service.index() * 2 + family.index()]
    }

    /// The endpoints of a service that have exactly one address of a family: bit `i`, the endpoint at position `i`.
    #[inline]
    pub fn singles(&self, service: ServiceId, family: Family) -> u64 {
        self.singles.get(service.index() * 2 + family.index()).copied().unwrap_or(0)
    }

    /// The octets of one IPv4 address.
    pub fn four(&self, id: u32) -> [u8; 4] {
        self.four[id as usize].octets()
    }

    /// The octets of one IPv6 address.
    pub fn six(&self, id: u32) -> [u8; 16] {
        self.six[id as usize].octets()
    }
}

/// Addresses by family.
fn split(addresses: &[IpAddr]) -> [Vec<IpAddr>; 2] {
    Family::ALL.map(|family| addresses.iter().copied().filter(|one| Family::of(*one) == family).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_kept_once() {
        let row = |text: &str| -> Vec<IpAddr> { text.split(' ').map(|one| one.parse().unwrap()).collect() };
        let (mut table, mut rows) = (Addresses::default(), HashMap::new());
        let mut place = |text: &str| table.row(row(text), &mut rows);
        assert_eq!(place("198.51.100.1 198.51.100.2"), (0, 2));
        assert_eq!(place("2001:db8::1"), (0, 1));
        assert_eq!(place("198.51.100.2 198.51.100.1"), (2, 2), "written order is kept");
        assert_eq!(place("198.51.100.1 198.51.100.2"), (0, 2));
        assert_eq!(place("198.51.100.9"), (4, 1));
        assert_eq!((table.four.len(), table.six.len()), (5, 1));
        assert_eq!(table.four(3), [198, 51, 100, 1]);
    }
}
