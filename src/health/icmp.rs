//! An ICMP echo (RFC 792, RFC 4443 §4). socket2 enters here.
//!
//! The socket is one for ICMP datagrams, which needs no privilege where `net.ipv4.ping_group_range` allows it, or
//! else a raw one, which needs CAP_NET_RAW. Where the system allows neither, that says nothing about the target.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use super::line::Line;
use super::reason::{of_io, quote};
use super::{Fault, OwnFault, Reason, Stage};

/// What the target has to send back: nobody else knows it.
type Token = [u8; 16];

/// Sends one echo, and waits for what comes back.
pub(super) async fn ask(line: &mut Line<'_>) -> Result<(), Fault> {
    let address = line.address.ip();
    let (socket, has_head) = open(address)?;
    let connected = socket.connect(SocketAddr::new(address, 0)).await;
    connected.map_err(|error| of_io(&error, None))?;
    let token: Token = fastrand::u128(..).to_be_bytes();
    let echo = talk(&socket, address, has_head, token);
    match timeout_at(line.deadline.at, echo).await {
        Ok(talked) => talked.map_err(|error| of_io(&error, Some(Stage::Answer))),
        Err(_) => Err(Reason::NoAnswer(line.deadline.timeout).into()),
    }
}

/// A socket, and whether what it receives has the head of an IPv4 packet in front. tokio knows only sockets that
/// send and receive, which is all that is needed of it.
fn open(address: IpAddr) -> Result<(UdpSocket, bool), OwnFault> {
    let (domain, protocol) = match address {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let new = |kind| {
        let socket = Socket::new(domain, kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        UdpSocket::from_std(socket.into())
    };
    let refused = match new(Type::DGRAM) {
        Ok(socket) => return Ok((socket, false)),
        Err(refused) => refused,
    };
    match new(Type::RAW) {
        Ok(socket) => Ok((socket, address.is_ipv4())),
        Err(raw) => Err(not_allowed(&refused, &raw)),
    }
}

/// In words, with the cure.
fn not_allowed(datagram: &io::Error, raw: &io::Error) -> OwnFault {
    let cure = "widen net.ipv4.ping_group_range, or give CAP_NET_RAW";
    OwnFault::System(quote(&format!("no ICMP socket ({datagram}), nor a raw one ({raw}); {cure}"), 240))
}

/// Sends the request until the reply comes; what is no reply to it is passed over.
async fn talk(socket: &UdpSocket, address: IpAddr, has_head: bool, token: Token) -> io::Result<()> {
    socket.send(&request(address, token)).await?;
    let mut buffer = [0; 256];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if is_reply(&buffer[..length], address, has_head, token) {
            return Ok(());
        }
    }
}

/// Type, code, checksum, identifier, sequence number, and the token. The system puts its own identifier into what
/// an ICMP socket sends, and the checksum into everything of IPv6.
fn request(address: IpAddr, token: Token) -> [u8; 24] {
    let mut packet = [0; 24];
    packet[0] = if address.is_ipv4() { 8 } else { 128 };
    packet[4..6].copy_from_slice(&fastrand::u16(..).to_be_bytes());
    packet[8..].copy_from_slice(&token);
    if address.is_ipv4() {
        let sum = checksum(&packet);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// RFC 1071, of an even number of octets.
fn checksum(packet: &[u8]) -> u16 {
    let mut sum: u32 =
        packet.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// Whether it is an echo reply that brings the token back.
fn is_reply(packet: &[u8], address: IpAddr, has_head: bool, token: Token) -> bool {
    let head = match packet {
        // RFC 791 §3.1: its length in words, five at least.
        [first, ..] if has_head => usize::from(first & 0xf).max(5) * 4,
        _ => 0,
    };
    let kind = if address.is_ipv4() { 0 } else { 129 };
    match packet.get(head..) {
        Some([first, 0, _, _, _, _, _, _, back @ ..]) => *first == kind && back == token,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
