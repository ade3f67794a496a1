//! Why a probe failed, in words: each reason is hard, soft, or no fault of the target at all.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use crate::model::StatusSet;

/// How far a failure may be trusted to mean that the target is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Nobody is served there: always takes the target out.
    Hard,
    /// It may only be slow: takes a target out within the service's ejection budget.
    Soft,
}

/// What went wrong at the target, or on the way to it.
///
/// Whatever a stranger sent is quoted cut to a bounded length and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing listens on the port, or a firewall says so.
    Refused,
    /// No connection within the timeout.
    ConnectTimeout(Duration),
    /// A router on the way, or the target's own link, knows no way to the address (EHOSTUNREACH).
    NoRoute,
    /// Connected, but not done within the timeout, which covers the whole attempt.
    TimedOut(Stage, Duration),
    /// The connection was reset.
    Reset(Stage),
    /// The connection was closed before the answer was whole.
    ClosedEarly(Stage),
    /// The handshake failed.
    Tls(TlsFault),
    /// Bytes arrived before the request was sent.
    AnsweredBeforeAsked,
    /// What came is not HTTP/1.
    NotHttp(Box<str>),
    /// The head of the response has more bytes or fields than any honest one.
    HeadTooLarge {
        /// The most bytes that are read of a head.
        bytes: usize,
        /// The most fields.
        fields: usize,
    },
    /// The check's answer says no.
    Status {
        /// What it answered.
        got: u16,
        /// What would have been healthy.
        expected: StatusSet,
    },
    /// Any other error of the connection, in the system's words.
    Broken(Box<str>),
}

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// During the TLS handshake.
    Handshake,
    /// Before the head of the response was whole.
    Head,
    /// Inside the part of the body that is read.
    Body,
}

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
    /// Anything else, in the words of the TLS library or of the peer's alert.
    Other(Box<str>),
}

/// An error of this machine itself: it says nothing about the target and is no observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnFault {
    /// The system refused what every probe needs: descriptors, memory, ports, a network.
    System(Box<str>),
    /// The request cannot be sent by anybody: its path or host is malformed.
    Request(Box<str>),
    /// The probe broke off without a result: a defect of this program.
    Aborted,
}

/// Whose fault it is that an attempt did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The target's, or the way's: an observation.
    Theirs(Reason),
    /// This machine's: none.
    Ours(OwnFault),
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Fault {
        Fault::Theirs(reason)
    }
}

impl From<OwnFault> for Fault {
    fn from(fault: OwnFault) -> Fault {
        Fault::Ours(fault)
    }
}

impl Reason {
    /// Whether it takes a target out for certain.
    ///
    /// Only slowness is soft. Resets and early closes are hard: a proxy whose backends are gone shows just
    /// that, and an answer from it serves nobody.
    pub fn severity(&self) -> Severity {
        match self {
            Reason::TimedOut(..) => Severity::Soft,
            _ => Severity::Hard,
        }
    }

    /// One word for counters: a closed, small set.
    pub fn kind(&self) -> &'static str {
        match self {
            Reason::Refused => "refused",
            Reason::ConnectTimeout(_) => "connect_timeout",
            Reason::NoRoute => "no_route",
            Reason::TimedOut(..) => "timeout",
            Reason::Reset(_) => "reset",
            Reason::ClosedEarly(_) => "closed",
            Reason::Tls(_) => "tls",
            Reason::AnsweredBeforeAsked | Reason::NotHttp(_) | Reason::HeadTooLarge { .. } => "protocol",
            Reason::Status { .. } => "status",
            Reason::Broken(_) => "other",
        }
    }
}

//------------ From the system's errors --------------------------------------

/// What an error of a socket means; `stage` is `None` while connecting.
pub(super) fn of_io(error: &io::Error, stage: Option<Stage>) -> Fault {
    if is_own(error) {
        return Fault::Ours(OwnFault::System(quote(&error.to_string(), 120)));
    }
    Fault::Theirs(match (error.kind(), stage) {
        (io::ErrorKind::ConnectionRefused, _) => Reason::Refused,
        (io::ErrorKind::HostUnreachable, _) => Reason::NoRoute,
        (io::ErrorKind::UnexpectedEof, Some(stage)) => Reason::ClosedEarly(stage),
        (io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe, Some(stage)) => Reason::Reset(stage),
        _ => Reason::Broken(quote(&error.to_string(), 120)),
    })
}

