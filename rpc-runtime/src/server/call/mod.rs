//! Calls that do not come over the native protocol: a gateway begins them, polls them, and has them
//! cancelled by dropping them.

mod deadline;
mod stream;
#[cfg(test)]
mod tests;
mod unary;

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
#[cfg(feature = "http")]
use rpc_wire::Idempotency;
use rpc_wire::session::MessageBody;
use rpc_wire::{Metadata, MethodKind, Status};

use self::deadline::Deadline;
use super::limit::Counted;
use super::router::{Route, RoutedMethod, Router};
use super::service::{Incoming, Reply, ReplyKind, Streams};
use crate::call::{CallState, Context};
use crate::transport::PeerIdentity;

pub(crate) use self::stream::{StreamCall, StreamRequests};
#[cfg(feature = "jsonrpc")]
pub(crate) use self::unary::UnaryCall;

/// What comes with a call, beside its messages.
#[derive(Default)]
pub(crate) struct CallParts {
    pub(crate) metadata: Metadata,
    /// When the caller stops waiting.
    pub(crate) deadline: Option<Instant>,
    /// The caller has no way to say when: `default_timeout` holds, unless the method has a timeout.
    pub(crate) without_deadline: bool,
    /// How often the caller sent the call before.
    pub(crate) attempt: u32,
    /// Its only request arrived compressed.
    pub(crate) compressed: bool,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) identity: Option<Arc<PeerIdentity>>,
}

/// What a call with one reply comes to: the encoded message, and what goes ahead of it. What goes behind it is
/// known to its context.
pub(crate) type Answer = Result<(BytesMut, Metadata), Status>;

/// A call whose handler was made.
struct Begun {
    context: Context,
    reply: ReplyKind,
    /// The caller's; what the method's options say is up to the handler.
    deadline: Deadline,
    /// Among the calls of its server.
    counted: Option<Arc<Counted>>,
}

impl Route {
    /// The method, if there is one.
    ///
    /// # Errors
    ///
    /// UNIMPLEMENTED, with what is missing.
    pub(crate) fn method(&self) -> Result<&RoutedMethod, Status> {
        match self {
            Route::Method(method) => Ok(method),
            Route::Unknown(status) => Err(status.clone()),
        }
    }
}

impl RoutedMethod {
    /// Which sides stream.
    pub(crate) fn kind(&self) -> MethodKind {
        self.descriptor.kind()
    }

    /// Whether the method may run twice, or changes nothing at all.
    #[cfg(feature = "http")]
    pub(crate) fn idempotency(&self) -> Idempotency {
        self.descriptor.idempotency()
    }
}

impl Router {
    /// Makes the handler of a call, as the options of its method say.
    fn begin(
        &self,
        route: &RoutedMethod,
        parts: CallParts,
        body: MessageBody<'_>,
        streams: Option<Streams>,
    ) -> Result<Begun, Status> {
        let counted = self.admit()?.map(Arc::new);
        let has_timeout = route.deadline(None).is_some();
        let default_timeout =
            (parts.without_deadline && !has_timeout).then_some(self.default_timeout());
        let deadline = Deadline::new(parts.deadline, default_timeout);
        let context = Context::from_state(Arc::new(CallState {
            method: Some(route.descriptor),
            deadline: route.deadline(deadline.at()),
            metadata: parts.metadata,
            attempt: parts.attempt,
            compressed: parts.compressed,
            peer: parts.peer,
            identity: parts.identity,
            ..CallState::default()
        }));
        let incoming: Incoming<'_> = Incoming {
            context: context.clone(),
            body,
            compressed: None,
            handling: route.handling(&counted),
            streams,
            spare: &mut None,
            codec: PhantomData,
        };
        let Reply(reply) = self.call(&context, route, incoming)?;
        let reply = match reply {
            ReplyKind::Refused(status) => return Err(status),
            ReplyKind::Spawned(task) => {
                task.abort();
                return Err(Status::internal(
                    "a method without streams has a handler with streams",
                ));
            }
            reply => reply,
        };
        Ok(Begun {
            context,
            reply,
            deadline,
            counted,
        })
    }
}
