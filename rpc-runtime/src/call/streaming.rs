//! A stream of messages.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use rpc_wire::Status;

/// A stream of messages from the peer.
///
/// This version makes none: streaming calls end with UNIMPLEMENTED before they have a stream.
pub struct Streaming<T> {
    none: Infallible,
    messages: PhantomData<fn() -> T>,
}

impl<T> Streaming<T> {
    /// The next message; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// How the stream ended, if it did not end well.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses no message.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        match self.none {}
    }
}

impl<T> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.none {}
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("messages", &self.messages)
            .finish()
    }
}
