//! The locks between a connection's task and others: the standard library's, or loom's, which try every
//! order of events (see `models`).

#[cfg(rpc_loom)]
pub(super) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(rpc_loom))]
pub(super) use std::sync::{Mutex, MutexGuard};
