//! What is wrong with certificates and keys, and why handshakes fail.

use std::error::Error;
use std::fmt;
use std::io;

use rpc_wire::Status;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError, InvalidMessage};

/// Certificates or a key that cannot be used, and why.
///
/// It becomes a `ServeError` or a [`Status`] by `?`.
#[derive(Debug)]
pub struct TlsError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TlsError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        TlsError {
            message: message.into(),
            source: None,
        }
    }

    /// What went wrong, and the error that says why.
    pub(super) fn because(what: &str, source: impl Error + Send + Sync + 'static) -> Self {
        TlsError {
            message: format!("{what}: {source}"),
            source: Some(Box::new(source)),
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for TlsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<TlsError> for Status {
    fn from(error: TlsError) -> Self {
        Status::invalid_argument(error.to_string())
            .with_source(error)
            .with_may_have_run(false)
    }
}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}

/// What rustls found, if it is rustls that reports an error.
fn of_rustls(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The same error with what a client can do about it.
pub(super) fn explain_to_client(error: io::Error) -> io::Error {
    let advice = match of_rustls(&error) {
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the server does not speak TLS; use the scheme rpc, or grpc for a gRPC server, or check the port"
        }
        Some(rustls::Error::InvalidCertificate(reason)) => about_certificate(reason),
        Some(rustls::Error::AlertReceived(alert)) => about_alert(*alert),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection; if it speaks no TLS, use the scheme rpc, or grpc for a gRPC server"
        }
        _ => return error,
    };
    match advice {
        "" => error,
        advice => io::Error::new(error.kind(), Explained { error, advice }),
    }
}

fn about_certificate(reason: &CertificateError) -> &'static str {
    use CertificateError as Reason;
    match reason {
        Reason::UnknownIssuer | Reason::BadSignature => {
            "none of the trusted roots has issued it; trust its issuer with ClientTls::roots_pem"
        }
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            "connect by a name that it is valid for, or set ClientTls::server_name"
        }
        Reason::Expired
        | Reason::ExpiredContext { .. }
        | Reason::NotValidYet
        | Reason::NotValidYetContext { .. } => {
            "renew the server's certificate, or set this machine's clock"
        }
        _ => "",
    }
}

fn about_alert(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => {
            "the server wants a client certificate; give one with ClientTls::identity_pem"
        }
        Alert::BadCertificate
        | Alert::UnknownCA
        | Alert::CertificateUnknown
        | Alert::CertificateExpired
        | Alert::CertificateRevoked
        | Alert::UnsupportedCertificate
        | Alert::DecryptError => {
            "the server does not accept the client's certificate, see ClientTls::identity_pem"
        }
        Alert::NoApplicationProtocol => {
            "the server's TLS port is for other protocols; check the port"
        }
        _ => "",
    }
}

/// The same error with what a server's log has to say of it.
pub(super) fn explain_to_server(error: io::Error) -> io::Error {
    let advice = match of_rustls(&error) {
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "the client does not speak TLS; it needs the scheme rpcs"
        }
        Some(rustls::Error::NoCertificatesPresented) => {
            "the client shows no certificate; it needs ClientTls::identity_pem"
        }
        Some(rustls::Error::AlertReceived(
            AlertDescription::UnknownCA | AlertDescription::BadCertificate,
        )) => "the client does not accept this server's certificate",
        _ => return error,
    };
    io::Error::new(error.kind(), Explained { error, advice })
}

/// An error, and what to do about it.
#[derive(Debug)]
struct Explained {
    error: io::Error,
    advice: &'static str,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.error, self.advice)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
