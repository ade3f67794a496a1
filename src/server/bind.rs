//! Every socket that answers, bound before anything else starts: a taken port is one clear line.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tracing::warn;

use crate::system;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// Receive buffer to ask for: some 20,000 small queries as the kernel counts them, so that a reload's cache misses
/// lose none.
pub const RECEIVE_BUFFER: usize = 8 << 20;

/// Send buffer to ask for: replies that do not fit are dropped, and those to neighbours that are looked for take
/// room for seconds.
const SEND_BUFFER: usize = 8 << 20;

/// How many ports the system may choose until one is free for UDP as well.
const CHOICES: usize = 16;

/// An idle worker wakes this often, to let go of an old snapshot and to notice the end.
pub const IDLE_WAKE: Duration = Duration::from_secs(1);

/// A socket that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot bind {transport} {address}{}", hint(.source))]
pub struct BindError {
    /// `UDP` or `TCP`.
    pub transport: &'static str,
    /// What was asked for.
    pub address: SocketAddr,
    #[source]
    source: io::Error,
}

/// What to do about it.
pub fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => ": the port is taken; stop what listens there, or configure another port",
        io::ErrorKind::PermissionDenied => {
            ": not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE"
        }
        _ if system::is_out_of_descriptors(error) => {
            ": no file descriptors left; every worker has a socket for each address: raise ulimit -n, or lower \
             server.workers"
        }
        io::ErrorKind::AddrNotAvailable => ": no interface of this machine has that address",
        _ => "",
    }
}

/// A node's sockets for one address.
#[derive(Debug)]
pub struct Bound {
    /// What was bound, with the port that the system chose where 0 was asked for.
    pub address: SocketAddr,
    /// Octets that a UDP socket's receive buffer got of the [`RECEIVE_BUFFER`] that were asked for.
    pub receive_buffer: usize,
}

/// All of a node's sockets.
#[derive(Debug)]
pub struct Listeners {
    /// By worker: one socket for each address.
    pub udp: Vec<Vec<UdpSocket>>,
    /// One for each address.
    pub tcp: Vec<TcpListener>,
    /// What they are bound to.
    pub bound: Vec<Bound>,
}

impl Listeners {
    /// Binds UDP for so many workers, and TCP, on every address.
    pub fn bind(addresses: &[SocketAddr], workers: usize) -> Result<Listeners, BindError> {
        let mut listeners =
            Listeners { udp: (0..workers).map(|_| Vec::new()).collect(), tcp: Vec::new(), bound: Vec::new() };
        for address in addresses {
            listeners.bind_one(*address)?;
        }
        Ok(listeners)
    }

    /// TCP first: its port is exclusive, so a second server is noticed; UDP's may be shared between workers, and
    /// so would be shared with a stranger of the same user, too.
    fn bind_one(&mut self, address: SocketAddr) -> Result<(), BindError> {
        let failed = |transport| move |source| BindError { transport, address, source };
        let (mut tcp, mut bound) = bind_tcp(address).map_err(failed("TCP"))?;
        // A port that the system chose for TCP may be somebody's for UDP: then another will do.
        for _ in 0..CHOICES {
            if address.port() != 0 || !is_taken(bound) {
                break;
            }
            (tcp, bound) = bind_tcp(address).map_err(failed("TCP"))?;
        }
        if is_taken(bound) {
            return Err(failed("UDP")(io::ErrorKind::AddrInUse.into()));
        }
        let mut receive_buffer = usize::MAX;
        for worker in &mut self.udp {
            let (socket, granted) = bind_udp(bound, true).map_err(failed("UDP"))?;
            worker.push(socket);
            receive_buffer = receive_buffer.min(granted);
        }
        self.tcp.push(tcp);
        self.bound.push(Bound { address: bound, receive_buffer });
        Ok(())
    }
}

/// Whether somebody has the UDP port already: asked without sharing.
fn is_taken(address: SocketAddr) -> bool {
    bind_udp(address, false).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// A UDP socket, and the size of its receive buffer.
fn bind_udp(address: SocketAddr, shared: bool) -> io::Result<(UdpSocket, usize)> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_port(shared)?;
    // The system grants what it likes; a smaller buffer only loses more when a burst comes.
    if system::grow_receive_buffer(&socket, RECEIVE_BUFFER).is_err() {
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    }
    // Linux doubles what it grants, for its own bookkeeping, and tells the double.
    let granted = socket.recv_buffer_size()? / if cfg!(target_os = "linux") { 2 } else { 1 };
    if system::grow_send_buffer(&socket, SEND_BUFFER).is_err() {
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
    }
    if let Err(error) = system::never_fragment(&socket, address.is_ipv6()) {
        warn!(%address, %error, "replies may be fragmented");
    }
    if address.ip().is_unspecified() {
        // Where nobody tells, replies leave from the address that routing picks.
        let _ = system::tell_address(&socket, address.is_ipv6());
    }
    socket.set_read_timeout(Some(IDLE_WAKE))?;
    socket.bind(&address.into())?;
    Ok((socket.into(), granted))
}

/// A TCP listener, and where it listens.
fn bind_tcp(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener: TcpListener = socket.into();
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_one_clear_line() {
        let holder = Listeners::bind(&["127.0.0.1:0".parse().unwrap()], 2).unwrap();
        let address = holder.bound[0].address;
        let error = Listeners::bind(&[address], 1).unwrap_err();
        let cure = "the port is taken; stop what listens there, or configure another port";
        assert_eq!(error.to_string(), format!("cannot bind TCP {address}: {cure}"));
        drop(holder.tcp);
        let error = Listeners::bind(&[address], 1).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot bind UDP {address}: {cure}"));
    }
}
