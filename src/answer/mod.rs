//! Bytes in, reply out, nothing else: the one implementation of an answer, for every transport.
//!
//! Four phases, each a function over a [`Slot`]: [`parse`](Slot::parse) reads the query; [`find`](Slot::find)
//! walks to its name and, for a steered one, to the client's cell; [`pick`](Slot::pick) chooses; and
//! [`write`](Slot::write) puts the reply down. UDP may run each phase over a batch before the next, so that one
//! query's cache misses overlap the others'; [`answer`] runs them for one.
//!
//! Nothing here has a clock, a lock, a file or a socket; nothing allocates, and nothing can fail: a bad packet
//! is input. Time, randomness and counters are handed in.

mod client;
mod cookie;
mod edns;
mod message;
mod query;
mod records;
mod slot;
mod steered;
mod whoami;
mod worker;

pub use client::Asker;
pub use query::{Question, Rcode};
pub use slot::Slot;
pub use worker::Worker;

use std::net::SocketAddr;

use crate::snapshot::Snapshot;
use crate::telemetry::{DropWhy, Transport};

/// The largest reply that any transport takes.
pub const MAX_REPLY: usize = 65_535;

/// Who sent a query, and how.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The resolver's address and port.
    pub address: SocketAddr,
    /// The transport decides how long a reply may be.
    pub transport: Transport,
}

/// The time, read once a batch by whoever calls.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Wall clock in Unix seconds.
    pub unix: u64,
}

/// What to do with a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Send the first so many octets of the buffer.
    Send(usize),
    /// Send nothing.
    Drop(DropWhy),
}

/// Answers one query into `out`, which holds at least 512 octets; no reply is longer than `out`.
pub fn answer(
    snapshot: &Snapshot,
    query: &[u8],
    peer: &Peer,
    now: Now,
    worker: &mut Worker,
    out: &mut [u8],
) -> Reply {
    let mut slot = Slot::default();
    slot.parse(query, peer, worker);
    slot.find(snapshot, peer);
    slot.pick(snapshot, now);
    slot.write(snapshot, query, peer, now, worker, out)
}

#[cfg(test)]
mod tests;
