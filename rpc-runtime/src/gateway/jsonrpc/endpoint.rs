//! Requests become calls, and their ends become answers.

use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use rpc_wire::Status;
use rpc_wire::session::MessageBody;
use serde_json::value::RawValue;

use super::methods::{Method, Methods};
use crate::jsonrpc::{Elements, ErrorObject, NO_ID, Request, write_error, write_result};
use crate::server::{Answer, CallParts, Router, UnaryCall};

/// Answers that are never too large, in bytes: they count as the calls that they are of.
pub(super) const SMALL: usize = 8 * 1024;

/// What the requests of a server's clients lead to.
pub(super) struct Endpoint {
    router: Arc<Router>,
    methods: Methods,
}

/// A call whose handler has to wait.
pub(super) struct RunningCall {
    /// The request's; without one nobody waits for an answer.
    id: Option<Box<str>>,
    method: Arc<Method>,
    call: UnaryCall,
}

impl Endpoint {
    pub(super) fn new(router: Arc<Router>) -> Self {
        Endpoint {
            methods: Methods::of(&router),
            router,
        }
    }

    /// Makes the call that is asked for. If it ends at once, its answer is appended to `out`, unless
    /// nobody waits for one.
    pub(super) fn begin(
        &self,
        request: &Request<'_>,
        parts: CallParts,
        out: &mut BytesMut,
    ) -> Option<RunningCall> {
        match self.start(request, parts) {
            Ok((method, mut call)) => match call.poll_once() {
                Poll::Ready(answer) => write_answer(method, request.id, answer, out),
                Poll::Pending => {
                    return Some(RunningCall {
                        id: request.id.map(Box::from),
                        method: Arc::clone(method),
                        call,
                    });
                }
            },
            Err(error) => {
                if let Some(id) = request.id {
                    write_error(id, &error, out);
                }
            }
        }
        None
    }

    fn start(
        &self,
        request: &Request<'_>,
        parts: CallParts,
    ) -> Result<(&Arc<Method>, UnaryCall), ErrorObject> {
        let method = self.methods.find(&request.method)?;
        let body = match request.params {
            None => Ok(Bytes::new()),
            Some(params) => decode(method, params),
        };
        let body = MessageBody::Shared(body.map_err(ErrorObject::invalid_params)?);
        let call = self.router.unary(&method.route, parts, body);
        Ok((method, call.map_err(ErrorObject::not_executed)?))
    }
}

/// Encodes the message that parameters are, by name or by position.
fn decode(method: &Method, params: &RawValue) -> Result<Bytes, Status> {
    let transcoder = method.transcoder()?;
    let json = params.get();
    if !json.starts_with('[') {
        return transcoder.decode_request(json.as_bytes());
    }
    let values: Vec<&RawValue> =
        serde_json::from_str(json).map_err(|error| Status::invalid_argument(error.to_string()))?;
    let values: Vec<_> = values.into_iter().map(RawValue::get).collect();
    transcoder.decode_positional(&values)
}

impl RunningCall {
    /// Waits for the end of the call; gives the request's id and the answer, which is empty if nobody
    /// waits for one.
    pub(super) async fn finish(self) -> (Option<Box<str>>, BytesMut) {
        let RunningCall { id, method, call } = self;
        let answer = call.finish().await;
        let mut out = BytesMut::new();
        write_answer(&method, id.as_deref(), answer, &mut out);
        (id, out)
    }
}

/// Appends the answer to a call that has ended, if its request has an id.
fn write_answer(method: &Method, id: Option<&str>, answer: Answer, out: &mut BytesMut) {
    let Some(id) = id else {
        return;
    };
    // An answer has no place for metadata.
    let written = answer.and_then(|(body, _)| {
        write_result(id, out, |out| method.transcoder()?.encode_reply(&body, out))
    });
    if let Err(status) = written {
        write_error(id, &status.into(), out);
    }
}

/// Puts an error in the place of the answer that `out` has from `start` on, if it is larger than the
/// `room` for it. That has to do for an error, which may have the longest of ids.
pub(super) fn bound(id: Option<&str>, start: usize, room: usize, out: &mut BytesMut) {
    let size = out.len() - start;
    if size <= room {
        return;
    }
    out.truncate(start);
    let why = format!(
        "the reply of {size} bytes does not fit beside those that wait for the client (max_queued_replies)"
    );
    write_error(
        id.unwrap_or(NO_ID),
        &Status::resource_exhausted(why).into(),
        out,
    );
}

/// Where the requests of a batch are, of which there may be `limit`.
///
/// # Errors
///
/// What to answer to a batch that is not one.
pub(super) fn elements(text: &str, limit: usize) -> Result<Vec<Range<usize>>, ErrorObject> {
    let Elements { places, count } = Elements::find(text, limit)?;
    if count == 0 {
        return Err(ErrorObject::invalid_request("the batch is empty"));
    }
    if count > limit {
        let why =
            format!("a batch of {count} requests is over the limit max_batch_length of {limit}");
        return Err(ErrorObject::not_executed(Status::resource_exhausted(why)));
    }
    Ok(places)
}
