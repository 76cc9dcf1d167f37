//! Generates the code for `proto/hello.proto`.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(&["proto/hello.proto"], &["proto"])
}
