//! One HTTP/1.1 GET over a connection of its own. hyper enters here.
//!
//! Everything a stranger can stretch is bounded: time by one deadline over connect, handshake, head and body;
//! the head by [`HEAD_BYTES`] and [`HEAD_FIELDS`]; the body by [`BODY_BYTES`], after which it is not read on.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, TRANSFER_ENCODING, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::reason::{of_io, quote};
use super::tls::{Tls, of_tls, server_name};
use super::{Attempt, Fault, OwnFault, Reason, Stage, TrustError};
use crate::model::{HttpRequest, Target};

/// The most that is read of a response's head.
const HEAD_BYTES: usize = 64 * 1024;
/// The most header fields of a response: hyper's default, which costs no allocation.
const HEAD_FIELDS: usize = 100;
/// How much of a body is read before it counts as answered, as Route 53 does.
const BODY_BYTES: usize = 5 * 1024;
/// No deadline is further away.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

type Request = hyper::Request<Empty<Bytes>>;

//------------ Http ----------------------------------------------------------

/// Asks `http` and `https` requests.
#[derive(Debug)]
pub(super) struct Http {
    tls: Tls,
}

impl Http {
    /// Trusts the system's authorities and `authorities`, in DER.
    pub(super) fn new(authorities: &[Vec<u8>]) -> Result<Http, TrustError> {
        Ok(Http { tls: Tls::new(authorities)? })
    }

    /// Connects to the target's own address and asks once. Redirects are answers like any other.
    pub(super) async fn attempt(&self, target: &Target, ask: &HttpRequest, timeout: Duration) -> Attempt {
        let mut certificate_expires = None;
        let deadline = Deadline::after(timeout);
        let result = self.ask(target, ask, deadline, &mut certificate_expires).await;
        Attempt { outcome: result.into(), certificate_expires }
    }

    async fn ask(
        &self,
        target: &Target,
        ask: &HttpRequest,
        deadline: Deadline,
        expires: &mut Option<SystemTime>,
    ) -> Result<(), Fault> {
        let request = request(target, ask)?;
        let stream = connect(SocketAddr::new(target.address, target.port), deadline).await?;
        if !ask.tls {
            return exchange(stream, request, ask, deadline).await;
        }
        let name = server_name(ask.host.as_deref(), target.address)?;
        let handshake = self.tls.handshake(name, stream);
        let (stream, shown) = deadline.within(Stage::Handshake, handshake).await?;
        *expires = shown;
        exchange(stream?, request, ask, deadline).await
    }
}

/// One point in time for the whole attempt.
#[derive(Clone, Copy)]
struct Deadline {
    at: Instant,
    timeout: Duration,
}

impl Deadline {
    fn after(timeout: Duration) -> Deadline {
        let timeout = timeout.min(LONGEST_TIMEOUT);
        Deadline { at: Instant::now() + timeout, timeout }
    }

    async fn within<T>(self, stage: Stage, work: impl Future<Output = T>) -> Result<T, Fault> {
        timeout_at(self.at, work).await.map_err(|_| Reason::TimedOut(stage, self.timeout).into())
    }
}

