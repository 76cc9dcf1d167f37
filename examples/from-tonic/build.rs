//! Generates tonic's code beside ours.

fn main() -> rpc_build::Result<()> {
    rpc_build::configure()
        .tonic(true)
        .compile(&["proto/hello.proto"], &["proto"])
}
