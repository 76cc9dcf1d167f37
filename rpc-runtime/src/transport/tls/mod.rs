//! TLS, by rustls.

mod certificate;
mod client;
mod error;
mod pem;
mod reload;
mod server;
mod stream;
#[cfg(test)]
mod test_folder;

use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};

pub use client::ClientTls;
pub use error::TlsError;
pub use server::ServerTls;

pub(super) use client::connector;
pub(crate) use server::TlsAcceptor;

/// The name of the protocol in ALPN. Clients offer it; a server that serves other protocols on the
/// same port adds theirs. Peers that do without ALPN are served too.
const ALPN: &[u8] = b"rpc";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
