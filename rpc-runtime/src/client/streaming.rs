//! Calls with streams at a client.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::thread;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use rpc_wire::session::Outcome;
use rpc_wire::{Metadata, Status};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::attempt::{Attempt, State};
use super::compression::Compress;
use crate::call::MessageSource;
use crate::codec::Codec;
use crate::connection::client::ClientConnection;

/// The encoded requests of a call, up to one that cannot be encoded.
pub(super) type Requests = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Encodes a request.
///
/// # Errors
///
/// INTERNAL if it has no encoding.
pub(super) fn encode<C: Codec<M>, M>(request: &M) -> Result<Bytes, Status> {
    let mut body = BytesMut::with_capacity(C::size_hint(request));
    match C::encode(request, &mut body) {
        Ok(()) => Ok(body.freeze()),
        Err(error) => Err(
            Status::internal(format!("the request cannot be encoded: {error}")).with_source(error),
        ),
    }
}

/// Encodes a user's stream of requests.
pub(super) fn encoded<C: Codec<M>, M>(
    requests: impl Stream<Item = M> + Send + 'static,
) -> Requests {
    struct Encoded<C, S> {
        requests: Pin<Box<S>>,
        codec: PhantomData<fn() -> C>,
    }

    impl<C: Codec<S::Item>, S: Stream> Stream for Encoded<C, S> {
        type Item = Result<Bytes, Status>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let next = self.requests.as_mut().poll_next(cx);
            next.map(|request| request.map(|request| encode::<C, _>(&request)))
        }
    }

    Box::pin(Encoded::<C, _> {
        requests: Box::pin(requests),
        codec: PhantomData,
    })
}

/// The task that sends a call's stream of requests. Dropping it ends the task.
#[derive(Debug)]
pub(super) struct Upload(AbortHandle);

impl Drop for Upload {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Upload {
    pub(super) fn start(
        runtime: &Handle,
        connection: Arc<ClientConnection>,
        id: u32,
        requests: Requests,
        compress: Compress,
    ) -> Self {
        let task = runtime.spawn(async move {
            let _guard = FailOnPanic {
                connection: &connection,
                id,
            };
            let result = send_all(&connection, id, requests, compress).await;
            match result {
                Ok(()) => connection.finish_sending(id),
                Err(status) => connection.fail_sending(id, status),
            }
        });
        Upload(task.abort_handle())
    }
}

/// A stream of requests that panics is no clean end. One that is dropped needs nothing: its call
/// or its connection has ended.
struct FailOnPanic<'a> {
    connection: &'a ClientConnection,
    id: u32,
}

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let status = Status::cancelled("the stream of requests panicked");
            self.connection.fail_sending(self.id, status);
        }
    }
}

async fn send_all(
    connection: &ClientConnection,
    id: u32,
    mut requests: Requests,
    compress: Compress,
) -> Result<(), Status> {
    while let Some(request) = poll_fn(|cx| requests.as_mut().poll_next(cx)).await {
        let request = request?;
        let limit = connection.max_request_size().unwrap_or(u64::MAX);
        if request.len() as u64 > limit {
            return Err(Status::resource_exhausted(format!(
                "a message of {} bytes is over the server's limit max_message_size of {limit} bytes",
                request.len()
            )));
        }
        let compressed = compress.apply(connection, &request)?;
        let request = compressed.unwrap_or_else(|| request.into());
        if !poll_fn(|cx| connection.poll_send(id, &request, cx)).await {
            // The call has ended, and its outcome says how.
            return Ok(());
        }
    }
    Ok(())
}

/// The replies of a call, as its caller reads them. Dropping it cancels the call.
pub(super) struct Replies {
    attempt: Attempt,
    /// The caller has seen something of them, so the call is not sent again.
    shown: bool,
    /// How the call ended that was sent again in vain.
    failed: Option<Status>,
}

impl Replies {
    /// The replies of a call that is sent.
    pub(super) fn of(attempt: &mut Attempt) -> Option<Self> {
        attempt.sent()?;
        let mut spent = Attempt::again(Arc::clone(&attempt.core), attempt.method, Bytes::new());
        spent.state = State::Done;
        Some(Replies {
            attempt: std::mem::replace(attempt, spent),
            shown: false,
            failed: None,
        })
    }

    /// Asks the connection that the call was sent over. A call that it ends without having been executed,
    /// because it is being replaced, is sent again, as long as its caller has seen nothing of it.
    fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut ask: impl FnMut(&ClientConnection, u32, &Context<'_>) -> Poll<Result<R, Status>>,
    ) -> Poll<Result<R, Status>> {
        loop {
            if let Some(status) = &self.failed {
                return Poll::Ready(Err(status.clone()));
            }
            let asked = match self.attempt.sent() {
                Some((connection, id)) => ask(connection, id, cx),
                None => {
                    let outcome = self.attempt.poll_outcome(cx);
                    if self.attempt.sent().is_some() {
                        continue;
                    }
                    match ready!(outcome) {
                        Outcome::Failed(status) => Poll::Ready(Err(status)),
                        Outcome::Reply { .. } => {
                            let text = "a stream of replies ended before it was opened";
                            Poll::Ready(Err(Status::internal(text)))
                        }
                    }
                }
            };
            match asked {
                Poll::Pending => {
                    let status = ready!(self.attempt.poll_parent(cx));
                    return Poll::Ready(Err(self.give_up(status)));
                }
                Poll::Ready(Ok(found)) => {
                    self.show();
                    return Poll::Ready(Ok(found));
                }
                Poll::Ready(Err(status)) if !self.shown && self.attempt.send_again(&status) => {}
                Poll::Ready(Err(status)) => {
                    let status = self.attempt.describe(status);
                    if self.attempt.sent().is_none() {
                        self.failed = Some(status.clone());
                    }
                    return Poll::Ready(Err(status));
                }
            }
        }
    }

    /// The caller sees something: the request is not needed any more.
    fn show(&mut self) {
        if !std::mem::replace(&mut self.shown, true) {
            self.attempt.body = Bytes::new().into();
        }
    }
}

impl MessageSource for Replies {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = ready!(self.poll(cx, ClientConnection::poll_message));
        let message = match (message, self.attempt.sent()) {
            (Ok(Some(message)), Some((connection, _))) => connection.decompress(message),
            (ended, _) => {
                // Nobody takes requests any more.
                self.attempt.upload = None;
                return Poll::Ready(ended.map(|_| None));
            }
        };
        Poll::Ready(message.map(Some).map_err(|status| self.give_up(status)))
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Metadata, Status>> {
        self.poll(cx, ClientConnection::poll_headers)
    }

    fn trailers(&self) -> Option<Metadata> {
        let (connection, id) = self.attempt.sent()?;
        connection.trailers(id)
    }

    fn give_up(&mut self, status: Status) -> Status {
        self.attempt.upload = None;
        self.attempt.give_up();
        let status = self.attempt.describe(status);
        self.failed = Some(status.clone());
        status
    }
}
