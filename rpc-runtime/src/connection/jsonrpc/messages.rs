//! Requests and replies of calls, from protobuf to JSON and back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use rpc_wire::session::{Outcome, OutgoingRequest};
use rpc_wire::{Metadata, MethodKind, Stage, Status};

use super::table::Answer;
use crate::codec;
use crate::connection::foreign::NotBegun;
use crate::json::{JsonOptions, Transcoder};

/// The transcoders of a connection's methods by their paths. There are as many as methods that are called.
#[derive(Default)]
pub(super) struct Messages(Mutex<HashMap<&'static str, Reply>>);

/// Makes replies of results.
#[derive(Clone)]
pub(super) struct Reply(Arc<Transcoder>);

impl Messages {
    /// The parameters of a request, as JSON, and what its answer is to be read with.
    ///
    /// # Errors
    ///
    /// Why the call cannot be made by JSON-RPC.
    pub(super) fn params(
        &self,
        request: &OutgoingRequest<'_>,
    ) -> Result<(BytesMut, Reply), NotBegun> {
        self.encode(request).map_err(|status| {
            NotBegun::Failed(status.with_stage(Stage::Send).with_may_have_run(false))
        })
    }

    fn encode(&self, request: &OutgoingRequest<'_>) -> Result<(BytesMut, Reply), Status> {
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
        let reply = self.reply(request)?;
        let mut params = BytesMut::new();
        reply.0.encode_request(&request.body.bytes, &mut params)?;
        Ok((params, reply))
    }

    fn reply(&self, request: &OutgoingRequest<'_>) -> Result<Reply, Status> {
        let Some(method) = request.descriptor else {
            return Err(Status::internal("the method has no descriptor"));
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reply) = known.get(method.path()) {
            return Ok(reply.clone());
        }
        // A server may have fields that this program does not know.
        let options = JsonOptions::new().ignore_unknown_fields(true);
        let reply = Reply(Arc::new(Transcoder::for_method(method, options)?));
        known.insert(method.path(), reply.clone());
        Ok(reply)
    }
}

impl Reply {
    /// How the call ends that has this answer.
    pub(super) fn outcome(&self, answer: Answer) -> Outcome {
        let answer = answer.map_err(|status| {
            let stage = status.stage().unwrap_or(Stage::Wait);
            status.with_stage(stage)
        });
        match answer.and_then(|result| self.decode(&result)) {
            Ok(body) => Outcome::Reply {
                body: body.into(),
                metadata: Metadata::new(),
            },
            Err(status) => Outcome::Failed(status),
        }
    }

    fn decode(&self, result: &[u8]) -> Result<Bytes, Status> {
        // So some servers answer that have nothing to say.
        if result == b"null" {
            return Ok(Bytes::new());
        }
        let reply = self.0.decode_reply(result);
        reply.map_err(|status| status.with_stage(Stage::Decode))
    }
}
