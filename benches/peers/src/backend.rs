//! A backend that is always well: whoever asks it over HTTP gets 200, plain or inside TLS.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{HandshakeKind, ServerConfig};

/// What it says to everybody.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

/// The longest request that it hears out.
const LONGEST: usize = 4096;

/// How often it answered.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests.
    pub answers: AtomicU64,
    /// Handshakes in which both sides did all of the work: none was resumed.
    pub handshakes: AtomicU64,
}

/// A listener, with so many connections waiting for it at the most. At the wildcard it takes what comes over loopback, to
/// any of its addresses, and nothing from outside.
pub fn listen(address: SocketAddr, backlog: i32) -> Result<TcpListener> {
    bind(address, backlog).with_context(|| format!("cannot listen at {address}"))
}

fn bind(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.ip().is_unspecified() {
        socket.bind_device(Some(b"lo"))?;
    }
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Answers until it is ended from outside.
pub fn run(address: SocketAddr, backlog: i32) -> Result<()> {
    serve(listen(address, backlog)?, None, &Arc::default())
}

/// Answers on a thread of its own, which ends with the process.
pub fn spawn(listener: TcpListener, tls: Option<Arc<ServerConfig>>) -> Result<Arc<Tally>> {
    let tally = Arc::<Tally>::default();
    let own = Arc::clone(&tally);
    std::thread::Builder::new().name("backend".into()).spawn(move || {
        if let Err(error) = serve(listener, tls, &own) {
            eprintln!("the backend ended: {error:#}");
        }
    })?;
    Ok(tally)
}

fn serve(listener: TcpListener, tls: Option<Arc<ServerConfig>>, tally: &Arc<Tally>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let tls = tls.map(TlsAcceptor::from);
        loop {
            // Whoever hung up before it was accepted asks again soon.
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (tls, tally) = (tls.clone(), Arc::clone(tally));
            tokio::spawn(async move { drop(welcome(stream, tls, &tally).await) });
        }
    })
}

async fn welcome(stream: TcpStream, tls: Option<TlsAcceptor>, tally: &Tally) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return answer(stream, tally).await };
    let stream = tls.accept(stream).await?;
    if stream.get_ref().1.handshake_kind() != Some(HandshakeKind::Resumed) {
        tally.handshakes.fetch_add(1, Ordering::Relaxed);
    }
    answer(stream, tally).await
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, tally: &Tally) -> io::Result<()> {
    let mut request = Vec::with_capacity(512);
    while !request.ends_with(b"\r\n\r\n") && request.len() < LONGEST {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    stream.write_all(ANSWER).await?;
    tally.answers.fetch_add(1, Ordering::Relaxed);
    stream.shutdown().await
}
