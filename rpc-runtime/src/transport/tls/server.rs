//! TLS of servers.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ServerConfig, WebPkiClientVerifier};

use super::certificate::Certificate;
use super::error::explain_to_server;
use super::stream::TlsTransport;
use super::{ALPN, TlsError, pem, provider};
use crate::transport::{Accepted, BoxTransport, PeerCertificates, PeerIdentity};

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
/// TLS 1.3 and 1.2 are spoken. In ALPN the protocol is called `rpc`; clients without ALPN are
/// served too.
///
/// Clones share the certificate, so a clone that is kept can replace it.
#[derive(Clone)]
pub struct ServerTls {
    certificate: Arc<Certificate>,
    clients: Arc<dyn ClientCertVerifier>,
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
        Certificate::of_pem(certificates.as_ref(), key.as_ref()).map(Self::of)
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
        Certificate::of_files(certificates.into(), key.into()).map(Self::of)
    }

    fn of(certificate: Certificate) -> Self {
        ServerTls {
            certificate: Arc::new(certificate),
            clients: WebPkiClientVerifier::no_client_auth(),
        }
    }

    /// Serves only clients that show a certificate which one of these roots has issued (mTLS).
    /// Handlers find it by `Context::peer_identity`.
    ///
    /// # Errors
    ///
    /// If the roots are not valid PEM.
    pub fn require_client_certificates(
        mut self,
        roots: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        self.clients = verifier(roots.as_ref(), true)?;
        Ok(self)
    }

    /// As [`require_client_certificates`](Self::require_client_certificates), but clients without
    /// a certificate are served too; `Context::peer_identity` tells the one from the other.
    ///
    /// # Errors
    ///
    /// If the roots are not valid PEM.
    pub fn allow_client_certificates(mut self, roots: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        self.clients = verifier(roots.as_ref(), false)?;
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

    pub(crate) fn acceptor(&self) -> io::Result<TlsAcceptor> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::because("TLS cannot be set up", error))?;
        let mut config = config
            .with_client_cert_verifier(self.clients.clone())
            .with_cert_resolver(self.certificate.clone());
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(TlsAcceptor(Arc::new(config).into()))
    }
}

fn verifier(roots: &[u8], required: bool) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Arc::new(pem::roots(roots)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
    let verifier = match required {
        true => verifier,
        false => verifier.allow_unauthenticated(),
    };
    verifier
        .build()
        .map_err(|error| TlsError::because("the roots cannot be used", error))
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// Does the server's part of handshakes.
pub(crate) struct TlsAcceptor(tokio_rustls::TlsAcceptor);

impl TlsAcceptor {
    /// Shakes hands. What fails comes back with the transport, on which the client may still read
    /// why.
    pub(crate) async fn accept(
        &self,
        accepted: Accepted,
    ) -> Result<Accepted, (io::Error, BoxTransport)> {
        let handshake = self.0.accept(accepted.transport).into_fallible();
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
