//! What a call came to, on its way back through a chain.

use std::future::poll_fn;

use prost::Message;
use rpc_wire::{Metadata, Status};

use super::Body;
use crate::call::MessageSource;
use crate::codec::{Codec, Protobuf};

/// What a call came to, on its way back through a chain: one message or a stream of them, with
/// metadata. A call that failed comes back as a [`Status`] instead, and a stream that fails later
/// as an error of its body.
///
/// An interceptor may answer a call itself:
///
/// ```
/// use rpc_runtime::middleware::{Body, Response};
/// use rpc_runtime::prost::Message;
///
/// let cached = "hello".to_owned();
/// let response = Response::new(Body::message(cached.encode_to_vec()));
/// assert_eq!(response.message::<String>()?, "hello");
/// # Ok::<(), rpc_runtime::Status>(())
/// ```
#[derive(Debug)]
pub struct Response {
    metadata: Metadata,
    body: Body,
}

impl Response {
    /// A response without metadata.
    pub fn new(body: Body) -> Self {
        Response {
            metadata: Metadata::new(),
            body,
        }
    }

    /// Sets what is sent along, ahead of a stream and with a single message.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// What is sent along. At a client that of a stream is empty until [`headers`](Self::headers) has
    /// waited for it.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What is sent along, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// What is sent along, which a client has to wait for if the server sends a stream.
    ///
    /// A server may not send it before it has read a request, which the caller may not send before
    /// its call has come back: wait for it only where it is known to come by itself.
    ///
    /// # Errors
    ///
    /// How the stream ended, if it ended before the server sent any.
    pub async fn headers(&mut self) -> Result<&Metadata, Status> {
        if self.metadata.is_empty() {
            self.metadata = poll_fn(|cx| self.body.poll_headers(cx)).await?;
        }
        Ok(&self.metadata)
    }

    /// The encoded messages.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The same response with another body, made of its own.
    #[must_use]
    pub fn map_body(self, change: impl FnOnce(Body) -> Body) -> Self {
        let body = change(self.body);
        Response { body, ..self }
    }

    /// Decodes the message of a response that has exactly one, which has to be a `T`. It is decoded
    /// for the asker alone.
    ///
    /// # Errors
    ///
    /// INTERNAL if it is no `T`; FAILED_PRECONDITION if there is a stream of messages.
    pub fn message<T: Message + Default>(&self) -> Result<T, Status> {
        self.message_as::<Protobuf, T>()
    }

    /// As [`message`](Self::message), of a service that is generated for another codec.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    pub fn message_as<C: Codec<T>, T>(&self) -> Result<T, Status> {
        C::decode_shared(self.body.only_message()?).map_err(|error| {
            Status::internal(format!("the reply is not the expected message: {error}"))
                .with_source(error)
        })
    }

    /// Metadata and messages.
    pub fn into_parts(self) -> (Metadata, Body) {
        (self.metadata, self.body)
    }
}
