//! Generates ttrpc's client and server with its own parser.

use std::env;
use std::fs;
use std::path::PathBuf;

use ttrpc_codegen::{Codegen, Customize};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=../proto/echo.proto");
    Codegen::new()
        .input("../proto/echo.proto")
        .include("../proto")
        .rust_protobuf()
        .customize(Customize {
            async_all: true,
            ..Customize::default()
        })
        .run()?;
    // Its own list of modules begins with an attribute that cannot be included.
    let modules = PathBuf::from(env::var("OUT_DIR")?).join("modules.rs");
    fs::write(modules, "pub mod echo;\npub mod echo_ttrpc;\n")?;
    Ok(())
}
