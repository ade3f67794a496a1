//! What went wrong inside TLS, from the library's errors.

use std::io;
use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, OtherError};

use super::super::reason::quote;
use super::super::{Fault, Reason, TlsFault};
use super::WORDS;
use super::verifier::SelfSigned;

/// The TLS fault inside an error of a TLS stream; `None` when it is an error of the connection below.
pub(in crate::health) fn of_tls(error: &io::Error) -> Option<Fault> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(Reason::Tls(fault_of(error)).into())
}

fn fault_of(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(error) => fault_of_certificate(error),
        // The first record already has no type or version of TLS.
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => TlsFault::NoProtocol,
        error => TlsFault::Other(quote(&error.to_string(), WORDS)),
    }
}

fn fault_of_certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::Expired => TlsFault::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => TlsFault::Expired(at(*not_after)),
        CertificateError::NotValidYet => TlsFault::NotYetValid(None),
        CertificateError::NotValidYetContext { not_before, .. } => TlsFault::NotYetValid(at(*not_before)),
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::NotValidForNameContext { expected, presented } => TlsFault::WrongName {
            asked: quote(&expected.to_str(), WORDS),
            presented: quote(&names(presented), WORDS),
        },
        CertificateError::Other(OtherError(inner)) if inner.is::<SelfSigned>() => TlsFault::SelfSigned,
        error => TlsFault::Other(quote(&error.to_string(), WORDS)),
    }
}

/// At most four of a certificate's names, without the library's `DnsName("…")` or `IpAddress(…)` around them.
fn names(presented: &[String]) -> String {
    let inside = |name: &'_ String| Some(name.split_once('(')?.1.trim_matches(['"', ')']).to_owned());
    let bare = |name| inside(name).unwrap_or_else(|| name.clone());
    let mut names = presented.iter().take(4).map(bare).collect::<Vec<_>>().join(", ");
    if presented.len() > 4 {
        names.push_str(", …");
    }
    names
}

fn at(time: UnixTime) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))
}
