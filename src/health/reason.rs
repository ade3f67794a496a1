//! Why a probe failed, in words: each reason is hard, soft, or no fault of the target at all.

mod fault;
mod system;

use std::fmt;
use std::time::{Duration, SystemTime};

use fault::Date;
pub use fault::{CommandFault, DnsFault, End, GrpcFault, TlsFault};
pub use system::{Fault, OwnFault};
pub(super) use system::{of_io, quote};

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
    /// Nothing at all came back within the timeout, from a target that is asked without a connection.
    NoAnswer(Duration),
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
    /// What came is not HTTP/2.
    NotHttp2(Box<str>),
    /// The head of the response has more bytes or fields than any honest one.
    HeadTooLarge {
        /// The most bytes that are read of a head.
        bytes: usize,
        /// The most fields.
        fields: usize,
    },
    /// More came than the longest answer takes, and it was not whole.
    TooMuch(Stage),
    /// The check's answer says no.
    Status {
        /// What it answered.
        got: u16,
        /// What would have been healthy.
        expected: StatusSet,
    },
    /// What was to be found in the answer is not there.
    Lacks {
        /// What is expected in it.
        expected: Box<str>,
        /// How what came begins; empty: nothing came.
        began: Box<str>,
    },
    /// The answer to a question of the DNS says no, or is none.
    Dns(DnsFault),
    /// The answer of gRPC's health service says no, or is none.
    Grpc(GrpcFault),
    /// The command says no.
    Command(CommandFault),
    /// The command had not ended at the timeout, and was killed.
    StillRunning(Duration),
    /// Any other error of the connection, in the system's words.
    Broken(Box<str>),
}

/// Why a target that passes its check is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// It took longer than the check calls slow.
    Slow {
        /// What it took, start to result.
        took: Duration,
        /// What is slow.
        over: Duration,
    },
    /// The certificate that it shows ends soon.
    CertificateEnds(SystemTime),
    /// Its answer says that it is degraded, and perhaps why.
    SaysSo(Box<str>),
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Concern::Slow { took, over } => {
                write!(f, "takes {} ms, over {} ms", took.as_millis(), over.as_millis())
            }
            Concern::SaysSo(why) if why.is_empty() => write!(f, "says that it is degraded"),
            Concern::SaysSo(why) => write!(f, "says that it is degraded: {why}"),
            Concern::CertificateEnds(at) => write!(f, "the certificate ends{}", Date("on", Some(*at))),
        }
    }
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
    /// Before what was expected had come.
    Answer,
}

impl Reason {
    /// Whether it takes a target out for certain.
    ///
    /// Only slowness is soft; silence without a connection is as hard as no connection. Resets and early closes are hard: a proxy whose backends are gone shows just
    /// that, and an answer from it serves nobody.
    pub fn severity(&self) -> Severity {
        match self {
            Reason::TimedOut(..) | Reason::StillRunning(_) => Severity::Soft,
            // Anybody who guesses a port can send these: they must not outweigh what the target may still say.
            Reason::Dns(DnsFault::Stray(_)) => Severity::Soft,
            _ => Severity::Hard,
        }
    }

    /// Whether somebody said something, so that the way there works whatever it was. A connection is something said: its
    /// other end took part in making it. What only this machine saw is no answer: a command's end, and what the way itself
    /// may have done.
    ///
    /// ```text
    /// no connection, no route, nothing from who has none    no
    /// connected, and too slow at any stage                  yes, as it began: `broke_off`
    /// refused, reset, closed, any words                     yes, as it ended
    /// strays over UDP                                       no: anybody may send them
    /// ```
    pub fn is_an_answer(&self) -> bool {
        match self {
            Reason::ConnectTimeout(_)
            | Reason::NoRoute
            | Reason::NoAnswer(_)
            | Reason::Command(_)
            | Reason::StillRunning(_)
            | Reason::Dns(DnsFault::Stray(_))
            | Reason::Broken(_) => false,
            Reason::Refused
            | Reason::TimedOut(..)
            | Reason::Reset(_)
            | Reason::ClosedEarly(_)
            | Reason::Tls(_)
            | Reason::AnsweredBeforeAsked
            | Reason::NotHttp(_)
            | Reason::NotHttp2(_)
            | Reason::HeadTooLarge { .. }
            | Reason::TooMuch(_)
            | Reason::Status { .. }
            | Reason::Lacks { .. }
            | Reason::Dns(_)
            | Reason::Grpc(_) => true,
        }
    }

    /// Whether it was silence that ended the attempt, after something was said: nobody knows for how long the way worked.
    pub fn broke_off(&self) -> bool {
        matches!(self, Reason::TimedOut(..))
    }

