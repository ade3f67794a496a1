//! The standard health protocol of gRPC, `grpc.health.v1.Health/Check`: one unary call over HTTP/2.
//!
//! Both messages have one field, so they are written and read here: see `docs/decisions/0017-grpc-by-hand.md`.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use hyper::{HeaderMap, Request};

use super::http::{authority, bracketed};
use super::http2::{Answer, exchange};
use super::line::{ANSWER_BYTES, Line};
use super::meter::Most;
use super::reason::quote;
use super::tls::Alpn;
use super::{Fault, GrpcFault, OwnFault, Reason};
use crate::model::{GrpcRequest, StatusSet};

/// gRPC's status for "no such thing", which `Check` answers for a service that it does not know.
const NOT_FOUND: u32 = 5;
/// gRPC's status for "no such method".
const UNIMPLEMENTED: u32 = 12;

/// Asks whether the service is being served.
pub(super) async fn ask(line: &mut Line<'_>, ask: &GrpcRequest) -> Result<(), Fault> {
    let request = request(line, ask)?;
    let stream = line.open(ask.tls.as_ref(), ask.host.as_deref(), Alpn::Http2, Most(ANSWER_BYTES)).await?;
    let judge = |got| match got {
        200 => Ok(()),
        got => Err(Reason::Status { got, expected: StatusSet(vec![(200, 200)]) }.into()),
    };
    let answer = exchange(stream, request, message(&ask.service), line.deadline, judge).await?;
    judge_answer(&answer).map_err(|fault| Reason::Grpc(fault).into())
}

pub(super) fn request(line: &Line<'_>, ask: &GrpcRequest) -> Result<Request<()>, OwnFault> {
    let tls = ask.tls.is_some();
    let scheme = if tls { "https" } else { "http" };
    let host = ask.host.as_deref().map_or_else(|| authority(line.address, tls), bracketed);
    Request::post(format!("{scheme}://{host}/grpc.health.v1.Health/Check"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", super::USER_AGENT)
        .header("grpc-timeout", format!("{}m", line.deadline.timeout.as_millis()))
        .body(())
        .map_err(|error| OwnFault::Request(quote(&error.to_string(), 120)))
}

/// `HealthCheckRequest { string service = 1; }` behind its five octets: not compressed, and its length.
fn message(service: &str) -> Bytes {
    let mut inner = BytesMut::new();
    if !service.is_empty() {
        inner.put_u8(0x0a);
        put_varint(&mut inner, service.len());
        inner.put_slice(service.as_bytes());
    }
    let mut message = BytesMut::new();
    message.put_u8(0);
    message.put_u32(inner.len() as u32);
    message.put(inner);
    message.freeze()
}

fn put_varint(bytes: &mut BytesMut, mut value: usize) {
    while value > 0x7f {
        bytes.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.put_u8(value as u8);
}

//------------ The answer ----------------------------------------------------

fn judge_answer(answer: &Answer) -> Result<(), GrpcFault> {
    let field = |fields: &HeaderMap, name| {
        fields.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let kind = field(&answer.headers, "content-type").unwrap_or_default();
    if !kind.starts_with("application/grpc") {
        return Err(GrpcFault::NotGrpc(quote(&format!("its content type is '{kind}'"), 120)));
    }
    // An answer without a message has the status in its head.
    let last = if answer.trailers.contains_key("grpc-status") { &answer.trailers } else { &answer.headers };
    let status = field(last, "grpc-status").and_then(|status| status.parse().ok());
    match status {
        None => Err(GrpcFault::NotGrpc("it has no grpc-status".into())),
        Some(0) => serving(&answer.body),
        Some(NOT_FOUND) => Err(GrpcFault::ServiceUnknown),
        Some(UNIMPLEMENTED) => Err(GrpcFault::Unimplemented),
        Some(status) => {
            let said = field(last, "grpc-message").unwrap_or_default();
            Err(GrpcFault::Status(status, quote(&said, 120)))
        }
    }
}

/// What `HealthCheckResponse { ServingStatus status = 1; }` says.
fn serving(mut body: &[u8]) -> Result<(), GrpcFault> {
    let head = body.try_get_u8().and_then(|compressed| Ok((compressed, body.try_get_u32()?)));
    let inner = match head {
        Ok((0, length)) => usize::try_from(length).ok().and_then(|length| body.get(..length)),
        _ => None,
    };
    match inner.and_then(status) {
        Some(1) => Ok(()),
        Some(2) => Err(GrpcFault::NotServing),
        Some(3) => Err(GrpcFault::ServiceUnknown),
        Some(status) => Err(GrpcFault::Unknown(status)),
        None => Err(GrpcFault::NotGrpc("its message cannot be read".into())),
    }
}

/// The last field 1 of a message, other fields skipped; 0 where there is none, as protobuf has it.
fn status(mut message: &[u8]) -> Option<u64> {
    let mut found = 0;
    while !message.is_empty() {
        let tag = varint(&mut message)?;
        match (tag >> 3, tag & 7) {
            (1, 0) => found = varint(&mut message)?,
            (_, 0) => drop(varint(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (_, 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(found)
}

/// At most ten octets of seven bits, the lowest first; bits past the 64th are lost.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for at in 0..10 {
        let byte = bytes.try_get_u8().ok()?;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests;
