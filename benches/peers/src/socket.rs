//! Sockets: the floor's and the generator's.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::fence::never_fragment;

/// As the server asks for.
const RECEIVE_BUFFER: usize = 8 << 20;

/// One that answers.
pub fn serving(listen: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    // The system grants what it likes.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    socket.bind(&listen.into())?;
    let socket = socket.into();
    never_fragment(&socket)?;
    Ok(socket)
}

/// One that asks one server, and gives up waiting for an answer after `timeout`.
pub fn asking(server: SocketAddr, timeout: Duration) -> io::Result<UdpSocket> {
    let own: SocketAddr = if server.is_ipv4() { ([127, 0, 0, 1], 0).into() } else { ([0; 16], 0).into() };
    let socket = Socket::new(Domain::for_address(server), Type::DGRAM, Some(Protocol::UDP))?;
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.set_read_timeout(Some(timeout))?;
    socket.bind(&own.into())?;
    socket.connect(&server.into())?;
    Ok(socket.into())
}
