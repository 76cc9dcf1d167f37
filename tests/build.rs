//! Compiles the protos of the tests.

use std::env;
use std::path::Path;

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(
        &[
            "proto/arith.proto",
            "proto/conformance2.proto",
            "proto/conformance3.proto",
            "proto/flaky.proto",
            "proto/flows.proto",
            "proto/grpc/testing/test.proto",
            "proto/kinds.proto",
            "proto/ledger.proto",
            "proto/legacy.proto",
            "proto/library.proto",
            "proto/notes.proto",
            "proto/probe.proto",
            "proto/relay.proto",
            "proto/streams.proto",
            "../proto/grpc/health/v1/health.proto",
            "../proto/grpc/reflection/v1/reflection.proto",
        ],
        &["proto", "../proto"],
    )?;
    other_codecs()?;
    tonic_clients()?;
    tonic_servers()
}

/// The servers of `tests/grpc_targets`, which are tonic's.
fn tonic_servers() -> rpc_build::Result<()> {
    let out_dir = env::var_os("OUT_DIR").unwrap_or_default();
    rpc_build::configure()
        .tonic(true)
        .build_client(false)
        .out_dir(Path::new(&out_dir).join("tonic-servers"))
        .compile(&["proto/probe.proto", "proto/streams.proto"], &["proto"])
}

/// The clients of `tests/grpc`, which are tonic's.
fn tonic_clients() -> rpc_build::Result<()> {
    let out_dir = env::var_os("OUT_DIR").unwrap_or_default();
    rpc_build::configure()
        .tonic(true)
        .build_server(false)
        .out_dir(Path::new(&out_dir).join("tonic"))
        .compile(
            &[
                "proto/flows.proto",
                "proto/grpc/testing/test.proto",
                "proto/probe.proto",
                "proto/streams.proto",
                "../proto/grpc/health/v1/health.proto",
                "../proto/grpc/reflection/v1/reflection.proto",
            ],
            &["proto", "../proto"],
        )
}

/// The services of `tests/codec.rs`, each in a folder of its own.
fn other_codecs() -> rpc_build::Result<()> {
    let out_dir = env::var_os("OUT_DIR").unwrap_or_default();
    let out_dir = Path::new(&out_dir);
    rpc_build::configure()
        .codec("::rpc_runtime::codec::Json")
        .serde()
        .out_dir(out_dir.join("json"))
        .compile(&["proto/notes.proto"], &["proto"])?;
    rpc_build::configure()
        .codec("crate::Hex")
        .out_dir(out_dir.join("hex"))
        .compile(&["proto/marks.proto"], &["proto"])
}
