//! All that a reload builds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::geo;
use crate::model::{EndpointId, Family, Name, Region, Service, ServiceId};
use crate::steer::Steered;
use crate::zone::table::Names;

/// Zones, services and geography, frozen.
#[derive(Debug)]
pub struct World {
    /// Every name of every zone, and which service steers it.
    pub names: Names,
    /// What a query needs of each service, by [`ServiceId`].
    pub services: Box<[SteeredService]>,
    /// The addresses that endpoints and fallbacks hand out.
    pub addresses: Addresses,
    /// Client networks to orders of regions.
    pub geo: geo::Table,
    /// NSID (RFC 5001), logs, metrics.
    pub identity: String,
    /// Cookie secrets (RFC 9018); the first signs, all are accepted.
    pub cookies: Box<[(u64, u64)]>,
    /// The largest UDP reply, in octets.
    pub payload: u16,
    /// The regions as written, by their ids: for the API, `explain` and whoami.
    pub regions: Box<[Region]>,
    /// The services as written, by their ids: for the API and `explain`.
    pub written: Box<[Service]>,
    /// The zones' origins, as written.
    pub zones: Box<[Name]>,
}

/// One service on the query path.
#[derive(Debug)]
pub struct SteeredService {
    /// What a pick walks.
    pub steered: Steered,
    /// Whether an EDNS Client Subnet is honoured.
    pub ecs: bool,
    /// Its id.
    pub id: ServiceId,
}

impl World {
    /// How many live words there are: two an endpoint.
    pub fn words(&self) -> usize {
        self.written.iter().map(|service| service.endpoints.len() * 2).sum()
    }

    /// Where a client of a service stands; `address` is unfolded.
    pub fn locate(&self, service: ServiceId, address: IpAddr) -> geo::Resolved {
        self.geo.resolve(self.geo.overlay(service), address)
    }

    /// The service of an endpoint and its position there.
    pub fn endpoint(&self, id: EndpointId) -> Option<(&Service, usize)> {
        let after = self.services.partition_point(|service| service.steered.first <= id);
        let service = self.services.get(after.checked_sub(1)?)?;
        let position = id.index() - service.steered.first.index();
        let written = &self.written[service.id.index()];
        (position < written.endpoints.len()).then_some((written, position))
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

/// Addresses by family, each endpoint's in a row.
#[derive(Debug, Default)]
pub struct Addresses {
    four: Vec<Ipv4Addr>,
    six: Vec<Ipv6Addr>,
    /// By live index: first and count.
    endpoints: Vec<(u32, u8)>,
    /// By service, then family.
    fallbacks: Vec<(u32, u8)>,
}

impl Addresses {
    /// Appends the two families of the next endpoint, or of the next service's fallback.
    pub fn push(&mut self, fallback: bool, addresses: &[IpAddr]) {
        let (four, six) = (self.four.len() as u32, self.six.len() as u32);
        for address in addresses {
            match address {
                IpAddr::V4(address) => self.four.push(*address),
                IpAddr::V6(address) => self.six.push(*address),
            }
        }
        let ranges = if fallback { &mut self.fallbacks } else { &mut self.endpoints };
        ranges.push((four, (self.four.len() as u32 - four) as u8));
        ranges.push((six, (self.six.len() as u32 - six) as u8));
    }

    /// First address and count of an endpoint's family.
    pub fn endpoint(&self, live_index: usize) -> (u32, u8) {
        self.endpoints[live_index]
    }

    /// First address and count of a service's fallback of a family.
    pub fn fallback(&self, service: ServiceId, family: Family) -> (u32, u8) {
        self.fallbacks[service.index() * 2 + family.index()]
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
