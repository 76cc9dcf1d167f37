//! The connector for each kind of target.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rpc_wire::{Stage, Status};

use super::tcp::TcpConnector;
use super::{
    ALPN_HTTP2, ALPN_NATIVE, BoxTransport, ClientTls, Connecting, Connector, Target, memory, tls,
    unix,
};

/// What connects to `target`, by `tls` if that is given.
///
/// # Errors
///
/// INVALID_ARGUMENT if the target takes something that is not there, or goes without TLS although
/// it is given.
pub(crate) fn connector(
    target: Target,
    tls: Option<ClientTls>,
) -> Result<Arc<dyn Connector>, Status> {
    let address: Arc<str> = target.to_string().into();
    Ok(match target {
        Target::Tls(authority) => return tls::connector(authority, address, ALPN_NATIVE, tls),
        Target::GrpcTls(authority) => return tls::connector(authority, address, ALPN_HTTP2, tls),
        _ if tls.is_some() => {
            return Err(Status::invalid_argument(format!(
                "TLS is configured, and the target {address} goes without; write rpcs://host:port or \
                 grpcs://host:port, or leave ChannelBuilder::tls out"
            ))
            .with_may_have_run(false));
        }
        Target::Tcp(authority)
        | Target::Grpc(authority)
        | Target::JsonRpc(authority)
        | Target::JsonRpcHttp(authority, _) => Arc::new(TcpConnector::new(authority, address)),
        Target::Unix(path) => Arc::new(UnixConnector { path, address }),
        Target::Memory(name) => Arc::new(MemoryConnector { name, address }),
    })
}

/// Connects to a Unix socket.
struct UnixConnector {
    path: PathBuf,
    address: Arc<str>,
}

impl Connector for UnixConnector {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async {
            let stream = unix::connect(&self.path).await.map_err(local_error)?;
            Ok(Box::new(stream) as BoxTransport)
        })
    }

    fn address(&self) -> Arc<str> {
        self.address.clone()
    }
}

/// Connects to a server of this process.
struct MemoryConnector {
    name: String,
    address: Arc<str>,
}

impl Connector for MemoryConnector {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async {
            let stream = memory::connect(&self.name).await.map_err(local_error)?;
            Ok(Box::new(stream) as BoxTransport)
        })
    }

    fn address(&self) -> Arc<str> {
        self.address.clone()
    }
}

/// As `connect_error`, where there is no port to get wrong.
fn local_error(error: io::Error) -> Status {
    let advice = match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => "; is the server running?",
        io::ErrorKind::PermissionDenied => "; it takes the permission to write to the file",
        _ => "",
    };
    Status::unavailable(format!("cannot connect: {error}{advice}"))
        .with_source(error)
        .with_stage(Stage::Connect)
        .with_may_have_run(false)
}
