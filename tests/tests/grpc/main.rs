//! What gRPC's clients get of a server, with tonic as the client.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test panics where the test fails"
)]

mod attacks;
mod builtin;
mod calls;
mod compression;
mod deadlines;
mod ends;
mod harness;
mod interceptors;
mod interop;
mod limits;
mod rules;
mod shutdown;
mod tls;

/// tonic's clients. Their messages are types of their own.
mod protos {
    #![allow(
        missing_docs,
        unreachable_pub,
        reason = "tonic's code is as it is generated"
    )]
    pub(crate) mod flows {
        rpc_runtime::include_proto!("tonic/flows");
    }
    pub(crate) mod health {
        rpc_runtime::include_proto!("tonic/grpc.health.v1");
    }
    pub(crate) mod probe {
        rpc_runtime::include_proto!("tonic/probe");
    }
    pub(crate) mod reflection {
        rpc_runtime::include_proto!("tonic/grpc.reflection.v1");
    }
    pub(crate) mod testing {
        rpc_runtime::include_proto!("tonic/grpc.testing");
    }
    pub(crate) mod streams {
        rpc_runtime::include_proto!("tonic/streams");
    }
}
