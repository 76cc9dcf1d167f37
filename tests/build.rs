//! Compiles the protos of the tests.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(
        &[
            "proto/library.proto",
            "proto/probe.proto",
            "proto/relay.proto",
            "proto/streams.proto",
        ],
        &["proto"],
    )
}
