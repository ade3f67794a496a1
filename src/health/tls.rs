//! TLS towards targets: whom we trust, the handshake, and what went wrong with it. rustls enters here.

mod known;
mod verifier;
mod wrong;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, NamedGroup, RootCertStore, SupportedCipherSuite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
pub(super) use tokio_rustls::client::TlsStream;

use verifier::{Verifier, not_after};
pub(super) use wrong::of_tls;

use super::meter::Metered;
use super::reason::{of_io, quote};
use super::{Fault, OwnFault, Reason, Stage, TlsFault};
use crate::model::Trust;

/// Characters of a stranger's words that are kept.
const WORDS: usize = 160;

/// So many trusts are made ready at the most; one more, and all are made anew as they are asked for. Reloads leave some
/// behind that nobody wants any more.
const MOST_READY: usize = 64;

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
#[derive(Debug)]
pub(super) struct Tls {
    /// Verifies against the system's authorities, and offers no protocol.
    config: ClientConfig,
    /// Verifies nothing about a certificate.
    anybody: Arc<Verifier>,
    /// What handshakes went by so far.
    ready: Mutex<Vec<Ready>>,
}

/// What handshakes for one trust and one protocol go by.
#[derive(Debug)]
struct Ready {
    trust: Trust,
    alpn: Alpn,
    config: Arc<ClientConfig>,
}

/// The protocol that is offered inside TLS (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpn {
    /// None is.
    Nothing,
    /// HTTP/1.1; a target that knows nothing of ALPN speaks it all the same.
    Http1,
    /// HTTP/2; a target must take it up (RFC 9113 §3.2).
    Http2,
}

impl Alpn {
    fn offered(self) -> Vec<Vec<u8>> {
        match self {
            Alpn::Nothing => Vec::new(),
            Alpn::Http1 => vec![b"http/1.1".to_vec()],
            Alpn::Http2 => vec![b"h2".to_vec()],
        }
    }
}

impl Tls {
    /// Trusts the system's authorities and `authorities`, in DER.
    pub(super) fn new(authorities: &[Vec<u8>]) -> Result<Tls, TrustError> {
        let provider = Arc::new(provider());
        let inner = against(roots(authorities)?, Arc::clone(&provider))?;
        let anybody = Arc::new(Verifier::of_anybody(Arc::clone(&inner)));
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TrustError::Setup(error.into()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(inner)))
            .with_no_client_auth();
        // A resumed session shows the certificate of long ago: a probe wants to see today's.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Tls { config, anybody, ready: Mutex::default() })
    }

    /// What a handshake for that trust goes by, made when it is first asked for.
    fn config(&self, trust: &Trust, alpn: Alpn) -> Result<Arc<ClientConfig>, OwnFault> {
        let mut all = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = all.iter().find(|ready| ready.alpn == alpn && ready.trust == *trust) {
            return Ok(Arc::clone(&ready.config));
        }
        if all.len() == MOST_READY {
            all.clear();
        }
        let config = Arc::new(self.make(trust, alpn)?);
        all.push(Ready { trust: trust.clone(), alpn, config: Arc::clone(&config) });
        Ok(config)
    }

    fn make(&self, trust: &Trust, alpn: Alpn) -> Result<ClientConfig, OwnFault> {
        let mut config = self.config.clone();
        config.alpn_protocols = alpn.offered();
        match trust {
            Trust::System => {}
            Trust::Anybody => config.dangerous().set_certificate_verifier(Arc::clone(&self.anybody) as _),
            Trust::Only(authorities) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(
                    authorities.0.iter().map(|der| CertificateDer::from(der.as_slice())),
                );
                let inner = against(roots, Arc::clone(config.crypto_provider()))
                    .map_err(|error| OwnFault::Request(quote(&error.to_string(), WORDS)))?;
                config.dangerous().set_certificate_verifier(Arc::new(Verifier::new(inner)));
            }
        }
        Ok(config)
    }

    /// Handshakes, and says when the certificate that was shown ends.
    pub(super) async fn handshake(
        &self,
        trust: &Trust,
        alpn: Alpn,
        name: ServerName<'static>,
        stream: Metered<TcpStream>,
    ) -> (Result<TlsStream<Metered<TcpStream>>, Fault>, Option<SystemTime>) {
        let config = match self.config(trust, alpn) {
            Ok(config) => config,
            Err(fault) => return (Err(fault.into()), None),
        };
        match TlsConnector::from(config).connect(name, stream).await {
            Ok(stream) => {
                let session = stream.get_ref().1;
                let expires = session.peer_certificates().and_then(|chain| not_after(chain.first()?));
                if alpn == Alpn::Http2 && session.alpn_protocol().is_none() {
                    return (Err(Reason::Tls(TlsFault::NoProtocol).into()), expires);
                }
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

/// The library's, except that suites with the shorter hash go first: a handshake is mostly hashing beside its signatures,
/// processors have instructions for SHA-256 and mostly none for SHA-384, and nothing that a probe says needs AES-256. For
/// the same reason the exchange that no quantum computer breaks goes last: it makes greetings three times as long, and is
/// for who insists on it.
fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| match suite {
        SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider.output_len(),
        SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider.output_len(),
    });
    provider.kx_groups.sort_by_key(|group| group.name() == NamedGroup::X25519MLKEM768);
    provider
}

/// Verification against these authorities.
fn against(
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, TrustError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| TrustError::Setup(error.into()))
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

#[cfg(test)]
mod tests {
    use super::verifier::is_self_signed;
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
    fn what_a_trust_goes_by_is_made_once() {
        let tls = Tls::new(&[]).unwrap();
        let made = |trust: &Trust, alpn| Arc::as_ptr(&tls.config(trust, alpn).unwrap());
        let (one, other) = (made(&Trust::System, Alpn::Http1), made(&Trust::System, Alpn::Http2));
        assert_ne!(one, other);
        assert_ne!(made(&Trust::Anybody, Alpn::Http1), one);
        assert_eq!(made(&Trust::System, Alpn::Http1), one);
        let first = tls.config.crypto_provider().cipher_suites[0].suite();
        assert_eq!(first, rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    }

    #[test]
    fn an_authority_that_is_none_is_named() {
        let error = Tls::new(&[vec![1, 2, 3]]).unwrap_err();
        assert_eq!(error.to_string(), "authority 0 is not a certificate in DER");
    }
}
