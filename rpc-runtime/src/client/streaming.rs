//! Calls with streams at a client.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use prost::Message;
use rpc_wire::{Metadata, MethodDescriptor, Status};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::call::MessageSource;
use crate::connection::client::ClientConnection;

/// The encoded requests of a call.
pub(super) type Requests = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Encodes a user's stream of requests.
pub(super) fn encoded<M: Message>(requests: impl Stream<Item = M> + Send + 'static) -> Requests {
    struct Encoded<S>(Pin<Box<S>>);

    impl<S: Stream<Item: Message>> Stream for Encoded<S> {
        type Item = Bytes;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
            let next = self.0.as_mut().poll_next(cx);
            next.map(|message| message.map(|message| message.encode_to_vec().into()))
        }
    }

    Box::pin(Encoded(Box::pin(requests)))
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
    ) -> Self {
        let task = runtime.spawn(async move {
            let mut guard = FailOnDrop {
                connection: Some(connection.clone()),
                id,
            };
            let result = send_all(&connection, id, requests).await;
            guard.connection = None;
            match result {
                Ok(()) => connection.finish_sending(id),
                Err(status) => connection.fail_sending(id, status),
            }
        });
        Upload(task.abort_handle())
    }
}

/// A stream of requests that panics is no clean end.
struct FailOnDrop {
    connection: Option<Arc<ClientConnection>>,
    id: u32,
}

impl Drop for FailOnDrop {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let status =
                Status::cancelled("the stream of requests was dropped before its end, or panicked");
            connection.fail_sending(self.id, status);
        }
    }
}

async fn send_all(
    connection: &ClientConnection,
    id: u32,
    mut requests: Requests,
) -> Result<(), Status> {
    while let Some(request) = poll_fn(|cx| requests.as_mut().poll_next(cx)).await {
        let limit = connection.max_request_size().unwrap_or(u64::MAX);
        if request.len() as u64 > limit {
            return Err(Status::resource_exhausted(format!(
                "a message of {} bytes is over the server's limit max_message_size of {limit} bytes",
                request.len()
            )));
        }
        if !poll_fn(|cx| connection.poll_send(id, &request, cx)).await {
            // The call has ended, and its outcome says how.
            return Ok(());
        }
    }
    Ok(())
}

/// The replies of a call, as its caller reads them. Dropping it cancels the call.
pub(super) struct Replies {
    pub(super) connection: Arc<ClientConnection>,
    pub(super) id: u32,
    pub(super) method: &'static MethodDescriptor,
    pub(super) _upload: Option<Upload>,
}

impl Replies {
    fn describe(&self, status: Status) -> Status {
        status
            .with_address(&**self.connection.address())
            .with_method(self.method.path())
    }
}

impl MessageSource for Replies {
    fn poll_message(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Bytes>, Status>> {
        let message = self.connection.poll_message(self.id, cx);
        message.map_err(|status| self.describe(status))
    }

    fn poll_headers(&mut self, cx: &Context<'_>) -> Poll<Result<Metadata, Status>> {
        let headers = self.connection.poll_headers(self.id, cx);
        headers.map_err(|status| self.describe(status))
    }

    fn trailers(&self) -> Option<Metadata> {
        self.connection.trailers(self.id)
    }
}

impl Drop for Replies {
    fn drop(&mut self) {
        self.connection.cancel(self.id);
    }
}
