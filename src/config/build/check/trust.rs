//! Whose certificates a check accepts. rustls enters here to read authorities just as probes will.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Builder;
use crate::config::file::Check;
use crate::model::{Authorities, Trust};

/// Authorities of one file: they are read anew for every handshake.
const MOST_AUTHORITIES: usize = 64;

impl Builder<'_> {
    /// The trust of a check; `None` where it knows no TLS.
    pub(super) fn trust(&mut self, check: &Check, tls: bool) -> Option<Trust> {
        if !tls {
            return None;
        }
        let verify = check.verify.value().is_none_or(|verify| *verify);
        let only = self.authorities(check);
        match (verify, check.ca.span(), check.verify.span()) {
            (false, Some(span), _) => self.warn(span, "ca has no effect: verify is false"),
            (false, None, Some(span)) => self.warn(
                span,
                "verify is false: whoever answers there is believed; write ca to trust an authority of your own",
            ),
            _ => {}
        }
        if verify {
            self.warn_of_address_as_name(check);
        }
        Some(match only {
            _ if !verify => Trust::Anybody,
            Some(authorities) => Trust::Only(authorities),
            None => Trust::System,
        })
    }

    fn warn_of_address_as_name(&mut self, check: &Check) {
        let Some(span) = check.kind.span().filter(|_| check.host.is_absent()) else { return };
        let cure = "most certificates name hosts; write 'host'";
        self.warn(
            span,
            format!("without 'host' the certificate must name the endpoint's own address; {cure}"),
        );
    }

    /// The authorities of the file `ca`, read once for all checks that name it.
    fn authorities(&mut self, check: &Check) -> Option<Authorities> {
        let (file, span) = check.ca.marked()?;
        let path = self.path(&file.0);
        let read = match self.authorities.get(&path) {
            Some(read) => read.clone(),
            None => {
                let read = (self.read_file)(&path)
                    .map_err(|error| format!("cannot be read: {error}"))
                    .and_then(|text| parse(&text));
                self.authorities.insert(path.clone(), read.clone());
                read
            }
        };
        match read {
            Ok(authorities) => Some(authorities),
            Err(why) => {
                self.error(span, format!("ca '{}' {why}", Path::new(&path).display()));
                None
            }
        }
    }
}

/// The certificates of a file in PEM, each fit to be an authority.
fn parse(text: &str) -> Result<Authorities, String> {
    let mut store = RootCertStore::empty();
    let mut certificates = Vec::new();
    for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(text.as_bytes())) {
        let certificate = certificate.map_err(|error| format!("is not sound PEM: {error}"))?;
        let der = certificate.to_vec();
        store
            .add(certificate)
            .map_err(|error| format!("holds what is no authority, as number {number}: {error}"))?;
        certificates.push(der);
        if certificates.len() > MOST_AUTHORITIES {
            return Err(format!(
                "holds more than {MOST_AUTHORITIES} certificates; keep those that are needed"
            ));
        }
    }
    if certificates.is_empty() {
        return Err("holds no certificate; it takes PEM, from '-----BEGIN CERTIFICATE-----' on".into());
    }
    Ok(Authorities(certificates.into()))
}
