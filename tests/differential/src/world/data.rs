//! Record data as master files write them.

use fastrand::Rng;

use crate::name::Name;

/// An IPv4 address for documentation and tests (RFC 5737, RFC 2544).
pub fn a(random: &mut Rng) -> String {
    format!("198.{}.{}.{}", random.u8(18..20), random.u8(..), random.u8(..))
}

/// An IPv6 address for documentation (RFC 3849).
pub fn aaaa(random: &mut Rng) -> String {
    format!("2001:db8:{:x}::{:x}", random.u16(1..), random.u16(1..))
}

/// So many strings, each of as many octets at the most, with some that need escapes.
pub fn txt(random: &mut Rng, strings: usize, most: usize) -> String {
    let odd = ["\\\"", "\\\\", "\\000", "\\255", ";", "(", " "];
    let mut one = || {
        let mut text: String = (0..random.usize(0..=most)).map(|_| random.alphanumeric()).collect();
        if random.u8(..8) == 0 {
            text.truncate(most - 1);
            text.push_str(odd[random.usize(..odd.len())]);
        }
        format!("\"{text}\"")
    };
    (0..strings.max(1)).map(|_| one()).collect::<Vec<_>>().join(" ")
}

/// A start of authority, with a minimum that is below or above its TTL.
pub fn soa(random: &mut Rng, server: &Name, apex: &Name) -> String {
    let minimum = [0, 60, 300, 3600, 86400][random.usize(..5)];
    format!("{server} hostmaster.{apex} {} 3600 900 604800 {minimum}", random.u32(1..))
}

/// A mail exchange.
pub fn mx(random: &mut Rng, target: &Name) -> String {
    format!("{} {target}", random.u16(..50))
}

/// A service's location.
pub fn srv(random: &mut Rng, target: &Name) -> String {
    format!("{} {} {} {target}", random.u16(..3), random.u16(..100), random.u16(1..))
}

/// A service binding (RFC 9460): an alias, or one with parameters.
pub fn svcb(random: &mut Rng, target: &Name) -> String {
    match random.u8(..4) {
        0 => format!("0 {target}"),
        1 => format!("{} .", random.u16(1..5)),
        2 => format!("{} {target} alpn=h2,h3 port={}", random.u16(1..5), random.u16(1..)),
        _ => format!("{} {target} ipv4hint={}", random.u16(1..5), a(random)),
    }
}

/// A delegation signer; nobody will ever check its digest.
pub fn ds(random: &mut Rng) -> String {
    let digest: String = (0..64).map(|_| char::from(b"0123456789ABCDEF"[random.usize(..16)])).collect();
    format!("{} 13 2 {digest}", random.u16(..))
}

/// Data of a type that nobody knows (RFC 3597 §5).
pub fn unknown(random: &mut Rng) -> String {
    let octets = random.usize(0..12);
    let hex: String = (0..octets).map(|_| format!("{:02X}", random.u8(..))).collect();
    format!("\\# {octets} {hex}").trim_end().to_owned()
}
