//! A call by its id.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use rpc_wire::session::{Encoded, Outcome};
use rpc_wire::{Metadata, Stage, Status};

use super::table::Table;
use crate::connection::foreign::ForeignCall;
use crate::json::Transcoder;

/// A call that was begun. The server is not told if it is given up: JSON-RPC has no way to.
pub(super) struct JsonRpcCall {
    table: Arc<Table>,
    id: u64,
    transcoder: Arc<Transcoder>,
}

impl JsonRpcCall {
    pub(super) fn new(table: Arc<Table>, id: u64, transcoder: Arc<Transcoder>) -> Self {
        JsonRpcCall {
            table,
            id,
            transcoder,
        }
    }

    /// The reply that a result is.
    fn reply(&self, result: &[u8]) -> Result<Bytes, Status> {
        // So some servers answer that have nothing to say.
        if result == b"null" {
            return Ok(Bytes::new());
        }
        let reply = self.transcoder.decode_reply(result);
        reply.map_err(|status| status.with_stage(Stage::Decode))
    }
}

impl ForeignCall for JsonRpcCall {
    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let answer = ready!(self.table.poll_answer(self.id, cx));
        let answer = answer.map_err(|status| status.with_stage(Stage::Wait));
        Poll::Ready(match answer.and_then(|result| self.reply(&result)) {
            Ok(body) => Outcome::Reply {
                body: body.into(),
                metadata: Metadata::new(),
            },
            Err(status) => Outcome::Failed(status),
        })
    }

    fn poll_headers(&mut self, _: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        Poll::Ready(Err(no_streams()))
    }

    fn poll_message(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
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

impl Drop for JsonRpcCall {
    fn drop(&mut self) {
        self.table.forget(self.id);
    }
}

/// Methods with streams are refused before a call is begun.
fn no_streams() -> Status {
    Status::unimplemented("JSON-RPC has no streams")
}
