//! A call that was begun.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rpc_wire::session::{Encoded, Outcome};
use rpc_wire::{Metadata, Status};

use super::messages::Reply;
use super::table::{Answer, Table};
use crate::connection::foreign::ForeignCall;

/// A call over TCP, known by its id. The server is not told if it is given up: JSON-RPC has no way to.
pub(super) struct JsonRpcCall {
    table: Arc<Table>,
    id: u64,
    reply: Reply,
}

/// A call over HTTP. Given up, it takes its connection with it.
pub(super) struct PostedCall {
    answer: Pin<Box<dyn Future<Output = Answer> + Send>>,
    reply: Reply,
}

impl JsonRpcCall {
    pub(super) fn new(table: Arc<Table>, id: u64, reply: Reply) -> Self {
        JsonRpcCall { table, id, reply }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let answer = self.table.poll_answer(self.id, cx);
        answer.map(|answer| self.reply.outcome(answer))
    }
}

impl PostedCall {
    pub(super) fn new(answer: impl Future<Output = Answer> + Send + 'static, reply: Reply) -> Self {
        PostedCall {
            answer: Box::pin(answer),
            reply,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let answer = self.answer.as_mut().poll(cx);
        answer.map(|answer| self.reply.outcome(answer))
    }
}

impl Drop for JsonRpcCall {
    fn drop(&mut self) {
        self.table.forget(self.id);
    }
}

macro_rules! without_streams {
    ($($call:ty),*) => {$(
        impl ForeignCall for $call {
            fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
                self.poll(cx)
            }

            fn poll_headers(&mut self, _: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
                Poll::Ready(Err(no_streams()))
            }

            fn poll_message(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Encoded>, Status>> {
                Poll::Ready(Err(no_streams()))
            }

            fn trailers(&self) -> Option<Metadata> {
                None
            }

            fn poll_send(&mut self, _: &Encoded, _: &mut Context<'_>) -> Poll<bool> {
                Poll::Ready(false)
            }

            fn finish_sending(&mut self) {}
        }
    )*};
}

without_streams!(JsonRpcCall, PostedCall);

/// Methods with streams are refused before a call is begun.
fn no_streams() -> Status {
    Status::unimplemented("JSON-RPC has no streams")
}
