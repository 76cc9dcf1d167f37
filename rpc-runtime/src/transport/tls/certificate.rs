//! A server's certificate, which is replaced while it serves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::reload::{Reloaded, read};
use super::{TlsError, pem};

/// The certificate and key that handshakes use.
#[derive(Debug)]
pub(super) struct Certificate(Reloaded<CertifiedKey>);

impl Certificate {
    pub(super) fn of_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let pair = pem::certified_key(certificates, key)?;
        Ok(Certificate(Reloaded::new(pair)))
    }

    pub(super) fn of_files(certificates: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let files = vec![certificates.clone(), key.clone()];
        let read_pair = move || {
            let pair = pem::certified_key(&read(&certificates)?, &read(&key)?);
            pair.map_err(|error| {
                let (certificates, key) = (certificates.display(), key.display());
                TlsError::because(&format!("cannot use {certificates} with {key}"), error)
            })
        };
        Reloaded::of_files(files, read_pair).map(Certificate)
    }

    pub(super) fn replace(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        self.0.replace(pem::certified_key(certificates, key)?);
        Ok(())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.get(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reload::CHECK_INTERVAL;
    use super::super::test_folder::Folder;
    use super::*;

    struct Pair {
        certificate: String,
        key: String,
    }

    fn pair() -> Pair {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Pair {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        }
    }

    fn current(certificate: &Certificate, now: Instant) -> Vec<u8> {
        certificate.0.get(now).cert[0].to_vec()
    }

    #[test]
    fn changed_files_are_read_again_and_what_cannot_be_used_is_passed_over() {
        let folder = Folder::new("rpc-certificate");
        let (old, new) = (pair(), pair());
        let certificate = Certificate::of_files(
            folder.write("certificate", &old.certificate),
            folder.write("key", &old.key),
        )
        .unwrap();
        let mut now = Instant::now();
        let first = current(&certificate, now);
        let mut check = |write: &dyn Fn()| {
            write();
            let too_early = current(&certificate, now);
            now += CHECK_INTERVAL;
            (too_early, current(&certificate, now))
        };

        // A new certificate with the old key, then half a file, then no file.
        let text = format!("{}\n", new.certificate);
        let unusable: [&dyn Fn(); 3] = [
            &|| drop(folder.write("certificate", &text)),
            &|| drop(folder.write("certificate", &text[..text.len() / 2])),
            &|| std::fs::remove_file(folder.path("certificate")).unwrap(),
        ];
        for write in unusable {
            assert_eq!(check(write), (first.clone(), first.clone()));
        }
        let (too_early, second) = check(&|| {
            folder.write("certificate", &text);
            folder.write("key", &new.key);
        });
        assert_eq!(too_early, first);
        assert_ne!(second, first);
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = Folder::new("rpc-no-certificate");
        let (one, other) = (pair(), pair());
        let certificate = folder.write("certificate", &one.certificate);
        let missing = folder.path("missing");
        let error = Certificate::of_files(certificate.clone(), missing.clone()).unwrap_err();
        let text = error.to_string();
        let expected = format!("cannot read {}", missing.display());
        assert!(text.starts_with(&expected), "{text}");
        let key = folder.write("key", &other.key);
        let error = Certificate::of_files(certificate, key.clone()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&key.display().to_string()), "{text}");
        assert!(text.contains("KeyMismatch"), "{text}");
    }
}
