//! Why a probe failed, in the terms of each protocol.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::model::Rcode;

//------------ TLS -----------------------------------------------------------

/// Why a TLS handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate is for other names.
    WrongName {
        /// What was asked for.
        asked: Box<str>,
        /// Some of the names that it is for.
        presented: Box<str>,
    },
    /// The certificate's time is over.
    Expired(Option<SystemTime>),
    /// The certificate's time has not begun.
    NotYetValid(Option<SystemTime>),
    /// No trusted authority signed it.
    UnknownIssuer,
    /// It signed itself.
    SelfSigned,
    /// What came is not TLS.
    NotTls,
    /// None of the protocols that were offered inside TLS is spoken there (ALPN, RFC 7301).
    NoProtocol,
    /// Anything else, in the words of the TLS library or of the peer's alert.
    Other(Box<str>),
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsFault::WrongName { asked, presented } if presented.is_empty() => {
                write!(f, "the certificate is not for '{asked}'")
            }
            TlsFault::WrongName { asked, presented } => {
                write!(f, "the certificate is not for '{asked}' but for {presented}")
            }
            TlsFault::Expired(at) => write!(f, "the certificate expired{}", Date("on", *at)),
            TlsFault::NotYetValid(at) => write!(f, "the certificate is not valid yet{}", Date("before", *at)),
            TlsFault::UnknownIssuer => write!(f, "the certificate's issuer is not trusted"),
            TlsFault::SelfSigned => write!(f, "the certificate is self-signed and not trusted"),
            TlsFault::NotTls => write!(f, "the answer is not TLS"),
            TlsFault::NoProtocol => write!(f, "the protocol that was asked for is not spoken there (ALPN)"),
            TlsFault::Other(what) => write!(f, "{what}"),
        }
    }
}

/// A word and a date in UTC, or nothing.
pub(super) struct Date(pub &'static str, pub Option<SystemTime>);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.1.and_then(|at| jiff::Timestamp::try_from(at).ok()) else { return Ok(()) };
        write!(f, " {} {}", self.0, at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    }
}

//------------ DNS -----------------------------------------------------------

/// What is wrong with an answer to a question of the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsFault {
    /// It cannot be read.
    Malformed,
    /// Until the timeout, all that came were answers to something else.
    Stray(Duration),
    /// What came over TCP answers something else.
    OtherQuestion,
    /// The code says no.
    Rcode {
        /// What it answered.
        got: Rcode,
        /// What would have been healthy.
        expected: Rcode,
    },
    /// None of the expected addresses came, but these, or none at all.
    Addresses(Box<str>),
}

impl fmt::Display for DnsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsFault::Malformed => write!(f, "the answer is not DNS"),
            DnsFault::Stray(after) => write!(f, "only answers to other questions within {after:?}"),
            DnsFault::OtherQuestion => write!(f, "answered another question"),
            DnsFault::Rcode { got, expected } => write!(f, "answered {got}, expected {expected}"),
            DnsFault::Addresses(got) if got.is_empty() => write!(f, "answered no address"),
            DnsFault::Addresses(got) => write!(f, "answered {got}, none of which is expected"),
        }
    }
}

//------------ gRPC ----------------------------------------------------------

/// What is wrong with an answer of `grpc.health.v1.Health/Check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrpcFault {
    /// NOT_SERVING.
    NotServing,
    /// SERVICE_UNKNOWN, or NOT_FOUND as the protocol has it for `Check`.
    ServiceUnknown,
    /// A status of serving that says nothing, by its number.
    Unknown(u64),
    /// The server has no health service.
    Unimplemented,
    /// Another status of gRPC than 0, and what was said with it.
    Status(u32, Box<str>),
    /// What came is HTTP/2, but not gRPC.
    NotGrpc(Box<str>),
}

/// The words for the statuses of gRPC, by number.
const STATUSES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl fmt::Display for GrpcFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GrpcFault::NotServing => write!(f, "answered NOT_SERVING"),
            GrpcFault::ServiceUnknown => write!(f, "answered that it does not know the service"),
            GrpcFault::Unknown(0) => write!(f, "answered UNKNOWN, expected SERVING"),
            GrpcFault::Unknown(status) => write!(f, "answered serving status {status}, expected SERVING"),
            GrpcFault::Unimplemented => {
                write!(f, "answered UNIMPLEMENTED: it has no service grpc.health.v1.Health")
            }
            GrpcFault::Status(status, said) => {
                let known = usize::try_from(*status).ok().and_then(|at| STATUSES.get(at));
                match known {
                    Some(word) => write!(f, "answered {word}")?,
                    None => write!(f, "answered status {status}")?,
                }
                if said.is_empty() { Ok(()) } else { write!(f, ": {said}") }
            }
            GrpcFault::NotGrpc(what) => write!(f, "the answer is not gRPC: {what}"),
        }
    }
}

//------------ Commands ------------------------------------------------------

/// How a command said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFault {
    /// How it ended.
    pub end: End,
    /// The first line of what it wrote, if any.
    pub said: Box<str>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this code.
    Exit(i32),
    /// By this signal, which is not ours.
    Signal(i32),
}

impl fmt::Display for CommandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            End::Exit(code) => write!(f, "the command exited with {code}")?,
            End::Signal(signal) => write!(f, "the command was killed by signal {signal}")?,
        }
        if self.said.is_empty() { Ok(()) } else { write!(f, ": '{}'", self.said) }
    }
}
