//! A server's certificate, which is replaced while it serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::{TlsError, pem};

/// Files are looked at no more often, and only when clients connect.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The certificate and key that handshakes use.
#[derive(Debug)]
pub(super) struct Certificate {
    current: ArcSwap<CertifiedKey>,
    files: Option<Files>,
}

impl Certificate {
    pub(super) fn of_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Certificate {
            current: ArcSwap::from_pointee(pem::certified_key(certificates, key)?),
            files: None,
        })
    }

    pub(super) fn of_files(certificates: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let files = Files {
            seen: Mutex::new(Seen {
                checked: Instant::now(),
                stamps: [stamp(&certificates), stamp(&key)],
            }),
            certificates,
            key,
        };
        Ok(Certificate {
            current: ArcSwap::from_pointee(files.read()?),
            files: Some(files),
        })
    }

    pub(super) fn replace(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        self.current
            .store(Arc::new(pem::certified_key(certificates, key)?));
        Ok(())
    }

    /// Reads files again that have changed. What cannot be used is passed over until it changes
    /// once more: a pair is not written at one blow.
    fn refresh(&self, now: Instant) {
        let Some(files) = self.files.as_ref().filter(|files| files.changed(now)) else {
            return;
        };
        match files.read() {
            Ok(certificate) => {
                self.current.store(Arc::new(certificate));
                tracing::info!(file = %files.certificates.display(), "certificate reloaded");
            }
            Err(error) => tracing::error!(
                %error,
                "the changed certificate cannot be used; the one before it stays"
            ),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.refresh(Instant::now());
        Some(self.current.load_full())
    }
}

/// Where a certificate comes from.
#[derive(Debug)]
struct Files {
    certificates: PathBuf,
    key: PathBuf,
    seen: Mutex<Seen>,
}

/// When the files were last looked at, and what they were like.
#[derive(Debug)]
struct Seen {
    checked: Instant,
    stamps: [Stamp; 2],
}

/// What changes with a file: its time and size; `None` while it is not there.
type Stamp = Option<(SystemTime, u64)>;

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl Files {
    fn read(&self) -> Result<CertifiedKey, TlsError> {
        let read = |path: &Path| {
            let what = format!("cannot read {}", path.display());
            fs::read(path).map_err(|error| TlsError::because(&what, error))
        };
        let (certificates, key) = (read(&self.certificates)?, read(&self.key)?);
        pem::certified_key(&certificates, &key).map_err(|error| {
            TlsError::because(
                &format!(
                    "cannot use {} with {}",
                    self.certificates.display(),
                    self.key.display()
                ),
                error,
            )
        })
    }

    /// Whether the files are others than at the last look.
    fn changed(&self, now: Instant) -> bool {
        // Another handshake looks at this moment, or did lately.
        let Ok(mut seen) = self.seen.try_lock() else {
            return false;
        };
        if now < seen.checked + CHECK_INTERVAL {
            return false;
        }
        let stamps = [stamp(&self.certificates), stamp(&self.key)];
        let changed = stamps != seen.stamps;
        *seen = Seen {
            checked: now,
            stamps,
        };
        changed
    }
}

#[cfg(test)]
mod tests {
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

    /// Files in a folder that is removed in the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("{test}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }

        fn write(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn current(certificate: &Certificate) -> Vec<u8> {
        certificate.current.load().cert[0].to_vec()
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
        let first = current(&certificate);
        let mut now = Instant::now();
        let mut check = |write: &dyn Fn()| {
            write();
            certificate.refresh(now);
            let too_early = current(&certificate);
            now += CHECK_INTERVAL;
            certificate.refresh(now);
            (too_early, current(&certificate))
        };

        // A new certificate with the old key, then half a file, then no file.
        let text = format!("{}\n", new.certificate);
        let unusable: [&dyn Fn(); 3] = [
            &|| drop(folder.write("certificate", &text)),
            &|| drop(folder.write("certificate", &text[..text.len() / 2])),
            &|| fs::remove_file(folder.0.join("certificate")).unwrap(),
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
        let missing = folder.0.join("missing");
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
