//! UDP: a thread for each worker and address, pinned to a processor, with a socket of its own. Queries come and
//! replies go a batch at a time.

use std::io;
use std::net::UdpSocket;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::bind::IDLE_WAKE;
use super::link::{Link, System};
use super::now;
use crate::answer::{Batch, Now, Worker};
use crate::snapshot::{Reader, Snapshot};
use crate::system;
use crate::telemetry::Transport;

/// Queries that are answered at once: enough that their cache misses overlap and a system call is shared by many,
/// few enough that their frames stay in the nearest caches.
pub const BATCH: usize = 64;

/// What one worker answers with.
pub struct UdpWorker {
    /// The thread's name.
    pub name: String,
    /// The processor that it stays on.
    pub processor: Option<usize>,
    /// Where queries come from.
    pub socket: UdpSocket,
    /// What it answers from.
    pub reader: Reader,
    /// What it counts in.
    pub worker: Worker,
}

impl UdpWorker {
    /// Answers until `shutdown`. The thread notices the end within [`IDLE_WAKE`].
    pub fn spawn(self, shutdown: CancellationToken) -> io::Result<JoinHandle<()>> {
        let UdpWorker { name, processor, socket, reader, worker } = self;
        std::thread::Builder::new().name(name).spawn(move || {
            if let Some(Err(error)) = processor.map(system::pin) {
                warn!(processor, %error, "a worker is not pinned");
            }
            match System::new(socket, BATCH) {
                Ok(link) => serve(link, reader, worker, &shutdown),
                Err(error) => warn!(%error, "a UDP worker does not start"),
            }
        })
    }
}

/// The loop of a worker.
pub(super) fn serve(
    mut link: impl Link,
    mut reader: Reader,
    mut worker: Worker,
    shutdown: &CancellationToken,
) {
    let mut batch = Batch::new(BATCH);
    while !shutdown.is_cancelled() {
        let received = link.receive();
        // Idle or not, once a second: an old snapshot must not be held.
        let snapshot = reader.load();
        match received {
            Ok(()) => answer(&mut batch, snapshot, &mut link, now(), &mut worker),
            Err(error) if is_quiet(&error) => {}
            Err(error) => {
                warn!(%error, "UDP receive failed");
                std::thread::sleep(IDLE_WAKE);
            }
        }
    }
}

fn answer(batch: &mut Batch, snapshot: &Snapshot, link: &mut impl Link, now: Now, worker: &mut Worker) {
    batch.answer(snapshot, link, Transport::Udp, now, worker);
    // One bit a frame: replies that are too long to leave whole, and those that do not leave at all.
    let (mut too_long, mut lost) = (0_u64, 0_u64);
    const { assert!(BATCH <= u64::BITS as usize) };
    link.send(|index, error| {
        *if system::is_too_long(&error) { &mut too_long } else { &mut lost } |= 1 << index
    });
    if too_long | lost != 0 {
        send_anew(too_long, lost, batch, snapshot, link, now, worker);
    }
}

/// A reply that cannot be sent is a reply that was lost: the resolver asks again. One that is too long is sent anew
/// and short, because fragments are never sent (RFC 9715 §3.1): who gets TC asks again over TCP.
#[cold]
fn send_anew(
    too_long: u64,
    mut lost: u64,
    batch: &mut Batch,
    snapshot: &Snapshot,
    link: &mut impl Link,
    now: Now,
    worker: &mut Worker,
) {
    for index in (0..BATCH).filter(|index| too_long & 1 << index != 0) {
        worker.counters.shortened.add();
        batch.shorten(index, snapshot, link, now, worker);
    }
    if too_long != 0 {
        link.send(|index, _| lost |= 1 << index);
    }
    for index in (0..BATCH).filter(|index| lost & 1 << index != 0) {
        worker.counters.unsent.add();
        batch.lost(index, snapshot, worker);
    }
}

/// The timeout, a signal, or an ICMP error about a reply that somebody did not want.
fn is_quiet(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted | ConnectionRefused | ConnectionReset)
}
