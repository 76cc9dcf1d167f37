//! How a server treats its connections.

#[cfg(feature = "_http")]
use std::sync::Arc;
use std::time::Duration;

use rpc_wire::frame::{Features, Settings};
use rpc_wire::session::{Keepalive, ServerConfig};

#[cfg(feature = "_http")]
use super::cors::Cors;
use super::observer::Observer;
#[cfg(feature = "_http")]
use crate::compression::Compression;
use crate::compression::{DEFAULT_COMPRESS_FROM, DEFAULT_MAX_RATIO};

/// Time for a client to identify itself, unless configured otherwise: enough for any network,
/// and little for a port scanner.
const DEFAULT_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for a frame to arrive whole, unless configured otherwise: 16 KiB at 1 KiB a second.
const DEFAULT_FRAME_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of replies that wait for their client, unless configured otherwise: as much as one stream
/// may send without being asked.
const DEFAULT_MAX_UNREAD_OUTPUT: usize = 1024 * 1024;

/// Time in which a client must take something of what is written, unless configured otherwise: as
/// long as for a frame in the other direction.
const DEFAULT_WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Time without calls after which a connection is closed, unless configured otherwise: longer
/// than clients wait, so that it is usually they who close.
const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Requests of a JSON-RPC batch, unless configured otherwise: as many as a connection's calls at a time.
#[cfg(feature = "jsonrpc")]
const DEFAULT_MAX_BATCH_LENGTH: usize = 1024;

/// How a client that is gone is found out, unless configured otherwise: its own PINGs come every
/// ten seconds, so only one that sends none is asked.
pub(crate) const DEFAULT_KEEPALIVE: Keepalive = Keepalive {
    interval: Duration::from_secs(30),
    timeout: Duration::from_secs(10),
};

/// How a server treats its connections.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionConfig {
    pub(crate) session: ServerConfig,
    /// How long a client has to identify itself.
    pub(crate) handshake_timeout: Duration,
    /// How long a frame may take from its first byte to its last.
    pub(crate) frame_timeout: Duration,
    /// No more requests are read while this many bytes wait to be written, so that a client that
    /// does not read its replies holds up nobody but itself.
    pub(crate) max_unread_output: usize,
    /// Requests that a JSON-RPC batch may have.
    #[cfg(feature = "jsonrpc")]
    pub(crate) max_batch_length: usize,
    /// How long a client may take nothing of what is written.
    pub(crate) write_timeout: Duration,
    /// How long a connection may have no calls.
    pub(crate) idle_timeout: Duration,
    /// Age at which a connection ends.
    pub(crate) max_age: Option<Duration>,
    pub(crate) observer: Observer,
    /// What requests over HTTP may be compressed with. Those of the native protocol, and all replies, have
    /// the session's settings.
    #[cfg(feature = "_http")]
    pub(crate) http_requests: Vec<Compression>,
    /// Size from which on replies are compressed, in bytes.
    pub(crate) compress_from: usize,
    /// How many times as long a request may become when it is decompressed.
    pub(crate) max_compression_ratio: u32,
    /// Which web pages may call, if any may.
    #[cfg(feature = "_http")]
    pub(crate) cors: Option<Arc<Cors>>,
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        ConnectionConfig {
            session: ServerConfig {
                // A client that wants checksums has a reason, and to agree costs nothing.
                settings: Settings {
                    features: Features::CHECKSUM,
                    ..Settings::default()
                },
                keepalive: Some(DEFAULT_KEEPALIVE),
                ..ServerConfig::default()
            },
            handshake_timeout: DEFAULT_HANDSHAKE_TIMEOUT,
            frame_timeout: DEFAULT_FRAME_TIMEOUT,
            max_unread_output: DEFAULT_MAX_UNREAD_OUTPUT,
            #[cfg(feature = "jsonrpc")]
            max_batch_length: DEFAULT_MAX_BATCH_LENGTH,
            write_timeout: DEFAULT_WRITE_TIMEOUT,
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            max_age: None,
            observer: Observer::default(),
            // Clients over HTTP compress without asking first.
            #[cfg(feature = "_http")]
            http_requests: Compression::ALL.to_vec(),
            compress_from: DEFAULT_COMPRESS_FROM,
            max_compression_ratio: DEFAULT_MAX_RATIO,
            #[cfg(feature = "_http")]
            cors: None,
        }
    }
}
