//! Asking: one question, one reply, by datagram or stream. Nothing is measured, so nothing is in a hurry.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crate::question::Question;

/// How long a reply may take; a datagram is then sent again.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How often a datagram is sent.
const TRIES: usize = 3;

/// The most octets of a message.
const MOST: usize = 65_535;

/// What one server is asked through.
#[derive(Debug)]
pub struct Asker {
    address: SocketAddr,
    socket: UdpSocket,
    id: u16,
}

impl Asker {
    /// For the server at an address.
    pub fn new(address: SocketAddr) -> io::Result<Asker> {
        let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        socket.connect(address)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        Ok(Asker { address, socket, id: 0 })
    }

    /// Sends a datagram; [`Asker::receive`] gets what comes back. In between, other servers can be at work.
    pub fn send(&mut self, question: &Question) -> io::Result<()> {
        self.id = self.id.wrapping_add(1);
        self.socket.send(&question.query(self.id)).map(drop)
    }

    /// The reply to the question last sent; sent again if it, or its reply, was lost.
    pub fn receive(&mut self, question: &Question) -> io::Result<Vec<u8>> {
        for _ in 1..TRIES {
            match self.wait() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.send(question)?,
                other => return other,
            }
        }
        self.wait()
    }

    fn wait(&self) -> io::Result<Vec<u8>> {
        let (mut room, begin) = (vec![0; MOST], Instant::now());
        while begin.elapsed() < TIMEOUT {
            let length = self.socket.recv(&mut room)?;
            // A late reply to what was asked before.
            if room[..length].starts_with(&self.id.to_be_bytes()) {
                room.truncate(length);
                return Ok(room);
            }
        }
        Err(ErrorKind::WouldBlock.into())
    }

    /// Asks over a stream of its own (RFC 7766).
    pub fn stream(&self, question: &Question) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&self.address, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let query = question.query(self.id);
        let mut framed = (query.len() as u16).to_be_bytes().to_vec();
        framed.extend(query);
        stream.write_all(&framed)?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut reply)?;
        Ok(reply)
    }
}

/// Whether a server answers a question without an error, soon.
pub fn works(address: SocketAddr, question: &Question) -> bool {
    let answer = || -> io::Result<Vec<u8>> {
        let mut asker = Asker::new(address)?;
        asker.socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        asker.send(question)?;
        asker.wait()
    };
    answer().is_ok_and(|reply| reply.get(3).is_some_and(|flags| flags & 0x0f == 0))
}
