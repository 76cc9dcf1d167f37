//! Which protocol is spoken on a pool's connections, and how.

use std::sync::Arc;
use std::time::Duration;

use rpc_wire::Status;
use rpc_wire::session::{ClientConfig, Keepalive};

use super::{Dialer, NativeDialer, PoolConfig};
use crate::connection::any::AnyConnection;
use crate::connection::observer::Observer;
use crate::transport::{Connector, Target};

/// What is said on connections.
#[derive(Clone, Debug)]
pub(crate) struct SessionConfig {
    /// All but keepalive.
    pub(crate) session: ClientConfig,
    pub(crate) keepalive_interval: Option<Duration>,
    pub(crate) keepalive_timeout: Option<Duration>,
    pub(crate) observer: Observer,
    /// Requests are compressed, with the first algorithm of the session's settings.
    pub(crate) compresses: bool,
    /// How many times as long a reply may become when it is decompressed.
    pub(crate) max_ratio: u32,
}

impl SessionConfig {
    /// Keepalive as it was set, and otherwise as in `default`.
    pub(super) fn keepalive(&self, default: Keepalive) -> Keepalive {
        Keepalive {
            interval: self.keepalive_interval.unwrap_or(default.interval),
            timeout: self.keepalive_timeout.unwrap_or(default.timeout),
        }
    }
}

/// What makes connections to `target`, if that is known, over the streams that `connector` opens.
///
/// # Errors
///
/// INVALID_ARGUMENT if the target's protocol is not compiled in.
pub(crate) fn dialer(
    target: Option<&Target>,
    connector: Arc<dyn Connector>,
    config: SessionConfig,
    pool: &PoolConfig,
) -> Result<Box<dyn Dialer<AnyConnection>>, Status> {
    match target {
        #[cfg(feature = "grpc")]
        Some(Target::Grpc(authority) | Target::GrpcTls(authority)) => {
            let origin = crate::connection::grpc::Origin {
                authority: authority.to_string(),
                by_tls: matches!(target, Some(Target::GrpcTls(_))),
            };
            let dialer = super::grpc::GrpcDialer::new(connector, origin, &config, pool);
            Ok(Box::new(dialer))
        }
        #[cfg(not(feature = "grpc"))]
        Some(target @ (Target::Grpc(_) | Target::GrpcTls(_))) => {
            Err(not_compiled_in(target, "gRPC", "grpc"))
        }
        #[cfg(feature = "jsonrpc")]
        Some(target @ (Target::JsonRpc(_) | Target::JsonRpcHttp(..))) => {
            let endpoint = match target {
                Target::JsonRpcHttp(authority, path) => {
                    Some(crate::connection::jsonrpc::Endpoint {
                        authority: authority.to_string(),
                        path: path.clone(),
                    })
                }
                _ => None,
            };
            let dialer = super::jsonrpc::JsonRpcDialer::new(connector, endpoint, &config, pool);
            Ok(Box::new(dialer))
        }
        #[cfg(not(feature = "jsonrpc"))]
        Some(target @ (Target::JsonRpc(_) | Target::JsonRpcHttp(..))) => {
            Err(not_compiled_in(target, "JSON-RPC", "jsonrpc"))
        }
        _ => Ok(Box::new(NativeDialer::new(connector, config, pool))),
    }
}

#[cfg(not(all(feature = "grpc", feature = "jsonrpc")))]
fn not_compiled_in(target: &Target, protocol: &str, feature: &str) -> Status {
    Status::invalid_argument(format!(
        "the target {target} takes {protocol}, which is not compiled in; enable the feature {feature} of rpc-runtime"
    ))
    .with_may_have_run(false)
}
