//! TCP.

use std::io;
use std::sync::Arc;

use rpc_wire::{Stage, Status};
use tokio::net::{TcpStream, lookup_host};

use super::{BoxTransport, Connecting, Connector, Target, connect_error};

/// Connects to the first address of a host that answers.
pub(crate) struct TcpConnector {
    target: Target,
    address: Arc<str>,
}

impl TcpConnector {
    pub(crate) fn new(target: Target) -> Self {
        TcpConnector {
            address: target.to_string().into(),
            target,
        }
    }

    async fn open(&self) -> Result<BoxTransport, Status> {
        let (host, port) = (self.target.host(), self.target.port());
        let addresses: Vec<_> = match lookup_host((host, port)).await {
            Ok(addresses) => addresses.collect(),
            Err(error) => return Err(resolve_error(host, error)),
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match TcpStream::connect(address).await.and_then(set_options) {
                Ok(stream) => return Ok(Box::new(stream)),
                Err(error) => last = error,
            }
        }
        Err(connect_error(last))
    }
}

impl Connector for TcpConnector {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(self.open())
    }

    fn address(&self) -> Arc<str> {
        self.address.clone()
    }
}

/// Small frames leave at once: the connection does its own batching.
pub(crate) fn set_options(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn resolve_error(host: &str, error: io::Error) -> Status {
    Status::unavailable(format!(
        "cannot resolve the host {host:?}: {error}; check the name"
    ))
    .with_source(error)
    .with_stage(Stage::Resolve)
    .with_may_have_run(false)
}
