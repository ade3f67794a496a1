//! HTTP/2: one exchange over a connection of its own, for `http2 = true` and for gRPC. h2 enters here.
//!
//! hyper's client would run the connection in a task that outlives a probe that is broken off; here the exchange
//! drives it, and nothing is left when it ends.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Error, RecvStream};
use hyper::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::line::{ANSWER_BYTES, Deadline, of_stream};
use super::reason::quote;
use super::{Fault, Reason, Stage};

/// The most that is read of a response's head, uncompressed, with 32 bytes more a field (RFC 9113 §10.5.1).
const HEAD_BYTES: u32 = 64 * 1024;
/// How far ahead a target may send of a body.
const WINDOW: u32 = 16 * 1024;

/// What came, over HTTP/2 or HTTP/1.1.
pub(super) struct Answer {
    /// The fields of the head.
    pub(super) headers: HeaderMap,
    /// The beginning of the body: [`ANSWER_BYTES`] at most, or what the asker takes.
    pub(super) body: Vec<u8>,
    /// The fields behind the body, where all of it was read and there are any.
    pub(super) trailers: HeaderMap,
}

/// What broke off an exchange: known, or still in h2's words.
enum Trouble {
    Fault(Fault),
    H2(Stage, Error),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        Trouble::Fault(fault)
    }
}

/// Sends the request with that body, lets `judge` look at the status, and brings back the answer.
pub(super) async fn exchange<S>(
    stream: S,
    request: Request<()>,
    body: Bytes,
    deadline: Deadline,
    judge: impl Fn(u16) -> Result<(), Fault>,
) -> Result<Answer, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut builder = Builder::new();
    builder.max_header_list_size(HEAD_BYTES).initial_window_size(WINDOW).enable_push(false);
    builder.max_concurrent_reset_streams(1);
    let (sender, connection) = deadline
        .within(Stage::Head, builder.handshake(stream))
        .await?
        .map_err(|error| of_h2(&error, Stage::Head))?;
    let mut connection = pin!(connection);
    let mut answer = pin!(converse(sender, request, body, deadline, judge));
    let answered = tokio::select! {
        biased;
        answered = &mut answer => answered,
        // Where the connection broke, it alone knows why.
        ended = &mut connection => match (answer.await, ended) {
            (Err(Trouble::H2(stage, _)), Err(cause)) => Err(Trouble::H2(stage, cause)),
            (answered, _) => answered,
        },
    };
    answered.map_err(|trouble| match trouble {
        Trouble::Fault(fault) => fault,
        Trouble::H2(stage, error) => of_h2(&error, stage),
    })
}

async fn converse(
    sender: SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
    deadline: Deadline,
    judge: impl Fn(u16) -> Result<(), Fault>,
) -> Result<Answer, Trouble> {
    let head = |error| Trouble::H2(Stage::Head, error);
    let response = deadline.within(Stage::Head, send(sender, request, body)).await?.map_err(head)?;
    judge(response.status().as_u16())?;
    let (parts, stream) = response.into_parts();
    let read = deadline.within(Stage::Body, read(stream)).await?;
    let (body, trailers) = read.map_err(|error| Trouble::H2(Stage::Body, error))?;
    Ok(Answer { headers: parts.headers, body, trailers })
}

async fn send(
    sender: SendRequest<Bytes>,
    request: Request<()>,
    body: Bytes,
) -> Result<Response<RecvStream>, Error> {
    let mut sender = sender.ready().await?;
    let (response, mut stream) = sender.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(body, true)?;
    }
    response.await
}

/// Reads to the end or to [`ANSWER_BYTES`], whichever comes first.
async fn read(mut stream: RecvStream) -> Result<(Vec<u8>, HeaderMap), Error> {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES {
        let Some(data) = stream.data().await else {
            return Ok((bytes, stream.trailers().await?.unwrap_or_default()));
        };
        let data = data?;
        bytes.extend_from_slice(&data[..data.len().min(ANSWER_BYTES - bytes.len())]);
        // Fails where the stream is over, which the next read tells.
        let _ = stream.flow_control().release_capacity(data.len());
    }
    Ok((bytes, HeaderMap::new()))
}

//------------ What went wrong -----------------------------------------------

fn of_h2(error: &Error, stage: Stage) -> Fault {
    match error.get_io() {
        // h2's own word for a connection that was closed: the system's would have a number.
        Some(cause) if cause.kind() == io::ErrorKind::BrokenPipe && cause.raw_os_error().is_none() => {
            Reason::ClosedEarly(stage).into()
        }
        Some(cause) => of_stream(cause, stage),
        None if error.is_library() => Reason::NotHttp2(quote(&error.to_string(), 120)).into(),
        None => Reason::Broken(quote(&error.to_string(), 120)).into(),
    }
}
