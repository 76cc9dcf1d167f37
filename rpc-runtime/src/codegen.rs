//! All that generated code may name. It is not for users: it may change in any version.

pub use std::future::Future;
pub use std::sync::Arc;

pub use bytes::Bytes;
pub use futures_core::Stream;
pub use prost::Message;
pub use rpc_macros::implement_service;
pub use rpc_wire::{
    Idempotency, MethodDescriptor, MethodKind, RetryPolicy, ServiceDescriptor, Status,
};

pub use crate::__generated_by as generated_by;
pub use crate::call::{Context, Streaming};
pub use crate::client::{Call, Channel};
pub use crate::pool::PoolStats;
pub use crate::server::{
    Generated, HandlerOptions, Incoming, IntoService, Reply, Service, not_implemented,
};
pub use crate::transport::Connector;

/// What generated sync proxies use.
pub mod blocking {
    use std::sync::Arc;

    use super::{Channel, Service};

    pub use crate::client::blocking::{Streaming, connect, connect_lazy, connect_with, requests};

    /// A channel to a service in this process, for code that is not async.
    pub fn local(service: Arc<dyn Service>) -> Channel {
        Channel::local_blocking(service)
    }
}
