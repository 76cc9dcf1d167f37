//! JSON-RPC as one connection speaks it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::BytesMut;
use rpc_wire::session::OutgoingRequest;
use rpc_wire::{MethodKind, Stage, Status};
use tokio::sync::oneshot;

use super::batch;
use super::call::JsonRpcCall;
use super::table::Table;
use crate::codec;
use crate::connection::foreign::{ForeignCall, NotBegun, Protocol};
use crate::json::{JsonOptions, Transcoder};
use crate::jsonrpc::write_request;

/// Calls at a time. Servers do not say how many they take; those of this library read on when one has ended.
const MAX_CALLS: usize = 1024;

/// What is called to see whether a server is there. It has no such method, and says so.
const PING: &str = "rpc.ping";

/// Begins calls.
pub(super) struct JsonRpc {
    table: Arc<Table>,
    /// By path. There are as many as methods that are called.
    transcoders: Mutex<HashMap<&'static str, Arc<Transcoder>>>,
}

impl JsonRpc {
    pub(super) fn new(table: Arc<Table>) -> Self {
        JsonRpc {
            table,
            transcoders: Mutex::default(),
        }
    }

    fn transcoder(&self, request: &OutgoingRequest<'_>) -> Result<Arc<Transcoder>, Status> {
        let Some(method) = request.descriptor else {
            return Err(Status::internal("the method has no descriptor"));
        };
        let transcoders = || self.transcoders.lock();
        let mut known = transcoders().unwrap_or_else(PoisonError::into_inner);
        if let Some(transcoder) = known.get(method.path()) {
            return Ok(Arc::clone(transcoder));
        }
        // A server may have fields that this program does not know.
        let options = JsonOptions::new().ignore_unknown_fields(true);
        let transcoder = Arc::new(Transcoder::for_method(method, options)?);
        known.insert(method.path(), Arc::clone(&transcoder));
        Ok(transcoder)
    }

    /// The parameters of a request, as JSON.
    fn params(&self, request: &OutgoingRequest<'_>) -> Result<(Arc<Transcoder>, BytesMut), Status> {
        let path = request.path;
        if request.kind != MethodKind::Unary {
            let why = format!("{path} has streams, which JSON-RPC does not");
            return Err(Status::unimplemented(why));
        }
        if let Some(codec) = codec::named(request.metadata) {
            let why =
                format!("{path} is generated for the codec {codec:?}, and JSON-RPC takes protobuf");
            return Err(Status::unimplemented(why));
        }
        let transcoder = self.transcoder(request)?;
        let mut params = BytesMut::new();
        transcoder.encode_request(&request.body.bytes, &mut params)?;
        Ok((transcoder, params))
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
        let (transcoder, params) = self.params(request).map_err(not_sent)?;
        let in_batch = batch::joins(&self.table);
        let id = self.table.request(in_batch, |id, out| {
            write_request(id, request.path, Some(&params), out);
        });
        Ok(Box::new(JsonRpcCall::new(
            Arc::clone(&self.table),
            id,
            transcoder,
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

fn not_sent(status: Status) -> NotBegun {
    NotBegun::Failed(status.with_stage(Stage::Send).with_may_have_run(false))
}
