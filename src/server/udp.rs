//! UDP: a thread for each worker and address, a socket of its own, one datagram at a time.

use std::io;
use std::net::UdpSocket;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::now;
use crate::answer::{Peer, Reply, Worker, answer};
use crate::snapshot::Reader;
use crate::telemetry::Transport;

/// The longest datagram that is read; a longer one is cut, and so fails to parse.
const LONGEST_QUERY: usize = 4096;

/// The longest reply: what configuration allows as payload.
const LONGEST_REPLY: usize = 4096;

/// Answers on one socket until `shutdown`. The thread notices the end within
/// [`IDLE_WAKE`](super::bind::IDLE_WAKE).
pub fn spawn(
    name: String,
    socket: UdpSocket,
    reader: Reader,
    worker: Worker,
    shutdown: CancellationToken,
) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name).spawn(move || serve(&socket, reader, worker, &shutdown))
}

fn serve(socket: &UdpSocket, mut reader: Reader, mut worker: Worker, shutdown: &CancellationToken) {
    let mut query = [0; LONGEST_QUERY];
    let mut reply = [0; LONGEST_REPLY];
    while !shutdown.is_cancelled() {
        let received = socket.recv_from(&mut query);
        // Idle or not, once a second: an old snapshot must not be held.
        let snapshot = reader.load();
        match received {
            Ok((length, address)) => {
                let peer = Peer { address, transport: Transport::Udp };
                let reply_is = answer(snapshot, &query[..length], &peer, now(), &mut worker, &mut reply);
                if let Reply::Send(length) = reply_is {
                    // A reply that cannot be sent is a reply that was lost: the resolver asks again.
                    let _ = socket.send_to(&reply[..length], address);
                }
            }
            Err(error) if is_quiet(&error) => {}
            Err(error) => {
                warn!(%error, "UDP receive failed");
                std::thread::sleep(super::bind::IDLE_WAKE);
            }
        }
    }
}

/// The timeout, a signal, or an ICMP error about a reply that somebody did not want.
fn is_quiet(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted | ConnectionRefused | ConnectionReset)
}
