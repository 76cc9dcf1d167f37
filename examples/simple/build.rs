//! Generates the code for `proto/arith.proto`.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(&["proto/arith.proto"], &["proto"])
}
