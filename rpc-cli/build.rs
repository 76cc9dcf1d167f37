//! Compiles the services that every server may have.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(
        &[
            "../proto/grpc/health/v1/health.proto",
            "../proto/grpc/reflection/v1/reflection.proto",
        ],
        &["../proto"],
    )
}
