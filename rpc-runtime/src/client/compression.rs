//! Which requests are compressed.

use bytes::Bytes;
use rpc_wire::session::Encoded;
use rpc_wire::{Stage, Status};

use crate::compression::{Compression, compress};
use crate::connection::any::AnyConnection;

/// What a call does about its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compress {
    Never,
    /// Those of this size, in bytes, and larger ones, if the connection has agreed on an algorithm.
    From(usize),
    /// All of them, with this algorithm and no other.
    #[cfg_attr(
        not(feature = "compression"),
        expect(dead_code, reason = "calls have no such option")
    )]
    With(Compression),
}

impl Compress {
    pub(super) fn is_wanted(self) -> bool {
        !matches!(self, Compress::Never)
    }

    /// Whether the call has to know what the server supports before it is sent.
    pub(super) fn needs_agreement(self) -> bool {
        matches!(self, Compress::With(_))
    }

    /// A request as a connection takes it, if it is to be compressed.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED if the connection has not agreed on the algorithm that the call asks for.
    pub(super) fn apply(
        self,
        connection: &AnyConnection,
        request: &Bytes,
    ) -> Result<Option<Encoded>, Status> {
        let Some(algorithm) = self.choose(connection, request.len())? else {
            return Ok(None);
        };
        let limit = connection.max_request_size().unwrap_or(u64::MAX);
        Ok(Some(compress(request.clone(), algorithm, limit)))
    }

    fn choose(
        self,
        connection: &AnyConnection,
        size: usize,
    ) -> Result<Option<Compression>, Status> {
        match self {
            Compress::Never => Ok(None),
            Compress::From(least) if size < least => Ok(None),
            Compress::From(_) => Ok(connection.compression()),
            Compress::With(wanted) if connection.compression() == Some(wanted) => Ok(Some(wanted)),
            Compress::With(wanted) => Err(not_agreed(connection, wanted)),
        }
    }
}

fn not_agreed(connection: &AnyConnection, wanted: Compression) -> Status {
    let wanted = wanted.name();
    let supported = connection.server_compression();
    let reason = match (&supported[..], connection.compression()) {
        ([], _) => "the server supports no compression".to_owned(),
        (names, Some(agreed)) if names.iter().any(|name| name == wanted) => format!(
            "the connection uses {}, the channel's first choice of what the server supports: {}; \
             choose another in ChannelBuilder::compression",
            agreed.name(),
            names.join(", ")
        ),
        (names, _) => format!("the server supports: {}", names.join(", ")),
    };
    Status::unimplemented(format!(
        "the call asks for compression with {wanted}; {reason}"
    ))
    .with_stage(Stage::Send)
    .with_may_have_run(false)
}

#[cfg(feature = "compression")]
impl super::ChannelBuilder {
    /// Compresses requests, with the first of `algorithms` that the server supports; those are also
    /// what replies may be compressed with. The channel gets a connection of its own.
    ///
    /// Unless it is set requests are not compressed, and replies may be with any algorithm: the
    /// server decides. An empty list allows none.
    ///
    /// gRPC servers say nothing of it ahead: they are sent the first of `algorithms`. One that does not know it is
    /// sent requests as they are from then on; a stream of requests that finds out ends with UNIMPLEMENTED.
    ///
    /// On other targets it is done where it can be: not before the server has said what it supports, which it does
    /// on a connection's first round trip, not if it supports none of them, and not where it makes a
    /// message longer. Do not use it where an attacker can place text beside a secret in one message
    /// and watch its length.
    ///
    /// ```no_run
    /// use rpc_runtime::{Channel, Compression};
    ///
    /// # async fn example() -> Result<(), rpc_runtime::Status> {
    /// let channel = Channel::builder("127.0.0.1:8000")
    ///     .compression([Compression::Zstd, Compression::Gzip])
    ///     .connect()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn compression(mut self, algorithms: impl IntoIterator<Item = Compression>) -> Self {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        self.connections.session.settings.compression = crate::compression::names(&algorithms);
        self.connections.compresses = true;
        self.shared = false;
        self
    }

    /// Size from which on requests are compressed, in bytes; 1 KiB unless set, because what is smaller
    /// fits into one packet anyway. It counts for each message of a stream by itself.
    pub fn compress_from(mut self, bytes: usize) -> Self {
        self.compress_from = bytes;
        self
    }

    /// How many times as long as it arrived a reply may become when it is decompressed; 1,100 unless
    /// set. Up to 256 KiB it may become what it will, and `max_message_size` holds in any case. A call
    /// with a reply over it ends with RESOURCE_EXHAUSTED. The channel gets a connection of its own.
    pub fn max_compression_ratio(mut self, ratio: u32) -> Self {
        self.connections.max_ratio = ratio;
        self.shared = false;
        self
    }
}

#[cfg(feature = "compression")]
impl<T> super::Call<T> {
    /// Compresses the requests of this call whatever their size, with this algorithm and no other;
    /// `None` compresses none. Unless it is set, the channel decides.
    ///
    /// On a gRPC target the algorithm is the channel's first, or gzip if the channel names none.
    ///
    /// Both ends of other connections agree on one algorithm, the channel's first choice that the server
    /// supports. If that is another, or none, the call ends with UNIMPLEMENTED, which lists what the
    /// server supports, and is not sent. It waits for the server to say so.
    ///
    /// ```
    /// use rpc_runtime::{Call, Compression};
    ///
    /// fn upload<T>(call: Call<T>) -> Call<T> {
    ///     call.compression(Compression::Zstd)
    /// }
    /// ```
    pub fn compression(mut self, algorithm: impl Into<Option<Compression>>) -> Self {
        self.attempt.compress = match algorithm.into() {
            Some(algorithm) => Compress::With(algorithm),
            None => Compress::Never,
        };
        self
    }
}
