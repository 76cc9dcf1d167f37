//! The calls that a channel's interceptors lead to.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use bytes::Bytes;
use rpc_wire::{Metadata, MethodDescriptor, Status};

use super::attempt::Attempt;
use super::call::{Call, Complete};
use super::channel::Core;
use super::compression::Compress;
use crate::call::{Context, Ended};
use crate::codec;
use crate::middleware::{Body, Destination, Record, Request, Response, ResponseFuture};
use crate::retry::Policy;

/// How far a call has come inside its interceptors, which may run it several times.
#[derive(Default)]
pub(super) struct Progress {
    was_sent: AtomicBool,
    under_way: AtomicU32,
    /// Of those under way.
    waiting: AtomicU32,
}

impl Progress {
    pub(super) fn was_sent(&self) -> bool {
        self.was_sent.load(Ordering::Relaxed)
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    /// Whether all that is under way waits to be sent again.
    pub(super) fn waits(&self) -> bool {
        let waiting = self.waiting.load(Ordering::Relaxed);
        waiting > 0 && waiting == self.under_way.load(Ordering::Relaxed)
    }
}

impl Call<Response> {
    /// The call that interceptors lead to.
    fn inner(attempt: Attempt) -> Self {
        let complete = match attempt.method.kind().server_streams() {
            true => Complete::Stream(|replies| Response::new(Body::from_boxed(replies))),
            false => Complete::Response(|reply, metadata| {
                Ok(Response::new(Body::received(reply, None)).with_metadata(metadata))
            }),
        };
        Call {
            attempt,
            complete,
            repeat: None,
            intercepted: None,
        }
    }
}

/// What the interceptors of a call lead to.
pub(super) struct InnerCall {
    pub(super) core: Arc<Core>,
    pub(super) method: &'static MethodDescriptor,
    /// As the caller set them.
    pub(super) metadata: Metadata,
    pub(super) compress: Compress,
    pub(super) deadline: Option<Instant>,
    /// Of the call that this one is made for.
    pub(super) context: Option<Context>,
    pub(super) policy: Option<Policy>,
    pub(super) idempotent: Option<bool>,
    pub(super) progress: Arc<Progress>,
}

impl Destination for InnerCall {
    fn run(self: Arc<Self>, request: Request) -> ResponseFuture {
        Box::pin(async move { self.send(request).await })
    }
}

impl InnerCall {
    async fn send(&self, request: Request) -> Result<Response, Status> {
        let record = Arc::clone(request.record());
        let (mut metadata, mut body) = request.into_outgoing();
        codec::keep_name(&self.metadata, &mut metadata);
        let (message, requests) = match self.method.kind().client_streams() {
            true => (Bytes::new(), Some(body)),
            false => (body.take_message().await?, None),
        };
        let mut attempt = Attempt::again(Arc::clone(&self.core), self.method, message);
        attempt.metadata = metadata;
        attempt.compress = self.compress;
        attempt.deadline = self.deadline;
        attempt.parent = self.context.clone().map(Ended::new);
        if let Some(requests) = requests {
            attempt = attempt.with_requests(Box::pin(requests));
        }
        let mut call = Call::inner(attempt);
        if self.policy.is_some() || self.idempotent.is_some() {
            let repeat = call.repeat_mut();
            repeat.policy = self.policy.clone();
            repeat.idempotent = self.idempotent;
        }
        let mut under_way = UnderWay::new(self, &record);
        poll_fn(|cx| {
            let polled = Pin::new(&mut call).poll(cx);
            under_way.note(&call);
            polled
        })
        .await
    }
}

/// A call that is under way, until it is dropped.
struct UnderWay<'a> {
    call: &'a InnerCall,
    record: &'a Record,
    /// Attempts that the record knows of.
    attempts: u32,
    waits: bool,
}

impl<'a> UnderWay<'a> {
    fn new(call: &'a InnerCall, record: &'a Record) -> Self {
        let progress = &call.progress;
        progress.was_sent.store(true, Ordering::Relaxed);
        if progress.under_way.fetch_add(1, Ordering::Relaxed) == 0 {
            call.core.pool.lend();
        }
        UnderWay {
            call,
            record,
            attempts: 0,
            waits: false,
        }
    }

    /// Notes how far the call has come.
    fn note(&mut self, call: &Call<Response>) {
        let attempts = call.attempts();
        self.record
            .add_attempts(attempts.saturating_sub(self.attempts));
        self.attempts = attempts.max(self.attempts);
        self.set_waits(call.waits());
    }

    fn set_waits(&mut self, waits: bool) {
        let waiting = &self.call.progress.waiting;
        match (self.waits, waits) {
            (false, true) => waiting.fetch_add(1, Ordering::Relaxed),
            (true, false) => waiting.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
        self.waits = waits;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.set_waits(false);
        if self.call.progress.under_way.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.call.core.pool.take_back();
        }
    }
}