async fn connect(address: SocketAddr, deadline: Deadline) -> Result<TcpStream, Fault> {
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

//------------ The request ---------------------------------------------------

fn request(target: &Target, ask: &HttpRequest) -> Result<Request, OwnFault> {
    let host = ask.host.clone().unwrap_or_else(|| authority(target.address, target.port, ask.tls));
    hyper::Request::get(ask.path.as_str())
        .header(HOST, host)
        .header(USER_AGENT, concat!("meridian/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| OwnFault::Request(quote(&error.to_string(), 120)))
}

/// RFC 9110 §7.2: an address in `Host` has brackets if it is IPv6, and its port unless it is the scheme's.
fn authority(address: IpAddr, port: u16, tls: bool) -> String {
    match address {
        _ if port != if tls { 443 } else { 80 } => SocketAddr::new(address, port).to_string(),
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => format!("[{six}]"),
    }
}

//------------ The exchange --------------------------------------------------

/// What broke off an exchange: known, or still in hyper's words.
enum Trouble {
    Fault(Fault),
    Hyper(Stage, hyper::Error),
}

/// Sends the request and judges the answer.
async fn exchange<S>(
    mut stream: S,
    request: Request,
    ask: &HttpRequest,
    deadline: Deadline,
) -> Result<(), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    says_nothing_yet(&mut stream).await?;
    let (mut sender, connection) = http1::Builder::new()
        // The buffer bounds memory, but its last read may overshoot; the header size is exact.
        .max_buf_size(HEAD_BYTES)
        .max_header_size(HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| of_hyper(&error, Stage::Head))?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async {
        let sent =
            deadline.within(Stage::Head, sender.send_request(request)).await.map_err(Trouble::Fault)?;
        judge(sent.map_err(|error| Trouble::Hyper(Stage::Head, error))?, ask, deadline).await
    });
    let answered = tokio::select! {
        biased;
        answered = &mut answer => answered,
        // Where the connection broke before anybody waited for it, it alone knows why.
        ended = &mut connection => match (answer.await, ended) {
            (Err(Trouble::Hyper(stage, error)), Err(cause)) if error.is_canceled() => {
                Err(Trouble::Hyper(stage, cause))
            }
            (answered, _) => answered,
        },
    };
    answered.map_err(|trouble| match trouble {
        Trouble::Fault(fault) => fault,
        Trouble::Hyper(stage, error) => of_hyper(&error, stage),
    })
}

/// Fails if there is anything to read before we have asked: a banner, or an answer to nobody's question. It
/// must be here already: what arrives while the request is on its way is indistinguishable from its answer.
async fn says_nothing_yet(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), Fault> {
    let mut byte = [0];
    let mut buffer = ReadBuf::new(&mut byte);
    let read = poll_fn(|context| match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
        Poll::Pending => Poll::Ready(None),
        Poll::Ready(read) => Poll::Ready(Some(read)),
    });
    match read.await {
        None => Ok(()),
        Some(Err(error)) => Err(of_tls(&error).unwrap_or_else(|| of_io(&error, Some(Stage::Head)))),
        Some(Ok(())) if buffer.filled().is_empty() => Err(Reason::ClosedEarly(Stage::Head).into()),
        Some(Ok(())) => Err(Reason::AnsweredBeforeAsked.into()),
    }
}

/// The status decides; the body only has to come.
async fn judge(
    response: hyper::Response<Incoming>,
    ask: &HttpRequest,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let got = response.status().as_u16();
    if !ask.expect.contains(got) {
        return Err(Trouble::Fault(Reason::Status { got, expected: ask.expect.clone() }.into()));
    }
    let read = deadline.within(Stage::Body, read_body(response)).await.map_err(Trouble::Fault)?;
    read.map_err(|error| Trouble::Hyper(Stage::Body, error))
}

/// Reads to the end or to [`BODY_BYTES`], whichever comes first.
async fn read_body(response: hyper::Response<Incoming>) -> Result<(), hyper::Error> {
    let until_close =
        response.body().size_hint().exact().is_none() && !response.headers().contains_key(TRANSFER_ENCODING);
    let (mut body, mut bytes) = (response.into_body(), 0);
    while bytes < BODY_BYTES {
        match body.frame().await {
            None => break,
            Some(Ok(frame)) => bytes += frame.data_ref().map_or(0, Buf::remaining),
            // RFC 9112 §9.8 calls this incomplete without TLS's own goodbye, which many servers never send.
            // A cut would tell us nothing that the status has not said.
            Some(Err(error)) if until_close && is_end(&error) => break,
            Some(Err(error)) => return Err(error),
        }
    }
    Ok(())
}

//------------ What went wrong -----------------------------------------------

fn of_hyper(error: &hyper::Error, stage: Stage) -> Fault {
    match io_cause(error) {
        Some(cause) => return of_stream(cause, stage),
        None if error.is_parse_too_large() => Reason::HeadTooLarge { bytes: HEAD_BYTES, fields: HEAD_FIELDS },
        None if error.is_incomplete_message() => Reason::ClosedEarly(stage),
        None if error.is_parse() => Reason::NotHttp(quote(&error.to_string(), 120)),
        None => Reason::Broken(quote(&error.to_string(), 120)),
    }
    .into()
}

/// An error below HTTP; hyper also reports nonsense in chunked bodies as one, without a number of the system's.
fn of_stream(error: &io::Error, stage: Stage) -> Fault {
    use io::ErrorKind::{InvalidData, InvalidInput};
    match (of_tls(error), error.kind()) {
        (Some(fault), _) => fault,
        (None, InvalidData | InvalidInput) => Reason::NotHttp(quote(&error.to_string(), 120)).into(),
        (None, _) => of_io(error, Some(stage)),
    }
}

fn is_end(error: &hyper::Error) -> bool {
    io_cause(error).is_some_and(|cause| cause.kind() == io::ErrorKind::UnexpectedEof)
}

fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests;
