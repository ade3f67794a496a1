//! What one worker counts. It alone writes, so counting is a load and a store, never a locked instruction;
//! readers sum over workers and may be a query or two behind.

use std::sync::atomic::{AtomicU64, Ordering};

/// A count with one writer.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds one; only its owner may.
    pub fn add(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Takes one back; only its owner may.
    pub fn take_back(&self) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
    }

    /// Raises it to `value` if that is more; only its owner may.
    pub fn raise(&self, value: u64) {
        if self.0.load(Ordering::Relaxed) < value {
            self.0.store(value, Ordering::Relaxed);
        }
    }

    /// What it stands at.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How a query came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A stream with 16-bit lengths (RFC 7766).
    Tcp,
}

impl Transport {
    /// All of them, by index.
    pub const ALL: [Transport; 2] = [Transport::Udp, Transport::Tcp];

    /// As metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        }
    }
}

/// Why a query got no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropWhy {
    /// Shorter than a header.
    Short,
    /// It says that it is a response: answering it could start a loop.
    Response,
    /// Sent from port 0, where no reply can go.
    PortZero,
}

impl DropWhy {
    /// All of them, by index.
    pub const ALL: [DropWhy; 3] = [DropWhy::Short, DropWhy::Response, DropWhy::PortZero];

    /// As metrics name it.
    pub fn name(self) -> &'static str {
        match self {
            DropWhy::Short => "short",
            DropWhy::Response => "response",
            DropWhy::PortZero => "port_zero",
        }
    }
}

/// The query types that are counted apart, by number and name; everything else is `other`.
pub const QTYPES: [(u16, &str); 13] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (43, "DS"),
    (65, "HTTPS"),
    (255, "ANY"),
    (257, "CAA"),
];

/// The response codes that are counted apart, by number and name.
pub const RCODES: [(u16, &str); 9] = [
    (0, "NOERROR"),
    (1, "FORMERR"),
    (2, "SERVFAIL"),
    (3, "NXDOMAIN"),
    (4, "NOTIMP"),
    (5, "REFUSED"),
    (6, "YXDOMAIN"),
    (16, "BADVERS"),
    (23, "BADCOOKIE"),
];

/// By number: its place in [`QTYPES`], or one past them.
const QTYPE_PLACES: [u8; 258] = places(&QTYPES);
/// By number: its place in [`RCODES`], or one past them.
const RCODE_PLACES: [u8; 24] = places(&RCODES);

const fn places<const N: usize>(known: &[(u16, &str)]) -> [u8; N] {
    let mut places = [known.len() as u8; N];
    let mut at = 0;
    while at < known.len() {
        places[known[at].0 as usize] = at as u8;
        at += 1;
    }
    places
}

/// Sizes of batches that are counted apart: 1, 2, 4 … 1,024 queries.
pub const BATCHES: usize = 11;

/// One worker's counts, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    /// By transport, then family of the resolver's address.
    pub queries: [[Count; 2]; 2],
    /// By [`QTYPES`]; the last is `other`.
    pub qtypes: [Count; QTYPES.len() + 1],
    /// By [`RCODES`]; the last is `other`.
    pub rcodes: [Count; RCODES.len() + 1],
    /// By [`DropWhy`].
    pub dropped: [Count; 3],
    /// Queries with an EDNS Client Subnet option.
    pub ecs: Count,
    /// Queries with a cookie option.
    pub cookies: Count,
    /// Replies with TC set.
    pub truncated: Count,
    /// Replies that the system would not send.
    pub unsent: Count,
    /// Replies that were too long to leave whole, and so were sent anew, short.
    pub shortened: Count,
    /// By power of two: batches of so many queries or fewer, of none smaller.
    pub batches: [Count; BATCHES],
}

impl Counters {
    /// Counts a batch of so many queries.
    pub fn batch(&self, queries: usize) {
        let power = queries.next_power_of_two().trailing_zeros() as usize;
        self.batches[power.min(BATCHES - 1)].add();
    }

    /// Counts a query of this type.
    pub fn qtype(&self, qtype: u16) {
        self.qtypes[QTYPE_PLACES.get(usize::from(qtype)).map_or(QTYPES.len(), |at| usize::from(*at))].add();
    }

    /// Counts a reply with this response code.
    pub fn rcode(&self, rcode: u16) {
        self.rcodes[RCODE_PLACES.get(usize::from(rcode)).map_or(RCODES.len(), |at| usize::from(*at))].add();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stand_on_pairs_of_cache_lines_of_their_own() {
        let workers: Vec<Counters> = (0..3).map(|_| Counters::default()).collect();
        for pair in workers.windows(2) {
            let place = |counters: &Counters| std::ptr::from_ref(counters).addr();
            assert_eq!(
                (place(&pair[0]) % 128, place(&pair[1]) - place(&pair[0])),
                (0, size_of::<Counters>())
            );
            assert_eq!(size_of::<Counters>() % 128, 0);
        }
    }
}
