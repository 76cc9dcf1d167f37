//! The code of the runtime's own services is what `proto/grpc` says. With `UPDATE_GOLDEN=1` it is
//! written instead.

use std::path::Path;

/// Compares the code of one service in the runtime with what its `.proto` file gives.
#[track_caller]
fn check(service: &str, proto: &str) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    rpc_build::configure()
        .runtime_path("crate")
        .build_client(false)
        .single_file("generated.rs")
        .out_dir(workspace.join("rpc-runtime/src/builtin").join(service))
        .check(std::env::var_os("UPDATE_GOLDEN").is_none())
        .compile(&[proto], &[workspace.join("proto")])
        .expect("if the change is right, run the tests with UPDATE_GOLDEN=1");
}

#[test]
fn health() {
    check("health", "grpc/health/v1/health.proto");
}

#[test]
fn reflection() {
    check("reflection", "grpc/reflection/v1/reflection.proto");
}
