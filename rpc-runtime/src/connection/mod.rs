//! Drives a session over a transport: the read loop and the coalescing writer.
//!
//! A connection is one task, which owns the transport. At a client the session is shared with
//! the callers under a lock, at a server it belongs to the task. Clients' connections that speak other protocols are in
//! `foreign`; [`any`] is either.

pub(crate) mod any;
pub(crate) mod client;
mod client_compression;
pub(crate) mod client_driver;
mod client_places;
mod client_streams;
pub(crate) mod completions;
#[cfg(feature = "_http")]
pub(crate) mod cors;
#[cfg(feature = "_foreign")]
pub(crate) mod foreign;
#[cfg(feature = "grpc")]
pub(crate) mod grpc;
#[cfg(feature = "jsonrpc")]
pub(crate) mod jsonrpc;
pub(crate) mod keeper;
pub(crate) mod lifetime;
pub(crate) mod messages;
#[cfg(all(test, rpc_loom))]
mod models;
pub(crate) mod observer;
pub(crate) mod packing;
pub(crate) mod refusal;
pub(crate) mod reschedule;
pub(crate) mod room;
pub(crate) mod server;
pub(crate) mod server_config;
pub(crate) mod server_streams;
pub(crate) mod shutdown;
mod sync;
pub(crate) mod timer;
pub(crate) mod wire;
pub(crate) mod write_timeout;
