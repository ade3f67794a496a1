//! What the targets share: a world in which names of every kind stand, queries to ask it, and what holds for any
//! reply.

#![forbid(unsafe_code)]

pub mod reply;
pub mod world;

#[path = "../../tests/common/mmdb.rs"]
pub mod mmdb;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use meridian::answer::{MAX_REPLY, Now, Peer, Reply, Worker, answer};
use meridian::snapshot::Snapshot;
use meridian::telemetry::{Counters, Transport};

/// Option codes (IANA's DNS EDNS0 option codes).
pub const ECS: u16 = 8;
pub const COOKIE: u16 = 10;
pub const KEEPALIVE: u16 = 11;

/// What a server says to a query from this address, if anything; two askers of one query meet the same chance.
pub fn ask(
    snapshot: &Snapshot,
    query: &[u8],
    from: IpAddr,
    transport: Transport,
    unix: u64,
) -> Option<Vec<u8>> {
    let mut worker = Worker::new(0, 7, Arc::new(Counters::default()));
    let mut out = vec![0; MAX_REPLY];
    let peer = Peer { address: SocketAddr::new(from, 5353), transport };
    match answer(snapshot, query, &peer, Now { unix }, &mut worker, &mut out) {
        Reply::Send(length) => Some(out[..length].to_vec()),
        Reply::Drop(_) => None,
    }
}

/// A question for a name of the world, with an OPT that holds one option, or none.
pub fn question(name: &str, qtype: u16, option: Option<(u16, &[u8])>) -> Vec<u8> {
    let mut bytes = vec![0x5e, 0xed, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1];
    for label in name.split_terminator('.') {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend(qtype.to_be_bytes());
    bytes.extend([0, 1]);
    bytes.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0]);
    let Some((code, data)) = option else {
        bytes.extend([0, 0]);
        return bytes;
    };
    bytes.extend((4 + data.len() as u16).to_be_bytes());
    bytes.extend(code.to_be_bytes());
    bytes.extend((data.len() as u16).to_be_bytes());
    bytes.extend(data);
    bytes
}

/// An address of either family.
pub fn address(six: bool, octets: [u8; 16]) -> IpAddr {
    match octets {
        _ if six => octets.into(),
        [a, b, c, d, ..] => [a, b, c, d].into(),
    }
}
