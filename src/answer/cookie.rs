//! Server cookies as RFC 9018 makes them, so that every server of an anycast address, whatever its software,
//! accepts what another one gave.

use std::net::IpAddr;

use siphasher::sip::SipHasher24;

use super::edns::Cookie;

/// RFC 9018 §4.1.
const VERSION: u8 = 1;
/// RFC 9018 §4.3: a cookie younger than this is handed back as it came.
const YOUNG: u32 = 30 * 60;
/// RFC 9018 §4.3: an older cookie is not accepted.
const OLD: u32 = 60 * 60;
/// RFC 9018 §4.3: nodes' clocks may differ by so much.
const AHEAD: u32 = 5 * 60;

/// The server's half of the cookie to send back: the client's own if it is still young and signed with the
/// first secret, else a new one. `None` where there are no secrets.
pub fn server_half(cookie: &Cookie, peer: IpAddr, now: u64, secrets: &[(u64, u64)]) -> Option<[u8; 16]> {
    let first = *secrets.first()?;
    let now = now as u32;
    let kept = cookie
        .server
        .filter(|server| is_between(server, now, YOUNG) && is_signed(cookie.client, server, peer, first));
    let [a, b, c, d] = now.to_be_bytes();
    Some(kept.unwrap_or_else(|| make(cookie.client, [VERSION, 0, 0, 0, a, b, c, d], peer, first)))
}

/// Whether the server's half is one that this server, or one with the same secrets, made for this client within the
/// last hour.
pub fn is_good(cookie: &Cookie, peer: IpAddr, now: u64, secrets: &[(u64, u64)]) -> bool {
    let Some(server) = cookie.server else { return false };
    is_between(&server, now as u32, OLD)
        && secrets.iter().any(|secret| is_signed(cookie.client, &server, peer, *secret))
}

/// Whether a cookie was made at most so many seconds ago, or a little ahead. Serial arithmetic (RFC 1982): the 32-bit
/// time wraps in 2106.
fn is_between(server: &[u8; 16], now: u32, oldest: u32) -> bool {
    let made = u32::from_be_bytes([server[4], server[5], server[6], server[7]]);
    (-(AHEAD as i32)..=oldest as i32).contains(&(now.wrapping_sub(made) as i32))
}

/// RFC 9018 §4.2: what a later version writes into the reserved octets is signed and no reason to refuse it.
fn is_signed(client: [u8; 8], server: &[u8; 16], peer: IpAddr, secret: (u64, u64)) -> bool {
    let [head @ .., _, _, _, _, _, _, _, _] = *server;
    head[0] == VERSION && *server == make(client, head, peer, secret)
}

