//! TCP (RFC 7766): 16-bit lengths, several queries a connection, answered in order; bounded in every way.
//!
//! One thread with an event loop of its own owns one worker, so counters keep a single writer: an answer is made
//! between two waits, never across one.

use std::cell::RefCell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_local};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::now;
use super::open::{Open, Seat};
use crate::answer::{MAX_REPLY, Peer, Reply, TCP_IDLE, Worker, answer};
use crate::snapshot::Reader;
use crate::telemetry::Transport;

/// What strangers may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; one more closes the idlest.
    pub connections: usize,
    /// From one query's end to the next one's, and for a reply to be taken (RFC 7766 §6.2.3).
    pub idle: Duration,
    /// Queries of one connection: then it has to come again, so that others get a turn.
    pub queries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { connections: 1024, idle: TCP_IDLE, queries: 10_000 }
    }
}

impl Limits {
    /// The default, with at most half of so many file descriptors, which are still free, for connections: strangers
    /// must not take those that probes, the API and the node's own question need.
    pub fn within(descriptors: u64) -> Limits {
        let limits = Limits::default();
        let half = usize::try_from(descriptors / 2).unwrap_or(usize::MAX);
        Limits { connections: limits.connections.min(half).max(1), ..limits }
    }
}

/// The longest query that is read; a longer one ends its connection. Queries are small: 512 octets of name and
/// options and some to spare.
const LONGEST_QUERY: usize = 4096;

/// One worker, as all connections of its thread share it.
struct Shared {
    reader: RefCell<Reader>,
    worker: RefCell<Worker>,
    /// One reply at a time is made here and copied out.
    reply: RefCell<Box<[u8]>>,
}

/// Answers on every listener until `shutdown`, then finishes what was begun, for at most `grace`. Runs on a
/// [`tokio::task::LocalSet`].
pub async fn run(
    listeners: Vec<TcpListener>,
    reader: Reader,
    worker: Worker,
    limits: Limits,
    shutdown: CancellationToken,
    grace: Duration,
) -> io::Result<()> {
    let shared = Rc::new(Shared {
        reader: RefCell::new(reader),
        worker: RefCell::new(worker),
        reply: RefCell::new(vec![0; MAX_REPLY].into()),
    });
    let begun = TaskTracker::new();
    let open = Open::new(limits.connections);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (shared, shutdown) = (Rc::clone(&shared), shutdown.clone());
        accepting.spawn_local(accept(listener, shared, limits, open.clone(), begun.clone(), shutdown));
    }
    let mut wake = tokio::time::interval(super::bind::IDLE_WAKE);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            // An old snapshot must not be held, traffic or not.
            _ = wake.tick() => drop(shared.reader.borrow_mut().load()),
        }
    }
    while accepting.join_next().await.is_some() {}
    begun.close();
    if timeout(grace, begun.wait()).await.is_err() {
        warn!(connections = begun.len(), "some TCP connections did not end in time");
    }
    Ok(())
}

async fn accept(
    listener: tokio::net::TcpListener,
    shared: Rc<Shared>,
    limits: Limits,
    open: Open,
    begun: TaskTracker,
    shutdown: CancellationToken,
) {
    let mut quiet_until = Instant::now();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = Connection { shared: Rc::clone(&shared), limits, seat: open.sit() };
                let serve = connection.serve(stream, address, shutdown.clone());
                drop(spawn_local(begun.track_future(serve)));
                // Whoever lost its seat to this one closes its socket before the next is taken.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                // No descriptors left, most likely: the pause lets connections end. Strangers can keep it so, and
                // must not fill the log.
                if Instant::now() >= quiet_until {
                    warn!(%error, "TCP accept failed; said once a minute at most");
                    quiet_until = Instant::now() + Duration::from_secs(60);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One connection, from its first query to its last. Whatever goes wrong with it ends it, and nothing else.
struct Connection {
    shared: Rc<Shared>,
    limits: Limits,
    seat: Seat,
}

impl Connection {
    async fn serve(mut self, stream: TcpStream, address: SocketAddr, shutdown: CancellationToken) {
        let evicted = self.seat.evicted.clone();
        let mut stream = BufReader::new(stream);
        tokio::select! {
            () = evicted.cancelled() => return,
            () = self.converse(&mut stream, address, shutdown) => {}
        }
        // Best effort: the other side may be gone already.
        let _ = timeout(self.limits.idle, stream.shutdown()).await;
    }

    async fn converse(
        &mut self,
        stream: &mut BufReader<TcpStream>,
        address: SocketAddr,
        shutdown: CancellationToken,
    ) {
        let peer = Peer { address, transport: Transport::Tcp };
        let mut query = Vec::new();
        for _ in 0..self.limits.queries {
            let read = tokio::select! {
                biased;
                // First, so that a query that is here when the end comes is answered.
                read = timeout(self.limits.idle, read_query(stream, &mut query)) => read,
                () = shutdown.cancelled() => return,
            };
            let Ok(Ok(())) = read else { return };
            let Some(reply) = self.shared.answer(&query, &peer) else { return };
            if !matches!(timeout(self.limits.idle, stream.write_all(&reply)).await, Ok(Ok(()))) {
                return;
            }
            self.seat.used();
        }
    }
}

async fn read_query(stream: &mut BufReader<TcpStream>, query: &mut Vec<u8>) -> io::Result<()> {
    let length = usize::from(stream.read_u16().await?);
    if length > LONGEST_QUERY {
        return Err(io::ErrorKind::InvalidData.into());
    }
    query.resize(length, 0);
    stream.read_exact(query).await.map(|_| ())
}

impl Shared {
    /// The reply with its length in front (one write, one segment: RFC 7766 §8); `None` ends the connection.
    fn answer(&self, query: &[u8], peer: &Peer) -> Option<Vec<u8>> {
        let (mut reader, mut worker) = (self.reader.borrow_mut(), self.worker.borrow_mut());
        let mut buffer = self.reply.borrow_mut();
        match answer(reader.load(), query, peer, now(), &mut worker, &mut buffer) {
            Reply::Drop(_) => None,
            Reply::Send(length) => {
                let mut framed = Vec::with_capacity(2 + length);
                framed.extend_from_slice(&(length as u16).to_be_bytes());
                framed.extend_from_slice(&buffer[..length]);
                Some(framed)
            }
        }
    }
}
