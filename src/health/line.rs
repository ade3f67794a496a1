//! The way to a target: one deadline for the whole attempt, one connection, plain or inside TLS.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, timeout_at};
use tokio_util::either::Either;

use super::meter::{Metered, Most};
use super::reason::of_io;
use super::tls::{Alpn, Tls, TlsStream, of_tls, server_name};
use super::{Fault, Reason, Stage};
use crate::model::{Target, Trust};

/// How much of an answer is read before it is judged, as Route 53 does.
pub(super) const ANSWER_BYTES: usize = 5 * 1024;
/// No deadline is further away.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

/// A connection to a target.
pub(super) type Stream = Either<Metered<TcpStream>, Box<TlsStream<Metered<TcpStream>>>>;

//------------ Deadline ------------------------------------------------------

/// One point in time for the whole attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) timeout: Duration,
}

impl Deadline {
    /// As far from now, or as far as any may be.
    pub(super) fn after(timeout: Duration) -> Deadline {
        let timeout = timeout.min(LONGEST_TIMEOUT);
        Deadline { at: Instant::now() + timeout, timeout }
    }

    /// What `work` comes to, or that it did not come to an end in this stage.
    pub(super) async fn within<T>(self, stage: Stage, work: impl Future<Output = T>) -> Result<T, Fault> {
        timeout_at(self.at, work).await.map_err(|_| Reason::TimedOut(stage, self.timeout).into())
    }
}

//------------ Line ----------------------------------------------------------

/// What an attempt has to go by, and what it learns on the way.
pub(super) struct Line<'a> {
    tls: &'a Tls,
    /// Of the target.
    pub(super) address: SocketAddr,
    /// For everything that is done.
    pub(super) deadline: Deadline,
    /// When the certificate that was shown ends; also of one that had expired.
    pub(super) certificate_expires: Option<SystemTime>,
}

impl<'a> Line<'a> {
    /// The way to `target`, from now on.
    pub(super) fn new(tls: &'a Tls, target: &Target, timeout: Duration) -> Line<'a> {
        let address = SocketAddr::new(target.address, target.port);
        Line { tls, address, deadline: Deadline::after(timeout), certificate_expires: None }
    }

    /// Connects to the target's own address; with `trust`, shakes hands for `host` as well. Not much more is read than
    /// `most`, whatever comes.
    pub(super) async fn open(
        &mut self,
        trust: Option<&Trust>,
        host: Option<&str>,
        alpn: Alpn,
        most: Most,
    ) -> Result<Stream, Fault> {
        let name = trust.map(|_| server_name(host, self.address.ip())).transpose()?;
        let stream = Metered::new(connect(self.address, self.deadline).await?, most);
        let (Some(trust), Some(name)) = (trust, name) else { return Ok(Either::Left(stream)) };
        let handshake = self.tls.handshake(trust, alpn, name, stream);
        let (stream, shown) = self.deadline.within(Stage::Handshake, handshake).await?;
        self.certificate_expires = shown;
        Ok(Either::Right(Box::new(stream?)))
    }
}

/// A connection to that address.
pub(super) async fn connect(address: SocketAddr, deadline: Deadline) -> Result<TcpStream, Fault> {
    match timeout_at(deadline.at, TcpStream::connect(address)).await {
        Err(_) => Err(Reason::ConnectTimeout(deadline.timeout).into()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
            Err(Reason::ConnectTimeout(deadline.timeout).into())
        }
        Ok(Err(error)) => Err(of_io(&error, None)),
        Ok(Ok(stream)) => {
            // The end of a handshake and the request are two writes: the second must not wait for the ACK.
            stream.set_nodelay(true).map_err(|error| of_io(&error, None))?;
            Ok(stream)
        }
    }
}

//------------ Reading -------------------------------------------------------

/// What an error of a connection means, inside TLS or not.
pub(super) fn of_stream(error: &io::Error, stage: Stage) -> Fault {
    of_tls(error).unwrap_or_else(|| of_io(error, Some(stage)))
}

/// Fails if there is anything to read before we have asked: a banner, or an answer to nobody's question. It
/// must be here already: what arrives while the request is on its way is indistinguishable from its answer.
pub(super) async fn says_nothing_yet(stream: &mut Stream) -> Result<(), Fault> {
    let read = match stream {
        // Asked of the system: tokio knows what was here when the connection came about, and does not look again.
        Either::Left(plain) => match SockRef::from(plain.inner()).peek(&mut [MaybeUninit::uninit()]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            read => Some(read),
        },
        // What lies there may be TLS's own, like tickets. Everything that came with the end of the handshake was read.
        Either::Right(inside) => unconstrained(read_at_once(inside)).await,
    };
    match read {
        None => Ok(()),
        Some(Err(error)) => Err(of_stream(&error, Stage::Head)),
        Some(Ok(0)) => Err(Reason::ClosedEarly(Stage::Head).into()),
        Some(Ok(_)) => Err(Reason::AnsweredBeforeAsked.into()),
    }
}

/// How much of a byte is here; `None`: nothing is, nor the end.
async fn read_at_once(stream: &mut (impl AsyncRead + Unpin)) -> Option<io::Result<usize>> {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    poll_fn(|context| match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
        Poll::Pending => Poll::Ready(None),
        Poll::Ready(read) => Poll::Ready(Some(read.map(|()| buffer.filled().len()))),
    })
    .await
}

/// Reads on until `enough` says so, the stream ends, or [`ANSWER_BYTES`] are there; whether it was enough.
pub(super) async fn read_until(
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut Vec<u8>,
    enough: impl Fn(&[u8]) -> bool,
) -> io::Result<bool> {
    while bytes.len() < ANSWER_BYTES {
        let mut rest = (&mut *stream).take((ANSWER_BYTES - bytes.len()) as u64);
        if rest.read_buf(bytes).await? == 0 {
            return Ok(false);
        }
        if enough(bytes) {
            return Ok(true);
        }
    }
    Ok(false)
}
