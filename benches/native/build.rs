//! Generates this project's client and server.

fn main() -> rpc_build::Result<()> {
    rpc_build::compile(&["../proto/echo.proto"], &["../proto"])
}
