//! Who asks: the client's subnet when the query has one and the service honours it, else the resolver.

use std::net::{IpAddr, Ipv4Addr};

use super::edns::Edns;
use crate::model::{ScopeOffset, unfold};

/// The address that a pick is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Unfolded; bits past what is known are zero, so a short subnet is answered for its first address.
    pub address: IpAddr,
    offset: ScopeOffset,
    /// Whether the reply's scope tells what the pick depended on; else it is 0.
    by_subnet: bool,
}

impl Default for Asker {
    /// Nobody.
    fn default() -> Self {
        let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Asker { address, offset: ScopeOffset::Add(0), by_subnet: false }
    }
}

impl Asker {
    /// DESIGN 4.1. A SOURCE of 0 asks not to be told apart (RFC 7871 §7.1.2): the resolver's address counts,
    /// and the scope is 0.
    #[inline]
    pub fn new(edns: Option<&Edns>, honoured: bool, resolver: IpAddr) -> Asker {
        let subnet = edns.and_then(|edns| edns.ecs).filter(|ecs| honoured && ecs.source > 0);
        Asker::of(subnet.and_then(|ecs| ecs.address), resolver)
    }

    #[inline]
    fn of(subnet: Option<IpAddr>, resolver: IpAddr) -> Asker {
        let (address, offset) = unfold(subnet.unwrap_or(resolver));
        Asker { address, offset, by_subnet: subnet.is_some() }
    }

    /// The SCOPE to send for a pick that depended on so many bits of the unfolded address.
    #[inline]
    pub fn scope(&self, bits: u8) -> u8 {
        if self.by_subnet { self.offset.apply(bits) } else { 0 }
    }
}
