//! TLS of servers.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ServerConfig, WebPkiClientVerifier};

use super::certificate::Certificate;
use super::error::explain_to_server;
use super::reload::{Reloaded, read};
use super::stream::TlsTransport;
use super::{TlsError, pem, provider};
use crate::transport::{ALPN_NATIVE, Accepted, BoxTransport, PeerCertificates, PeerIdentity};

/// A server's certificate, and what it asks of its clients. Given to `Server::tls`.
///
/// ```no_run
/// # async fn example(server: rpc_runtime::Server) -> Result<(), rpc_runtime::ServeError> {
/// use rpc_runtime::ServerTls;
///
/// // Read again, without a restart, when they change.
/// let tls = ServerTls::from_files("server.pem", "server.key")?;
/// server.tls(tls).serve("0.0.0.0:8443").await
/// # }
/// ```
///
/// TLS 1.3 and 1.2 are spoken. In ALPN the protocol is called `rpc`, beside `h2` and `http/1.1` if the
/// server answers protocols over HTTP; clients without ALPN are served too.
///
/// Clones share the certificate and the roots of clients, so a clone that is kept can replace them.
#[derive(Clone)]
pub struct ServerTls {
    certificate: Arc<Certificate>,
    clients: Clients,
    /// Its certificate is the one above.
    config: Arc<Reloaded<ServerConfig>>,
}

/// Whether clients are asked for certificates.
#[derive(Clone, Copy, Debug)]
enum Clients {
    Anonymous,
    Allowed,
    Required,
}

impl ServerTls {
    /// A chain of certificates in PEM, the server's own first, and its private key (PKCS #8,
    /// PKCS #1 or SEC 1).
    ///
    /// # Errors
    ///
    /// If they are not valid, or do not belong together.
    pub fn from_pem(
        certificates: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        Self::of(Certificate::of_pem(certificates.as_ref(), key.as_ref())?)
    }

    /// As [`from_pem`](Self::from_pem), from two files. They are looked at when clients connect,
    /// at most once a second, and read again when they have changed. If they cannot be used then,
    /// an event says so and the certificate before them stays.
    ///
    /// # Errors
    ///
    /// If the files cannot be read, are not valid, or do not belong together.
    pub fn from_files(
        certificates: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        Self::of(Certificate::of_files(certificates.into(), key.into())?)
    }

    fn of(certificate: Certificate) -> Result<Self, TlsError> {
        let certificate = Arc::new(certificate);
        let config = config(&certificate, WebPkiClientVerifier::no_client_auth())?;
        Ok(ServerTls {
            certificate,
            clients: Clients::Anonymous,
            config: Arc::new(Reloaded::new(config)),
        })
    }

    /// Serves only clients that show a certificate which one of these roots has issued (mTLS).
    /// Handlers find it by `Context::peer_identity`.
    ///
    /// # Errors
    ///
    /// If the roots are not valid PEM.
    pub fn require_client_certificates(self, roots: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        self.with_clients(Clients::Required, roots.as_ref())
    }

    /// As [`require_client_certificates`](Self::require_client_certificates), with the roots in a
    /// file, which is read again when it has changed, as those of [`from_files`](Self::from_files) are.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has no valid PEM.
    pub fn require_client_certificates_from_file(
        self,
        roots: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        self.with_clients_from_file(Clients::Required, roots.into())
    }

    /// As [`require_client_certificates`](Self::require_client_certificates), but clients without
    /// a certificate are served too; `Context::peer_identity` tells the one from the other.
    ///
    /// # Errors
    ///
    /// If the roots are not valid PEM.
    pub fn allow_client_certificates(self, roots: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        self.with_clients(Clients::Allowed, roots.as_ref())
    }

    /// As [`allow_client_certificates`](Self::allow_client_certificates), with the roots in a
    /// file, which is read again when it has changed, as those of [`from_files`](Self::from_files) are.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has no valid PEM.
    pub fn allow_client_certificates_from_file(
        self,
        roots: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        self.with_clients_from_file(Clients::Allowed, roots.into())
    }

    fn with_clients(mut self, clients: Clients, roots: &[u8]) -> Result<Self, TlsError> {
        let config = config(&self.certificate, clients.verifier(roots)?)?;
        self.clients = clients;
        self.config = Arc::new(Reloaded::new(config));
        Ok(self)
    }

    fn with_clients_from_file(
        mut self,
        clients: Clients,
        roots: PathBuf,
    ) -> Result<Self, TlsError> {
        let certificate = self.certificate.clone();
        let files = vec![roots.clone()];
        let read_config = move || {
            let verifier = clients.verifier(&read(&roots)?).map_err(|error| {
                TlsError::because(&format!("cannot use {}", roots.display()), error)
            })?;
            config(&certificate, verifier)
        };
        self.clients = clients;
        self.config = Arc::new(Reloaded::of_files(files, read_config)?);
        Ok(self)
    }