    /// One word for counters: a closed, small set.
    pub fn kind(&self) -> &'static str {
        match self {
            Reason::Refused => "refused",
            Reason::ConnectTimeout(_) => "connect_timeout",
            Reason::NoRoute => "no_route",
            Reason::NoAnswer(_) => "no_answer",
            Reason::TimedOut(..) | Reason::StillRunning(_) | Reason::Dns(DnsFault::Stray(_)) => "timeout",
            Reason::Reset(_) => "reset",
            Reason::ClosedEarly(_) => "closed",
            Reason::Tls(_) => "tls",
            Reason::AnsweredBeforeAsked
            | Reason::NotHttp(_)
            | Reason::NotHttp2(_)
            | Reason::HeadTooLarge { .. }
            | Reason::TooMuch(_)
            | Reason::Dns(DnsFault::Malformed | DnsFault::OtherQuestion)
            | Reason::Grpc(GrpcFault::NotGrpc(_)) => "protocol",
            Reason::Status { .. } => "status",
            Reason::Lacks { .. } | Reason::Dns(_) | Reason::Grpc(_) | Reason::Command(_) => "answer",
            Reason::Broken(_) => "other",
        }
    }
}

//------------ In words ------------------------------------------------------

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Refused => write!(f, "connection refused"),
            Reason::ConnectTimeout(after) => write!(f, "no connection within {after:?}"),
            Reason::NoRoute => write!(f, "no route to the address"),
            Reason::NoAnswer(after) => write!(f, "no answer within {after:?}"),
            Reason::TimedOut(stage, after) => write!(f, "connected, but {} within {after:?}", stage.lacks()),
            Reason::Reset(stage) => write!(f, "connection reset {}", stage.when()),
            Reason::ClosedEarly(stage) => write!(f, "connection closed {}", stage.when()),
            Reason::Tls(fault) => write!(f, "TLS: {fault}"),
            Reason::AnsweredBeforeAsked => write!(f, "answered before it was asked"),
            Reason::NotHttp(what) => write!(f, "the answer is not HTTP: {what}"),
            Reason::NotHttp2(what) => write!(f, "the answer is not HTTP/2: {what}"),
            Reason::HeadTooLarge { bytes, fields } => {
                write!(f, "the response head is over {bytes} bytes or {fields} fields")
            }
            Reason::TooMuch(stage) => write!(f, "more came than an answer takes, {}", stage.when()),
            Reason::Status { got, expected } if (300..400).contains(got) => {
                write!(f, "answered {got}, expected {expected}; redirects are not followed")
            }
            Reason::Status { got, expected } => write!(f, "answered {got}, expected {expected}"),
            Reason::Lacks { expected, began } if began.is_empty() => {
                write!(f, "the answer is empty, expected '{expected}' in it")
            }
            Reason::Lacks { expected, began } => {
                write!(f, "the answer lacks '{expected}'; it begins '{began}'")
            }
            Reason::Dns(fault) => write!(f, "{fault}"),
            Reason::Grpc(fault) => write!(f, "{fault}"),
            Reason::Command(fault) => write!(f, "{fault}"),
            Reason::StillRunning(after) => write!(f, "the command was still running after {after:?}"),
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
            Stage::Answer => "not the expected answer",
        }
    }

    /// Where it broke off.
    fn when(self) -> &'static str {
        match self {
            Stage::Handshake => "during the TLS handshake",
            Stage::Head => "before the response head was whole",
            Stage::Body => "before the body was whole",
            Stage::Answer => "before the expected answer came",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_an_answer_of_the_network() {
        let second = Duration::from_secs(1);
        // reason, whether it proves that the way works, and whether for no longer than the attempt's beginning
        let mut rows = vec![
            (Reason::ConnectTimeout(second), false, false),
            (Reason::NoRoute, false, false),
            (Reason::NoAnswer(second), false, false),
            (Reason::StillRunning(second), false, false),
            (Reason::Dns(DnsFault::Stray(second)), false, false),
            (Reason::Broken("".into()), false, false),
            (Reason::Refused, true, false),
            (Reason::Tls(TlsFault::NotTls), true, false),
            (Reason::AnsweredBeforeAsked, true, false),
            (Reason::Dns(DnsFault::Malformed), true, false),
        ];
        for stage in [Stage::Handshake, Stage::Head, Stage::Body, Stage::Answer] {
            rows.push((Reason::TimedOut(stage, second), true, true));
            rows.push((Reason::Reset(stage), true, false));
            rows.push((Reason::ClosedEarly(stage), true, false));
            rows.push((Reason::TooMuch(stage), true, false));
        }
        for (reason, answers, broke_off) in rows {
            assert_eq!((reason.is_an_answer(), reason.broke_off()), (answers, broke_off), "{reason:?}");
        }
    }
}
