//! The calls of a version 1 client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use rpc_wire::session::MessageBody;
use rpc_wire::{Code, Status};
use tokio::task::{JoinError, JoinSet};

use super::frame::{self, Limits, Request};
use super::protocol_data::ProtocolData;
use crate::exchange::{Exchange, Failure};
use crate::server::{Answer, CallParts, Router};
use crate::transport::PeerIdentity;

/// The calls of one connection. Dropped, it cancels those that run.
pub(super) struct Calls {
    router: Arc<Router>,
    peer: Option<SocketAddr>,
    identity: Option<Arc<PeerIdentity>>,
    limits: Limits,
    /// Calls whose handlers have to wait, each in a task of its own.
    running: JoinSet<Finished>,
}

/// A call that ended in its task.
struct Finished {
    sequence: u32,
    protocol_data: Box<[u8]>,
    answer: Answer,
}

impl Calls {
    pub(super) fn new(
        router: Arc<Router>,
        peer: Option<SocketAddr>,
        identity: Option<Arc<PeerIdentity>>,
        limits: Limits,
    ) -> Self {
        Calls {
            router,
            peer,
            identity,
            limits,
            running: JoinSet::new(),
        }
    }

    /// Calls a method. If its handler need not wait, the reply is appended to `output`.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    fn begin(&mut self, request: &Request<'_>, output: &mut BytesMut) -> Result<(), String> {
        let Request {
            sequence,
            protocol_data,
            body,
        } = *request;
        let data = ProtocolData::parse(protocol_data)
            .map_err(|error| format!("the protocol data do not say what to call: {error}"))?;
        let route = self.router.find(&data.service_name, &data.method_name);
        let parts = CallParts {
            peer: self.peer,
            identity: self.identity.clone(),
            without_deadline: true,
            ..CallParts::default()
        };
        let begun = self
            .router
            .unary(&route, parts, MessageBody::Borrowed(body));
        let mut call = begun.map_err(|status| refusal(&data, &status))?;
        if let Poll::Ready(answer) = call.poll_once() {
            return reply(sequence, protocol_data, answer, output);
        }
        let protocol_data = protocol_data.into();
        self.running.spawn(async move {
            Finished {
                sequence,
                protocol_data,
                answer: call.finish().await,
            }
        });
        Ok(())
    }
}

impl Exchange for Calls {
    const NAME: &'static str = "version 1";
    const ANSWERS_AFTER_END: bool = false;

    fn running(&self) -> usize {
        self.running.len()
    }

    fn has_room(&self) -> bool {
        // No answer waits for another.
        true
    }

    fn begin_next(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<bool, Failure> {
        let parsed = frame::parse(input, &self.limits);
        let Some(request) = parsed.map_err(|error| Failure::Untold(error.to_string()))? else {
            return Ok(false);
        };
        let length = request.frame_len();
        let begun = self.begin(&request, output);
        input.advance(length);
        begun.map(|()| true).map_err(Failure::Untold)
    }

    fn poll_reply(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut BytesMut,
    ) -> Poll<Result<(), Failure>> {
        match self.running.poll_join_next(cx) {
            Poll::Ready(Some(ended)) => Poll::Ready(finish(ended, output).map_err(Failure::Untold)),
            // Without calls there is nothing to wait for.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn cut_off(&mut self, _: &str, _: &mut BytesMut) {
        // There is no frame for it.
    }

    fn cancel(&mut self) {
        self.running.abort_all();
    }
}

fn finish(ended: Result<Finished, JoinError>, output: &mut BytesMut) -> Result<(), String> {
    let Finished {
        sequence,
        protocol_data,
        answer,
    } = ended.map_err(|error| format!("a call did not come to its end: {error}"))?;
    reply(sequence, &protocol_data, answer, output)
}

fn reply(
    sequence: u32,
    protocol_data: &[u8],
    answer: Answer,
    output: &mut BytesMut,
) -> Result<(), String> {
    // A frame has no place for metadata.
    let (body, _) = answer.map_err(|status| {
        let call = protocol_data.escape_ascii();
        format!("the call {call} with the sequence id {sequence} failed: {status}")
    })?;
    frame::encode_reply(sequence, protocol_data, &body, output)
}

/// Why a call did not begin, and what to do about it.
fn refusal(data: &ProtocolData<'_>, status: &Status) -> String {
    let advice = match status.code() {
        Code::Unimplemented => {
            "; a service is registered under the name that version 1 clients have for it with Server::service_as"
        }
        _ => "",
    };
    let (service, method) = (&data.service_name, &data.method_name);
    format!("the call of {method:?} of the service {service:?} is refused: {status}{advice}")
}
