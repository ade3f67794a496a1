//! The published hash that decides whether a client stays with an endpoint.
//!
//! SipHash-2-4 (Aumasson and Bernstein 2012) in two steps, so that no string is hashed for a query:
//!
//! 1. At compile, the 128-bit variant keyed with [`KEY`] over `service ‖ 0x00 ‖ region` gives an endpoint's key.
//! 2. For a query, the 64-bit variant keyed with that (low half first) over the client's prefix: 3 octets of an
//!    IPv4 address (/24), 6 octets of an IPv6 address (/48).
//!
//! Names go in, never indices, so every node agrees whatever the order of its configuration; the service goes
//! in, so no network is every service's canary.

use std::hash::Hasher;
use std::net::IpAddr;

use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher24Wide};

/// The fixed key: `meridian` and `steering` as little-endian words.
pub const KEY: (u64, u64) = (u64::from_le_bytes(*b"meridian"), u64::from_le_bytes(*b"steering"));

/// An endpoint's own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointKey(u64, u64);

impl EndpointKey {
    /// The key of `service` in `region`.
    pub fn new(service: &str, region: &str) -> EndpointKey {
        let mut hasher = SipHasher24Wide::new_with_keys(KEY.0, KEY.1);
        hasher.write(service.as_bytes());
        hasher.write(&[0]);
        hasher.write(region.as_bytes());
        let wide = hasher.finish128();
        EndpointKey(wide.h1, wide.h2)
    }

    /// Half of it: a number of the endpoint's own.
    #[inline]
    pub fn half(self) -> u64 {
        self.0
    }

    /// The hash of a client at this endpoint, uniform over 64 bits.
    pub fn client(self, address: IpAddr) -> u64 {
        let mut hasher = SipHasher24::new_with_keys(self.0, self.1);
        match address {
            IpAddr::V4(four) => hasher.write(&four.octets()[..3]),
            IpAddr::V6(six) => hasher.write(&six.octets()[..6]),
        }
        hasher.finish()
    }
}

/// How many bits of a client's address the hash reads: 24 or 48.
pub fn granularity(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 24,
        IpAddr::V6(_) => 48,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are published: another implementation may rely on them, so they never change.
    #[test]
    fn the_hash_is_as_published() {
        let key = EndpointKey::new("www", "eu-west");
        let rows = [("198.51.100.7", PUBLISHED_FOUR), ("2001:db8:1:2::3", PUBLISHED_SIX)];
        for (client, hash) in rows {
            assert_eq!(key.client(client.parse().unwrap()), hash, "{client}");
        }
    }

    // As OpenSSL's SIPHASH prints them for the two steps above.
    const PUBLISHED_FOUR: u64 = 12_263_425_959_858_505_993;
    const PUBLISHED_SIX: u64 = 14_976_238_277_696_547_677;

    #[test]
    fn one_network_is_one_client_and_no_service_shares_another_s_canary() {
        let key = EndpointKey::new("www", "eu-west");
        let hash = |key: EndpointKey, client: &str| key.client(client.parse().unwrap());
        assert_eq!(hash(key, "198.51.100.1"), hash(key, "198.51.100.254"));
        assert_ne!(hash(key, "198.51.100.1"), hash(key, "198.51.101.1"));
        assert_eq!(hash(key, "2001:db8:1::1"), hash(key, "2001:db8:1:ffff::1"));
        assert_ne!(hash(key, "198.51.100.1"), hash(EndpointKey::new("api", "eu-west"), "198.51.100.1"));
        // The separator keeps ("a", "bc") and ("ab", "c") apart.
        assert_ne!(EndpointKey::new("a", "bc"), EndpointKey::new("ab", "c"));
    }
}
