//! Settings of servers.

use super::error::ConfigError;
use super::node::Node;
use super::settings::{Setting, apply, setting};
#[cfg(feature = "tls")]
use super::tls;
use crate::gateway::Protocol;
#[cfg(feature = "_json")]
use crate::json::JsonOptions;
use crate::server::{Server, WorkerPool};

/// What may be said of a server. The defaults are those of [`Server`].
pub(super) const SETTINGS: &[Setting<Server>] = &[
    setting!(checksum, flag),
    setting!(default_timeout, duration),
    setting!(frame_timeout, duration),
    setting!(handshake_timeout, duration),
    setting!(idle_timeout, duration),
    setting!(keepalive_interval, interval),
    setting!(keepalive_timeout, duration),
    setting!(max_concurrent_calls, count),
    setting!(max_concurrent_streams, count),
    setting!(max_connection_age, duration),
    setting!(max_connections, count),
    setting!(max_connections_per_peer, count),
    setting!(max_message_size, size),
    setting!(max_metadata_size, size),
    setting!(max_queued_replies, size),
    setting!(max_unread_input, size),
    setting!(max_unread_output, size),
    setting!(shutdown_grace, duration),
    ("without", without),
    setting!(worker_pool, worker_pool),
    setting!(write_timeout, duration),
    #[cfg(feature = "compression")]
    setting!(compress_from, size),
    #[cfg(feature = "compression")]
    setting!(compression, algorithms),
    #[cfg(feature = "compression")]
    setting!(max_compression_ratio, count),
    #[cfg(feature = "_http")]
    setting!(cors, cors),
    #[cfg(feature = "_json")]
    ("json", |server, value| {
        let options = apply(value, &[], JSON_SETTINGS, JsonOptions::new())?;
        Ok(server.json(options))
    }),
    #[cfg(feature = "jsonrpc")]
    setting!(max_batch_length, count),
    #[cfg(feature = "tls")]
    (
        "tls",
        |server, value| Ok(server.tls(tls::of_server(value)?)),
    ),
    #[cfg(not(feature = "compression"))]
    ("compress_from", |_, value| {
        Err(value.missing_feature("compression"))
    }),
    #[cfg(not(feature = "compression"))]
    ("compression", |_, value| {
        Err(value.missing_feature("compression"))
    }),
    #[cfg(not(feature = "compression"))]
    ("max_compression_ratio", |_, value| {
        Err(value.missing_feature("compression"))
    }),
    #[cfg(not(feature = "_http"))]
    ("cors", |_, value| {
        Err(value.missing_feature("grpc, http or jsonrpc"))
    }),
    #[cfg(not(feature = "_json"))]
    ("json", |_, value| Err(value.missing_feature("http"))),
    #[cfg(not(feature = "jsonrpc"))]
    ("max_batch_length", |_, value| {
        Err(value.missing_feature("jsonrpc"))
    }),
    #[cfg(not(feature = "tls"))]
    ("tls", |_, value| Err(value.missing_feature("tls"))),
];

fn without(mut server: Server, answers: &Node) -> Result<Server, ConfigError> {
    type Without = fn(Server) -> Server;
    let known: [(&str, Without); 7] = [
        ("grpc", |server| server.without(Protocol::Grpc)),
        ("grpc-web", |server| server.without(Protocol::GrpcWeb)),
        ("health", Server::without_health),
        ("http", |server| server.without(Protocol::Http)),
        ("jsonrpc", |server| server.without(Protocol::JsonRpc)),
        ("reflection", Server::without_reflection),
        ("v1", |server| server.without(Protocol::V1)),
    ];
    for without in answers.some_of(&known)? {
        server = without(server);
    }
    Ok(server)
}

/// What may be said of messages as JSON.
#[cfg(feature = "_json")]
const JSON_SETTINGS: &[Setting<JsonOptions>] = &[
    setting!(emit_defaults, flag),
    setting!(ignore_unknown_fields, flag),
];

/// What may be said of a worker pool beside its size.
const POOL_SETTINGS: &[Setting<WorkerPool>] = &[
    setting!(max_queued, any_count),
    ("wait_when_full", |pool, value| {
        Ok(match value.flag()? {
            true => pool.wait_when_full(),
            false => pool,
        })
    }),
];

impl Node {
    fn worker_pool(&self) -> Result<WorkerPool, ConfigError> {
        let pool = match self.get("threads")? {
            Some(threads) => WorkerPool::new(threads.count()?),
            None => WorkerPool::default(),
        };
        apply(self, &["threads"], POOL_SETTINGS, pool)
    }
}
