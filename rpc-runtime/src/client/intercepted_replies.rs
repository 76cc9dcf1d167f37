//! Streams of replies that come through their channel's interceptors.

use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use bytes::Bytes;
use rpc_wire::{Metadata, Status};

use super::channel::Core;
use crate::call::MessageSource;
use crate::middleware::Body;

/// The stream of replies, as interceptors left it.
pub(super) struct InterceptedReplies {
    core: Arc<Core>,
    /// What they send along, in place of what the server did.
    metadata: Metadata,
    /// `None` once it is dropped.
    body: Option<Body>,
}

impl InterceptedReplies {
    pub(super) fn new(core: Arc<Core>, metadata: Metadata, body: Body) -> Self {
        InterceptedReplies {
            core,
            metadata,
            body: Some(body),
        }
    }

    /// Does something with the body, within the channel's runtime.
    fn body<R>(&mut self, act: impl FnOnce(&mut Body) -> R) -> Option<R> {
        let _runtime = self.core.pool.runtime().enter();
        self.body.as_mut().map(act)
    }
}

impl MessageSource for InterceptedReplies {
    fn poll_message(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let polled = self.body(|body| body.poll_message(cx));
        polled.unwrap_or(Poll::Ready(Ok(None)))
    }

    fn poll_headers(&mut self, cx: &mut Poller<'_>) -> Poll<Result<Metadata, Status>> {
        let headers = match self.metadata.is_empty() {
            true => self.body(|body| body.poll_headers(cx)),
            false => None,
        };
        headers.unwrap_or_else(|| Poll::Ready(Ok(self.metadata.clone())))
    }

    fn trailers(&self) -> Option<Metadata> {
        self.body.as_ref().and_then(Body::trailers)
    }

    fn was_compressed(&self) -> bool {
        self.body.as_ref().is_some_and(Body::was_compressed)
    }

    fn give_up(&mut self, status: Status) -> Status {
        let given = self.body(|body| body.give_up(status.clone()));
        given.unwrap_or(status)
    }
}

impl Drop for InterceptedReplies {
    fn drop(&mut self) {
        let _runtime = self.core.pool.runtime().enter();
        self.body = None;
    }
}
