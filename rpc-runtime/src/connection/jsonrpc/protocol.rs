//! JSON-RPC as one TCP connection speaks it.

use std::sync::Arc;
use std::time::Instant;

use rpc_wire::session::OutgoingRequest;
use tokio::sync::oneshot;

use super::batch;
use super::call::JsonRpcCall;
use super::messages::Messages;
use super::table::Table;
use crate::connection::foreign::{ForeignCall, NotBegun, Protocol};
use crate::jsonrpc::write_request;

/// Calls at a time. Servers do not say how many they take; those of this library read on when one has ended.
const MAX_CALLS: usize = 1024;

/// What is called to see whether a server is there. It has no such method, and says so.
const PING: &str = "rpc.ping";

/// Begins calls.
pub(super) struct JsonRpc {
    table: Arc<Table>,
    messages: Messages,
}

impl JsonRpc {
    pub(super) fn new(table: Arc<Table>) -> Self {
        JsonRpc {
            table,
            messages: Messages::default(),
        }
    }
}

impl Protocol for JsonRpc {
    fn max_calls(&self) -> usize {
        MAX_CALLS
    }

    fn begin(
        &self,
        _now: Instant,
        request: &OutgoingRequest<'_>,
    ) -> Result<Box<dyn ForeignCall>, NotBegun> {
        let (params, reply) = self.messages.params(request)?;
        let in_batch = batch::joins(&self.table);
        let id = self.table.request(in_batch, |id, out| {
            write_request(id, request.path, Some(&params), out);
        });
        Ok(Box::new(JsonRpcCall::new(
            Arc::clone(&self.table),
            id,
            reply,
        )))
    }

    fn ping(&self) -> oneshot::Receiver<()> {
        self.table
            .check(|id, out| write_request(id, PING, None, out))
    }

    fn close(&self) {
        self.table.close();
    }
}
