//! One HTTP request over a connection of its own: what is sent, and how the answer is judged.
//!
//! Everything a stranger can stretch is bounded: time by one deadline over connect, handshake, head and body;
//! the head by [`HEAD_BYTES`] and [`HEAD_FIELDS`]; the body by [`ANSWER_BYTES`], or what a scrape takes, after
//! which it is not read on; all that stands around them by what is [`metered`](super::meter).

use std::net::SocketAddr;

use bytes::Bytes;
use hyper::Request;
use hyper::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, USER_AGENT};

use super::http2::Answer;
use super::line::{ANSWER_BYTES, Line};
use super::meter::Most;
use super::reason::quote;
use super::tls::Alpn;
use super::{Fault, OwnFault, Reason};
use crate::model::{HttpRequest, Method, Pattern};

mod http1;

/// The most that is read of a response's head.
const HEAD_BYTES: usize = 64 * 1024;
/// The most header fields of a response: hyper's default, which costs no allocation.
const HEAD_FIELDS: usize = 100;

/// Connects to the target's own address and asks once. Redirects are answers like any other.
pub(super) async fn ask(line: &mut Line<'_>, ask: &HttpRequest) -> Result<Answer, Fault> {
    let answer = fetch(line, ask, Most(ANSWER_BYTES)).await?;
    contains(&answer.body, ask.body.as_ref())?;
    Ok(answer)
}

/// The same, whatever stands in the body.
pub(super) async fn fetch(line: &mut Line<'_>, ask: &HttpRequest, most: Most) -> Result<Answer, Fault> {
    let request = request(line.address, ask)?;
    let alpn = if ask.http2 { Alpn::Http2 } else { Alpn::Http1 };
    let stream = line.open(ask.tls.as_ref(), ask.host.as_deref(), alpn, most).await?;
    if ask.http2 {
        let judge = |status| judge_status(ask, status);
        super::http2::exchange(stream, request, Bytes::new(), line.deadline, judge).await
    } else {
        http1::exchange(stream, request, ask, line.deadline, most).await
    }
}

//------------ The request ---------------------------------------------------

/// The request's head; HTTP/2 knows the authority by its URI and no `Connection` (RFC 9113 §8.2.2).
fn request(address: SocketAddr, ask: &HttpRequest) -> Result<Request<()>, OwnFault> {
    let host = ask.host.clone().unwrap_or_else(|| authority(address, ask.tls.is_some()));
    let mut request = Request::builder().method(ask.method.name());
    request = if ask.http2 {
        let scheme = if ask.tls.is_some() { "https" } else { "http" };
        request.uri(format!("{scheme}://{}{}", bracketed(&host), ask.path))
    } else {
        request.uri(ask.path.as_str()).header(HOST, host)
    };
    // RFC 9110 §12.5.3: who does not say so may be sent what is compressed.
    for (name, own) in [(USER_AGENT, super::USER_AGENT), (ACCEPT_ENCODING, "identity")] {
        if !ask.headers.iter().any(|header| header.name == name.as_str()) {
            request = request.header(name, own);
        }
    }
    // RFC 9110 §8.6: a method that expects a body says that there is none.
    if ask.method == Method::Post {
        request = request.header(CONTENT_LENGTH, 0);
    }
    for header in &ask.headers {
        request = request.header(&header.name, &header.value);
    }
    if !ask.http2 {
        request = request.header(CONNECTION, "close");
    }
    request.body(()).map_err(|error| OwnFault::Request(quote(&error.to_string(), 120)))
}

/// RFC 9110 §7.2: an address in `Host` has brackets if it is IPv6, and its port unless it is the scheme's.
pub(super) fn authority(address: SocketAddr, tls: bool) -> String {
    match address {
        _ if address.port() != if tls { 443 } else { 80 } => address.to_string(),
        SocketAddr::V4(four) => four.ip().to_string(),
        SocketAddr::V6(six) => format!("[{}]", six.ip()),
    }
}

/// A bare IPv6 address cannot stand in a URI.
pub(super) fn bracketed(host: &str) -> String {
    match host.parse::<std::net::Ipv6Addr>() {
        Ok(six) => format!("[{six}]"),
        Err(_) => host.to_owned(),
    }
}

//------------ The answer ----------------------------------------------------

fn judge_status(ask: &HttpRequest, got: u16) -> Result<(), Fault> {
    if ask.expect.contains(got) {
        return Ok(());
    }
    Err(Reason::Status { got, expected: ask.expect.clone() }.into())
}

/// Whether what is expected stands in an answer.
pub(super) fn contains(bytes: &[u8], expected: Option<&Pattern>) -> Result<(), Fault> {
    match expected {
        Some(pattern) if !pattern.is_in(bytes) => Err(lacks(bytes, pattern)),
        _ => Ok(()),
    }
}

/// The words for an answer in which `pattern` is not found.
pub(super) fn lacks(bytes: &[u8], pattern: &Pattern) -> Fault {
    let began = String::from_utf8_lossy(&bytes[..bytes.len().min(240)]);
    Reason::Lacks { expected: quote(pattern.as_str(), 60), began: quote(&began, 60) }.into()
}

#[cfg(test)]
mod tests;
