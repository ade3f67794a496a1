//! TLS towards targets: whom we trust, the handshake, and what went wrong with it. rustls enters here.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::reason::{of_io, quote};
use super::{Fault, OwnFault, Reason, Stage, TlsFault};

/// Characters of a stranger's words that are kept.
const WORDS: usize = 160;

/// No authorities to trust: https targets could only fail.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// An added authority that cannot be read.
    #[error("authority {index} is not a certificate in DER")]
    Authority {
        /// Its place among those added, from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        source: rustls::Error,
    },
    /// Whatever else the library refuses to start with.
    #[error("TLS towards targets cannot be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
}

//------------ Tls -----------------------------------------------------------

/// The client's side of every handshake.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts the system's authorities and `authorities`, in DER.
    pub(super) fn new(authorities: &[Vec<u8>]) -> Result<Tls, TrustError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Arc::new(roots(authorities)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| TrustError::Setup(error.into()))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TrustError::Setup(error.into()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier(verifier)))
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session shows the certificate of long ago: a probe wants to see today's.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Tls { config: Arc::new(config) })
    }

    /// Handshakes, and says when the certificate that was shown ends.
    pub(super) async fn handshake(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
    ) -> (Result<TlsStream<TcpStream>, Fault>, Option<SystemTime>) {
        match TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await {
            Ok(stream) => {
                let expires =
                    stream.get_ref().1.peer_certificates().and_then(|chain| not_after(chain.first()?));
                (Ok(stream), expires)
            }
            Err(error) => {
                let fault = of_tls(&error).unwrap_or_else(|| of_io(&error, Some(Stage::Handshake)));
                let expired = match fault {
                    Fault::Theirs(Reason::Tls(TlsFault::Expired(at))) => at,
                    _ => None,
                };
                (Err(fault), expired)
            }
        }
    }
}

/// The name to send as SNI and to verify: `host` without a port or a last dot, or the address.
pub(super) fn server_name(host: Option<&str>, address: IpAddr) -> Result<ServerName<'static>, OwnFault> {
    let Some(host) = host else { return Ok(ServerName::from(address)) };
    let bare = host.split_once("]:").map_or(host, |(address, _)| address);
    let bare = match bare.split_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => bare,
    };
    let bare = bare.trim_start_matches('[').trim_end_matches([']', '.']);
    ServerName::try_from(bare.to_owned())
        .map_err(|_| OwnFault::Request(quote(&format!("'{host}' is no host name"), WORDS)))
}

/// The system's authorities, or Mozilla's as compiled in where the system has none; and the added ones.
fn roots(authorities: &[Vec<u8>]) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    // Files that cannot be read are passed over: what matters is whether any authority is left.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    for (index, der) in authorities.iter().enumerate() {
        let authority = CertificateDer::from(der.clone());
        roots.add(authority).map_err(|source| TrustError::Authority { index, source })?;
    }
    Ok(roots)
}

//------------ Verifier ------------------------------------------------------

/// The library's verification, except that it tells "signed itself" from "signed by a stranger".
#[derive(Debug)]
struct Verifier(Arc<WebPkiServerVerifier>);

/// Carried through the library's error to [`fault_of_certificate`].
#[derive(Debug, thiserror::Error)]
#[error("self-signed")]
struct SelfSigned;

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        use CertificateError::{Other, UnknownIssuer};
        match self.0.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            // A self-signed authority used as a leaf is one of the library's `Other`s.
            Err(rustls::Error::InvalidCertificate(UnknownIssuer | Other(_))) if is_self_signed(leaf) => {
                Err(rustls::Error::InvalidCertificate(Other(OtherError(Arc::new(SelfSigned)))))
            }
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Whether a certificate names itself as its issuer; that it also signed itself is not worth checking.
fn is_self_signed(leaf: &CertificateDer<'_>) -> bool {
    x509_parser::parse_x509_certificate(leaf)
        .is_ok_and(|(_, certificate)| certificate.subject().as_raw() == certificate.issuer().as_raw())
}

/// The end of a certificate's validity; `None` for one that cannot be parsed or ended before 1970.
fn not_after(leaf: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, certificate) = x509_parser::parse_x509_certificate(leaf).ok()?;
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

//------------ What went wrong -----------------------------------------------

/// The TLS fault inside an error of a TLS stream; `None` when it is an error of the connection below.
pub(super) fn of_tls(error: &io::Error) -> Option<Fault> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(Reason::Tls(fault_of(error)).into())
}

fn fault_of(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(error) => fault_of_certificate(error),
        // The first record already has no type or version of TLS.
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_to_verify_is_the_bare_host() {
        let rows = [
            (None, "127.0.0.1"),
            (Some("www.example.com"), "www.example.com"),
            (Some("www.example.com."), "www.example.com"),
            (Some("www.example.com:8443"), "www.example.com"),
            (Some("192.0.2.1:8443"), "192.0.2.1"),
            (Some("[2001:db8::1]:8443"), "2001:db8::1"),
            (Some("[2001:db8::1]"), "2001:db8::1"),
            (Some("2001:db8::1"), "2001:db8::1"),
            (Some("not a host"), "the request cannot be sent: 'not a host' is no host name"),
            (Some(""), "the request cannot be sent: '' is no host name"),
        ];
        for (host, expected) in rows {
            let got = match server_name(host, [127, 0, 0, 1].into()) {
                Ok(name) => name.to_str().into_owned(),
                Err(fault) => fault.to_string(),
            };
            assert_eq!(got, expected, "{host:?}");
        }
    }

    #[test]
    fn a_certificate_that_is_none_has_no_end_and_no_issuer() {
        for bytes in [&b""[..], b"\x30\x82\xff\xff", &[0xff; 4096]] {
            let leaf = CertificateDer::from(bytes);
            assert_eq!((not_after(&leaf), is_self_signed(&leaf)), (None, false));
        }
    }

    #[test]
    fn an_authority_that_is_none_is_named() {
        let error = Tls::new(&[vec![1, 2, 3]]).unwrap_err();
        assert_eq!(error.to_string(), "authority 0 is not a certificate in DER");
    }
}
