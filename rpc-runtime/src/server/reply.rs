//! Handlers as futures whose output is encoded where the reply is to go.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use pin_project_lite::pin_project;
use prost::Message;
use rpc_wire::Status;

use super::service::encode;

/// A handler that runs. Once ready, the encoded message is in `body`.
pub(crate) trait ReplyFuture: Send {
    fn poll_reply(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<Result<(), Status>>;
}

pin_project! {
    /// The handler of a unary method.
    pub(super) struct UnaryReply<F> {
        #[pin]
        pub(super) future: F,
    }
}

impl<F, M> ReplyFuture for UnaryReply<F>
where
    F: Future<Output = Result<M, Status>> + Send,
    M: Message,
{
    fn poll_reply(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        body: &mut BytesMut,
    ) -> Poll<Result<(), Status>> {
        self.project()
            .future
            .poll(cx)
            .map_ok(|message| encode(&message, body))
    }
}
