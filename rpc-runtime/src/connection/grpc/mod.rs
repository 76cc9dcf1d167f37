//! Connections to gRPC servers: calls over HTTP/2.
//!
//! The protocol is h2's, which shows what hyper hides: whether the server can have run a call that failed, and how
//! many it lets run. And a call is polled by its caller, without a task between.

mod begun;
mod call;
mod error;
mod handshake;
mod heard;
mod moving;
mod protocol;
mod request;
mod response;
#[cfg(test)]
mod tests;

use rpc_wire::session::Keepalive;

use crate::compression::Compression;

pub(crate) use handshake::connect;

/// How a client speaks to a gRPC server.
#[derive(Clone, Debug)]
pub(crate) struct GrpcConfig {
    /// What the server is called, and whether by TLS.
    pub(crate) origin: Origin,
    /// What requests may be compressed with.
    pub(crate) compression: Option<Compression>,
    /// What replies may be compressed with.
    pub(crate) accepted: Vec<Compression>,
    /// Largest reply, in bytes.
    pub(crate) max_message_size: u64,
    /// Largest metadata of a reply, in bytes.
    pub(crate) max_metadata_size: u32,
    /// How many times as long as it arrived a reply may become when it is decompressed.
    pub(crate) max_ratio: u32,
    pub(crate) keepalive: Keepalive,
}

/// The server as requests name it.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The `host:port` of the target.
    pub(crate) authority: String,
    pub(crate) by_tls: bool,
}
