//! What a call is answered with.

use bytes::Bytes;
use rpc_runtime::{Metadata, Status, Streaming};

use super::connect::ConnectReplies;

/// The replies to a call, encoded. Dropping them before their end cancels the call.
pub(crate) struct Replies(Source);

enum Source {
    /// The only one, which is there.
    One(Option<Bytes>, Metadata),
    Stream(Streaming<Bytes>),
    Http(Box<ConnectReplies>),
}

impl Replies {
    pub(super) fn one(message: Bytes, metadata: Metadata) -> Self {
        Replies(Source::One(Some(message), metadata))
    }

    pub(super) fn stream(replies: Streaming<Bytes>) -> Self {
        Replies(Source::Stream(replies))
    }

    pub(super) fn http(replies: ConnectReplies) -> Self {
        Replies(Source::Http(Box::new(replies)))
    }

    /// The metadata that came ahead of the replies; with those of the end, if there is one reply.
    ///
    /// # Errors
    ///
    /// How the call ended, if it ended before.
    pub(crate) async fn headers(&mut self) -> Result<Metadata, Status> {
        match &mut self.0 {
            Source::One(_, metadata) => Ok(metadata.clone()),
            Source::Stream(replies) => replies.headers().await,
            Source::Http(replies) => Ok(replies.headers.clone()),
        }
    }

    /// The next reply; `None` at the end.
    ///
    /// # Errors
    ///
    /// How the call ended, if it did not end well.
    pub(crate) async fn message(&mut self) -> Result<Option<Bytes>, Status> {
        match &mut self.0 {
            Source::One(message, _) => Ok(message.take()),
            Source::Stream(replies) => replies.message().await,
            Source::Http(replies) => replies.message().await,
        }
    }

    /// The metadata that came with the end, once it is there.
    pub(crate) fn trailers(&self) -> Metadata {
        match &self.0 {
            Source::One(..) => Metadata::new(),
            Source::Stream(replies) => replies.trailers().unwrap_or_default(),
            Source::Http(replies) => replies.trailers.clone(),
        }
    }
}
