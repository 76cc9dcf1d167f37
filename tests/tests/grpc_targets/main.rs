//! Calls to gRPC servers that are not ours, by the proxies that call ours: tonic's server, and servers of HTTP/2 that
//! keep no rule but the test's own.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod calls;
mod compression;
mod deadlines;
mod interop;
mod mistakes;
mod own_server;
mod pool;
mod raw;
mod resent;
mod sync;
mod tls;
mod tonic_server;

/// tonic's servers. Their messages are types of their own.
mod protos {
    #![allow(
        missing_docs,
        unreachable_pub,
        dead_code,
        reason = "tonic's code is as it is generated"
    )]
    pub(crate) mod probe {
        rpc_runtime::include_proto!("tonic-servers/probe");
    }
    pub(crate) mod streams {
        rpc_runtime::include_proto!("tonic-servers/streams");
    }
}
