//! A client's subnet of any octets (RFC 7871), for a steered name, from anybody.
//!
//! Whatever comes: what is malformed gets FORMERR and nothing back; what is not comes back as it was sent, with a scope
//! no longer than the address; and every client inside that scope is told the same.
#![no_main]

use std::net::IpAddr;
use std::sync::OnceLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use meridian::snapshot::Snapshot;
use meridian::telemetry::Transport;
use meridian_fuzz::reply::{Parts, check};
use meridian_fuzz::{ECS, address, ask, question, world};

const NOW: u64 = 1_790_000_000;
const FORMERR: u16 = 1;

/// Steered by geography, by shares, by rules of their own, through an alias, a DNAME and wildcards; and names that
/// nobody steers.
const NAMES: [&str; 12] = [
    "www.gslb.example.",
    "a.cust.gslb.example.",
    "shares.names.example.",
    "ruled.names.example.",
    "x.steered.names.example.",
    "alias.names.example.",
    "calm.old.names.example.",
    "private.large.example.",
    "down.gslb.example.",
    "together.gslb.example.",
    "static.gslb.example.",
    "nope.gslb.example.",
];

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    name: u8,
    six: bool,
    tcp: bool,
    peer_six: bool,
    peer: [u8; 16],
    /// Bits of the second client behind the scope.
    other: [u8; 16],
    option: &'a [u8],
}

/// A valid option, as RFC 7871 §6 has it: read by other means than the server's.
struct Subnet {
    /// `None` for family 0.
    client: Option<IpAddr>,
    source: u8,
}

fn read(option: &[u8]) -> Option<Subnet> {
    let (&[0, family, source, 0], octets) = option.split_first_chunk::<4>()? else { return None };
    let mut padded = [0; 16];
    padded.get_mut(..octets.len())?.copy_from_slice(octets);
    let client = match (family, source) {
        (0, 0) => None,
        (1, ..=32) => Some(address(false, padded)),
        (2, ..=128) => Some(address(true, padded)),
        _ => return None,
    };
    let whole = octets.len() == usize::from(source).div_ceil(8);
    let clear = client.is_none_or(|client| client == within(client, source, [0; 16]));
    (whole && clear).then_some(Subnet { client, source })
}

/// The first bits of one address, the rest of the other.
fn within(client: IpAddr, bits: u8, rest: [u8; 16]) -> IpAddr {
    match (client, address(client.is_ipv6(), rest)) {
        (IpAddr::V4(client), IpAddr::V4(rest)) => {
            let mask = u32::MAX.checked_shr(bits.into()).unwrap_or(0);
            IpAddr::V4((client.to_bits() & !mask | rest.to_bits() & mask).into())
        }
        (IpAddr::V6(client), IpAddr::V6(rest)) => {
            let mask = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
            IpAddr::V6((client.to_bits() & !mask | rest.to_bits() & mask).into())
        }
        _ => unreachable!("one family"),
    }
}

/// The option of a client that hides nothing.
fn full(client: IpAddr) -> Vec<u8> {
    match client {
        IpAddr::V4(four) => [&[0, 1, 32, 0][..], &four.octets()].concat(),
        IpAddr::V6(six) => [&[0, 2, 128, 0][..], &six.octets()].concat(),
    }
}

fn snapshot() -> &'static Snapshot {
    static WORLD: OnceLock<Snapshot> = OnceLock::new();
    WORLD.get_or_init(world::world)
}

impl Input<'_> {
    fn told(&self, option: Option<&[u8]>) -> Parts {
        let transport = if self.tcp { Transport::Tcp } else { Transport::Udp };
        let (name, qtype) = (NAMES[usize::from(self.name) % NAMES.len()], if self.six { 28 } else { 1 });
        let query = question(name, qtype, option.map(|data| (ECS, data)));
        let peer = address(self.peer_six, self.peer);
        let reply = ask(snapshot(), &query, peer, transport, NOW).expect("an answer");
        check(&query, &reply, transport)
    }
}

fuzz_target!(|input: Input<'_>| {
    if input.option.len() > 64 {
        return;
    }
    let said = input.told(Some(input.option));
    let Some(subnet) = read(input.option) else {
        assert_eq!((said.rcode, said.option(ECS)), (FORMERR, None), "{input:?}");
        return;
    };
    assert_ne!(said.rcode, FORMERR, "{input:?}");
    let echo = said.option(ECS).expect("the subnet comes back");
    let scope = echo[3];
    assert_eq!((&echo[..3], &echo[4..]), (&input.option[..3], &input.option[4..]), "{input:?}");
    let Some(client) = subnet.client.filter(|_| subnet.source > 0) else {
        // Not to be told apart (§7.1.2): as if there were no subnet.
        assert_eq!((scope, &said.sections), (0, &input.told(None).sections), "{input:?}");
        return;
    };
    assert!(scope <= if client.is_ipv4() { 32 } else { 128 }, "{input:?}");
    let other = within(client, scope, input.other);
    let heard = input.told(Some(&full(other)));
    assert_eq!(
        (said.rcode, &said.sections),
        (heard.rcode, &heard.sections),
        "{client} and {other} are both in {client}/{scope}: {input:?}"
    );
});
