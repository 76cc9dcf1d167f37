//! The connector for each kind of target.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rpc_wire::{Stage, Status};

use super::tcp::TcpConnector;
use super::{BoxTransport, Connecting, Connector, Target, memory, unix};

/// What connects to `target`.
///
/// # Errors
///
/// INVALID_ARGUMENT if the target takes something that is not there.
pub(crate) fn connector(target: Target) -> Result<Arc<dyn Connector>, Status> {
    let address = target.to_string().into();
    Ok(match target {
        Target::Tcp(authority) => Arc::new(TcpConnector::new(authority)),
        Target::Tls(_) => {
            return Err(Status::invalid_argument(format!(
                "the target {address} takes TLS, which is not compiled in; enable the feature tls \
                 of rpc-runtime"
            ))
            .with_may_have_run(false));
        }
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
