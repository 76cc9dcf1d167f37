//! TLS of clients.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rpc_wire::{Stage, Status};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::error::explain_to_client;
use super::stream::TlsTransport;
use super::{TlsError, pem, provider};
use crate::transport::target::Authority;
use crate::transport::tcp::TcpConnector;
use crate::transport::{ALPN_NATIVE, BoxTransport, Connecting, Connector};

/// Whom a client trusts, and who it is itself. Given to `ChannelBuilder::tls` for targets with the
/// scheme `rpcs` or `grpcs`; those go without where the operating system's roots are enough. Other streams are
/// wrapped with [`over`](Self::over); what stays on the machine, `unix:` and `mem:`, needs no TLS.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use rpc_runtime::{Channel, ClientTls};
///
/// let tls = ClientTls::new()
///     .roots_pem(std::fs::read("ca.pem")?)?
///     .identity_pem(std::fs::read("client.pem")?, std::fs::read("client.key")?)?;
/// let channel = Channel::builder("rpcs://localhost:8443").tls(tls).connect().await?;
/// # Ok(()) }
/// ```
///
/// TLS 1.3 and 1.2 are spoken. There is no way to trust everybody.
#[derive(Clone, Default)]
pub struct ClientTls {
    /// The operating system's unless given.
    roots: Option<Arc<RootCertStore>>,
    identity: Option<Arc<CertifiedKey>>,
    /// The target's host unless given.
    server_name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// Trusts the roots that the operating system trusts, shows no certificate, and expects the
    /// server's to be for the host of the target.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these roots, in PEM, in place of the operating system's.
    ///
    /// # Errors
    ///
    /// If they are not valid.
    pub fn roots_pem(mut self, roots: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        self.roots = Some(Arc::new(pem::roots(roots.as_ref())?));
        Ok(self)
    }

    /// Shows a certificate to servers that ask for one (mTLS): a chain in PEM, the client's own
    /// first, and its private key.
    ///
    /// # Errors
    ///
    /// If they are not valid, or do not belong together.
    pub fn identity_pem(
        mut self,
        certificates: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let identity = pem::certified_key(certificates.as_ref(), key.as_ref())?;
        self.identity = Some(Arc::new(identity));
        Ok(self)
    }

    /// Expects the server's certificate to be for this DNS name or IP address, whatever the host
    /// of the target is.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn server_name(mut self, name: &str) -> Result<Self, TlsError> {
        self.server_name = Some(parse_name(name)?);
        Ok(self)
    }

    /// Speaks TLS on the streams that another connector opens, for `Channel::connect_with`: through a
    /// tunnel, for example, or with socket options of one's own. The server's certificate has to be for
    /// `host`, unless [`server_name`](Self::server_name) says otherwise.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use rpc_runtime::{Channel, ClientTls};
    /// use tokio::net::TcpStream;
    ///
    /// let tunnel = || TcpStream::connect("127.0.0.1:9443");
    /// let connector = ClientTls::new().over(tunnel, "hello.example.com")?;
    /// let channel = Channel::connect_with(connector).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If `host` is neither a DNS name nor an IP address, or there are no roots.
    pub fn over<C: Connector>(
        self,
        connector: C,
        host: &str,
    ) -> Result<impl Connector + use<C>, TlsError> {
        let address = format!("{host} by TLS over {}", connector.address());
        TlsOver::new(self, connector, host, ALPN_NATIVE, address.into())
    }

    fn connector(self, alpn: &[u8]) -> Result<TlsConnector, TlsError> {
        let roots = match self.roots {
            Some(roots) => roots,
            None => native_roots()?,
        };
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::because("TLS cannot be set up", error))?
            .with_root_certificates(roots);
        let mut config = match self.identity {
            Some(identity) => {
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![alpn.to_vec()];
        Ok(Arc::new(config).into())
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

fn parse_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(name.to_owned()).map_err(|error| {
        let what = format!("{name:?} is neither a DNS name nor an IP address");
        TlsError::because(&what, error)
    })
}

/// The roots that the operating system trusts. They are read once in a process: that takes some
/// milliseconds.
fn native_roots() -> Result<Arc<RootCertStore>, TlsError> {
    static ROOTS: Mutex<Option<Arc<RootCertStore>>> = Mutex::new(None);
    let mut known = ROOTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(roots) = &*known {
        return Ok(roots.clone());
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(TlsError::new(format!(
            "the operating system has no trusted root certificates; install them (ca-certificates) \
             or give the server's root with ClientTls::roots_pem. {}",
            errors.join("; ")
        )));
    }
    Ok(known.insert(Arc::new(roots)).clone())
}

/// What connects to `authority` by TLS, for the protocol that `alpn` names.
pub(in crate::transport) fn connector(
    authority: Authority,
    address: Arc<str>,
    alpn: &[u8],
    tls: Option<ClientTls>,
) -> Result<Arc<dyn Connector>, Status> {
    let host = authority.host.clone();
    let tcp = TcpConnector::new(authority, Arc::clone(&address));
    let connector = TlsOver::new(tls.unwrap_or_default(), tcp, &host, alpn, address)?;
    Ok(Arc::new(connector))
}

/// Shakes hands on the streams that another connector opens.
struct TlsOver<C> {
    connector: C,
    tls: TlsConnector,
    server_name: ServerName<'static>,
    address: Arc<str>,
}

impl<C: Connector> TlsOver<C> {
    /// TLS with `host`, unless `tls` names another.
    fn new(
        tls: ClientTls,
        connector: C,
        host: &str,
        alpn: &[u8],
        address: Arc<str>,
    ) -> Result<Self, TlsError> {
        let server_name = match &tls.server_name {
            Some(name) => name.clone(),
            None => parse_name(host)?,
        };
        Ok(TlsOver {
            connector,
            tls: tls.connector(alpn)?,
            server_name,
            address,
        })
    }

    async fn open(&self) -> Result<BoxTransport, Status> {
        let stream = self.connector.connect().await?;
        let handshake = self.tls.connect(self.server_name.clone(), stream);
        let stream = handshake.await.map_err(handshake_error)?;
        Ok(Box::new(TlsTransport {
            stream,
            explain: explain_to_client,
        }))
    }
}

impl<C: Connector> Connector for TlsOver<C> {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(self.open())
    }

    fn address(&self) -> Arc<str> {
        self.address.clone()
    }
}

fn handshake_error(error: io::Error) -> Status {
    let error = explain_to_client(error);
    Status::unavailable(format!("the TLS handshake failed: {error}"))
        .with_source(error)
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
}
