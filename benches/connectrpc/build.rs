//! Generates connectrpc's client and server, with protox in the place of protoc.

use std::env;
use std::fs;
use std::path::PathBuf;

use prost::Message;

fn main() -> anyhow::Result<()> {
    println!("cargo::rerun-if-changed=../proto/echo.proto");
    let descriptors = protox::compile(["echo.proto"], ["../proto"])?;
    let path = PathBuf::from(env::var("OUT_DIR")?).join("echo.bin");
    fs::write(&path, descriptors.encode_to_vec())?;
    connectrpc_build::Config::new()
        .files(&["echo.proto"])
        .descriptor_set(path)
        .include_file("_connectrpc.rs")
        .compile()
}
