//! What servers say about compression.

use super::Server;
use crate::compression::{Compression, names};

impl Server {
    /// Accepts requests that are compressed with one of `algorithms` and with no other, and compresses replies.
    ///
    /// Unless it is set, replies are not compressed, and natively requests are not either: a client that insists is
    /// answered with UNIMPLEMENTED. Clients over HTTP, gRPC's among them, compress without asking first, so
    /// gzip and zstd are accepted from them; an empty list forbids that too.
    ///
    /// A client and its server agree on one algorithm, the client's first choice that is in this list.
    /// A handler keeps a reply from being compressed with
    /// [`Context::set_reply_compression`](crate::Context::set_reply_compression).
    ///
    /// ```
    /// use rpc_runtime::{Compression, Server};
    ///
    /// let server = Server::new().compression([Compression::Zstd, Compression::Gzip]);
    /// ```
    #[must_use]
    pub fn compression(mut self, algorithms: impl IntoIterator<Item = Compression>) -> Self {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        self.connection.session.settings.compression = names(&algorithms);
        #[cfg(feature = "_http")]
        {
            self.connection.http_requests = algorithms;
        }
        self
    }

    /// Size from which on replies are compressed, in bytes; 1 KiB unless set, because what is smaller
    /// fits into one packet anyway. It counts for each message of a stream by itself.
    #[must_use]
    pub fn compress_from(mut self, bytes: usize) -> Self {
        self.connection.compress_from = bytes;
        self
    }

    /// How many times as long as it arrived a request may become when it is decompressed; 1,100 unless
    /// set. Up to 256 KiB it may become what it will, and `max_message_size` holds in any case. A
    /// request over it is answered with RESOURCE_EXHAUSTED.
    #[must_use]
    pub fn max_compression_ratio(mut self, ratio: u32) -> Self {
        self.connection.max_compression_ratio = ratio;
        self
    }
}
