//! What a server's connection does with compressed messages.

use bytes::{Bytes, BytesMut};
use rpc_wire::Code;
use rpc_wire::frame::Settings;
use rpc_wire::session::Encoded;

use super::server_config::ConnectionConfig;
use crate::compression::{Compression, Decompression, Received, compress};

/// How requests are decompressed and replies compressed. Handlers' tasks have a copy each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packing {
    pub(crate) requests: Decompression,
    /// Size from which on replies are compressed, in bytes.
    compress_from: usize,
    /// Largest reply that the client takes, in bytes.
    max_reply_size: u64,
}

#[cfg(test)]
impl Default for Packing {
    fn default() -> Self {
        Packing::new(&ConnectionConfig::default())
    }
}

impl Packing {
    /// As it is before the client's SETTINGS.
    pub(crate) fn new(config: &ConnectionConfig) -> Self {
        Packing {
            requests: Decompression {
                algorithm: None,
                received: Received::Requests,
                max_message_size: config.session.max_message_size,
                max_ratio: config.max_compression_ratio,
                corrupt: Code::Internal,
            },
            compress_from: config.compress_from,
            max_reply_size: u64::MAX,
        }
    }

    /// The client's SETTINGS are here, and an algorithm was agreed on, or none.
    pub(crate) fn establish(&mut self, client: &Settings, algorithm: Option<&str>) {
        self.requests.algorithm = algorithm.and_then(Compression::from_name);
        self.max_reply_size = client.max_message_size.unwrap_or(u64::MAX);
    }

    /// Whether a reply of this size is worth compressing.
    pub(crate) fn wants(&self, size: usize) -> bool {
        self.requests.algorithm.is_some() && size >= self.compress_from
    }

    /// A reply of a stream as it is sent.
    pub(crate) fn reply(&self, plain: Bytes) -> Encoded {
        match self.requests.algorithm {
            Some(algorithm) if self.wants(plain.len()) => {
                compress(plain, algorithm, self.max_reply_size)
            }
            _ => plain.into(),
        }
    }

    /// The only reply of a call as it is sent, and whether it is compressed.
    pub(crate) fn only_reply(&self, plain: BytesMut) -> (BytesMut, bool) {
        if !self.wants(plain.len()) {
            return (plain, false);
        }
        let Encoded { bytes, compressed } = self.reply(plain.freeze());
        (bytes.into(), compressed)
    }
}
