//! Certificates and keys as they are in files.

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::{TlsError, provider};

/// A chain of certificates, that of the key first, and the key to it.
pub(super) fn certified_key(certificates: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain = parse_certificates(certificates)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
        TlsError::because(
            "the key is not one private key in PEM (-----BEGIN PRIVATE KEY-----)",
            error,
        )
    })?;
    CertifiedKey::from_der(chain, key, &provider())
        .map_err(|error| TlsError::because("the key and the certificate cannot be used", error))
}

/// Certificates that are trusted to issue others.
pub(super) fn roots(certificates: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in parse_certificates(certificates)? {
        roots
            .add(certificate)
            .map_err(|error| TlsError::because("a certificate cannot be trusted", error))?;
    }
    Ok(roots)
}

fn parse_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates
        .map_err(|error| TlsError::because("the certificates are not valid PEM", error))?;
    match certificates.is_empty() {
        true => Err(TlsError::new(
            "there is no certificate in PEM (-----BEGIN CERTIFICATE-----)",
        )),
        false => Ok(certificates),
    }
}
