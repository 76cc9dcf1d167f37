//! Generates tonic's client and server as `tonic_prost_build::compile_protos` does, with protox in the place of protoc.

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=../proto/echo.proto");
    let descriptors = protox::compile(["echo.proto"], ["../proto"])?;
    tonic_prost_build::compile_fds(descriptors)?;
    Ok(())
}
