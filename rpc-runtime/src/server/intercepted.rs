//! Calls whose handlers stand behind interceptors.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Poller, Poll, ready};

use bytes::{Bytes, BytesMut};
use rpc_wire::session::{Encoded, MessageBody, SHARE_BODY_FROM};
use rpc_wire::{MethodDescriptor, Status};

use super::handling::EarlyHandling;
use super::reply::{Handler, ReplyFuture, ReplySlot};
use super::router::RoutedMethod;
use super::run::{catch, catch_in, poll};
use super::service::{Incoming, RepliesFuture, Reply, ReplyKind, Service, Streams};
use super::streaming::{self, Requests};
use crate::call::{self, Context};
use crate::codec;
use crate::middleware::{self, Body, Destination, Next, Request, Response, ResponseFuture};

/// Has interceptors deal with a call before anything else is done about it, but to count it.
#[cold]
#[inline(never)]
pub(super) fn intercept(chain: Next, route: &RoutedMethod, incoming: Incoming<'_>) -> Reply {
    let context = incoming.context;
    let method = route.descriptor;
    let handling = incoming.handling.map(|handling| handling.count(&context));
    let handling = match handling.transpose() {
        Ok(handling) => handling,
        Err(status) => return Reply::refused(status),
    };
    context.handler_start().postpone();
    let stream = incoming.streams.as_ref().and_then(Streams::reply_to);
    let requests = incoming.streams.filter(|_| method.kind().client_streams());
    let body = match requests {
        Some(Streams::Connection(stream)) => Body::from_source(Requests::new(stream)),
        Some(Streams::Given(requests)) => *requests,
        None => {
            let arrived = Encoded {
                bytes: incoming.body.into_bytes(),
                compressed: incoming.compressed.is_some(),
            };
            Body::received(arrived, incoming.compressed.copied())
        }
    };
    let call = Arc::new(InterceptedCall {
        service: Arc::clone(&route.service),
        index: route.index,
        method,
        context: context.clone(),
        handling,
    });
    let request = Request::incoming(method, context.clone(), body, call);
    let answer = answer(chain, request, context.clone());
    match stream {
        None if method.kind().server_streams() => Reply(ReplyKind::Replies(Box::pin(answer))),
        None => Reply::running(Box::pin(Intercepted::new(only_message(answer)))),
        Some(stream) if method.kind().server_streams() => {
            Reply::spawned(streaming::run(answer, stream, context))
        }
        Some(stream) => {
            let reply = Intercepted::new(only_message(answer));
            Reply::spawned(streaming::run_to_reply(reply, stream, context))
        }
    }
}

/// What the interceptors make of a call. A panic of theirs is an answer too.
async fn answer(chain: Next, request: Request, context: Context) -> Result<Body, Status> {
    let mut response = pin!(middleware::run(chain, request));
    let response = poll_fn(|cx| {
        let polled = catch_in("an interceptor", &context, || response.as_mut().poll(cx));
        polled.unwrap_or_else(|status| Poll::Ready(Err(status)))
    });
    match response.await {
        Ok(response) => {
            // Whoever answers has executed something, if only to look it up.
            context.handler_start().start();
            let (metadata, body) = response.into_parts();
            context.set_reply_metadata(metadata);
            Ok(body)
        }
        Err(status) => {
            context.handler_start().withdraw();
            Err(status)
        }
    }
}

async fn only_message(answer: impl Future<Output = Result<Body, Status>>) -> Result<Bytes, Status> {
    answer.await?.take_message().await
}

/// What the interceptors of a call lead to.
struct InterceptedCall {
    service: Arc<dyn Service>,
    index: usize,
    method: &'static MethodDescriptor,
    context: Context,
    handling: Option<EarlyHandling>,
}

impl Destination for InterceptedCall {
    fn run(self: Arc<Self>, request: Request) -> ResponseFuture {
        Box::pin(async move { self.handle(request).await })
    }
}

