//! A call on its way through a chain.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prost::Message;
use rpc_wire::{Metadata, MethodDescriptor, Status};

use super::interceptor::Destination;
use super::record::Record;
use super::{Body, Completion};
use crate::call::{Amended, Checks, Context, Extensions};
use crate::codec::{Codec, Protobuf};
use crate::transport::PeerIdentity;

/// A call on its way through a chain, at a server or at a client.
pub struct Request {
    method: &'static MethodDescriptor,
    metadata: Metadata,
    deadline: Option<Instant>,
    target: Option<Arc<str>>,
    context: Option<Context>,
    extensions: Extensions,
    checks: Checks,
    body: Body,
    record: Arc<Record>,
    destination: Arc<dyn Destination>,
}

/// A call that is about to leave a client.
pub(crate) struct Outgoing {
    pub(crate) method: &'static MethodDescriptor,
    pub(crate) metadata: Metadata,
    pub(crate) deadline: Option<Instant>,
    pub(crate) target: Arc<str>,
    /// Of the call that it is made for.
    pub(crate) context: Option<Context>,
    pub(crate) body: Body,
}

impl Request {
    /// A call that has come to a server.
    pub(crate) fn incoming(
        method: &'static MethodDescriptor,
        context: Context,
        body: Body,
        destination: Arc<dyn Destination>,
    ) -> Self {
        let record = Record::new(method, Some(context.clone()));
        record.add_attempts(context.attempt().saturating_add(1));
        Request {
            method,
            metadata: context.metadata().clone(),
            deadline: context.deadline(),
            target: None,
            context: Some(context),
            extensions: Extensions::default(),
            checks: Checks::default(),
            body: body.metered(record.requests()),
            record,
            destination,
        }
    }

    /// A call that a client makes.
    pub(crate) fn outgoing(call: Outgoing, destination: Arc<dyn Destination>) -> Self {
        let record = Record::new(call.method, None);
        Request {
            method: call.method,
            metadata: call.metadata,
            deadline: call.deadline,
            target: Some(call.target),
            context: call.context,
            extensions: Extensions::default(),
            checks: Checks::default(),
            body: call.body.metered(record.requests()),
            record,
            destination,
        }
    }

    /// The method that is called: its path, its kind and its options.
    pub fn method(&self) -> &'static MethodDescriptor {
        self.method
    }

    /// What is sent along.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What is sent along, to be changed: at a server for the handler, at a client for the server.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// When the caller stops waiting; `None` if it waits for ever. Interceptors are included.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time until the deadline, zero once it has passed; `None` if there is none.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// At a server the call's own context. At a client that of the call which this one is made for,
    /// `None` unless a handler makes it.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// Where a client sends the call; `None` at a server.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// At a server the caller's address, if the transport has one.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.caller()?.peer()
    }

    /// At a server who the caller has proved to be; see [`Context::peer_identity`].
    pub fn peer_identity(&self) -> Option<&PeerIdentity> {
        self.caller()?.peer_identity()
    }

    /// The context, at a server.
    fn caller(&self) -> Option<&Context> {
        self.context.as_ref().filter(|_| self.target.is_none())
    }

    /// What interceptors have left. Inside a server's chain is the handler, which reaches it by
    /// [`Context::extension`].
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// What interceptors have left, to be added to.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// The encoded messages.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The same call with another body, made of its own.
    #[must_use]
    pub fn map_body(self, change: impl FnOnce(Body) -> Body) -> Self {
        let body = change(self.body);
        Request { body, ..self }
    }

    /// Decodes the message of a call that sends exactly one, which has to be a `T`. It is decoded
    /// for the asker alone.
    ///
    /// # Errors
    ///
    /// INVALID_ARGUMENT if it is no `T`; FAILED_PRECONDITION if there is a stream of messages.
    pub fn message<T: Message + Default>(&self) -> Result<T, Status> {
        self.message_as::<Protobuf, T>()
    }

    /// As [`message`](Self::message), of a service that is generated for another codec.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    pub fn message_as<C: Codec<T>, T>(&self) -> Result<T, Status> {
        C::decode_shared(self.body.only_message()?).map_err(|error| {
            Status::invalid_argument(format!("the request is not the expected message: {error}"))
                .with_source(error)
        })
    }

    /// At a server, has `check` asked about each request of type `T` once it is decoded: before the
    /// handler is made, or is given the next message of a stream. Its error ends the call. Other
    /// types are not its business.
    ///
    /// ```
    /// # #[derive(Clone, PartialEq, rpc_runtime::prost::Message)]
    /// # #[prost(prost_path = "rpc_runtime::prost")]
    /// # struct Order { #[prost(uint32, tag = "1")] amount: u32 }
    /// use rpc_runtime::middleware::{Next, Request};
    /// use rpc_runtime::{Server, Status};
    ///
    /// let server = Server::new().intercept(async |mut request: Request, next: Next| {
    ///     request.check(|order: &Order| match order.amount {
    ///         0 => Err(Status::invalid_argument("amount is 0")),
    ///         _ => Ok(()),
    ///     });
    ///     next.run(request).await
    /// });
    /// ```
    pub fn check<T: 'static>(
        &mut self,
        check: impl Fn(&T) -> Result<(), Status> + Send + Sync + 'static,
    ) {
        self.checks.add(check);
    }

    /// Has `observe` told how the call ended: once, also if it is refused, fails or is dropped. It is
    /// told on the call's own path, so it must not block. A panic of its own harms nobody.
    ///
    /// The end is the one that the caller sees, so what interceptors further out make of it counts
    /// too. Of a stream of replies it comes with the last one.
    pub fn on_end(&mut self, observe: impl FnOnce(&Completion) + Send + 'static) {
        self.record.on_end(Box::new(observe));
    }

    /// A copy, to run the call again; `None` if it sends a stream of messages.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Request {
            method: self.method,
            metadata: self.metadata.clone(),
            deadline: self.deadline,
            target: self.target.clone(),
            context: self.context.clone(),
            extensions: self.extensions.clone(),
            checks: self.checks.clone(),
            body: self.body.try_clone()?,
            record: Arc::clone(&self.record),
            destination: Arc::clone(&self.destination),
        })
    }

    pub(crate) fn record(&self) -> &Arc<Record> {
        &self.record
    }

    pub(super) fn destination(&self) -> Arc<dyn Destination> {
        Arc::clone(&self.destination)
    }

    /// What is left of the call for its handler.
    pub(crate) fn into_amended(self) -> (Amended, Body) {
        let amended = Amended {
            metadata: self.metadata,
            extensions: self.extensions,
            checks: self.checks,
        };
        (amended, self.body)
    }

    /// What is left of the call for the server.
    pub(crate) fn into_outgoing(self) -> (Metadata, Body) {
        (self.metadata, self.body)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method.path())
            .field("remaining", &self.remaining())
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
