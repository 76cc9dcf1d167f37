//! Generates the code for `proto/streaming.proto`.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(&["proto/streaming.proto"], &["proto"])
}
