//! A cookie of any octets (RFC 7873, RFC 9018), from anybody, at any time, where everybody has to hold a good one.
//!
//! Whatever comes: what is malformed gets FORMERR; what is not gets a cookie back with the client's own half; and a
//! cookie that the server made is good for its hour, from its address, with its secret, and otherwise not.
#![no_main]

use std::net::IpAddr;
use std::sync::OnceLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use meridian::snapshot::Snapshot;
use meridian::telemetry::Transport;
use meridian_fuzz::reply::{Parts, check};
use meridian_fuzz::{COOKIE, address, ask, question, world};

const FORMERR: u16 = 1;
const BADCOOKIE: u16 = 23;

/// RFC 9018 §4.3, in seconds.
const HOUR: i64 = 3600;
const HALF: i64 = 1800;
const AHEAD: i64 = 300;

const FIRST: &str = "0123456789abcdef0123456789abcdef";
const SECOND: &str = "fedcba9876543210fedcba9876543210";

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    tcp: bool,
    six: bool,
    peer: [u8; 16],
    other_six: bool,
    other: [u8; 16],
    client: [u8; 8],
    /// When the cookie is made: cookies know 32 bits of it.
    made: u32,
    /// Seconds until it comes back.
    after: i16,
    /// Which octet is changed on the way, and by what.
    place: u8,
    change: u8,
    option: &'a [u8],
}

struct Worlds {
    first: Snapshot,
    second: Snapshot,
    /// After a rollover: the second signs, the first still counts.
    both: Snapshot,
}

fn worlds() -> &'static Worlds {
    static WORLDS: OnceLock<Worlds> = OnceLock::new();
    WORLDS.get_or_init(|| Worlds {
        first: world::demanding(&[FIRST]),
        second: world::demanding(&[SECOND]),
        both: world::demanding(&[SECOND, FIRST]),
    })
}

/// Over UDP, where a cookie counts, unless said otherwise.
fn told(snapshot: &Snapshot, option: &[u8], from: IpAddr, unix: u64, transport: Transport) -> Parts {
    let query = question("static.gslb.example.", 1, Some((COOKIE, option)));
    let reply = ask(snapshot, &query, from, transport, unix).expect("an answer");
    check(&query, &reply, transport)
}

impl Input<'_> {
    /// Later than the cookie's making, so that no time is before 1970.
    fn made(&self) -> u64 {
        u64::from(self.made) + 100_000
    }

    /// Twice as far as any limit lies, both ways.
    fn after(&self) -> i64 {
        i64::from(self.after) % (2 * HOUR)
    }

    fn back(&self) -> u64 {
        self.made().saturating_add_signed(self.after())
    }

    fn peer(&self) -> IpAddr {
        address(self.six, self.peer)
    }
}

/// What nobody has seen before: an option of any octets.
fn strange(input: &Input<'_>) {
    let transport = if input.tcp { Transport::Tcp } else { Transport::Udp };
    let option = &input.option[..input.option.len().min(64)];
    let said = told(&worlds().first, option, input.peer(), input.back(), transport);
    if !matches!(option.len(), 8 | 16..=40) {
        assert_eq!((said.rcode, said.option(COOKIE)), (FORMERR, None), "{input:?}");
        return;
    }
    let back = said.option(COOKIE).expect("a cookie comes back");
    assert_eq!((back.len(), &back[..8]), (24, &option[..8]), "{input:?}");
    // Of a cookie with something in its reserved octets (RFC 9018 §4.2) only its maker can say whether it is good.
    if option.len() == 24 && option[9..12] != [0; 3] {
        return;
    }
    // None is needed over TCP.
    assert_eq!(said.rcode == BADCOOKIE, !input.tcp && !is_own(input, option), "{input:?}");
}

/// Whether the server would have made just this cookie, at a time that still counts. No guess is good, but a fuzzer that
/// sees what is compared does not guess.
fn is_own(input: &Input<'_>, option: &[u8]) -> bool {
    let Some(time) = option.get(12..16).filter(|_| option.len() == 24) else { return false };
    let time = u32::from_be_bytes([time[0], time[1], time[2], time[3]]);
    let age = i64::from((input.back() as u32).wrapping_sub(time) as i32);
    let then = input.back().saturating_add_signed(-age);
    let made = told(&worlds().first, &option[..8], input.peer(), then, Transport::Udp);
    (-AHEAD..=HOUR).contains(&age) && made.option(COOKIE) == Some(option)
}

/// One that the server made, and what may become of it.
fn returned(input: &Input<'_>) {
    let (Worlds { first, second, both }, peer, back) = (worlds(), input.peer(), input.back());
    let none = told(first, &input.client, peer, input.made(), Transport::Udp);
    assert_eq!(none.rcode, BADCOOKIE, "{input:?}");
    let made = none.option(COOKIE).expect("a cookie").to_vec();
    let good = |snapshot, option: &[u8], from, unix| {
        let said = told(snapshot, option, from, unix, Transport::Udp);
        (said.rcode != BADCOOKIE, said.option(COOKIE).expect("a cookie").to_vec())
    };

    let age = input.after();
    let (holds, renewed) = good(first, &made, peer, back);
    assert_eq!(holds, (-AHEAD..=HOUR).contains(&age), "{age} s: {input:?}");
    assert_eq!(renewed == made, (-AHEAD..=HALF).contains(&age), "{age} s: {input:?}");
    assert!(good(first, &renewed, peer, back).0, "what came back is good: {input:?}");

    let (after_rollover, anew) = good(both, &made, peer, back);
    assert_eq!((after_rollover, anew == made), (holds, false), "{age} s: {input:?}");
    assert!(good(second, &anew, peer, back).0, "signed with the second: {input:?}");
    assert!(!good(second, &made, peer, back).0, "with another secret: {input:?}");

    let other = address(input.other_six, input.other);
    assert_eq!(good(first, &made, other, input.made()).0, other == peer, "{other}: {input:?}");
    let mut changed = made.clone();
    changed[usize::from(input.place) % made.len()] ^= input.change;
    assert_eq!(good(first, &changed, peer, input.made()).0, changed == made, "{input:?}");
}

fuzz_target!(|input: Input<'_>| {
    strange(&input);
    returned(&input);
});
