//! Address families, and the IPv4 addresses that hide inside IPv6 ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network as CIDR; what [`ipnet`] reads and prints.
pub type Network = ipnet::IpNet;

/// IPv4 or IPv6: what A and AAAA are answered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4, asked for by A.
    V4,
    /// IPv6, asked for by AAAA.
    V6,
}

impl Family {
    /// Both families, in the order of their indices.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// Under which an endpoint stands that is another name, and so of no family: one decision answers every type.
    pub const ALIAS: Family = Family::V4;

    /// The family of an address, as it is written (a mapped IPv4 address is IPv6).
    #[inline]
    pub fn of(address: IpAddr) -> Family {
        match address {
            IpAddr::V4(_) => Family::V4,
            IpAddr::V6(_) => Family::V6,
        }
    }

    /// 0 for IPv4, 1 for IPv6.
    #[inline]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The other family.
    pub fn other(self) -> Family {
        match self {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        }
    }

    /// Bits in an address: 32 or 128.
    pub fn bits(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    /// How operators name it: `IPv4` or `IPv6`.
    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }
}

/// The address to look up in geography, and the bits to add to an ECS scope found for it.
///
/// IPv4 inside IPv6 is unfolded: mapped `::ffff:0:0/96` (RFC 4291 §2.5.5.2) and NAT64 `64:ff9b::/96`
/// (RFC 6052) hold the address in the last 32 bits (+96); 6to4 `2002::/16` (RFC 3056) right after the prefix
/// (+16); Teredo `2001::/32` (RFC 4380 §4) holds the client's address in the last 32 bits, inverted (+96).
/// The bits between a Teredo prefix and the client's address name its server and port, so the scope is the
/// whole address there: see the offset of 128, to be used as it is instead of added.
#[inline]
pub fn unfold(address: IpAddr) -> (IpAddr, ScopeOffset) {
    let IpAddr::V6(six) = address else { return (address, ScopeOffset::Add(0)) };
    let o = six.octets();
    let tail = Ipv4Addr::new(o[12], o[13], o[14], o[15]);
    if six.to_ipv4_mapped().is_some() || o[..12] == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0] {
        return (tail.into(), ScopeOffset::Add(96));
    }
    match six.segments() {
        [0x2002, ..] => (Ipv4Addr::new(o[2], o[3], o[4], o[5]).into(), ScopeOffset::Add(16)),
        [0x2001, 0, ..] => (Ipv4Addr::from(!u32::from(tail)).into(), ScopeOffset::Whole),
        _ => (Ipv6Addr::from(o).into(), ScopeOffset::Add(0)),
    }
}

/// How a scope found for an unfolded address becomes a scope of the address that was asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeOffset {
    /// Add so many bits.
    Add(u8),
    /// The scope is the whole address: what was unfolded does not start at a prefix (Teredo).
    Whole,
}

impl ScopeOffset {
    /// The scope to send for a depth of `bits` in the unfolded address; 0 stays 0 bits of the inner address
    /// and so becomes the length of the outer prefix.
    #[inline]
    pub fn apply(self, bits: u8) -> u8 {
        match self {
            ScopeOffset::Add(more) => bits + more,
            ScopeOffset::Whole => 128,
        }
    }
}

/// Why no client can be sent to an address: what kind it is.
pub fn unusable(address: IpAddr) -> Option<String> {
    match address {
        _ if address.is_unspecified() => Some("the unspecified address".into()),
        _ if address.is_multicast() => Some("a multicast address".into()),
        IpAddr::V4(four) if four.is_broadcast() => Some("the broadcast address".into()),
        IpAddr::V6(six) => {
            six.to_ipv4_mapped().map(|four| format!("an IPv4 address inside IPv6; write '{four}'"))
        }
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_inside_ipv6_is_found() {
        let rows = [
            ("198.51.100.7", "198.51.100.7", ScopeOffset::Add(0)),
            ("::ffff:198.51.100.7", "198.51.100.7", ScopeOffset::Add(96)),
            ("64:ff9b::198.51.100.7", "198.51.100.7", ScopeOffset::Add(96)),
            ("2002:c633:6407::1", "198.51.100.7", ScopeOffset::Add(16)),
            ("2001:0:4136:e378:8000:63bf:39cc:9bf8", "198.51.100.7", ScopeOffset::Whole),
            ("2001:db8::1", "2001:db8::1", ScopeOffset::Add(0)),
            ("64:ff9b:1::198.51.100.7", "64:ff9b:1::c633:6407", ScopeOffset::Add(0)),
        ];
        for (outer, inner, offset) in rows {
            let (address, found) = unfold(outer.parse().unwrap());
            assert_eq!((address, found), (inner.parse().unwrap(), offset), "{outer}");
        }
    }
}
