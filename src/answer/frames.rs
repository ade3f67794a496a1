//! Where queries lie and replies go: the same place.

use std::net::SocketAddr;

/// A batch of datagrams or messages, each in a frame of its own with room for its reply. A reply begins with what
/// its query begins with, so it is written over it and nothing is copied; a transport that shares its frames with
/// the network card copies nothing at all.
pub trait Frames {
    /// How many frames hold a query.
    fn count(&self) -> usize;

    /// Who sent the query in a frame.
    fn peer(&self, index: usize) -> SocketAddr;

    /// A frame's whole room, at least [`MIN_ROOM`] octets, and how many octets of it the query has.
    fn frame(&mut self, index: usize) -> (&mut [u8], usize);

    /// Takes the length of the reply that a frame holds now; 0: it is not answered.
    fn reply(&mut self, index: usize, length: usize);
}

/// The least room of a frame: what every resolver takes (RFC 1035 §4.2.1).
pub const MIN_ROOM: usize = 512;

/// One frame.
pub struct Single<'a> {
    /// Who sent the query.
    pub peer: SocketAddr,
    /// The room.
    pub octets: &'a mut [u8],
    /// Octets of the query, and then of the reply.
    pub length: usize,
}

impl Frames for Single<'_> {
    fn count(&self) -> usize {
        1
    }

    fn peer(&self, _: usize) -> SocketAddr {
        self.peer
    }

    fn frame(&mut self, _: usize) -> (&mut [u8], usize) {
        (self.octets, self.length)
    }

    fn reply(&mut self, _: usize, length: usize) {
        self.length = length;
    }
}
