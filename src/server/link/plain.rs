//! One datagram a call: for systems without batches. Replies of a socket that listens on every address leave from
//! the one that routing picks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use super::{Link, ROOM};
use crate::answer::Frames;

/// A socket and one frame.
pub struct Plain {
    socket: UdpSocket,
    octets: Box<[u8]>,
    peer: SocketAddr,
    query: usize,
    reply: usize,
}

impl Plain {
    /// Takes one datagram a call, whatever the size that is asked for.
    pub fn new(socket: UdpSocket, _size: usize) -> io::Result<Plain> {
        let nobody = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Ok(Plain { socket, octets: vec![0; ROOM].into(), peer: nobody, query: 0, reply: 0 })
    }
}

impl Frames for Plain {
    fn count(&self) -> usize {
        1
    }

    fn peer(&self, _: usize) -> SocketAddr {
        self.peer
    }

    fn frame(&mut self, _: usize) -> (&mut [u8], usize) {
        (&mut self.octets, self.query)
    }

    fn reply(&mut self, _: usize, length: usize) {
        self.reply = length.min(ROOM);
    }
}

impl Link for Plain {
    fn receive(&mut self) -> io::Result<()> {
        self.reply = 0;
        (self.query, self.peer) = self.socket.recv_from(&mut self.octets)?;
        Ok(())
    }

    fn send(&mut self, mut refused: impl FnMut(usize, io::Error)) {
        let length = std::mem::take(&mut self.reply);
        if length > 0
            && let Err(error) = self.socket.send_to(&self.octets[..length], self.peer)
        {
            refused(0, error);
        }
    }
}
