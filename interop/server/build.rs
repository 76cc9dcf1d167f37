//! Compiles `proto/interop.proto`.

fn main() -> rpc_build::Result<()> {
    rpc_build::configure().build_client(false).compile(
        &["proto/interop.proto", "proto/google/rpc/status.proto"],
        &["proto"],
    )
}