/// ENETUNREACH and ENETDOWN: our own routes or link. EADDRNOTAVAIL and EAGAIN: no source address or port.
/// EMFILE, ENFILE, ENOBUFS, ENOMEM: out of something. EPERM and EACCES: our own firewall or sandbox.
/// EAFNOSUPPORT: no such family here.
fn is_own(error: &io::Error) -> bool {
    let own = [
        libc::ENETUNREACH,
        libc::ENETDOWN,
        libc::EADDRNOTAVAIL,
        libc::EAGAIN,
        libc::EMFILE,
        libc::ENFILE,
        libc::ENOBUFS,
        libc::ENOMEM,
        libc::EPERM,
        libc::EACCES,
        libc::EAFNOSUPPORT,
    ];
    error.raw_os_error().is_some_and(|code| own.contains(&code))
}

/// A stranger's words, fit for a log line: at most `limit` characters, none of them a control character.
pub(super) fn quote(text: &str, limit: usize) -> Box<str> {
    text.chars().take(limit).map(|c| if c.is_control() { '.' } else { c }).collect()
}

//------------ In words ------------------------------------------------------

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Refused => write!(f, "connection refused"),
            Reason::ConnectTimeout(after) => write!(f, "no connection within {after:?}"),
            Reason::NoRoute => write!(f, "no route to the address"),
            Reason::TimedOut(stage, after) => write!(f, "connected, but {} within {after:?}", stage.lacks()),
            Reason::Reset(stage) => write!(f, "connection reset {}", stage.when()),
            Reason::ClosedEarly(stage) => write!(f, "connection closed {}", stage.when()),
            Reason::Tls(fault) => write!(f, "TLS: {fault}"),
            Reason::AnsweredBeforeAsked => write!(f, "answered before it was asked"),
            Reason::NotHttp(what) => write!(f, "the answer is not HTTP: {what}"),
            Reason::HeadTooLarge { bytes, fields } => {
                write!(f, "the response head is over {bytes} bytes or {fields} fields")
            }
            Reason::Status { got, expected } if (300..400).contains(got) => {
                write!(f, "answered {got}, expected {expected}; redirects are not followed")
            }
            Reason::Status { got, expected } => write!(f, "answered {got}, expected {expected}"),
            Reason::Broken(what) => write!(f, "connection failed: {what}"),
        }
    }
}

impl Stage {
    /// What was still missing.
    fn lacks(self) -> &'static str {
        match self {
            Stage::Handshake => "no TLS handshake",
            Stage::Head => "no response head",
            Stage::Body => "no whole body",
        }
    }

    /// Where it broke off.
    fn when(self) -> &'static str {
        match self {
            Stage::Handshake => "during the TLS handshake",
            Stage::Head => "before the response head was whole",
            Stage::Body => "before the body was whole",
        }
    }
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
            TlsFault::Other(what) => write!(f, "{what}"),
        }
    }
}

/// A word and a date in UTC, or nothing.
struct Date(&'static str, Option<SystemTime>);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.1.and_then(|at| jiff::Timestamp::try_from(at).ok()) else { return Ok(()) };
        write!(f, " {} {}", self.0, at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    }
}

impl fmt::Display for OwnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnFault::System(what) => write!(f, "this machine cannot probe: {what}"),
            OwnFault::Request(what) => write!(f, "the request cannot be sent: {what}"),
            OwnFault::Aborted => write!(f, "the probe broke off without a result"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an errno means, in words; `own` for what is no observation.
    fn check(errno: i32, stage: Option<Stage>, expected: &str) {
        let got = match of_io(&io::Error::from_raw_os_error(errno), stage) {
            Fault::Theirs(reason) => format!("{:?}: {reason}", reason.severity()),
            Fault::Ours(_) => "own".to_owned(),
        };
        assert_eq!(got, expected, "errno {errno}");
    }

    #[test]
    fn errors_of_this_machine_are_no_observations() {
        let own = [libc::ENETUNREACH, libc::ENETDOWN, libc::EADDRNOTAVAIL, libc::EMFILE, libc::ENFILE];
        for errno in own.into_iter().chain([libc::ENOBUFS, libc::EPERM, libc::EACCES]) {
            check(errno, None, "own");
            check(errno, Some(Stage::Head), "own");
        }
    }

    #[test]
    fn errors_from_afar_are() {
        check(libc::ECONNREFUSED, None, "Hard: connection refused");
        check(libc::EHOSTUNREACH, None, "Hard: no route to the address");
        check(libc::EHOSTUNREACH, Some(Stage::Head), "Hard: no route to the address");
        let reset = "Hard: connection reset before the response head was whole";
        check(libc::ECONNRESET, Some(Stage::Head), reset);
        check(libc::EPIPE, Some(Stage::Head), reset);
    }

    #[test]
    fn a_stranger_does_not_write_our_log() {
        assert_eq!(&*quote("a\n\x1b[31mb", 5), "a..[3");
    }
}
