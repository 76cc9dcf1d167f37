//! Streams of requests at a client.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;

use bytes::Bytes;
use futures_core::Stream;
use rpc_wire::{Status, memory};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::compression::Compress;
use crate::codec::Codec;
use crate::connection::any::AnyConnection;

/// The encoded requests of a call, up to one that cannot be encoded.
pub(super) type Requests = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Encodes a request.
///
/// # Errors
///
/// INTERNAL if it has no encoding.
pub(super) fn encode<C: Codec<M>, M>(request: &M) -> Result<Bytes, Status> {
    let mut body = memory::buffer(C::size_hint(request));
    match C::encode(request, &mut body) {
        Ok(()) => Ok(memory::share(body)),
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
        connection: Arc<AnyConnection>,
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
    connection: &'a AnyConnection,
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
    connection: &AnyConnection,
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
