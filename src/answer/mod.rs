//! Bytes in, reply out, nothing else: the one implementation of an answer, for every transport.
//!
//! Four phases: *parse* reads the query and hashes its name; *find* walks to the name and, for a steered one, to the
//! client's cell; *pick* chooses; and *write* puts the reply where the query was. A [`Batch`] runs each phase over
//! many queries before the next, so that one query's cache misses overlap the others'; [`answer`] is a batch of
//! one. Queries lie in [`Frames`], which every transport has of its own kind.
//!
//! Nothing here has a clock, a lock, a file or a socket; nothing allocates, and nothing can fail: a bad packet
//! is input. Time, randomness and counters are handed in.

mod batch;
mod challenge;
mod chaos;
mod client;
mod cookie;
mod edns;
mod frames;
mod hints;
mod message;
mod query;
mod records;
mod sections;
mod sets;
mod slot;
mod steered;
mod whoami;
mod worker;

pub use batch::Batch;
pub use client::Asker;
pub use frames::{Frames, MIN_ROOM};
pub use query::{Question, Rcode};
pub use worker::Worker;

use std::net::SocketAddr;
use std::time::Duration;

use crate::snapshot::Snapshot;
use crate::telemetry::{DropWhy, Transport};
use frames::Single;
use message::NO_LABELS;
use slot::{Slot, With};

/// How long a TCP connection may stay idle: what it is told (RFC 7828), and what is kept.
pub const TCP_IDLE: Duration = Duration::from_secs(10);

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

/// Answers one query into `out`, which has [`MIN_ROOM`] octets or more, and room for the query; no reply is longer
/// than `out`. What does not fit into it is cut, and so cannot be read.
pub fn answer(
    snapshot: &Snapshot,
    query: &[u8],
    peer: &Peer,
    now: Now,
    worker: &mut Worker,
    out: &mut [u8],
) -> Reply {
    let length = query.len().min(out.len());
    out[..length].copy_from_slice(&query[..length]);
    let mut slot = [Slot::default()];
    let mut frame = Single { peer: peer.address, octets: out, length };
    let with = With { snapshot, now, worker, labels: &mut NO_LABELS.clone() };
    batch::phases(&mut slot, &mut frame, peer.transport, with);
    match slot[0].dropped() {
        Some(why) => Reply::Drop(why),
        None => Reply::Send(frame.length),
    }
}

#[cfg(test)]
mod tests;