impl InterceptedCall {
    async fn handle(&self, request: Request) -> Result<Response, Status> {
        let (mut amended, mut body) = request.into_amended();
        codec::keep_name(self.context.metadata(), &mut amended.metadata);
        self.context.amend(amended);
        let message = match self.method.kind().client_streams() {
            true => Bytes::new(),
            false => body.take_message().await?,
        };
        let body = match self.begin(message, body)? {
            ReplyKind::Running(handler) | ReplyKind::Deferred(handler) => {
                self.reply(handler).await?
            }
            ReplyKind::Replies(replies) => self.replies(replies).await?,
            ReplyKind::Refused(status) => {
                self.context.handler_start().postpone();
                return Err(status);
            }
            ReplyKind::Spawned(task) => {
                task.abort();
                return Err(Status::internal("the handler has gone off on its own"));
            }
        };
        Ok(Response::new(body).with_metadata(self.context.take_reply_headers()))
    }

    /// Makes the handler.
    fn begin(&self, message: Bytes, rest: Body) -> Result<ReplyKind, Status> {
        let kind = self.method.kind();
        let streams = kind.client_streams() || kind.server_streams();
        let incoming: Incoming<'_> = Incoming {
            context: self.context.clone(),
            body: MessageBody::Shared(message),
            compressed: None,
            handling: self.handling.as_ref().map(EarlyHandling::of_handler),
            streams: streams.then(|| Streams::Given(Box::new(rest))),
            spare: &mut None,
            codec: PhantomData,
        };
        if !self.context.handler_start().start_once_more() {
            return Err(Status::cancelled("the call ended before its handler began"));
        }
        let begun = catch(&self.context, || self.service.call(self.index, incoming));
        begun.map(|Reply(reply)| reply)
    }

    /// The only reply of a handler.
    async fn reply(&self, mut handler: Handler) -> Result<Body, Status> {
        let context = &self.context;
        let mut body = BytesMut::new();
        let result = poll_fn(|cx| poll(context, handler.as_mut(), cx, &mut body)).await;
        result.and(catch(context, || handler.as_mut().clear()))?;
        Ok(Body::message(body))
    }

    /// The stream of replies that a handler gives.
    async fn replies(&self, mut handler: RepliesFuture) -> Result<Body, Status> {
        poll_fn(|cx| {
            let poll = || call::enter(self.context.clone(), || handler.as_mut().poll(cx)).0;
            catch(&self.context, poll).unwrap_or_else(|status| Poll::Ready(Err(status)))
        })
        .await
    }
}

/// The answer of interceptors to a call with one reply, in place of a handler.
struct Intercepted<F> {
    answer: Option<Pin<Box<F>>>,
}

impl<F> Intercepted<F> {
    fn new(answer: F) -> Self {
        Intercepted {
            answer: Some(Box::pin(answer)),
        }
    }
}

impl<F> ReplyFuture for Intercepted<F>
where
    F: Future<Output = Result<Bytes, Status>> + Send,
{
    fn poll_reply(
        mut self: Pin<&mut Self>,
        cx: &mut Poller<'_>,
        body: &mut BytesMut,
    ) -> Poll<Result<(), Status>> {
        let Some(answer) = &mut self.answer else {
            return Poll::Pending;
        };
        let message = ready!(answer.as_mut().poll(cx))?;
        if body.is_empty() && message.len() >= SHARE_BODY_FROM {
            *body = message.into();
        } else {
            body.extend_from_slice(&message);
        }
        Poll::Ready(Ok(()))
    }

    fn clear(mut self: Pin<&mut Self>) {
        self.answer = None;
    }
}

impl<F> ReplySlot for Intercepted<F>
where
    F: Future<Output = Result<Bytes, Status>> + Send,
{
    fn refill(self: Pin<&mut Self>, _handler: &mut dyn Any) -> bool {
        false
    }
}