/// RFC 9018 §4: version, three reserved octets and the time, and SipHash-2-4 over the client's half, those eight,
/// and the client's address.
fn make(client: [u8; 8], head: [u8; 8], peer: IpAddr, secret: (u64, u64)) -> [u8; 16] {
    let mut server = [0; 16];
    server[..8].copy_from_slice(&head);
    let mut hashed = [0; 32];
    hashed[..8].copy_from_slice(&client);
    hashed[8..16].copy_from_slice(&server[..8]);
    let length = match peer {
        IpAddr::V4(four) => {
            hashed[16..20].copy_from_slice(&four.octets());
            20
        }
        IpAddr::V6(six) => {
            hashed[16..].copy_from_slice(&six.octets());
            32
        }
    };
    let hash = SipHasher24::new_with_keys(secret.0, secret.1).hash(&hashed[..length]);
    server[8..].copy_from_slice(&hash.to_le_bytes());
    server
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9018 appendix A: the published vectors.
    #[test]
    fn cookies_are_as_published() {
        let secret = |hex: &str| {
            let bytes: [u8; 16] = hex::decode(hex).unwrap().try_into().unwrap();
            let word = |half: &[u8]| u64::from_le_bytes(half.try_into().unwrap());
            (word(&bytes[..8]), word(&bytes[8..]))
        };
        let rows = [
            (
                "e5e973e5a6b2a43f48e7dc849e37bfcf",
                "2464c4abcf10c957",
                1_559_731_985,
                "198.51.100.100",
                "010000005cf79f111f8130c3eee29480",
            ),
            (
                "dd3bdf9344b678b185a6f5cb60fca715",
                "22681ab97d52c298",
                1_559_741_817,
                "2001:db8:220:1:59de:d0f4:8769:82b8",
                "010000005cf7c57926556bd0934c72f8",
            ),
        ];
        for (key, client, time, peer, server) in rows {
            let client: [u8; 8] = hex::decode(client).unwrap().try_into().unwrap();
            let [a, b, c, d] = u32::to_be_bytes(time);
            let made = make(client, [1, 0, 0, 0, a, b, c, d], peer.parse().unwrap(), secret(key));
            assert_eq!(hex::encode(made), server);
        }
        // Appendix A.3: a server that used the reserved octets, and what another one makes of it later.
        let server: [u8; 16] = hex::decode("01abcdef5cf78f71a314227b6679ebf5").unwrap().try_into().unwrap();
        let client = hex::decode("fc93fc62807ddb86").unwrap().try_into().unwrap();
        let (held, peer) = (Cookie { client, server: Some(server) }, "203.0.113.203".parse().unwrap());
        let secrets = [secret("e5e973e5a6b2a43f48e7dc849e37bfcf")];
        assert!(is_good(&held, peer, 1_559_727_985, &secrets));
        assert_eq!(server_half(&held, peer, 1_559_727_985, &secrets), Some(server));
        let later = server_half(&held, peer, 1_559_734_700, &secrets).unwrap();
        assert_eq!(hex::encode(later), "010000005cf7a9acf73a7810aca2381e");
    }

    #[test]
    fn another_version_is_no_cookie_of_ours() {
        let (peer, secret) = ("198.51.100.7".parse().unwrap(), (1, 2));
        let server = make([7; 8], [2, 0, 0, 0, 0, 0, 0, 1], peer, secret);
        assert!(!is_good(&Cookie { client: [7; 8], server: Some(server) }, peer, 1, &[secret]));
    }

    #[test]
    fn young_cookies_are_kept_and_others_are_made_anew() {
        let (peer, secrets) = ("198.51.100.7".parse().unwrap(), [(1, 2), (3, 4)]);
        let fresh = Cookie { client: [7; 8], server: None };
        let made = server_half(&fresh, peer, 1_000_000, &secrets).unwrap();
        let held = Cookie { server: Some(made), ..fresh };
        assert_eq!(server_half(&held, peer, 1_001_000, &secrets), Some(made));
        assert_ne!(server_half(&held, peer, 1_002_000, &secrets), Some(made), "old");
        assert_ne!(server_half(&held, "198.51.100.8".parse().unwrap(), 1_000_001, &secrets), Some(made));
        assert_ne!(server_half(&held, peer, 1_000_001, &[(3, 4)]), Some(made), "rolled over");
        assert_eq!(server_half(&held, peer, 1_000_001, &[]), None);
    }

    #[test]
    fn cookies_are_good_for_an_hour_with_any_secret() {
        let (peer, other) = ("198.51.100.7".parse().unwrap(), "198.51.100.8".parse().unwrap());
        let (first, second) = ((1, 2), (3, 4));
        let fresh = Cookie { client: [7; 8], server: None };
        let made = Cookie { server: server_half(&fresh, peer, 1_000_000, &[first]), ..fresh };
        let rows = [
            (made, peer, 1_000_000, &[first][..], true),
            (made, peer, 1_003_600, &[second, first], true),
            (made, peer, 999_700, &[first], true),
            (made, peer, 1_003_601, &[first], false),
            (made, peer, 999_699, &[first], false),
            (made, peer, 1_000_000, &[second], false),
            (made, peer, 1_000_000, &[], false),
            (made, other, 1_000_000, &[first], false),
            (fresh, peer, 1_000_000, &[first], false),
            (Cookie { client: [8; 8], ..made }, peer, 1_000_000, &[first], false),
        ];
        for (cookie, peer, now, secrets, good) in rows {
            assert_eq!(is_good(&cookie, peer, now, secrets), good, "{cookie:?} {peer} {now} {secrets:?}");
        }
    }
}
