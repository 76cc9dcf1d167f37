//! TLS to a server: whom to trust, and what was agreed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rpc_runtime::{Code, Stage, Status};
use serde::Serialize;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, InvalidMessage,
    RootCertStore,
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::ServerArgs;
use super::explained::Explained;
use super::trust_anyone::TrustAnyone;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// How to shake hands with a server.
pub(super) struct Tls {
    connector: TlsConnector,
    server_name: ServerName<'static>,
}

impl Tls {
    /// TLS with `host`, unless the arguments name another, for the protocols that `alpn` names.
    ///
    /// # Errors
    ///
    /// A file that cannot be used, or a name that is none.
    pub(super) fn new(args: &ServerArgs, host: &str, alpn: &[&str]) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let name = args.server_name.as_deref().unwrap_or(host);
        let server_name = ServerName::try_from(name.to_owned()).map_err(|_| {
            let message = format!("{name:?} is neither a DNS name nor an IP address");
            Error::new(Exit::Usage, message)
        })?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable("TLS", &error))?;
        let builder = match args.insecure {
            true => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(TrustAnyone(provider))),
            false => builder.with_root_certificates(roots(args.ca.as_deref())?),
        };
        let mut config = match (&args.cert, &args.key) {
            (Some(cert), Some(key)) => {
                let chain = certificates(cert)?;
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| unusable(&key.display().to_string(), &error))?;
                let config = builder.with_client_auth_cert(chain, key);
                config.map_err(|error| unusable(&cert.display().to_string(), &error))?
            }
            _ => builder.with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok(Tls {
            connector: Arc::new(config).into(),
            server_name,
        })
    }

    /// Shakes hands.
    ///
    /// # Errors
    ///
    /// Why there is no TLS with this server, and what to do about it.
    pub(super) async fn connect<S>(
        &self,
        stream: S,
    ) -> Result<(Explained<TlsStream<S>>, TlsDetails), Status>
    where
        S: rpc_runtime::Transport,
    {
        let handshake = self.connector.connect(self.server_name.clone(), stream);
        let stream = handshake.await.map_err(handshake_error)?;
        let details = TlsDetails::of(&stream);
        Ok((Explained(stream), details))
    }
}

fn roots(file: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return match roots.is_empty() {
            true => Err(Error::new(
                Exit::Input,
                "the operating system has no trusted root certificates",
            )
            .with_help("install them (ca-certificates), or give the server's root with --ca FILE")),
            false => Ok(roots),
        };
    };
    for certificate in certificates(file)? {
        let added = roots.add(certificate);
        added.map_err(|error| unusable(&file.display().to_string(), &error))?;
    }
    Ok(roots)
}

/// The certificates in a file; at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let name = file.display().to_string();
    let certificates = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let certificates: Vec<_> = certificates.map_err(|error| unusable(&name, &error))?;
    match certificates.is_empty() {
        true => Err(unusable(&name, &"it has no certificate in PEM")),
        false => Ok(certificates),
    }
}

fn unusable(what: &str, why: &dyn std::fmt::Display) -> Error {
    Error::new(Exit::Input, format!("{what} cannot be used: {why}"))
}

/// UNAUTHENTICATED if the server's certificate is not accepted, and otherwise UNAVAILABLE.
fn handshake_error(error: io::Error) -> Status {
    let rustls = error.get_ref().and_then(|error| error.downcast_ref());
    let code = match rustls {
        Some(TlsError::InvalidCertificate(_)) => Code::Unauthenticated,
        _ => Code::Unavailable,
    };
    let error = explain(error);
    Status::new(code, format!("the TLS handshake failed: {error}"))
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
}

/// The same error with what to do about it.
pub(super) fn explain(error: io::Error) -> io::Error {
    let rustls = error.get_ref().and_then(|error| error.downcast_ref());
    let advice = match rustls {
        Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the server does not speak TLS: write the scheme without s, such as rpc://, grpc:// or http://"
        }
        Some(TlsError::InvalidCertificate(reason)) => about_certificate(reason),
        Some(TlsError::AlertReceived(alert)) => about_alert(*alert),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "if the server does not speak TLS, write the scheme without s, such as rpc:// or grpc://"
        }
        _ => "",
    };
    match advice {
        "" => error,
        advice => io::Error::new(error.kind(), format!("{error}; {advice}")),
    }
}

fn about_certificate(reason: &CertificateError) -> &'static str {
    match reason {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "none of the trusted roots has issued it: give its root with --ca FILE"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "connect by a name that it is for, or give one with --server-name"
        }
        // The type of the error is webpki's, which is not a dependency of its own.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server shows the certificate of an authority: have it show one that was issued for it, or use --insecure"
        }
        _ => "",
    }
}

fn about_alert(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::CertificateRequired => {
            "the server wants a certificate: give --cert and --key"
        }
        AlertDescription::UnknownCA | AlertDescription::BadCertificate => {
            "the server does not accept the certificate of --cert"
        }
        AlertDescription::NoApplicationProtocol => {
            "the server speaks TLS, but another protocol over it"
        }
        _ => "",
    }
}

/// What a handshake came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TlsDetails {
    /// Such as `TLS 1.3`.
    pub(crate) version: String,
    pub(crate) cipher: String,
    /// The protocol that was agreed, if any was.
    pub(crate) alpn: Option<String>,
    /// The server's own.
    pub(crate) certificate: Option<Certificate>,
}

/// A server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// Names and addresses that it is for.
    pub(crate) names: Vec<String>,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    /// Until it expires; below 0 if it has.
    pub(crate) days_left: i64,
}

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

impl TlsDetails {
    fn of<S>(stream: &TlsStream<S>) -> Self {
        let (_, session) = stream.get_ref();
        let version = session
            .protocol_version()
            .and_then(|version| version.as_str());
        let version = version.unwrap_or("TLS").replace("TLSv1_", "TLS 1.");
        let suite = session.negotiated_cipher_suite();
        let certificate = session.peer_certificates().and_then(<[_]>::first);
        TlsDetails {
            version,
            cipher: suite.map_or(String::new(), |suite| format!("{:?}", suite.suite())),
            alpn: session
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            certificate: certificate.and_then(|der| Certificate::parse(der)),
        }
    }
}

impl Certificate {
    fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map(|names| names.value.general_names.iter().map(name).collect());
        let validity = certificate.validity();
        let left = validity.not_after.timestamp() - x509_parser::time::ASN1Time::now().timestamp();
        Some(Certificate {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names.unwrap_or_default(),
            not_before: validity.not_before.to_string(),
            not_after: validity.not_after.to_string(),
            days_left: left.div_euclid(SECONDS_PER_DAY),
        })
    }
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
            (*name).to_owned()
        }
        GeneralName::IPAddress(bytes) => {
            match (<[u8; 4]>::try_from(*bytes), <[u8; 16]>::try_from(*bytes)) {
                (Ok(v4), _) => std::net::Ipv4Addr::from(v4).to_string(),
                (_, Ok(v6)) => std::net::Ipv6Addr::from(v6).to_string(),
                _ => name.to_string(),
            }
        }
        name => name.to_string(),
    }
}
