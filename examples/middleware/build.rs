//! Generates the code for `proto/counter.proto`.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(&["proto/counter.proto"], &["proto"])
}