    /// Uses another certificate from the next handshake on, in this and all clones. Connections
    /// that are open stay so.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem); then the certificate before it stays.
    pub fn replace_pem(
        &self,
        certificates: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<(), TlsError> {
        self.certificate
            .replace(certificates.as_ref(), key.as_ref())
    }

    /// Trusts other roots to issue certificates of clients, from the next handshake on, in this and
    /// all clones. Connections that are open stay so; no session that began with the roots before is
    /// resumed.
    ///
    /// # Errors
    ///
    /// If the roots are not valid PEM, or clients are not asked for certificates. Then the roots
    /// before stay.
    pub fn replace_client_roots_pem(&self, roots: impl AsRef<[u8]>) -> Result<(), TlsError> {
        let verifier = self.clients.verifier(roots.as_ref())?;
        self.config.replace(config(&self.certificate, verifier)?);
        Ok(())
    }

    /// What shakes hands, for clients of the native protocol and of `others`, by their names in ALPN.
    pub(crate) fn acceptor(&self, others: &[&[u8]]) -> TlsAcceptor {
        let protocols = [ALPN_NATIVE].iter().chain(others);
        TlsAcceptor {
            config: self.config.clone(),
            alpn: protocols.map(|name| name.to_vec()).collect(),
            offering: Mutex::default(),
        }
    }
}

impl Clients {
    /// What judges clients' certificates by these roots, in PEM.
    fn verifier(self, roots: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let roots = Arc::new(pem::roots(roots)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
        let verifier = match self {
            Clients::Required => verifier,
            Clients::Allowed => verifier.allow_unauthenticated(),
            Clients::Anonymous => {
                return Err(TlsError::new(
                    "clients are not asked for certificates; begin with \
                     ServerTls::require_client_certificates",
                ));
            }
        };
        verifier
            .build()
            .map_err(|error| TlsError::because("the roots cannot be used", error))
    }
}

/// Each has sessions of its own to resume: in those clients are not judged again.
fn config(
    certificate: &Arc<Certificate>,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::because("TLS cannot be set up", error))?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(certificate.clone());
    config.alpn_protocols = vec![ALPN_NATIVE.to_vec()];
    Ok(config)
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// Does the server's part of handshakes.
pub(crate) struct TlsAcceptor {
    config: Arc<Reloaded<ServerConfig>>,
    alpn: Vec<Vec<u8>>,
    /// The configuration last used, as it is and with the protocols offered.
    offering: Mutex<Option<[Arc<ServerConfig>; 2]>>,
}

impl TlsAcceptor {
    /// The configuration that holds now, with the protocols offered.
    fn config(&self, now: Instant) -> Arc<ServerConfig> {
        let config = self.config.get(now);
        if config.alpn_protocols == self.alpn {
            return config;
        }
        let mut offering = self.offering.lock().unwrap_or_else(PoisonError::into_inner);
        match &*offering {
            Some([plain, offered]) if Arc::ptr_eq(plain, &config) => Arc::clone(offered),
            _ => {
                let mut offered = ServerConfig::clone(&config);
                offered.alpn_protocols.clone_from(&self.alpn);
                let offered = Arc::new(offered);
                *offering = Some([config, Arc::clone(&offered)]);
                offered
            }
        }
    }

    /// Shakes hands. What fails comes back with the transport, on which the client may still read
    /// why.
    pub(crate) async fn accept(
        &self,
        accepted: Accepted,
    ) -> Result<Accepted, (io::Error, BoxTransport)> {
        let acceptor = tokio_rustls::TlsAcceptor::from(self.config(Instant::now()));
        let handshake = acceptor.accept(accepted.transport).into_fallible();
        let stream = handshake
            .await
            .map_err(|(error, transport)| (explain_to_server(error), transport))?;
        let chain = stream.get_ref().1.peer_certificates();
        let chain = chain.map(|chain| chain.iter().map(|der| Bytes::copy_from_slice(der)));
        let certificates =
            chain.map(|chain| PeerIdentity::Certificates(PeerCertificates::new(chain)));
        Ok(Accepted {
            transport: Box::new(TlsTransport {
                stream,
                explain: explain_to_server,
            }),
            peer: accepted.peer,
            identity: certificates.map(Arc::new).or(accepted.identity),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::reload::CHECK_INTERVAL;
    use super::super::test_folder::Folder;
    use super::*;

    #[test]
    fn the_roots_of_clients_are_read_again_when_their_file_changes() {
        let folder = Folder::new("rpc-client-roots");
        let [mine, old, new] = [(); 3].map(|()| {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            (made.cert.pem(), made.signing_key.serialize_pem())
        });
        let file = folder.write("roots", &old.0);
        let tls = ServerTls::from_pem(mine.0, mine.1).unwrap();
        let tls = tls.require_client_certificates_from_file(&file).unwrap();
        let mut now = Instant::now();
        let first = tls.config.get(now);
        for (text, is_read) in [("no roots", false), (&*format!("{}\n", new.0), true)] {
            folder.write("roots", text);
            now += CHECK_INTERVAL;
            assert_eq!(!Arc::ptr_eq(&first, &tls.config.get(now)), is_read);
        }

        let (anonymous, missing) = (tls.clone(), folder.path("missing"));
        let error = anonymous.allow_client_certificates_from_file(&missing);
        let text = error.unwrap_err().to_string();
        assert!(text.contains(&missing.display().to_string()), "{text}");
    }
}
