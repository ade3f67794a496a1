//! The fence: all unsafe code of this package. Two system calls that move a batch of datagrams, and one
//! option of a socket, behind safe functions; each block says why it is sound.
//!
//! Written apart from the server's own fence on purpose: the floor must not be measured with what it measures.
#![allow(unsafe_code)]

use std::io;
use std::mem::zeroed;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::ptr::null_mut;

/// The longest datagram that is taken whole.
pub const FRAME: usize = 1280;

/// Whether a receive call may stand still until something comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Until the first datagram, or the socket's timeout.
    ForOne,
    /// Not at all: `WouldBlock` if nothing is there.
    Never,
}

/// Datagrams in place: received here, changed here, sent from here.
pub struct Frames {
    octets: Vec<[u8; FRAME]>,
    lengths: Vec<usize>,
    peers: Vec<libc::sockaddr_storage>,
    peer_lengths: Vec<libc::socklen_t>,
    parts: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

impl Frames {
    /// Room for so many datagrams in one call.
    pub fn new(count: usize) -> Frames {
        // SAFETY: these are C structures of integers and pointers, for which all zeros is a value.
        let (peer, part, header) = unsafe { (zeroed(), zeroed(), zeroed()) };
        Frames {
            octets: vec![[0; FRAME]; count],
            lengths: vec![0; count],
            peers: vec![peer; count],
            peer_lengths: vec![0; count],
            parts: vec![part; count],
            headers: vec![header; count],
        }
    }

    /// The datagram in a slot, as received or as set.
    pub fn octets(&self, slot: usize) -> &[u8] {
        &self.octets[slot][..self.lengths[slot]]
    }

    /// A slot's whole room, and the length of what is in it, both to be changed; the length counts up to
    /// [`FRAME`].
    pub fn slot(&mut self, slot: usize) -> (&mut [u8; FRAME], &mut usize) {
        (&mut self.octets[slot], &mut self.lengths[slot])
    }

    /// Points the headers of the first `count` slots at their room.
    fn point(&mut self, count: usize, length: impl Fn(usize) -> usize, peer: impl Fn(usize) -> u32) {
        let (octets, peers) = (self.octets.as_mut_ptr(), self.peers.as_mut_ptr());
        for slot in 0..count {
            self.parts[slot].iov_base = octets.wrapping_add(slot).cast();
            self.parts[slot].iov_len = length(slot);
        }
        let parts = self.parts.as_mut_ptr();
        for (slot, header) in self.headers[..count].iter_mut().enumerate() {
            header.msg_hdr.msg_name = peers.wrapping_add(slot).cast();
            header.msg_hdr.msg_namelen = peer(slot);
            header.msg_hdr.msg_iov = parts.wrapping_add(slot);
            header.msg_hdr.msg_iovlen = 1;
        }
    }

    /// Receives into the slots from the first on, and says how many were filled: at least one.
    pub fn receive(&mut self, socket: &UdpSocket, wait: Wait) -> io::Result<usize> {
        let count = self.octets.len();
        self.point(count, |_| FRAME, |_| size_of::<libc::sockaddr_storage>() as u32);
        let flags = match wait {
            Wait::ForOne => libc::MSG_WAITFORONE,
            Wait::Never => libc::MSG_DONTWAIT,
        };
        // SAFETY: `headers` holds `count` headers. Each points at one part and one peer of vectors that are as
        // long and outlive the call, and each part at the whole of one frame, so the kernel writes inside them.
        let received = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                count as u32,
                flags as _,
                null_mut(),
            )
        };
        let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        for (slot, header) in self.headers[..received].iter().enumerate() {
            self.lengths[slot] = (header.msg_len as usize).min(FRAME);
            self.peer_lengths[slot] = header.msg_hdr.msg_namelen;
        }
        Ok(received)
    }

    /// Sends the first `count` slots back to where they came from. What cannot be sent is passed over.
    pub fn reply(&mut self, socket: &UdpSocket, count: usize) {
        let (lengths, peer_lengths) =
            (std::mem::take(&mut self.lengths), std::mem::take(&mut self.peer_lengths));
        self.point(count, |slot| lengths[slot].min(FRAME), |slot| peer_lengths[slot]);
        (self.lengths, self.peer_lengths) = (lengths, peer_lengths);
        let mut sent = 0;
        while sent < count {
            let rest = &mut self.headers[sent..count];
            // SAFETY: as for receiving; the lengths were cut to a frame, and the addresses are as the kernel
            // wrote them.
            let now = unsafe { libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, 0) };
            // An error is the first datagram's own.
            sent += usize::try_from(now).unwrap_or(1).max(1);
        }
    }
}

/// Sends packets that lie elsewhere, on a connected socket.
pub struct Outbox {
    parts: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

impl Outbox {
    /// Room for so many packets in one call.
    pub fn new(count: usize) -> Outbox {
        // SAFETY: these are C structures of integers and pointers, for which all zeros is a value.
        let (part, header) = unsafe { (zeroed(), zeroed()) };
        Outbox { parts: vec![part; count], headers: vec![header; count] }
    }

    /// Sends up to as many packets as there is room for, and says how many were sent: at least one, unless there
    /// were none.
    pub fn send<'p>(
        &mut self,
        socket: &UdpSocket,
        packets: impl Iterator<Item = &'p [u8]>,
    ) -> io::Result<usize> {
        let mut count = 0;
        for (part, packet) in self.parts.iter_mut().zip(packets) {
            part.iov_base = packet.as_ptr().cast_mut().cast();
            part.iov_len = packet.len();
            count += 1;
        }
        if count == 0 {
            return Ok(0);
        }
        let parts = self.parts.as_mut_ptr();
        for (slot, header) in self.headers[..count].iter_mut().enumerate() {
            header.msg_hdr.msg_iov = parts.wrapping_add(slot);
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: `count` headers were set, each to one part; each part is a packet that is borrowed for longer
        // than this call, and the kernel only reads it. Names and control data are null and of length zero.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), self.headers.as_mut_ptr(), count as u32, 0) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

/// Datagrams of IPv4 leave whole or not at all, and no path's MTU is looked up (`IP_PMTUDISC_PROBE`).
pub fn never_fragment(socket: &UdpSocket) -> io::Result<()> {
    let value = libc::IP_PMTUDISC_PROBE;
    let (pointer, length) = (std::ptr::from_ref(&value).cast(), size_of_val(&value) as u32);
    // SAFETY: the descriptor is borrowed for the call, and the option takes one `int`, which lives through it.
    let done = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, pointer, length)
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_goes_there_and_back() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.local_addr().unwrap()).unwrap();
        let packets: [&[u8]; 3] = [b"one", b"", b"three"];
        assert_eq!(Outbox::new(8).send(&client, packets.into_iter()).unwrap(), 3);
        assert_eq!(Outbox::new(2).send(&client, packets.into_iter()).unwrap(), 2, "as there is room for");

        let mut frames = Frames::new(5);
        assert_eq!(frames.receive(&server, Wait::ForOne).unwrap(), 5);
        let (octets, length) = frames.slot(2);
        (octets[0], *length) = (b'T', 4);
        frames.reply(&server, 3);

        let mut back = Frames::new(8);
        assert_eq!(back.receive(&client, Wait::ForOne).unwrap(), 3);
        assert_eq!([back.octets(0), back.octets(1), back.octets(2)], [&b"one"[..], b"", b"Thre"]);
        let nothing = back.receive(&client, Wait::Never).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    }
}
