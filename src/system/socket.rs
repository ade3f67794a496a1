//! Options of sockets that no portable crate has.

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(not(target_os = "linux"))]
pub use portable::*;

/// Whether a datagram was refused because it is longer than may leave.
pub fn is_too_long(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::MSGSIZE.raw_os_error())
}

/// Whether this process may not open any more files and sockets.
pub fn is_out_of_descriptors(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::AsFd;

    use super::super::fence::{SocketOption, set};

    /// `IP_PMTUDISC_PROBE`, and `IPV6_PMTUDISC_PROBE`, its like: DF is set, and no path's MTU is looked up.
    const PROBE: i32 = 3;

    /// Asks for a receive buffer beyond the system's limit, where this process may.
    pub fn grow_receive_buffer(socket: &impl AsFd, octets: usize) -> io::Result<()> {
        set(socket, SocketOption::ReceiveBufferForced, i32::try_from(octets).unwrap_or(i32::MAX))
    }

    /// The same for sending.
    pub fn grow_send_buffer(socket: &impl AsFd, octets: usize) -> io::Result<()> {
        set(socket, SocketOption::SendBufferForced, i32::try_from(octets).unwrap_or(i32::MAX))
    }

    /// Datagrams leave whole or not at all (RFC 9715 §3.1): too long for the interface, they are refused; too
    /// long for a link further on, they are dropped there. What ICMP says of a path is not believed, because
    /// anybody can say it.
    pub fn never_fragment(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
        if ipv6 {
            set(socket, SocketOption::PathMtu6, PROBE)?;
            set(socket, SocketOption::DontFragment6, 1)
        } else {
            set(socket, SocketOption::PathMtu4, PROBE)
        }
    }

    /// Datagrams come with the address that they were sent to, so that replies leave from there.
    pub fn tell_address(socket: &impl AsFd, ipv6: bool) -> io::Result<()> {
        set(socket, if ipv6 { SocketOption::TellAddress6 } else { SocketOption::TellAddress4 }, 1)
    }
}

#[cfg(not(target_os = "linux"))]
mod portable {
    use std::io;

    /// Elsewhere the system's limit holds.
    pub fn grow_receive_buffer<S>(_: &S, _: usize) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Elsewhere the system's limit holds.
    pub fn grow_send_buffer<S>(_: &S, _: usize) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Elsewhere the system does as it likes.
    pub fn never_fragment<S>(_: &S, _: bool) -> io::Result<()> {
        Ok(())
    }

    /// Elsewhere nobody tells.
    pub fn tell_address<S>(_: &S, _: bool) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
