//! TLS from files.

use std::fs;

use super::error::ConfigError;
use super::node::Node;
use crate::transport::{ClientTls, ServerTls, TlsError};

/// TLS of a server.
pub(super) fn of_server(section: &Node) -> Result<ServerTls, ConfigError> {
    section.only(&["cert", "key", "client_ca", "client_auth"])?;
    let (cert, key) = (section.require("cert")?, section.require("key")?);
    let tls = ServerTls::from_files(cert.path()?, key.path()?).map_err(|error| cert.tls(error))?;
    let required = match section.get("client_auth")? {
        Some(node) => node.one_of(&[("required", true), ("optional", false)])?,
        None => true,
    };
    match (section.get("client_ca")?, section.get("client_auth")?) {
        (Some(ca), _) if required => tls.require_client_certificates(ca.content()?),
        (Some(ca), _) => tls.allow_client_certificates(ca.content()?),
        (None, Some(auth)) => {
            return Err(auth.error("the certificates of clients take a client_ca that issued them"));
        }
        (None, None) => Ok(tls),
    }
    .map_err(|error| section.tls(error))
}

/// TLS of a client.
pub(super) fn of_client(section: &Node) -> Result<ClientTls, ConfigError> {
    section.only(&["ca", "cert", "key", "domain"])?;
    let mut tls = ClientTls::new();
    if let Some(ca) = section.get("ca")? {
        tls = tls
            .roots_pem(ca.content()?)
            .map_err(|error| ca.tls(error))?;
    }
    if section.get("cert")?.is_some() || section.get("key")?.is_some() {
        let (cert, key) = (section.require("cert")?, section.require("key")?);
        tls = tls
            .identity_pem(cert.content()?, key.content()?)
            .map_err(|error| cert.tls(error))?;
    }
    if let Some(domain) = section.get("domain")? {
        tls = tls
            .server_name(domain.text("a DNS name or an IP address")?)
            .map_err(|error| domain.tls(error))?;
    }
    Ok(tls)
}

impl Node {
    /// The content of the file that this is the path of.
    fn content(&self) -> Result<Vec<u8>, ConfigError> {
        let path = self.path()?;
        fs::read(&path).map_err(|error| {
            let message = format!("cannot read {}: {error}", path.display());
            self.error(message).because(error)
        })
    }

    fn tls(&self, error: TlsError) -> ConfigError {
        self.error(error.to_string()).because(error)
    }
}
