//! A batch of datagrams a call.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use super::{Link, ROOM};
use crate::answer::Frames;
use crate::system::Datagrams;

/// A socket and a batch of frames.
pub struct Batched {
    socket: UdpSocket,
    datagrams: Datagrams,
}

impl Batched {
    /// Takes so many datagrams a call, at most.
    pub fn new(socket: UdpSocket, size: usize) -> io::Result<Batched> {
        let told = socket.local_addr()?.ip().is_unspecified();
        Ok(Batched { socket, datagrams: Datagrams::new(size, ROOM, told) })
    }
}

#[cfg(test)]
impl Batched {
    /// Makes a frame's reply one that the system refuses to send.
    pub fn misdirect(&mut self, index: usize) {
        self.datagrams.misdirect(index);
    }
}

impl Frames for Batched {
    fn count(&self) -> usize {
        self.datagrams.received()
    }

    #[inline]
    fn peer(&self, index: usize) -> SocketAddr {
        self.datagrams.peer(index)
    }

    #[inline]
    fn frame(&mut self, index: usize) -> (&mut [u8], usize) {
        self.datagrams.frame(index)
    }

    #[inline]
    fn reply(&mut self, index: usize, length: usize) {
        self.datagrams.reply(index, length);
    }
}

impl Link for Batched {
    fn receive(&mut self) -> io::Result<()> {
        self.datagrams.receive(&self.socket).map(drop)
    }

    fn send(&mut self, refused: impl FnMut(usize, io::Error)) {
        self.datagrams.send(&self.socket, refused);
    }
}
