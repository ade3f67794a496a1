//! Whose fault a failure is, and what the system's errors mean. libc enters here, for their names.

use std::fmt;
use std::io;

use super::{Reason, Stage};
use crate::health::meter::is_used_up;

/// An error of this machine itself: it says nothing about the target and is no observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnFault {
    /// The system refused what every probe needs: descriptors, memory, a permission.
    System(Box<str>),
    /// It has no network to probe by: no route, no link, no address of its own.
    Network(Box<str>),
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

impl fmt::Display for OwnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OwnFault::System(what) | OwnFault::Network(what) => {
                write!(f, "this machine cannot probe: {what}")
            }
            OwnFault::Request(what) => write!(f, "the request cannot be sent: {what}"),
            OwnFault::Aborted => write!(f, "the probe broke off without a result"),
        }
    }
}

//------------ From the system's errors --------------------------------------

/// What an error of a socket means; `stage` is `None` while connecting.
pub(in crate::health) fn of_io(error: &io::Error, stage: Option<Stage>) -> Fault {
    if is_own(error) {
        let words = quote(&error.to_string(), 120);
        let network = [libc::ENETUNREACH, libc::ENETDOWN, libc::EADDRNOTAVAIL];
        let of_network = error.raw_os_error().is_some_and(|code| network.contains(&code));
        return Fault::Ours(if of_network { OwnFault::Network(words) } else { OwnFault::System(words) });
    }
    Fault::Theirs(match (error.kind(), stage) {
        (_, Some(stage)) if is_used_up(error) => Reason::TooMuch(stage),
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
pub(in crate::health) fn quote(text: &str, limit: usize) -> Box<str> {
    text.chars().take(limit).map(|c| if c.is_control() { '.' } else { c }).collect()
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
