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

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
