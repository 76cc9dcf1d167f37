fn main() -> rpc_build::Result<()> {
    rpc_build::compile(&["proto/greeter/v1/greeter.proto"], &["proto"])
}
