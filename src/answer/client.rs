//! Who asks: the client's subnet when the query has one and the service honours it, else the resolver.

use std::net::IpAddr;

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

impl Asker {
    /// DESIGN 4.1. A SOURCE of 0 asks not to be told apart (RFC 7871 §7.1.2): the resolver's address counts,
    /// and the scope is 0.
    pub fn new(edns: Option<&Edns>, honoured: bool, resolver: IpAddr) -> Asker {
        let subnet = edns.and_then(|edns| edns.ecs).filter(|ecs| honoured && ecs.source > 0);
        Asker::of(subnet.and_then(|ecs| ecs.address), resolver)
    }

    fn of(subnet: Option<IpAddr>, resolver: IpAddr) -> Asker {
        let (address, offset) = unfold(subnet.unwrap_or(resolver));
        Asker { address, offset, by_subnet: subnet.is_some() }
    }

    /// The SCOPE to send for a pick that depended on so many bits of the unfolded address.
    pub fn scope(&self, bits: u8) -> u8 {
        if self.by_subnet { self.offset.apply(bits) } else { 0 }
    }
}
