//! A connection to a server, whatever protocol it speaks.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use rpc_wire::session::{Encoded, Outcome, OutgoingRequest};
use rpc_wire::{Metadata, Status};
use tokio::sync::oneshot;

use super::client::{ClientConnection, Started};
#[cfg(feature = "_foreign")]
use super::foreign::ForeignConnection;
use super::keeper::{Load, Reserved};
use super::messages::Messages;
use crate::compression::Compression;

/// What channels make their calls over and pools hold. All kinds have the methods of [`ClientConnection`], where
/// they are described.
pub(crate) enum AnyConnection {
    /// It speaks the native protocol.
    Native(Arc<ClientConnection>),
    /// It speaks another one.
    #[cfg(feature = "_foreign")]
    Foreign(Arc<ForeignConnection>),
}

macro_rules! of_any_kind {
    ($($(#[$attribute:meta])* fn $name:ident(&self $(, $argument:ident: $type:ty)*) $(-> $returned:ty)?;)*) => {
        impl AnyConnection {
            $(
                $(#[$attribute])*
                pub(crate) fn $name(&self $(, $argument: $type)*) $(-> $returned)? {
                    match self {
                        Self::Native(connection) => connection.$name($($argument),*),
                        #[cfg(feature = "_foreign")]
                        Self::Foreign(connection) => connection.$name($($argument),*),
                    }
                }
            )*
        }
    };
}

of_any_kind! {
    // What a pool asks and says.
    fn reserve(&self) -> Reserved;
    fn unreserve(&self);
    fn load(&self) -> Load;
    fn check(&self) -> Option<oneshot::Receiver<()>>;
    fn leave(&self, reason: &'static str);
    fn cut(&self, reason: Status);
    fn abandon(&self);

    // What is agreed with the server.
    fn accepts(&self) -> bool;
    fn is_established(&self) -> bool;
    fn compression(&self) -> Option<Compression>;
    fn server_compression(&self) -> Vec<String>;
    fn max_request_size(&self) -> Option<u64>;

    // Calls.
    fn start(
        &self,
        now: Instant,
        request: &OutgoingRequest<'_>,
        in_kept_place: bool,
        cx: &Context<'_>
    ) -> Started;
    fn poll_reply(&self, id: u32, cx: &Context<'_>) -> Poll<Outcome>;
    fn poll_streamed_reply(&self, id: u32, cx: &Context<'_>) -> Poll<Outcome>;
    fn poll_headers(&self, id: u32, cx: &Context<'_>) -> Poll<Result<Metadata, Status>>;
    fn decompress(&self, message: Encoded) -> Result<Bytes, Status>;
    fn trailers(&self, id: u32) -> Option<Metadata>;
    fn poll_send(&self, id: u32, message: &Encoded, cx: &Context<'_>) -> Poll<bool>;
    fn finish_sending(&self, id: u32);
    fn fail_sending(&self, id: u32, status: Status);
    fn cancel(&self, id: u32);
}

impl AnyConnection {
    /// See [`ClientConnection::poll_messages`].
    pub(crate) fn poll_messages(
        &self,
        id: u32,
        read: &mut u64,
        into: &mut Messages,
        cx: &Context<'_>,
    ) -> Poll<Result<bool, Status>> {
        match self {
            Self::Native(connection) => connection.poll_messages(id, read, into, cx),
            #[cfg(feature = "_foreign")]
            Self::Foreign(connection) => connection.poll_messages(id, read, into, cx),
        }
    }

    /// See [`ClientConnection::established`].
    pub(crate) async fn established(&self) -> Result<(), Status> {
        match self {
            Self::Native(connection) => connection.established().await,
            #[cfg(feature = "_foreign")]
            Self::Foreign(connection) => connection.established(),
        }
    }
}

/// Has the calls that `begin` begins sent as one message, where their protocol has such.
pub(crate) fn together<R>(begin: impl FnOnce() -> R) -> R {
    #[cfg(feature = "jsonrpc")]
    return super::jsonrpc::as_one_message(begin);
    #[cfg(not(feature = "jsonrpc"))]
    begin()
}
