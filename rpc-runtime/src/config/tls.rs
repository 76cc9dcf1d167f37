//! TLS from files.

use super::error::ConfigError;
use super::node::Node;
use crate::transport::{ClientTls, ServerTls, TlsError};

/// TLS of a server.
pub(super) fn of_server(section: &Node) -> Result<ServerTls, ConfigError> {
    section.only(&["cert", "key", "client_ca", "client_auth"])?;
    let (cert, key) = (section.require("cert")?, section.require("key")?);
    for file in [cert, key] {
        // One that cannot be read is shown with its own key.
        file.content()?;
    }
    let tls = ServerTls::from_files(cert.path()?, key.path()?);
    let tls = tls.map_err(|error| section.tls(error))?;
    let auth = section.get("client_auth")?;
    let required = match auth {
        Some(auth) => auth.one_of(&[("required", true), ("optional", false)])?,
        None => true,
    };
    match (section.get("client_ca")?, auth) {
        (Some(ca), _) => {
            ca.content()?;
            let roots = ca.path()?;
            let tls = match required {
                true => tls.require_client_certificates_from_file(roots),
                false => tls.allow_client_certificates_from_file(roots),
            };
            tls.map_err(|error| ca.tls(error))
        }
        (None, Some(auth)) => {
            Err(auth.error("who issues the certificates of clients is missing; add client_ca"))
        }
        (None, None) => Ok(tls),
    }
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
            .map_err(|error| section.tls(error))?;
    }
    if let Some(domain) = section.get("domain")? {
        tls = tls
            .server_name(domain.text("a DNS name or an IP address")?)
            .map_err(|error| domain.tls(error))?;
    }
    Ok(tls)
}

impl Node {
    fn tls(&self, error: TlsError) -> ConfigError {
        self.error(error.to_string()).because(error)
    }
}
