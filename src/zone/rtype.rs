//! The record types that the answer core treats apart (IANA's DNS parameters).

/// IPv4 address (RFC 1035 §3.4.1).
pub const A: u16 = 1;
/// Name server, and the mark of a cut (RFC 1035 §3.3.11).
pub const NS: u16 = 2;
/// Mail destination, obsolete (RFC 1035 §3.3.4).
pub const MD: u16 = 3;
/// Mail forwarder, obsolete (RFC 1035 §3.3.5).
pub const MF: u16 = 4;
/// Alias (RFC 1035 §3.3.1).
pub const CNAME: u16 = 5;
/// Start of authority (RFC 1035 §3.3.13).
pub const SOA: u16 = 6;
/// Mailbox (RFC 1035 §3.3.3).
pub const MB: u16 = 7;
/// Mail group member (RFC 1035 §3.3.6).
pub const MG: u16 = 8;
/// Mail rename (RFC 1035 §3.3.8).
pub const MR: u16 = 9;
/// Pointer (RFC 1035 §3.3.12).
pub const PTR: u16 = 12;
/// Host information; the answer to ANY (RFC 8482 §4.2).
pub const HINFO: u16 = 13;
/// Mailbox information (RFC 1035 §3.3.7).
pub const MINFO: u16 = 14;
/// Mail exchange (RFC 1035 §3.3.9).
pub const MX: u16 = 15;
/// Text (RFC 1035 §3.3.14).
pub const TXT: u16 = 16;
/// IPv6 address (RFC 3596 §2.1).
pub const AAAA: u16 = 28;
/// Service location (RFC 2782).
pub const SRV: u16 = 33;
/// Alias of everything below a name (RFC 6672).
pub const DNAME: u16 = 39;
/// EDNS pseudo record (RFC 6891).
pub const OPT: u16 = 41;
/// Delegation signer: the parent's side of a cut (RFC 4034 §5).
pub const DS: u16 = 43;
/// Service binding (RFC 9460).
pub const SVCB: u16 = 64;
/// Service binding for HTTP (RFC 9460).
pub const HTTPS: u16 = 65;
/// A zone's changes (RFC 1995 §2).
pub const IXFR: u16 = 251;
/// A whole zone (RFC 5936 §2).
pub const AXFR: u16 = 252;
/// Everything (RFC 1035 §3.2.3).
pub const ANY: u16 = 255;

/// The name that starts at the given offset of a record's data, for the types whose additional section holds
/// that name's addresses.
pub fn target_offset(rtype: u16) -> Option<usize> {
    match rtype {
        NS => Some(0),
        MX | SVCB | HTTPS => Some(2),
        SRV => Some(6),
        _ => None,
    }
}

/// Where compressible names stand in a record's data: how many octets before them, and how many names.
/// Only the types of RFC 1035 may be compressed (RFC 3597 §4).
pub fn compressible(rtype: u16) -> (usize, usize) {
    match rtype {
        NS | CNAME | PTR | MD | MF | MB | MG | MR => (0, 1),
        SOA | MINFO => (0, 2),
        MX => (2, 1),
        _ => (0, 0),
    }
}
