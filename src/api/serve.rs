//! Connections, within bounds: so many at once, so long for a head, so long for a request, so long in all.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Context, router};

/// Connections at once; others wait in the kernel's backlog.
const CONNECTIONS: usize = 256;
/// For a whole head, and between two requests of one connection.
const HEAD: Duration = Duration::from_secs(10);
/// For one request; a reload of millions of networks takes seconds.
pub(super) const REQUEST: Duration = Duration::from_secs(30);
/// For a connection: then it is closed after the request that it is in. Clients connect again.
const CONNECTION: Duration = Duration::from_secs(120);
/// For a connection that carries a stream of events.
const STREAM: Duration = Duration::from_secs(3600);
/// What is buffered of a request or response at once, in octets.
const BUFFER: usize = 64 << 10;
/// For requests under way at shutdown.
const GRACE: Duration = Duration::from_secs(5);
/// After a failure to accept: out of descriptors, most likely.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then finishes what was begun, for five seconds at most. An error: the listener is of
/// no use to the runtime.
pub async fn run(
    listener: std::net::TcpListener,
    context: Context,
    shutdown: CancellationToken,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let router = router(context);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    while let Some((stream, permit)) = accept(&listener, &room, &shutdown).await {
        let (router, shutdown) = (router.clone(), shutdown.clone());
        tokio::spawn(async move {
            serve(stream, router, shutdown).await;
            drop(permit);
        });
    }
    drop(listener);
    // Whoever holds every place is alone.
    if timeout(GRACE, room.acquire_many(CONNECTIONS as u32)).await.is_err() {
        warn!(connections = CONNECTIONS - room.available_permits(), "the API leaves connections behind");
    }
    Ok(())
}

/// The next connection and its place among those at once; `None` once it is time to stop.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    loop {
        // Both may be dropped: neither a permit nor a connection is lost by that.
        let accepted = async {
            let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((listener.accept().await?.0, permit))
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return None,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                warn!(%error, "the API cannot accept a connection");
                sleep(PAUSE).await;
            }
        }
    }
}

/// What a stream of events knows of the connection that it goes out by, and the other way round.
#[derive(Clone, Default)]
pub(super) struct Line {
    /// The connection is to be closed: a stream ends.
    pub closing: CancellationToken,
    /// A stream goes out: the connection may stay longer.
    streams: Arc<AtomicBool>,
}

impl Line {
    /// Says that a stream goes out.
    pub fn stream(&self) {
        self.streams.store(true, Ordering::Relaxed);
    }

    /// As long as the connection may stay.
    async fn life(&self) {
        sleep(CONNECTION).await;
        if self.streams.load(Ordering::Relaxed) {
            sleep(STREAM.saturating_sub(CONNECTION)).await;
        }
    }
}

async fn serve(stream: TcpStream, router: Router, shutdown: CancellationToken) {
    let line = Line::default();
    let service = TowerToHyperService::new(router.layer(Extension(line.clone())));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        () = shutdown.cancelled() => {}
        () = line.life() => {}
    }
    line.closing.cancel();
    connection.as_mut().graceful_shutdown();
    // A reader that stands still must not hold its place for ever.
    let left = if shutdown.is_cancelled() { GRACE } else { REQUEST };
    match timeout(left, connection).await {
        Ok(ended) => note(ended),
        Err(_) => debug!("the API closes a connection that stands still"),
    }
}

/// Strangers break connections all day: nothing that an operator must read.
fn note(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        debug!(%error, "a connection to the API broke");
    }
}
