//! One call of a gateway's.

use std::fmt;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rpc_wire::session::MessageBody;
use rpc_wire::{Metadata, MethodDescriptor, MethodKind, Status};

use super::calls::{Calls, Running};
use super::replies::Replies;
use crate::call::joined;
use crate::middleware::{Body, Response};
use crate::server::{CallParts, Route, StreamCall, StreamRequests};

/// A call that a gateway is about to make, of a method that exists. See [`Calls::prepare`].
///
/// [`Calls::prepare`]: super::Calls::prepare
#[must_use = "nothing is called before `run`"]
pub struct PreparedCall {
    calls: Calls,
    route: Route,
    method: &'static MethodDescriptor,
    parts: CallParts,
}

impl PreparedCall {
    pub(super) fn new(
        calls: Calls,
        route: Route,
        method: &'static MethodDescriptor,
        parts: CallParts,
    ) -> Self {
        PreparedCall {
            calls,
            route,
            method,
            parts,
        }
    }

    /// The method: its path, its kind, and what a `json::Transcoder` is made of.
    pub fn method(&self) -> &'static MethodDescriptor {
        self.method
    }

    /// Sends `metadata` along, in place of what was set before.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.parts.metadata = metadata;
        self
    }

    /// When the client stops waiting. Unless it is said, a call without streams has the server's
    /// `default_timeout`, and one with streams may last.
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.parts.deadline = Some(deadline);
        self
    }

    /// As [`deadline`](Self::deadline), that long from now.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.deadline = Instant::now().checked_add(timeout);
        self
    }

    /// Calls the method with encoded `requests`: one message, or a stream of them, which is read as
    /// the handler asks for it.
    ///
    /// Gives what the call came to. Of a method without streams that is one message, and all metadata;
    /// otherwise it comes when the handler begins its replies, which are then read from the body as fast
    /// as the gateway takes them. Their [trailers](Body::trailers) come at the end.
    ///
    /// The handler is polled where this future is, so run what is to go on beside each other in tasks of a
    /// `JoinSet`, or together in one by `join`.
    ///
    /// # Errors
    ///
    /// The status that the call ended with: the handler's, or the server's, such as INVALID_ARGUMENT for
    /// what is no request, RESOURCE_EXHAUSTED over a limit and DEADLINE_EXCEEDED. Whether a handler may have
    /// run, [`Status::may_have_run`] tells.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready, it cancels the call; so does the body of the response, dropped before
    /// its end.
    pub async fn run(self, requests: Body) -> Result<Response, Status> {
        let mut running = self.calls.enter()?;
        if self.method.kind() == MethodKind::Unary {
            let result = self.run_unary(requests).await;
            running.end();
            return result;
        }
        self.run_stream(requests, running).await
    }

    async fn run_unary(mut self, requests: Body) -> Result<Response, Status> {
        let request = self.only(requests).await.map_err(not_executed)?;
        self.parts.without_deadline = self.parts.deadline.is_none();
        let body = MessageBody::Shared(request);
        let call = self.calls.router().unary(&self.route, self.parts, body);
        let mut call = call.map_err(not_executed)?;
        let context = call.context().clone();
        let answer = match call.poll_once() {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.finish().await,
        };
        let (reply, headers) = answer?;
        let metadata = joined(headers, &context.take_reply_metadata());
        Ok(Response::new(Body::message(reply)).with_metadata(metadata))
    }

    async fn run_stream(self, requests: Body, mut running: Running) -> Result<Response, Status> {
        let call = self.begin_stream(requests).await;
        let call = running.observe(call)?;
        let mut replies = Replies { call, running };
        let metadata = replies.headers().await?;
        Ok(Response::new(Body::from_source(replies)).with_metadata(metadata))
    }

    async fn begin_stream(self, requests: Body) -> Result<StreamCall, Status> {
        let requests = match self.method.kind().client_streams() {
            false => {
                let request = self.only(requests).await;
                StreamRequests::One(request.map_err(not_executed)?)
            }
            true => {
                let limit = self.calls.max_message_size();
                let requests = requests.map(move |message| within(limit, message));
                StreamRequests::Many(Box::new(requests))
            }
        };
        let router = self.calls.router();
        let call = router.stream(&self.route, self.parts, requests);
        call.map_err(not_executed)
    }

    /// The request of a method that takes one.
    async fn only(&self, mut requests: Body) -> Result<Bytes, Status> {
        let path = self.method.path();
        let not_one =
            |what| Status::invalid_argument(format!("{path} takes one request, and there {what}"));
        let request = requests.next_message().await?;
        let request = request.ok_or_else(|| not_one("is none"))?;
        match requests.next_message().await? {
            None => within(self.calls.max_message_size(), request),
            Some(_) => Err(not_one("are more")),
        }
    }
}

/// The status of a call whose handler was not made.
fn not_executed(status: Status) -> Status {
    status.with_may_have_run(false)
}

/// A request, if it is not too large.
fn within(limit: u64, request: Bytes) -> Result<Bytes, Status> {
    let size = request.len();
    if size as u64 <= limit {
        return Ok(request);
    }
    Err(Status::resource_exhausted(format!(
        "a request of {size} bytes is over the server's limit max_message_size of {limit} bytes"
    )))
}

impl fmt::Debug for PreparedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedCall")
            .field("method", &self.method.path())
            .field("deadline", &self.parts.deadline)
            .finish_non_exhaustive()
    }
}
