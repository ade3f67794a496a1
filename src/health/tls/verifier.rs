//! Verification of certificates: the library's, with better words.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};

use super::known::{Known, Shown};

/// The library's verification, except that it tells "signed itself" from "signed by a stranger", and that it does not look
/// twice at what cannot have changed.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Knows the authorities.
    inner: Arc<WebPkiServerVerifier>,
    /// Whether any certificate will do; the handshake must still be signed with its key.
    anybody: bool,
    /// What was found good.
    known: Known,
}

impl Verifier {
    /// Believes what these authorities have signed.
    pub(super) fn new(inner: Arc<WebPkiServerVerifier>) -> Verifier {
        Verifier { inner, anybody: false, known: Known::default() }
    }

    /// Believes any certificate.
    pub(super) fn of_anybody(inner: Arc<WebPkiServerVerifier>) -> Verifier {
        Verifier { anybody: true, ..Verifier::new(inner) }
    }
}

/// Carried through the library's error to `wrong`.
#[derive(Debug, thiserror::Error)]
#[error("self-signed")]
pub(super) struct SelfSigned;

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
        if self.anybody {
            return Ok(ServerCertVerified::assertion());
        }
        let shown = Shown::new(leaf, intermediates, name);
        if self.known.holds(&shown, now) {
            return Ok(ServerCertVerified::assertion());
        }
        match self.inner.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            Ok(good) => {
                let ends = std::iter::once(leaf).chain(intermediates).map(not_after);
                self.known.keep(shown, now, ends);
                Ok(good)
            }
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
        self.inner.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Whether a certificate names itself as its issuer; that it also signed itself is not worth checking.
pub(super) fn is_self_signed(leaf: &CertificateDer<'_>) -> bool {
    x509_parser::parse_x509_certificate(leaf)
        .is_ok_and(|(_, certificate)| certificate.subject().as_raw() == certificate.issuer().as_raw())
}

/// The end of a certificate's validity; `None` for one that cannot be parsed or ended before 1970.
pub(super) fn not_after(leaf: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, certificate) = x509_parser::parse_x509_certificate(leaf).ok()?;
    let seconds = u64::try_from(certificate.validity().not_after.timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
