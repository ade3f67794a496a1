//! HTTP/1.1: the exchange, and what can go wrong with it. hyper's client enters here.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::TRANSFER_ENCODING;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;

use super::{HEAD_BYTES, HEAD_FIELDS, judge_status};
use crate::health::http2::Answer;
use crate::health::line::{Deadline, Stream, of_stream, says_nothing_yet};
use crate::health::meter::{Most, is_used_up};
use crate::health::reason::quote;
use crate::health::{Fault, Reason, Stage};
use crate::model::HttpRequest;

/// What broke off an exchange: known, or still in hyper's words.
enum Trouble {
    Fault(Fault),
    Hyper(Stage, hyper::Error),
}

/// Sends the request, judges the status, and brings back the beginning of the body.
pub(super) async fn exchange(
    mut stream: Stream,
    request: Request<()>,
    ask: &HttpRequest,
    deadline: Deadline,
    most: Most,
) -> Result<Answer, Fault> {
    says_nothing_yet(&mut stream).await?;
    let (mut sender, mut connection) = http1::Builder::new()
        // The buffer bounds memory, but its last read may overshoot; the header size is exact.
        .max_buf_size(HEAD_BYTES)
        .max_header_size(HEAD_BYTES)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| of_hyper(&error, Stage::Head))?;
    // Inside TLS there is a goodbye to say (RFC 8446 §6.1). A plain connection is closed next, which says the same as
    // shutting it down before.
    let goodbye = ask.tls.is_some();
    let mut connection = pin!(poll_fn(|context| match goodbye {
        true => Pin::new(&mut connection).poll(context),
        false => connection.poll_without_shutdown(context),
    }));
    let mut answer = pin!(async {
        let request = request.map(|()| Empty::<Bytes>::new());
        let sent =
            deadline.within(Stage::Head, sender.send_request(request)).await.map_err(Trouble::Fault)?;
        judge(sent.map_err(|error| Trouble::Hyper(Stage::Head, error))?, ask, deadline, most).await
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

/// The status decides; the body has to come all the same.
async fn judge(
    response: Response<Incoming>,
    ask: &HttpRequest,
    deadline: Deadline,
    most: Most,
) -> Result<Answer, Trouble> {
    judge_status(ask, response.status().as_u16()).map_err(Trouble::Fault)?;
    let read = deadline.within(Stage::Body, read_body(response, most)).await.map_err(Trouble::Fault)?;
    read.map_err(|error| Trouble::Hyper(Stage::Body, error))
}

/// Reads to the end or to `most`, whichever comes first.
async fn read_body(mut response: Response<Incoming>, Most(most): Most) -> Result<Answer, hyper::Error> {
    let until_close =
        response.body().size_hint().exact().is_none() && !response.headers().contains_key(TRANSFER_ENCODING);
    let headers = std::mem::take(response.headers_mut());
    let (mut body, mut bytes) = (response.into_body(), Vec::new());
    while bytes.len() < most {
        match body.frame().await {
            None => break,
            Some(Ok(frame)) => {
                let data = frame.data_ref().map_or(&[][..], |data| data);
                bytes.extend_from_slice(&data[..data.len().min(most - bytes.len())]);
            }
            // RFC 9112 §9.8 calls this incomplete without TLS's own goodbye, which many servers never send.
            // A cut would tell us nothing that the status has not said.
            Some(Err(error)) if until_close && is_end(&error) => break,
            Some(Err(error)) => return Err(error),
        }
    }
    Ok(Answer { headers, body: bytes, trailers: HeaderMap::new() })
}

//------------ What went wrong -----------------------------------------------

fn of_hyper(error: &hyper::Error, stage: Stage) -> Fault {
    match io_cause(error) {
        Some(cause) => return of_io_cause(cause, stage),
        None if error.is_parse_too_large() => too_large(),
        None if error.is_incomplete_message() => Reason::ClosedEarly(stage),
        None if error.is_parse() => Reason::NotHttp(quote(&error.to_string(), 120)),
        None => Reason::Broken(quote(&error.to_string(), 120)),
    }
    .into()
}

fn too_large() -> Reason {
    Reason::HeadTooLarge { bytes: HEAD_BYTES, fields: HEAD_FIELDS }
}

/// An error below HTTP; hyper also reports nonsense in chunked bodies as one, without a number of the system's.
fn of_io_cause(error: &io::Error, stage: Stage) -> Fault {
    use io::ErrorKind::{InvalidData, InvalidInput};
    let inside_tls = crate::health::tls::of_tls(error).is_some();
    match error.kind() {
        // Interim answers are read over, however many come.
        _ if is_used_up(error) && stage == Stage::Head => too_large().into(),
        InvalidData | InvalidInput if !inside_tls => Reason::NotHttp(quote(&error.to_string(), 120)).into(),
        _ => of_stream(error, stage),
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
